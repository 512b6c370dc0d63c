"""An agency rejects what it was sent and has not taken on: a whole consignment, or some of its cases, for a reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Row, any_, cast, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.permissions import Permission
from assignments.placements.codes import REJECTED, STATE_AFTER, Disposition
from assignments.placements.ending import end_placements, one_at_a_time, one_between_at_a_time
from assignments.placements.history import explain
from assignments.placements.models import Consignment, Placement, PlacementState
from assignments.placements.rejections import Rejection, RejectReason

LONGEST_NOTE = 1_000

_WRITE_DOWN = text("""
insert into rejections (creditor_id, agency_id, placement_id, case_id, consignment_id, reason, note, rejected_at,
                        rejected_by)
select l.creditor_id, l.agency_id, l.id, l.case_id, l.consignment_id, :reason, :note, :now, :user
from placements l
where l.creditor_id = :creditor and l.agency_id = :agency and l.id = any(cast(:rejected as bigint[]))
""")


class AlreadyTakenOn(Conflict):
    """What was acknowledged is given back, with a code, and not rejected."""

    text = msg("You have taken these cases on, or they are back already. Give back what you cannot work.")


class NotInConsignment(Invalid):
    """Accounts were named that do not wait in this consignment."""

    text = msg("These accounts do not wait for your answer in this placement: %(accounts)s.")


class NothingToReject(Invalid):
    """Somebody must say which cases."""

    text = msg("Name at least one account, or reject all cases.")


class NoteTooLong(Invalid):
    """A note is a few sentences."""

    text = msg("A note has up to 1,000 characters.")


@dataclass(frozen=True)
class RejectedCases:
    """How many cases of a consignment were rejected for one reason, and what they were worth."""

    reason: RejectReason
    currency: str
    cases: int
    placed_minor: int


def reject(
    session: Session,
    actor: Actor,
    consignment_id: int,
    *,
    reason: RejectReason,
    note: str | None = None,
    case_ids: Collection[int] | None = None,
    now: datetime,
) -> int:
    """Reject the cases, or all that are left, for one reason; the agency's access ends at once. Returns how many.

    Raises `NotFound`, `AlreadyTakenOn` or `NothingToReject`; a consignment that was rejected whole stays so.
    """
    require(actor, Permission.PLACEMENT_ACKNOWLEDGE)
    agency_id = require_side(actor, Side.AGENCY)
    if note is not None and len(note) > LONGEST_NOTE:
        raise NoteTooLong
    consignment = _hold(session, agency_id, consignment_id)
    if consignment.state is PlacementState.REJECTED and case_ids is None:
        return 0
    if consignment.state is not PlacementState.SENT:
        raise AlreadyTakenOn
    waiting = _waiting(session, consignment, case_ids)
    if case_ids is not None and waiting.cases != len(set(case_ids)):
        raise AlreadyTakenOn
    if not waiting.cases:
        raise NothingToReject
    keys = {"creditor": consignment.creditor_id, "agency": agency_id, "rejected": waiting.ids}
    told = {"reason": reason.value, "note": note or None, "now": now, "user": actor.user_id}
    session.execute(_WRITE_DOWN, {**keys, **told})
    explain(session, actor, "consignment.rejected", now=now)
    follows = REJECTED[reason]
    ended = end_placements(
        session,
        waiting.ids,
        creditor_id=consignment.creditor_id,
        agency_id=agency_id,
        code=reason.value,
        case_state=STATE_AFTER[follows.disposition],
        return_code=follows.code,
        is_rejected=True,
        is_held=follows.disposition is Disposition.HOLD and follows.code is None,
        now=now,
    )
    session.refresh(consignment)
    _tell(session, actor, consignment, waiting, reason, now)
    return ended


def find_waiting(session: Session, actor: Actor, consignment_id: int, accounts: Sequence[str]) -> list[int]:
    """The cases behind accounts that wait in a consignment for the agency's answer; raises `NotInConsignment`."""
    require(actor, Permission.PLACEMENT_ACKNOWLEDGE)
    agency_id, wanted = require_side(actor, Side.AGENCY), list(dict.fromkeys(accounts))
    if not wanted:
        raise NothingToReject
    rows = session.execute(
        select(Placement.account_ref, Placement.case_id).where(
            Placement.agency_id == agency_id,
            Placement.consignment_id == consignment_id,
            Placement.state == PlacementState.SENT,
            Placement.account_ref.in_(wanted),
        )
    )
    found: dict[str, int] = {row.account_ref: row.case_id for row in rows}
    missing = [account for account in wanted if account not in found]
    if missing:
        shown = ", ".join(missing[:5])
        raise NotInConsignment(accounts=f"{shown} …" if len(missing) > 5 else shown)
    return [found[account] for account in wanted]


def rejected_of(session: Session, actor: Actor, consignment_id: int) -> list[RejectedCases]:
    """What was rejected of a consignment, by reason, the most frequent first."""
    require(actor, Permission.PLACEMENT_VIEW)
    cases = func.count()
    rows = session.execute(
        select(Rejection.reason, Placement.currency, cases, cast(func.sum(Placement.placed_minor), BigInteger))
        .join(
            Placement,
            (Placement.creditor_id == Rejection.creditor_id)
            & (Placement.agency_id == Rejection.agency_id)
            & (Placement.id == Rejection.placement_id),
        )
        .where(owned_by(actor, Rejection.creditor_id, Rejection.agency_id), Rejection.consignment_id == consignment_id)
        .group_by(Rejection.reason, Placement.currency)
        .order_by(cases.desc(), Rejection.reason)
    )
    return [RejectedCases(*row) for row in rows]


def _hold(session: Session, agency_id: int, consignment_id: int) -> Consignment:
    """The consignment, while nobody places, recalls, takes on or reports between the two."""
    mine = (Consignment.agency_id == agency_id, Consignment.id == consignment_id)
    creditor_id = session.scalar(select(Consignment.creditor_id).where(*mine))
    if creditor_id is None:
        raise NotFound
    one_at_a_time(session, creditor_id)
    one_between_at_a_time(session, creditor_id, agency_id)
    return session.scalars(
        select(Consignment).where(*mine).with_for_update().execution_options(populate_existing=True)
    ).one()


def _waiting(session: Session, consignment: Consignment, case_ids: Collection[int] | None) -> Row[*tuple[Any, ...]]:
    """How many cases wait for an answer, what they are worth, and their placements as one array."""
    statement = select(
        func.count().label("cases"),
        cast(func.coalesce(func.sum(Placement.placed_minor), 0), BigInteger).label("placed_minor"),
        func.array_agg(Placement.id).label("ids"),
    ).where(
        Placement.creditor_id == consignment.creditor_id,
        Placement.agency_id == consignment.agency_id,
        Placement.consignment_id == consignment.id,
        Placement.state == PlacementState.SENT,
    )
    if case_ids is not None:
        # One array: a list of cases may be longer than a statement has room for parameters.
        statement = statement.where(Placement.case_id == any_(cast(list(case_ids), ARRAY(BigInteger))))
    return session.execute(statement).one()


def _tell(
    session: Session,
    actor: Actor,
    consignment: Consignment,
    rejected: Row[*tuple[Any, ...]],
    reason: RejectReason,
    now: datetime,
) -> None:
    facts: dict[str, Any] = {"cases": rejected.cases, "reason": reason.value, "consignment_id": consignment.id}
    audit.record(
        session,
        actor,
        "consignment.rejected",
        now=now,
        organisations=[consignment.creditor_id, consignment.agency_id],
        placed_minor=rejected.placed_minor,
        currency=consignment.currency,
        **facts,
    )
    notify(
        session,
        consignment.creditor_id,
        "consignment.rejected",
        # A placement is rejected once, so the first one names the act.
        key=f"consignment.rejected:{min(rejected.ids)}",
        permission=Permission.PLACEMENT_PLAN,
        now=now,
        about=consignment.agency_id,
        **facts,
    )
