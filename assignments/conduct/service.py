"""Has what agencies report judged: the agency's report asks for it, the creditor's work does it.

Only the creditor sees what all of its agencies did with one person, so the work is the creditor's, whoever asks. The
activities are named in statements and not imported, because reports stand to the right of conduct.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, Table, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import first_of_month, local_date
from agencies.kernel.notices import notify
from agencies.kernel.outbox import DOORBELL
from agencies.kernel.session import after_commit
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.conduct import rules
from assignments.conduct.findings import Judgement, Touch
from assignments.conduct.judge import judge
from assignments.conduct.models import ConductCell, ConductVerdict, Verdict
from assignments.conduct.standing import standing_on

JUDGE = "judge_conduct"
#: People judged in one transaction.
BATCH = 1_000

_TOUCHES = text(
    """
    select c.debtor_id, d.country, a.agency_id, a.id as activity_id, a.natural_key, a.case_id, a.happened_at, a.channel,
           a.result, l.placed_at, l.ended_at, a.counterpart, a.direction, c.product, c.region, c.city,
           o.time_zone as sender_zone
    from debtors d
    join cases c on c.creditor_id = d.creditor_id and c.debtor_id = d.id
    join activities a on a.creditor_id = c.creditor_id and a.case_id = c.id
    join placements l on l.creditor_id = a.creditor_id and l.agency_id = a.agency_id and l.id = a.placement_id
    join organisations o on o.id = a.agency_id
    where d.creditor_id = :creditor and d.id = any(:debtors) and c.debtor_id = any(:debtors)
    order by c.debtor_id
    """
)
_REPORTED = """
    select distinct c.debtor_id from activities a
    join cases c on c.creditor_id = a.creditor_id and c.id = a.case_id
    where a.creditor_id = :creditor and {which} order by c.debtor_id
"""
_IN_UPLOAD = text(_REPORTED.format(which="a.agency_id = :agency and a.upload_id = :upload"))
_NAMED = text(_REPORTED.format(which="a.agency_id = :agency and a.id = any(:activities)"))
_UNJUDGED = text(
    _REPORTED.format(
        which="""not exists (select from conduct_verdicts v where v.creditor_id = a.creditor_id
                             and v.agency_id = a.agency_id and v.activity_id = a.id)"""
    )
)


@dataclass(frozen=True)
class Judged:
    """What judging some people changed."""

    activities: int
    changed: int
    #: Agency -> violations of its that were not known before.
    violations: dict[int, int]


def ask(
    session: Session,
    actor: Actor,
    creditor_id: int,
    *,
    upload_id: int | None = None,
    activity_ids: Sequence[int] = (),
    now: datetime,
) -> None:
    """An agency asks its creditor's side to judge what it has just reported; asked again, nothing is added.

    The request is part of the transaction that takes the activities in.
    """
    agency_id = require_side(actor, Side.AGENCY)
    if upload_id is None and not activity_ids:
        raise ValueError("there is nothing to judge")
    payload: dict[str, Any] = {"agency_id": agency_id}
    if upload_id is not None:
        key, payload["upload_id"] = f"upload:{agency_id}:{upload_id}", upload_id
    else:
        key = f"activity:{agency_id}:{'-'.join(str(one) for one in sorted(activity_ids))}"
        payload["activity_ids"] = sorted(activity_ids)
    session.flush()
    session.execute(
        text("select ask_conduct(:creditor, :subject, cast(:details as jsonb), :now)"),
        {"creditor": creditor_id, "subject": key, "details": json.dumps(payload), "now": now},
    )
    if DOORBELL in session.info:
        after_commit(session, session.info[DOORBELL])


def people_of(session: Session, actor: Actor, payload: dict[str, Any]) -> list[int]:
    """The debtors whom the asked-for activities concern; when none are named, all with something not judged yet."""
    require(actor, Permission.CONDUCT_VIEW)
    known = {"creditor": require_side(actor, Side.CREDITOR)}
    if "upload_id" in payload:
        known |= {"agency": payload["agency_id"], "upload": payload["upload_id"]}
        return list(session.scalars(_IN_UPLOAD, known))
    if "debtor_ids" in payload:
        return sorted(payload["debtor_ids"])
    if "activity_ids" in payload:
        named = {**known, "agency": payload["agency_id"], "activities": payload["activity_ids"]}
        return list(session.scalars(_NAMED, named))
    return list(session.scalars(_UNJUDGED, known))


def judge_people(session: Session, actor: Actor, debtor_ids: Sequence[int], *, now: datetime) -> Judged:
    """Judge everything that was done with these debtors by all agencies, and keep what is new or different."""
    require(actor, Permission.CONDUCT_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    _one_at_a_time(session, creditor_id)
    known = {(row.agency_id, row.activity_id): row for row in session.execute(_known(creditor_id, debtor_ids))}
    rows = session.execute(_TOUCHES, {"creditor": creditor_id, "debtors": list(debtor_ids)}).all()
    flags = standing_on(session, creditor_id, debtor_ids)
    changes: list[dict[str, Any]] = []
    deltas: Counter[tuple[int, date, str, str, bool]] = Counter()
    found: Counter[int] = Counter()
    for (debtor_id, country), person in groupby(rows, key=lambda row: (row.debtor_id, row.country)):
        touches = {touch.key: touch for touch in map(_touch, person)}
        for key, judgement in judge(country, touches.values(), standing=flags.get(debtor_id, ())).items():
            before, row = known.get(key), _row(creditor_id, debtor_id, touches[key], judgement, now)
            if before is not None and all(getattr(before, name) == row[name] for name in _COMPARED):
                continue
            changes.append(row)
            deltas[_cell(row)] += 1
            if before is not None:
                deltas[_cell(before._asdict())] -= 1
            if judgement.verdict is Verdict.VIOLATION and (before is None or before.verdict is not Verdict.VIOLATION):
                found[key[0]] += 1
    _write(session, changes)
    _recount(session, creditor_id, deltas)
    _tell(session, actor, sorted(found), now)
    return Judged(len(rows), len(changes), dict(found))


def conclude(session: Session, actor: Actor, payload: dict[str, Any], *, people: int, now: datetime) -> None:
    """Say in the audit trail that what was asked for has been judged, and by which rules."""
    asked = {name: payload[name] for name in ("agency_id", "upload_id") if name in payload}
    if people:
        audit.record(session, actor, "conduct.judged", now=now, people=people, rules=rules.version(), **asked)


_COMPARED = ("verdict", "code", "codes", "findings", "is_shared", "day", "time_zone", "ruleset")
_STORED = ("agency_id", "activity_id", *_COMPARED)


def _known(creditor_id: int, debtor_ids: Sequence[int]) -> Select[Any]:
    columns = [getattr(ConductVerdict, name) for name in _STORED]
    return select(*columns).where(
        ConductVerdict.creditor_id == creditor_id, ConductVerdict.debtor_id.in_(list(debtor_ids))
    )


def _touch(row: Row[Any]) -> Touch:
    values = row._asdict()
    return Touch(**{name: value for name, value in values.items() if name not in {"debtor_id", "country"}})


def _row(creditor_id: int, debtor_id: int, touch: Touch, judgement: Judgement, now: datetime) -> dict[str, Any]:
    return {
        "creditor_id": creditor_id,
        "agency_id": touch.agency_id,
        "activity_id": touch.activity_id,
        "debtor_id": debtor_id,
        "happened_at": touch.happened_at,
        "day": judgement.day,
        "time_zone": judgement.time_zone,
        "verdict": judgement.verdict,
        "code": judgement.code,
        "codes": list(judgement.codes),
        "findings": [asdict(one) for one in judgement.findings],
        "is_shared": judgement.is_shared,
        "ruleset": judgement.ruleset,
        "judged_at": now,
    }


def _cell(row: dict[str, Any]) -> tuple[int, date, str, str, bool]:
    return row["agency_id"], first_of_month(row["day"]), row["verdict"], row["code"], row["is_shared"]


def _write(session: Session, changes: list[dict[str, Any]]) -> None:
    if not changes:
        return
    table = _table(ConductVerdict)
    statement = insert(table)
    replaced = {name: statement.excluded[name] for name in (*_COMPARED, "judged_at")}
    session.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=replaced), changes
    )


def _recount(session: Session, creditor_id: int, deltas: Counter[tuple[int, date, str, str, bool]]) -> None:
    cells: dict[tuple[int, date, str, str], Counter[str]] = {}
    for (agency_id, month, verdict, code, is_shared), change in deltas.items():
        counts = cells.setdefault((agency_id, month, verdict, code), Counter())
        counts["activities"] += change
        counts["shared"] += change * is_shared
    rows = [
        {
            "creditor_id": creditor_id,
            **dict(zip(("agency_id", "month", "verdict", "code"), key, strict=True)),
            "activities": counts["activities"],
            "shared": counts["shared"],
        }
        for key, counts in sorted(cells.items())
        if counts["activities"] or counts["shared"]
    ]
    if not rows:
        return
    table = _table(ConductCell)
    statement = insert(table).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={name: table.c[name] + statement.excluded[name] for name in ("activities", "shared")},
        )
    )


def _tell(session: Session, actor: Actor, agency_ids: list[int], now: datetime) -> None:
    """Both sides are told on the same day, once a day for each agency; how many there are stands on the page."""
    today = local_date(now, actor.time_zone)
    for agency_id in agency_ids:
        for receiver in (actor.tenant, agency_id):
            notify(
                session,
                receiver,
                "conduct.breached",
                key=f"conduct:{actor.tenant}:{agency_id}:{today}",
                permission=Permission.CONDUCT_VIEW,
                now=now,
                agency_id=agency_id,
                creditor_id=actor.tenant,
            )


def _one_at_a_time(session: Session, creditor_id: int) -> None:
    """Two judges of one creditor follow each other, so that each counts from what the other left."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('conduct', :creditor))"), {"creditor": creditor_id}
    )


def _table(model: type[ConductVerdict | ConductCell]) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not a table")
    return table
