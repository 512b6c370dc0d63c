"""The list of cases as a file: what a filter shows, identities covered as on the page.

An agency takes nothing away of a creditor at whom downloads are stopped for it; on its pages the cases stay.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from agencies.approvals import exports
from agencies.attestations.gates import Act, Blocked, GateClosed, obstacles
from agencies.kernel import audit
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, Side, require
from agencies.organisations.permissions import Permission
from agencies.standing.models import PanelMember
from assignments.cases.models import Case
from assignments.cases.queries import CaseRow, Selection, list_cases, totals
from assignments.reads import service as reads
from assignments.reads.models import ReadKind
from assignments.reads.service import Handed

BATCH = 2_000


@dataclass(frozen=True)
class Withheld:
    """Of which creditors an agency takes no list away, and why."""

    creditor_ids: frozenset[int]
    reasons: tuple[Blocked, ...]
    #: There is no other creditor whose cases it holds.
    is_all: bool


def withheld(session: Session, actor: Actor, *, now: datetime) -> Withheld:
    """What the file leaves out today; of a creditor's own cases nothing."""
    require(actor, Permission.CASE_VIEW)
    if actor.side is not Side.AGENCY:
        return Withheld(frozenset(), (), is_all=False)
    is_held = exists().where(Case.creditor_id == PanelMember.creditor_id, Case.agency_id == actor.tenant)
    mine = select(PanelMember.creditor_id).where(PanelMember.agency_id == actor.tenant, is_held)
    holding = session.scalars(mine.order_by(PanelMember.creditor_id)).all()
    stopped = {
        creditor_id: found[actor.tenant]
        for creditor_id in holding
        if (
            found := obstacles(
                session, actor, Act.DOWNLOAD, creditor_id=creditor_id, agency_ids=[actor.tenant], now=now
            )
        )
    }
    reasons = tuple(one for found in stopped.values() for one in found)
    return Withheld(frozenset(stopped), reasons, is_all=bool(stopped) and len(stopped) == len(holding))


def listing(
    session: Session,
    actor: Actor,
    selection: Selection,
    *,
    header: Sequence[str],
    cells: Callable[[CaseRow], Sequence[object]],
    now: datetime,
) -> Iterator[bytes]:
    """What is selected as CSV in pieces, each case as `cells` tells it; raises `GateClosed` when all is withheld
    and `ExportNeedsSecond` when it is more than one person takes away alone.

    The export is recorded in the current transaction; the pieces are read as they are asked for.
    """
    require(actor, Permission.CASE_EXPORT)
    out = withheld(session, actor, now=now)
    if out.is_all:
        raise GateClosed({actor.tenant: out.reasons})
    taking = taking_of(session, actor, selection, without=out.creditor_ids)
    granted = exports.let_go(session, actor, taking, now=now)
    under = None if granted is None else granted.id
    audit.record(session, actor, "case.exported", now=now, cases=taking.rows, approval_id=under)
    handed = reads.handed_out(session, actor, ReadKind.EXPORT, now=now)
    return _pieces(session, actor, selection, out.creditor_ids, header, cells, handed)


def taking_of(session: Session, actor: Actor, selection: Selection, *, without: Collection[int] = ()) -> exports.Taking:
    """The list of a filter as a file somebody wants to take away."""
    cases = totals(session, actor, selection, without=without).cases
    which = {name: value if isinstance(value, int) else str(value) for name, value in selection.to_dict().items()}
    return exports.Taking(exports.Taken.CASES, which, cases)


def _pieces(
    session: Session,
    actor: Actor,
    selection: Selection,
    without: Collection[int],
    header: Sequence[str],
    cells: Callable[[CaseRow], Sequence[object]],
    handed: Handed,
) -> Iterator[bytes]:
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([header])
    after = None
    while True:
        page = list_cases(session, actor, selection, without=without, after=after, limit=BATCH)
        handed((row.creditor_id, row.id) for row in page.rows)
        yield csv_bytes(cells(row) for row in page.rows)
        after = page.next_cursor
        if after is None:
            return
