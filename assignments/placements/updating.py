"""A creditor's update of cases it handed over before: balances, what is known of them, ways to reach people, holds.

A balance is never overwritten: the creditor's word, its day and what it changes are written down, and the balance
follows. A case on hold stays with the agency that has it, which reads that it is not to be worked; a free one
is placed with nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Text, column, select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import msg
from agencies.kernel.notices import notify
from agencies.kernel.sealing import keyring_of
from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.reaching import NewPoint, add_points, known_points
from assignments.contacts.normalising import same_as
from assignments.placements import update_rows as rows
from assignments.placements.ending import one_at_a_time
from assignments.placements.history import explain
from assignments.placements.holding import follow_holds
from uploads.checking.rejecting import reject_rows
from uploads.checking.remarking import remark_rows
from uploads.lifecycle import CannotBeUndone
from uploads.models import Upload, UploadState
from uploads.rows import Loaded
from uploads.sealed import Private, Told, kind_of, parts_of
from uploads.sealedrows import open_row

#: Why an update cannot be taken back.
_BUILT_UPON = msg("cases of it were updated, released or placed after it; send another update instead")


@dataclass
class _NewPoints:
    """Ways to reach debtors that nobody knew, in the order of the file."""

    points: list[NewPoint] = field(default_factory=list)
    #: Line of the file -> how many came with it.
    by_line: Counter[int] = field(default_factory=Counter)


def screen_update(session: Session, actor: Actor, upload: Upload) -> int:
    """Turn away rows of accounts that are unknown, closed or in another currency, and remark on later payments."""
    creditor_id = require_side(actor, Side.CREDITOR)
    if upload.state is UploadState.APPLYING:
        _hold_still(session, creditor_id, upload)
    today = _today(session, creditor_id, upload.created_at)
    keys = {"creditor": creditor_id, "upload": upload.id, "today": today}
    found = (column("line", BigInteger), column("field", Text), column("code", Text), column("value", Text))
    rejected = reject_rows(session, upload, text(rows.FAULTS).bindparams(**keys).columns(*found))
    remark_rows(session, upload, text(rows.REMARKS).bindparams(**keys).columns(*found))
    return rejected


def load_update(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Write down what a file changes, let the cases follow it, and tell the agencies that work them."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    creditor_id = require_side(actor, Side.CREDITOR)
    _hold_still(session, creditor_id, upload)
    keys = {"creditor": creditor_id, "upload": upload.id}
    new = _new_points(session, creditor_id, upload)
    add_points(session, creditor_id, new.points)
    lines = {"lines": list(new.by_line), "added": list(new.by_line.values())}
    session.execute(text(rows.WRITE_DOWN), {**keys, **lines, "now": now})
    session.execute(text(rows.ADJUST), {**keys, "now": now, "today": _today(session, creditor_id, now)})
    gather_statistics(session, upload.rows_good, "balance_adjustments", "case_updates")
    explain(session, actor, "case.updated", now=now)
    _follow(session, keys, takes_back=False)
    changed = _tell(session, actor, upload, keys, takes_back=False, now=now)
    return Loaded(changed, upload.rows_good - changed, upload.rows_read - upload.rows_good)


def refuse_used_update(session: Session, actor: Actor, upload: Upload) -> None:
    """Raise `CannotBeUndone` when a later word on one of its cases, or a placement, went by what the file said."""
    keys = {"creditor": require_side(actor, Side.CREDITOR), "upload": upload.id, "applied_at": upload.applied_at}
    if session.scalar(text(rows.BUILT_UPON), keys):
        raise CannotBeUndone(_BUILT_UPON)


def undo_update(session: Session, actor: Actor, upload: Upload, now: datetime) -> dict[str, int]:
    """Take back what a file changed, as new rows; says of how many cases. Raises `CannotBeUndone`."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    creditor_id = require_side(actor, Side.CREDITOR)
    _hold_still(session, creditor_id, upload)
    refuse_used_update(session, actor, upload)
    keys = {"creditor": creditor_id, "upload": upload.id}
    session.execute(text(rows.UNWRITE), {**keys, "now": now})
    touched = _touched(session, keys)
    session.execute(text(rows.UNADJUST), {**keys, "touched": touched, "now": now})
    explain(session, actor, "case.updated", now=now)
    _follow(session, keys, takes_back=True)
    session.execute(text(rows.DROP_CONTACTS), {**keys, "touched": touched})
    return {"cases": _tell(session, actor, upload, keys, takes_back=True, now=now)}


def _hold_still(session: Session, creditor_id: int, upload: Upload) -> None:
    """Nobody places, ends or pays these cases until the end of the transaction."""
    one_at_a_time(session, creditor_id)
    session.execute(text(rows.LOCK_CASES), {"creditor": creditor_id, "upload": upload.id})


def _today(session: Session, creditor_id: int, moment: datetime) -> date:
    """The day of a moment, on the creditor's clock."""
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    return local_date(moment, zone)


def _touched(session: Session, keys: dict[str, Any]) -> list[int]:
    touched: list[int] = session.scalars(text(rows.TOUCHED_CASES), keys).one()
    return touched


def _follow(session: Session, keys: dict[str, Any], *, takes_back: bool) -> None:
    told = {**keys, "takes_back": takes_back}
    session.execute(text(rows.FOLLOW), told)
    session.execute(text(rows.SETTLE_STATES), told)
    touched = _touched(session, keys)
    session.execute(text(rows.SETTLE), {"creditor": keys["creditor"], "touched": touched})
    follow_holds(session, keys["creditor"], touched)
    # What the session has read of these cases is not so any more.
    session.expire_all()


def _new_points(session: Session, creditor_id: int, upload: Upload) -> _NewPoints:
    """What the file tells that is known in no spelling."""
    country = session.scalars(select(Organisation.country).where(Organisation.id == creditor_id)).one()
    told = session.execute(text(rows.TOLD_CONTACTS), {"creditor": creditor_id, "upload": upload.id}).all()
    known = {
        debtor_id: {(kind, told.normal or same_as(kind, told.value, country)) for kind, told in points}
        for debtor_id, points in known_points(
            session, creditor_id, {row.debtor_id for row in told}, stopped=True
        ).items()
    }
    new = _NewPoints()
    for row in told:
        for kind, point in _points_of(session, upload, row):
            spelling = (kind, point.normal or same_as(kind, point.value, country, row.city))
            if spelling not in known.setdefault(row.debtor_id, set()):
                known[row.debtor_id].add(spelling)
                new.points.append(NewPoint(row.debtor_id, kind, point, upload_id=upload.id))
                new.by_line[row.line] += 1
    return new


def _points_of(session: Session, upload: Upload, row: Any) -> Iterator[tuple[str, Told]]:
    """Kind and wording of each way to reach somebody that a row tells."""
    private = open_row(keyring_of(session), upload.organisation_id, upload.kind, upload.id, row.line, row.sealed)
    for part, told in parts_of(Private(**private)).items():
        yield kind_of(part), told


def _tell(
    session: Session, actor: Actor, upload: Upload, keys: dict[str, Any], *, takes_back: bool, now: datetime
) -> int:
    """Record it, and tell the agencies of their cases; says how many cases changed in all."""
    creditor_id = keys["creditor"]
    concerned = session.execute(text(rows.CONCERNED), {**keys, "takes_back": takes_back}).all()
    facts = {name: sum(getattr(one, name) for one in concerned) for name in ("cases", "held", "freed")}
    audit.record(session, actor, "portfolio.updated", now=now, upload_id=upload.id, takes_back=takes_back, **facts)
    turn = f"{upload.id}:{int(takes_back)}"
    for agency_id, cases, held, freed in concerned:
        if agency_id is None:
            continue
        audit.record(
            session,
            actor,
            "case.updated",
            now=now,
            organisations=[agency_id],
            creditor_id=creditor_id,
            cases=cases,
            held=held,
            freed=freed,
        )
        for kind, number in (("case.updated", cases - held - freed), ("case.held", held), ("case.unheld", freed)):
            if number > 0:
                notify(
                    session,
                    agency_id,
                    kind,
                    key=f"{kind}:{turn}",
                    permission=Permission.CASE_VIEW,
                    now=now,
                    about=creditor_id,
                    cases=number,
                )
    return int(facts["cases"])
