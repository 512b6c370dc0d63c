"""A creditor takes cases back from its agencies on a date; an agency answers; on the date its access ends.

Recalls, returns and waves of one creditor happen one after the other, so that a case is in one recall only and what is
recalled is what was shown.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from agencies.attestations.gates import Act, pass_gate
from agencies.kernel import audit
from agencies.kernel.errors import NotFound
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.models import Clause, MandateVersion, SlaClause
from agencies.organisations.permissions import Permission
from assignments.cases.models import CaseState
from assignments.placements.ending import end_placements, one_at_a_time
from assignments.placements.history import explain
from assignments.placements.models import (
    ObjectionReason,
    Placement,
    PlacementState,
    Recall,
    RecallAnswer,
    RecallReason,
    RecallState,
)
from assignments.placements.recall_moves import let_go, restate, take_in
from assignments.placements.recall_rules import (
    WAITING,
    AlreadyAnswered,
    NothingToRecall,
    RecallMoved,
    RecallOver,
    check_date,
    check_move,
    check_objection,
)
from assignments.placements.recall_scope import Scope, digest_of, free_of, held_in, ids_of, today_of

#: How a placement ends that its creditor took back.
RECALLED = "recalled"


def request(
    session: Session,
    actor: Actor,
    scope: Scope,
    *,
    reason: RecallReason,
    effective_on: date,
    note: str | None = None,
    expected: str | None = None,
    upload_id: int | None = None,
    now: datetime,
) -> list[Recall]:
    """Recall the cases, one recall for each agency; a date that has come ends the agency's access at once.

    A case that waits in another recall stays there, unless this one takes effect at once. Raises `NothingToRecall`, or
    `RecallMoved` when `expected` is not the digest of what would be recalled now.
    """
    creditor_id = _recaller(actor)
    today = today_of(session, creditor_id, now)
    effective_on = check_date(reason, effective_on, today)
    one_at_a_time(session, creditor_id)
    free = free_of(held_in(session, actor, scope), is_at_once=effective_on <= today)
    if expected is not None and expected != digest_of(free):
        raise RecallMoved
    if not free:
        raise NothingToRecall
    explain(session, actor, "recall.requested", now=now)
    made = []
    for agency_id, alike in groupby(sorted(free, key=attrgetter("agency_id")), key=attrgetter("agency_id")):
        of_one = list(alike)
        recall = Recall(
            creditor_id=creditor_id,
            agency_id=agency_id,
            mandate_version_id=_strictest(session, creditor_id, agency_id, {one.mandate_version_id for one in of_one}),
            reason=reason,
            note=note or None,
            state=RecallState.PENDING,
            upload_id=upload_id,
            cases=sum(one.cases for one in of_one),
            effective_on=effective_on,
            requested_at=now,
            requested_by=actor.user_id,
        )
        session.add(recall)
        session.flush()
        take_in(session, recall, ids_of(of_one))
        _told(session, actor, recall, "recall.requested", agency_id, Permission.RECALL_ANSWER, now)
        made.append(recall)
    for recall in made if effective_on <= today else ():
        _end(session, recall, now)
    return made


def accept(session: Session, actor: Actor, recall_id: int, *, now: datetime) -> Recall:
    """The agency says that it has stopped: its access ends now if it has not ended; a second time changes nothing."""
    recall = _of_agency(session, actor, recall_id)
    if recall.answer is RecallAnswer.ACCEPTED:
        return recall
    if recall.state not in WAITING | {RecallState.ENDED}:
        raise RecallOver
    recall.answer = RecallAnswer.ACCEPTED
    if recall.answered_at is None:
        recall.answered_at, recall.answered_by = now, actor.user_id
    if recall.state in WAITING:
        explain(session, actor, "recall.accepted", now=now)
        _end(session, recall, now)
    _told(session, actor, recall, "recall.accepted", recall.creditor_id, Permission.RECALL_MAKE, now)
    return recall


def object_to(
    session: Session,
    actor: Actor,
    recall_id: int,
    *,
    reason: ObjectionReason,
    proposed_on: date | None = None,
    note: str | None = None,
    now: datetime,
) -> Recall:
    """The agency asks to keep the cases, or to keep them until a date; it works on until the creditor's date."""
    recall = _of_agency(session, actor, recall_id)
    if recall.state is RecallState.OBJECTED and (recall.objection, recall.proposed_on) == (reason, proposed_on):
        return recall
    if recall.answer is RecallAnswer.ACCEPTED:
        raise AlreadyAnswered
    check_objection(recall, proposed_on, today_of(session, recall.creditor_id, now))
    recall.state, recall.answer = RecallState.OBJECTED, RecallAnswer.OBJECTED
    recall.answered_at, recall.answered_by = now, actor.user_id
    recall.objection, recall.objection_note, recall.proposed_on = reason, note or None, proposed_on
    explain(session, actor, "recall.objected", now=now)
    restate(session, recall, PlacementState.RECALL_OBJECTED)
    _told(session, actor, recall, "recall.objected", recall.creditor_id, Permission.RECALL_MAKE, now)
    return recall


def decide(
    session: Session, actor: Actor, recall_id: int, *, effective_on: date | None = None, now: datetime
) -> Recall:
    """The creditor keeps its date, or moves it, after an objection; a date that has come ends the access at once."""
    recall = _of_creditor(session, actor, recall_id)
    if recall.state is not RecallState.OBJECTED:
        raise RecallOver
    today = today_of(session, recall.creditor_id, now)
    recall.effective_on = check_date(recall.reason, effective_on or recall.effective_on, today)
    recall.state, recall.decided_at, recall.decided_by = RecallState.PENDING, now, actor.user_id
    explain(session, actor, "recall.decided", now=now)
    restate(session, recall, PlacementState.RECALL_PENDING)
    _told(session, actor, recall, "recall.decided", recall.agency_id, Permission.RECALL_ANSWER, now)
    if recall.effective_on <= today:
        _end(session, recall, now)
    return recall


def withdraw(session: Session, actor: Actor, recall_id: int, *, now: datetime) -> Recall:
    """The creditor leaves the cases with the agency after all."""
    recall = _of_creditor(session, actor, recall_id)
    check_move(recall, RecallState.WITHDRAWN)
    recall.state = RecallState.WITHDRAWN
    explain(session, actor, "recall.withdrawn", now=now)
    let_go(session, recall)
    _told(session, actor, recall, "recall.withdrawn", recall.agency_id, Permission.RECALL_ANSWER, now)
    return recall


def execute_due(session: Session, actor: Actor, *, now: datetime) -> int:
    """End what has come to its date where the creditor is, answered or not; returns how many recalls."""
    require(actor, Permission.RECALL_MAKE)
    creditor_id = require_side(actor, Side.CREDITOR)
    one_at_a_time(session, creditor_id)
    due = session.scalars(
        select(Recall)
        .where(
            Recall.creditor_id == creditor_id,
            Recall.state.in_(WAITING),
            Recall.effective_on <= today_of(session, creditor_id, now),
        )
        .order_by(Recall.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    explain(session, actor, "recall.executed", now=now)
    for recall in due:
        _end(session, recall, now)
        _told(session, actor, recall, "recall.executed", recall.agency_id, Permission.RECALL_ANSWER, now)
    return len(due)


def close(session: Session, actor: Actor, recall_id: int, *, now: datetime) -> Recall:
    """Close a recall whose data the agency has accounted for; raises `GateClosed` until it has; twice is once."""
    recall = _of_creditor(session, actor, recall_id)
    if recall.state is RecallState.CLOSED:
        return recall
    check_move(recall, RecallState.CLOSED)
    pass_gate(
        session,
        actor,
        Act.CLOSE_RECALL,
        creditor_id=recall.creditor_id,
        agency_ids=[recall.agency_id],
        now=now,
        recall_id=recall.id,
    )
    recall.state, recall.closed_at, recall.closed_by = RecallState.CLOSED, now, actor.user_id
    _told(session, actor, recall, "recall.closed", recall.agency_id, Permission.RECALL_ANSWER, now)
    return recall


def _recaller(actor: Actor) -> int:
    require(actor, Permission.RECALL_MAKE)
    return require_side(actor, Side.CREDITOR)


def _strictest(session: Session, creditor_id: int, agency_id: int, version_ids: Collection[int]) -> int:
    """Of the terms the cases stand under, those that promise the soonest answer: in that time every promise is kept."""
    return session.scalars(
        select(MandateVersion.id)
        .outerjoin(
            SlaClause,
            and_(
                SlaClause.creditor_id == MandateVersion.creditor_id,
                SlaClause.agency_id == MandateVersion.agency_id,
                SlaClause.mandate_version_id == MandateVersion.id,
                SlaClause.clause == Clause.RECALL_ANSWERED,
            ),
        )
        .where(
            MandateVersion.creditor_id == creditor_id,
            MandateVersion.agency_id == agency_id,
            MandateVersion.id.in_(version_ids),
        )
        .order_by(SlaClause.hours.asc().nulls_last(), SlaClause.target_bp.desc(), MandateVersion.id.desc())
        .limit(1)
    ).one()


def _end(session: Session, recall: Recall, now: datetime) -> None:
    """End what is left of its placements; the recall is over with the last of them."""
    # One array and not a row for each.
    live = session.scalars(
        select(func.array_agg(Placement.id)).where(
            Placement.creditor_id == recall.creditor_id,
            Placement.agency_id == recall.agency_id,
            Placement.recall_id == recall.id,
            Placement.ended_at.is_(None),
        )
    ).one()
    end_placements(
        session,
        live or (),
        creditor_id=recall.creditor_id,
        agency_id=recall.agency_id,
        code=RECALLED,
        case_state=CaseState.OPEN,
        now=now,
    )
    session.refresh(recall)


def _of_creditor(session: Session, actor: Actor, recall_id: int) -> Recall:
    creditor_id = _recaller(actor)
    one_at_a_time(session, creditor_id)
    return _locked(session, Recall.creditor_id == creditor_id, recall_id)


def _of_agency(session: Session, actor: Actor, recall_id: int) -> Recall:
    require(actor, Permission.RECALL_ANSWER)
    mine = Recall.agency_id == require_side(actor, Side.AGENCY)
    creditor_id = session.scalar(select(Recall.creditor_id).where(mine, Recall.id == recall_id))
    if creditor_id is None:
        raise NotFound
    # Before the row: whoever ends placements takes the same two in this order.
    one_at_a_time(session, creditor_id)
    return _locked(session, mine, recall_id)


def _locked(session: Session, mine: ColumnElement[bool], recall_id: int) -> Recall:
    recall = session.scalar(
        select(Recall).where(mine, Recall.id == recall_id).with_for_update().execution_options(populate_existing=True)
    )
    if recall is None:
        raise NotFound
    return recall


def _told(
    session: Session, actor: Actor, recall: Recall, kind: str, whom: int, permission: Permission, now: datetime
) -> None:
    session.flush()
    facts: dict[str, Any] = {
        "recall_id": recall.id,
        "cases": recall.cases,
        "effective_on": recall.effective_on.isoformat(),
    }
    audit.record(
        session,
        actor,
        kind,
        now=now,
        organisations=[recall.creditor_id, recall.agency_id],
        **facts,
        reason=recall.reason.value,
    )
    about = recall.agency_id if whom == recall.creditor_id else recall.creditor_id
    notify(session, whom, kind, key=f"{kind}:{recall.id}", permission=permission, now=now, **facts, about=about)
