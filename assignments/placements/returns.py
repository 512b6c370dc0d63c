"""An agency gives cases back with a code that says what becomes of them; the creditor releases what it may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.flags.service import lift_of_return, raise_of_returns
from assignments.placements.codes import CONSEQUENCES, STATE_AFTER, may_be_released
from assignments.placements.ending import end_placements, one_at_a_time
from assignments.placements.history import explain
from assignments.placements.holding import follow_holds
from assignments.placements.models import Placement, Return

#: More than this in one go is a slip, or work for a file.
MOST_CASES = 5_000


class NothingToReturn(Invalid):
    """Somebody must say which cases."""

    text = msg("Name at least one case that you hold, and at most 5,000 at once.")


class CaseNotHeld(Conflict):
    """Only what is held can be given back; the same answer for what never was."""

    text = msg("At least one of these cases is not with you, or not any more. Reload the page and look again.")


class AccountsNotHeld(Invalid):
    """Accounts were named that the agency does not hold for this creditor."""

    text = msg("You do not hold these accounts for this creditor: %(accounts)s.")


class NotReleasable(Conflict):
    """What is closed for good, or must be protected, goes to no agency."""

    text = msg("This case may not be placed again: the reason why it was returned says so.")


def give_back(
    session: Session,
    actor: Actor,
    *,
    case_ids: Collection[int],
    code: ReturnCode,
    note: str | None = None,
    now: datetime,
) -> int:
    """Give cases back for one reason; the agency's access ends at once. Returns how many; raises `CaseNotHeld`."""
    require(actor, Permission.CASE_RETURN)
    agency_id = require_side(actor, Side.AGENCY)
    wanted = set(case_ids)
    if not 0 < len(wanted) <= MOST_CASES:
        raise NothingToReturn
    for creditor_id in sorted({one.creditor_id for one in _live(session, agency_id, wanted)}):
        one_at_a_time(session, creditor_id)
    # Read again now that nobody recalls them meanwhile.
    held = _live(session, agency_id, wanted)
    if {one.case_id for one in held} != wanted:
        raise CaseNotHeld
    by_creditor: dict[int, list[Placement]] = defaultdict(list)
    for one in held:
        by_creditor[one.creditor_id].append(one)
    return sum(_give_back(session, actor, by_creditor[creditor], code, note, now) for creditor in sorted(by_creditor))


def find_held(session: Session, actor: Actor, creditor_id: int, accounts: Sequence[str]) -> list[int]:
    """The cases behind accounts that the agency holds for a creditor; raises `AccountsNotHeld`."""
    require(actor, Permission.CASE_RETURN)
    agency_id = require_side(actor, Side.AGENCY)
    wanted = list(dict.fromkeys(accounts))
    if not 0 < len(wanted) <= MOST_CASES:
        raise NothingToReturn
    rows = session.execute(
        select(Placement.account_ref, Placement.case_id).where(
            Placement.agency_id == agency_id,
            Placement.creditor_id == creditor_id,
            Placement.ended_at.is_(None),
            Placement.account_ref.in_(wanted),
        )
    )
    found: dict[str, int] = {row.account_ref: row.case_id for row in rows}
    missing = [account for account in wanted if account not in found]
    if missing:
        shown = ", ".join(missing[:5])
        raise AccountsNotHeld(accounts=f"{shown} …" if len(missing) > 5 else shown)
    return [found[account] for account in wanted]


def release(session: Session, actor: Actor, case_id: int, *, now: datetime) -> Case:
    """Let a case be placed again whose reason is settled; a second time changes nothing. Raises `NotReleasable`."""
    require(actor, Permission.PLACEMENT_PLAN)
    creditor_id = require_side(actor, Side.CREDITOR)
    one_at_a_time(session, creditor_id)
    case = session.scalar(
        select(Case)
        .where(Case.creditor_id == creditor_id, Case.id == case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFound
    is_held = case.held_since is not None
    if case.state in {CaseState.OPEN, CaseState.PLACED} and not is_held:
        return case
    if not may_be_released(case.state, case.return_code, is_held=is_held):
        raise NotReleasable
    if case.return_code is not None:
        lift_of_return(session, actor, case, case.return_code, now=now)
    case.held_since = case.hold_reason = None
    if case.state is not CaseState.PLACED:
        case.state = CaseState.OPEN
    explain(session, actor, "case.released", now=now)
    session.flush()
    follow_holds(session, creditor_id, [case_id])
    code = case.return_code.value if case.return_code else None
    audit.record(session, actor, "case.released", now=now, case_id=case_id, code=code)
    return case


def conclude(
    session: Session,
    actor: Actor,
    placement_ids: Sequence[int],
    *,
    creditor_id: int,
    agency_id: int,
    code: ReturnCode,
    now: datetime,
) -> int:
    """End placements whose returns are written down, and tell both sides; returns how many ended."""
    # While the agency still holds them: what it says of people and debts stands with the cases from now on.
    raise_of_returns(session, actor, creditor_id, _cases_of(session, agency_id, placement_ids), code, now=now)
    explain(session, actor, "case.returned", now=now)
    ended = end_placements(
        session,
        placement_ids,
        creditor_id=creditor_id,
        agency_id=agency_id,
        code=code.value,
        case_state=STATE_AFTER[CONSEQUENCES[code].disposition],
        return_code=code,
        now=now,
    )
    facts: dict[str, Any] = {"cases": ended, "code": code.value, "agency_id": agency_id}
    audit.record(session, actor, "case.returned", now=now, organisations=[creditor_id, agency_id], **facts)
    notify(
        session,
        creditor_id,
        "case.returned",
        # A placement is given back once, so the first one names the act.
        key=f"case.returned:{min(placement_ids)}",
        permission=Permission.PLACEMENT_PLAN,
        now=now,
        **facts,
    )
    return ended


def _cases_of(session: Session, agency_id: int, placement_ids: Sequence[int]) -> list[int]:
    held = select(Placement.case_id).where(Placement.agency_id == agency_id, Placement.id.in_(placement_ids))
    return list(session.scalars(held.where(Placement.ended_at.is_(None))))


def _live(session: Session, agency_id: int, case_ids: set[int]) -> Sequence[Placement]:
    return session.scalars(
        select(Placement)
        .where(Placement.agency_id == agency_id, Placement.case_id.in_(case_ids), Placement.ended_at.is_(None))
        .order_by(Placement.creditor_id, Placement.id)
        .execution_options(populate_existing=True)
    ).all()


def _give_back(
    session: Session, actor: Actor, placements: list[Placement], code: ReturnCode, note: str | None, now: datetime
) -> int:
    creditor_id, agency_id = placements[0].creditor_id, placements[0].agency_id
    placement_ids = [one.id for one in placements]
    session.execute(
        insert(Return),
        [
            {
                "creditor_id": creditor_id,
                "agency_id": agency_id,
                "placement_id": one.id,
                "case_id": one.case_id,
                "code": code,
                "note": note or None,
                "returned_at": now,
                "returned_by": actor.user_id,
            }
            for one in placements
        ],
    )
    return conclude(session, actor, placement_ids, creditor_id=creditor_id, agency_id=agency_id, code=code, now=now)
