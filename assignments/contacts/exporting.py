"""The list of cases as a file with nothing covered: for a purpose, by whoever may, and every case of it written down.

What is taken is what the filter shows, as in the covered list; so are the creditors at whom downloads are stopped.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.approvals import exports
from agencies.attestations.gates import GateClosed
from agencies.kernel import audit
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.permissions import Permission
from assignments.cases.listing import BATCH, taking_of, withheld
from assignments.cases.models import Case
from assignments.cases.queries import CaseRow, Selection, list_cases, selected
from assignments.contacts.queries import Ways, ways_of
from assignments.reads import service as reads
from assignments.reads import taking
from assignments.reads.models import Purpose, ReadKind
from assignments.reads.service import Handed

#: One case and its debtor's ways -> the cells of a line.
Cells = Callable[[CaseRow, Ways], Sequence[object]]


@dataclass(frozen=True)
class Sheet:
    """How the file is written."""

    header: Sequence[str]
    cells: Cells


def full_listing(
    session: Session, actor: Actor, selection: Selection, purpose: Purpose, sheet: Sheet, *, now: datetime
) -> Iterator[bytes]:
    """What is selected as CSV in pieces, documents and ways to reach people in full; raises `GateClosed` when all is
    withheld, and `ExportNeedsSecond` when it is more than one person takes away alone in a day.

    Who took it, what for and of whom is written down in the current transaction, for each creditor in its own trail.
    """
    require(actor, Permission.CASE_EXPORT_FULL)
    out = withheld(session, actor, now=now)
    if out.is_all:
        raise GateClosed({actor.tenant: out.reasons})
    wanted = full_taking(session, actor, selection, purpose, without=out.creditor_ids, now=now)
    granted = exports.let_go(session, actor, wanted, now=now)
    under = None if granted is None else granted.id
    for organisation, cases in _counted(session, actor, selection, wanted.rows, out.creditor_ids).items():
        audit.record(
            session,
            actor,
            "contact.exported",
            now=now,
            organisations=[organisation],
            cases=cases,
            purpose=purpose.value,
            approval_id=under,
        )
    handed = reads.handed_out(session, actor, ReadKind.FULL_EXPORT, fields=reads.CONTACTS, purpose=purpose, now=now)
    return _pieces(session, actor, selection, out.creditor_ids, sheet, handed)


def full_taking(
    session: Session,
    actor: Actor,
    selection: Selection,
    purpose: Purpose,
    *,
    without: Collection[int] = (),
    now: datetime,
) -> exports.Taking:
    """The list of a filter in full as a file somebody wants to take away, for a purpose."""
    require(actor, Permission.CASE_EXPORT_FULL)
    covered = taking_of(session, actor, selection, without=without)
    before = taking.taken_in_full(
        session,
        actor,
        lambda creditor_id, case_id: (
            selected(actor, selection, without=without)
            .where(Case.creditor_id == creditor_id, Case.id == case_id)
            .exists()
        ),
        now=now,
    )
    return replace(covered, what=exports.Taken.FULL_CASES, purpose=purpose.value, before=before)


def _counted(
    session: Session, actor: Actor, selection: Selection, rows: int, without: Collection[int]
) -> dict[int, int]:
    """How many cases stand in the file, for the trail of the actor's organisation and of each creditor."""
    found = {actor.tenant: rows}
    if actor.side is Side.AGENCY:
        of_each = (
            selected(actor, selection, without=without)
            .with_only_columns(Case.creditor_id, func.count().label("cases"))
            .group_by(Case.creditor_id)
        )
        found |= {row.creditor_id: row.cases for row in session.execute(of_each)}
    return found


def _pieces(
    session: Session,
    actor: Actor,
    selection: Selection,
    without: Collection[int],
    sheet: Sheet,
    handed: Handed,
) -> Iterator[bytes]:
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([sheet.header])
    after = None
    while True:
        page = list_cases(session, actor, selection, without=without, after=after, limit=BATCH)
        handed((row.creditor_id, row.id) for row in page.rows)
        debtors = _debtors(session, actor, [row.id for row in page.rows])
        ways = ways_of(session, actor, set(debtors.values()))
        yield csv_bytes(sheet.cells(row, ways.get(debtors.get(row.id, 0), {})) for row in page.rows)
        after = page.next_cursor
        if after is None:
            return


def _debtors(session: Session, actor: Actor, case_ids: list[int]) -> dict[int, int]:
    """Who owes on each of some cases."""
    mine = owned_by(actor, Case.creditor_id, Case.agency_id)
    owing = select(Case.id, Case.debtor_id).where(mine, Case.id.in_(case_ids))
    return {row.id: row.debtor_id for row in session.execute(owing)}
