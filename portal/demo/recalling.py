"""What the creditors take back: one recall seen to its end, one objected to, and one that waits for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import clock
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.placements import recalls
from assignments.placements.models import ObjectionReason, Placement, Recall, RecallReason, RecallState
from assignments.placements.recall_scope import Scope
from portal.demo.activities import DrawnActivity
from portal.demo.agencies import MARIMONDE, PIRANDELA, TINTALUZ, AgencyProfile
from portal.demo.attesting import certify_recall
from portal.demo.cast import BANK, CreditorProfile, Member, agency_members
from portal.demo.chronology import COUNTRY, ZONE, Chronology, at_local
from portal.demo.holdings import hopeless, take_from
from portal.demo.steps import Step
from portal.demo.world import World

#: So many debtors of the first recall speak to their old agency on its last day and to the new one on its first.
CROSSED = 6


@dataclass(frozen=True)
class PlannedRecall:
    """Cases that a creditor takes back from one agency."""

    creditor: CreditorProfile
    agency: AgencyProfile
    at: datetime
    reason: RecallReason
    #: Business days until it takes effect.
    notice: int
    percent: float
    least: int
    note: str

    @property
    def manager(self) -> Member:
        """Who answers it."""
        return agency_members(self.agency)[0]


def planned_recalls(chronology: Chronology) -> tuple[PlannedRecall, PlannedRecall, PlannedRecall]:
    """The one that ends, the one with an objection to decide on, and the one that waits for its answer."""
    ago = chronology.days_ago
    return (
        PlannedRecall(
            BANK, PIRANDELA, at_local(chronology.crossing_days()[1], 9), RecallReason.NO_ACTIVITY, 0, 2.5, 10,
            "Sin gestión en el último trimestre.",
        ),
        PlannedRecall(BANK, TINTALUZ, ago(6, 10), RecallReason.STRATEGY, 11, 0.5, 4, "Vuelven a la mesa interna."),
        PlannedRecall(
            BANK, MARIMONDE, ago(1, 11), RecallReason.PERFORMANCE, 7, 1.0, 5, "Recuperación por debajo del panel.",
        ),
    )  # fmt: skip


def steps(world: World) -> Iterator[Step]:
    """What is recalled, and what follows from it."""
    times = world.chronology
    ended, objected, waiting = planned_recalls(times)
    for recalled in (ended, objected, waiting):
        yield Step(recalled.at, partial(recall, world, recalled))
    day = clock.local_date(ended.at, ZONE)
    yield Step(at_local(day, 15), partial(_accept, world, ended))
    yield Step(at_local(clock.add_business_days(day, 4, COUNTRY), 10), partial(_certify, world, ended))
    yield Step(at_local(clock.add_business_days(day, 5, COUNTRY), 10), partial(_close, world, ended))
    yield Step(times.days_ago(5, 15), partial(_object, world, objected))


def recall(world: World, planned: PlannedRecall, now: datetime) -> None:
    """The creditor's analyst takes cases back, at once or on a date."""
    effective_on = clock.local_date(now, ZONE)
    if planned.notice:
        effective_on = clock.add_business_days(effective_on, planned.notice, COUNTRY)
    with world.acting(planned.creditor.member(Role.ANALYST)) as (session, actor):
        if _find(session, actor.tenant, planned) is None:
            accounts = hopeless(world, planned.creditor, planned.agency, planned.percent, planned.least, now)
            chosen = select(Case.id).where(Case.creditor_id == actor.tenant, Case.account_ref.in_(accounts))
            recalls.request(
                session,
                actor,
                Scope(case_ids=tuple(session.scalars(chosen))),
                reason=planned.reason,
                effective_on=effective_on,
                note=planned.note,
                now=now,
            )
        made = _find(session, actor.tenant, planned)
        taken = select(Placement.account_ref).where(
            Placement.creditor_id == actor.tenant, Placement.recall_id == (made.id if made else None)
        )
        accounts = sorted(session.scalars(taken))
    if planned.notice:
        for held in world.held[planned.creditor.key, planned.agency.key]:
            held.reserved |= {debt.account for debt in held.debts} & set(accounts)
    else:
        _speak_once_more(world, accounts[:CROSSED])
        take_from(world, planned.creditor, planned.agency, now)


def _speak_once_more(world: World, accounts: list[str]) -> None:
    """On the day before the recall some debtors spoke to the agency; whoever is next must let the week pass."""
    world.crossed = frozenset(accounts)
    at = datetime.combine(world.chronology.crossing_days()[0], time(10, 20))
    for held in world.held[BANK.key, PIRANDELA.key]:
        held.extra += [
            DrawnActivity(debt.account, at + timedelta(minutes=turn), "call", "cannot_pay", 3, "")
            for turn, debt in enumerate(held.debts)
            if debt.account in world.crossed
        ]


def _accept(world: World, planned: PlannedRecall, now: datetime) -> None:
    with world.acting(planned.manager) as (session, actor):
        row = _find(session, world.actor(planned.creditor.members[0]).tenant, planned)
        if row is not None and row.answered_at is None:
            recalls.accept(session, actor, row.id, now=now)


def _object(world: World, planned: PlannedRecall, now: datetime) -> None:
    with world.acting(planned.manager) as (session, actor):
        row = _find(session, world.actor(planned.creditor.members[0]).tenant, planned)
        if row is not None and row.answered_at is None:
            recalls.object_to(
                session,
                actor,
                row.id,
                reason=ObjectionReason.PAYMENT_PLAN,
                proposed_on=clock.add_business_days(row.effective_on, 20, COUNTRY),
                note="Tienen acuerdos con cuotas al día.",
                now=now,
            )


def _certify(world: World, planned: PlannedRecall, now: datetime) -> None:
    """The agency declares what became of the data, and the creditor's compliance officer accepts it."""
    with world.acting(planned.manager) as (session, _actor):
        row = _find(session, world.actor(planned.creditor.members[0]).tenant, planned)
    if row is not None:
        certify_recall(world, planned.creditor, planned.agency, row, now=now)


def _close(world: World, planned: PlannedRecall, now: datetime) -> None:
    with world.acting(planned.creditor.member(Role.ANALYST)) as (session, actor):
        row = _find(session, actor.tenant, planned)
        if row is not None and row.state is RecallState.ENDED:
            recalls.close(session, actor, row.id, now=now)


def _find(session: Session, creditor_id: int, planned: PlannedRecall) -> Recall | None:
    return session.scalar(
        select(Recall).where(Recall.creditor_id == creditor_id, Recall.requested_at == planned.at).limit(1)
    )
