"""Orders as a file out, findings as a file in: the same people, the same checks as on the screen.

The rows are judged in pieces, because each is read by a library and held against what is known of its person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import NotFound
from agencies.kernel.sealing import Keyring, keyring_of
from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.locates.handing_in import hand_in_file
from assignments.locates.knowledge import Check, Knowledge
from assignments.locates.models import (
    Confidence,
    Finding,
    FindingKind,
    FindingState,
    LocateSubject,
)
from assignments.locates.sealed import finding_columns
from uploads.models import Upload, UploadError
from uploads.rows import Loaded
from uploads.sealedrows import open_row, seal_fault

NOTHING = "none"
BATCH = 2_000

#: Staged rows with the open order they speak of, none where the agency collects from the person now. A staging table
#: has no statistics, and this shape needs none.
_ROWS = """
select s.line, s.account_ref, s.kind, s.sealed, s.source_class, s.source_ref, s.found_on, s.confidence, s.evidence,
       o.id as order_id
from staged_findings s
left join lateral (
    select o.id from locate_orders o
    where o.agency_id = :agency and o.creditor_id = :creditor and o.account_ref = s.account_ref
      and o.state in ('acknowledged', 'submitted')
      and not exists (
          select from debtors d
          where d.creditor_id = o.creditor_id and d.id = o.debtor_id and d.agency_id = o.agency_id
      )
    limit 1
) o on true
where s.organisation_id = :agency and s.upload_id = :upload and s.line > :after
order by s.line limit :most
"""

#: An account of which the file, or the order, says both: something was found, and nothing was.
_CONTRADICTORY = """
insert into upload_errors (organisation_id, upload_id, line, field, code, value)
select s.organisation_id, s.upload_id, s.line, 'kind', 'findings_and_none', left(s.account_ref, 80)
from staged_findings s
where s.organisation_id = :agency and s.upload_id = :upload and s.kind = 'none'
  and (
      s.account_ref in (
          select x.account_ref from staged_findings x
          where x.organisation_id = :agency and x.upload_id = :upload and x.kind <> 'none'
      ) or exists (
          select from locate_orders o join findings f on f.creditor_id = o.creditor_id and f.agency_id = o.agency_id
                                                     and f.order_id = o.id
          where o.agency_id = :agency and o.creditor_id = :creditor and o.account_ref = s.account_ref
            and o.closed_at is null
      )
  )
on conflict do nothing
"""


@dataclass(frozen=True)
class _Row:
    """A staged row with the open order it speaks of."""

    line: int
    account_ref: str
    kind: str
    value: str | None
    source_class: str | None
    source_ref: str | None
    found_on: date | None
    confidence: str | None
    evidence: str | None
    order_id: int | None


_INSERT = insert(Finding)
#: A row that equals a draft hands it in as it was typed; what was handed in stays as it is.
_TAKE_IN = _INSERT.on_conflict_do_update(
    index_elements=["creditor_id", "agency_id", "order_id", "kind", "form"],
    set_={"state": _INSERT.excluded.state, "submitted_at": _INSERT.excluded.submitted_at},
    where=Finding.state == FindingState.DRAFT,
).returning(Finding.order_id)


def screen_findings(session: Session, actor: Actor, upload: Upload) -> int:
    """Refuse, row by row, staged findings that are not the agency's to report or cannot be read; returns how many."""
    parameters = _parameters(session, actor, upload)
    session.execute(text(_CONTRADICTORY), parameters)
    refused, keyring = 0, keyring_of(session)
    for rows, checks in _judged(session, upload, parameters):
        faults = [
            {
                "organisation_id": upload.organisation_id,
                "upload_id": upload.id,
                "line": row.line,
                "field": field,
                "code": code,
                "sealed": seal_fault(
                    keyring, upload.organisation_id, upload.id, row.line, field, code, (value or "")[:80]
                ),
            }
            for row, check in zip(rows, checks, strict=True)
            for field, code, value in _faults(row, check, parameters["today"])
        ]
        if faults:
            session.execute(insert(UploadError).values(faults).on_conflict_do_nothing())
            refused += len({fault["line"] for fault in faults})
    return refused


def ingest_findings(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Take in an upload's findings as handed in; those the orders hold already count as unchanged.

    What was typed before on the orders it names is handed in with it, as on the screen.
    """
    parameters = _parameters(session, actor, upload)
    creditor_id, agency_id = parameters["creditor"], parameters["agency"]
    good = 0
    # The orders to which rows brought findings, one for each.
    gained: list[int] = []
    for rows, checks in _judged(session, upload, parameters):
        good += len(rows)
        found = [
            _finding(session, row, check, upload, actor, now)
            for row, check in zip(rows, checks, strict=True)
            if check is not None and check.normal is not None
        ]
        # One statement may not meet the same finding twice, however it was written.
        once = {(one["order_id"], one["kind"], one["form"]): one for one in reversed(found)}
        if once:
            gained += session.scalars(_TAKE_IN, list(once.values())).all()
    handed_in = hand_in_file(
        session,
        creditor_id=creditor_id,
        agency_id=agency_id,
        upload_id=upload.id,
        gained=gained,
        user_id=actor.user_id,
        today=parameters["today"],
        now=now,
    )
    new = len(gained)
    audit.record(
        session,
        actor,
        "findings.reported",
        now=now,
        organisations=[creditor_id, agency_id],
        upload_id=upload.id,
        orders=handed_in.orders,
        new=new + handed_in.drafts,
        none_found=handed_in.none_found,
    )
    return Loaded(new + handed_in.none_found, good - new - handed_in.none_found, upload.rows_read - good)


def _parameters(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    require(actor, Permission.LOCATE_WORK)
    agency_id = require_side(actor, Side.AGENCY)
    zone = session.scalar(select(Organisation.time_zone).where(Organisation.id == upload.creditor_id))
    if upload.organisation_id != agency_id or upload.creditor_id is None or zone is None:
        raise NotFound
    gather_statistics(session, upload.rows_good or upload.rows_read, "staged_findings")
    # Two files of one agency are taken in one after the other, so that new means new.
    session.execute(text("select pg_advisory_xact_lock(hashtextextended('findings', :agency))"), {"agency": agency_id})
    return {
        "agency": agency_id,
        "creditor": upload.creditor_id,
        "upload": upload.id,
        "today": local_date(upload.created_at, zone),
    }


def _judged(
    session: Session, upload: Upload, parameters: dict[str, Any]
) -> Iterator[tuple[Sequence[_Row], list[Check | None]]]:
    """Pieces of the staged rows, each row with how its finding is read; None where there is nothing to read."""
    after, keyring = 0, keyring_of(session)
    while staged := session.execute(text(_ROWS), {**parameters, "after": after, "most": BATCH}).all():
        rows = [_opened(keyring, upload, row) for row in staged]
        after = rows[-1].line
        subjects = {
            one.order_id: one
            for one in session.scalars(
                select(LocateSubject).where(
                    LocateSubject.agency_id == parameters["agency"],
                    LocateSubject.order_id.in_({row.order_id for row in rows} - {None}),
                )
            )
        }
        yield rows, [_read(row, subjects.get(row.order_id or 0)) for row in rows]
        for subject in subjects.values():
            session.expunge(subject)


def _opened(keyring: Keyring, upload: Upload, row: Row[Any]) -> _Row:
    cells = row._asdict()
    sealed = cells.pop("sealed")
    opened = open_row(keyring, upload.organisation_id, upload.kind, upload.id, row.line, sealed)
    return _Row(**cells, value=opened["value"])


def _read(row: _Row, subject: LocateSubject | None) -> Check | None:
    if subject is None or row.kind == NOTHING or not row.value:
        return None
    return Knowledge.of(subject).judge(FindingKind(row.kind), row.value, here=())


def _faults(row: _Row, check: Check | None, today: date) -> Iterator[tuple[str, str, str | None]]:
    if row.order_id is None:
        yield "account_ref", "not_your_order", row.account_ref
        return
    if row.kind == NOTHING:
        return
    for field in ("value", "source_class", "source_ref", "found_on"):
        if getattr(row, field) is None:
            yield field, "required", None
    if row.found_on is not None and row.found_on > today:
        yield "found_on", "in_future", row.found_on.isoformat()
    if check is not None and check.fault is not None:
        yield "value", check.fault, row.value


def _finding(session: Session, row: _Row, check: Check, upload: Upload, actor: Actor, now: datetime) -> dict[str, Any]:
    assert check.normal is not None and row.order_id is not None and upload.creditor_id is not None  # noqa: S101, PT018
    keyring, value = keyring_of(session), check.normal.value
    return {
        "creditor_id": upload.creditor_id,
        "agency_id": upload.organisation_id,
        "order_id": row.order_id,
        "kind": row.kind,
        "state": FindingState.SUBMITTED,
        **finding_columns(keyring, upload.creditor_id, row.order_id, row.kind, row.value or "", value),
        "detail": check.normal.detail,
        "source_class": row.source_class,
        "source_ref": row.source_ref,
        "found_on": row.found_on,
        "evidence": row.evidence,
        "confidence": row.confidence or Confidence.MEDIUM.value,
        "is_known": check.is_known,
        "upload_id": upload.id,
        "line": row.line,
        "created_at": now,
        "created_by": actor.user_id,
        "submitted_at": now,
    }
