"""People who could not be found: the bank orders a search, the investigator finds, the bank verifies and releases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import clock
from agencies.mandates.models import FeeClass
from agencies.mandates.queries import list_mandates
from agencies.organisations.permissions import Role
from assignments.cases.models import ReturnCode
from assignments.cases.queries import Selection
from assignments.contacts.models import Authorisation
from assignments.ledger import fees
from assignments.locates import investigating, ordering, verifying
from assignments.locates.handing_out import orders_file
from assignments.locates.lifecycle import may_be_released
from assignments.locates.models import (
    Finding,
    FindingState,
    LocateBatch,
    LocateOrder,
    LocatePurpose,
    OrderOutcome,
    OrderState,
)
from assignments.locates.people import People
from assignments.placements import returns
from portal.demo.agencies import BAQUIANELA
from portal.demo.cast import BANK, agency_members
from portal.demo.chronology import COUNTRY, ZONE, Chronology, at_local
from portal.demo.findings import draw_findings, draw_verdict
from portal.demo.founding import find_mandate
from portal.demo.steps import Step
from portal.demo.world import World

_SEARCHED = "Centrales de información, RUES, directorios y visita a la última dirección."


@dataclass(frozen=True)
class PlannedSearch:
    """One batch of orders, and how far each part of it comes by the end of the story."""

    name: str
    at: datetime
    fee_class: FeeClass
    #: Business days the agency has.
    time: int
    #: Share of the orders that are searched and of those that are verified.
    searched: float
    verified: float
    searched_at: datetime
    verified_at: datetime

    @property
    def due_on(self) -> date:
        """Its due date."""
        return clock.add_business_days(clock.local_date(self.at, ZONE), self.time, COUNTRY)


def planned_searches(chronology: Chronology) -> tuple[PlannedSearch, PlannedSearch]:
    """The first batch is done; of the second a part waits in every room."""
    days, ago = chronology.business_day, chronology.days_ago
    return (
        PlannedSearch(
            "Ilocalizables, primera búsqueda", days(2, 2, 10), FeeClass.STANDARD, 15, 1.0, 1.0,
            days(2, 5, 11), days(2, 8, 10),
        ),
        PlannedSearch(
            "Ilocalizables, segunda búsqueda", ago(8, 10), FeeClass.EXPRESS, 14, 0.6, 0.25,
            ago(3, 11), ago(2, 10),
        ),
    )  # fmt: skip


def steps(world: World) -> Iterator[Step]:
    """Both batches, and the second life of those who were found."""
    first, second = planned_searches(world.chronology)
    for search in (first, second):
        yield Step(search.at, partial(order, world, search))
        taken = clock.add_business_days(clock.local_date(search.at, ZONE), 1, COUNTRY)
        yield Step(at_local(taken, 9), partial(take_on, world, search))
        yield Step(search.searched_at, partial(investigate, world, search))
        yield Step(search.verified_at, partial(verify, world, search))
    yield Step(world.chronology.business_day(1, 2, 9), partial(release_cases, world, first))
    yield Step(world.chronology.days_ago(1, 16), partial(begin_one, world, second))


def order(world: World, search: PlannedSearch, now: datetime) -> None:
    """The analyst orders whoever was given back as untraceable, and answers for the purpose."""
    with world.acting(BANK.member(Role.ANALYST)) as (session, actor):
        if _batch(session, search) is not None:
            return
        ordering.order(
            session,
            actor,
            People(Selection(return_code=ReturnCode.UNTRACEABLE)),
            name=search.name,
            mandate_id=find_mandate(list_mandates(session, actor), BANK, BAQUIANELA).id,
            purpose=LocatePurpose.COLLECT_OWN_DEBT,
            legal_basis="Autorización de tratamiento del contrato de crédito (Ley 1581 de 2012, art. 9).",
            is_certified=True,
            fee_class=search.fee_class,
            due_on=search.due_on,
            exclusions="Referencias personales, familiares y empleador.",
            now=now,
        )


def take_on(world: World, search: PlannedSearch, now: datetime) -> None:
    """The locate agency's manager takes the orders on and downloads them."""
    with world.acting(agency_members(BAQUIANELA)[0]) as (session, actor):
        batch = _batch(session, search)
        if batch is not None and batch.acknowledged_at is None:
            ordering.acknowledge(session, actor, batch.id, now=now)
            for _piece in orders_file(session, actor, batch.id, now=now):
                """The file is the agency's own."""


def investigate(world: World, search: PlannedSearch, now: datetime) -> None:
    """The investigator hands in what was found, or that nothing was."""
    with world.acting(agency_members(BAQUIANELA)[1]) as (session, actor):
        for row in _part(_orders(session, search), search.searched):
            if row.state is not OrderState.ACKNOWLEDGED:
                continue
            investigating.look(session, actor, row.id, now=now)
            found = draw_findings(world.debts[row.account_ref], on=clock.local_date(now, ZONE))
            for one in found:
                investigating.add(session, actor, row.id, one, now=now)
            investigating.submit(session, actor, row.id, searched=_SEARCHED, is_nothing_found=not found, now=now)


def begin_one(world: World, search: PlannedSearch, now: datetime) -> None:
    """The investigator has begun the next person of the queue and not handed it in."""
    with world.acting(agency_members(BAQUIANELA)[1]) as (session, actor):
        waiting = [row for row in _orders(session, search) if row.state is OrderState.ACKNOWLEDGED]
        for row in waiting:
            found = draw_findings(world.debts[row.account_ref], on=clock.local_date(now, ZONE))
            if found and session.scalar(select(Finding.id).where(Finding.order_id.in_([one.id for one in waiting]))):
                return
            if found:
                investigating.add(session, actor, row.id, found[0], now=now)
                return


def verify(world: World, search: PlannedSearch, now: datetime) -> None:
    """The analyst grades what came in, says whether it may be used, and releases what is both."""
    with world.acting(BANK.member(Role.ANALYST)) as (session, actor):
        batch = _batch(session, search)
        orders = _part(_orders(session, search), search.verified)
        findings = session.scalars(
            select(Finding)
            .where(
                Finding.order_id.in_([row.id for row in orders]),
                Finding.state == FindingState.SUBMITTED,
                Finding.grade.is_(None),
            )
            .order_by(Finding.id)
        ).all()
        for finding in findings:
            verdict = draw_verdict(finding)
            fees.accept(session, actor, finding.id, grade=verdict.grade, method=verdict.method, now=now)
            if verdict.authorisation is not Authorisation.UNKNOWN:
                verifying.set_authorisation(
                    session, actor, finding.id, authorisation=verdict.authorisation, note=verdict.note, now=now
                )
            session.flush()
            if may_be_released(finding):
                verifying.release(session, actor, finding.id, now=now)
        if batch is not None and search.verified == 1 and any(
            row.state is OrderState.SUBMITTED and row.outcome is OrderOutcome.NONE_FOUND for row in orders
        ):  # fmt: skip
            verifying.close_empty(session, actor, batch.id, now=now)


def release_cases(world: World, search: PlannedSearch, now: datetime) -> None:
    """Cases whose debtors can be reached again may be placed again."""
    with world.acting(BANK.member(Role.ANALYST)) as (session, actor):
        batch = _batch(session, search)
        reached = (
            select(LocateOrder.case_id)
            .join(
                Finding,
                (Finding.creditor_id == LocateOrder.creditor_id)
                & (Finding.agency_id == LocateOrder.agency_id)
                & (Finding.order_id == LocateOrder.id),
            )
            .where(LocateOrder.batch_id == (batch.id if batch else None), Finding.released_at.is_not(None))
            .distinct()
        )
        for case_id in session.scalars(reached.order_by(LocateOrder.case_id)).all():
            returns.release(session, actor, case_id, now=now)


def _batch(session: Session, search: PlannedSearch) -> LocateBatch | None:
    return session.scalar(select(LocateBatch).where(LocateBatch.name == search.name))


def _orders(session: Session, search: PlannedSearch) -> Sequence[LocateOrder]:
    return session.scalars(
        select(LocateOrder)
        .join(
            LocateBatch,
            (LocateBatch.creditor_id == LocateOrder.creditor_id)
            & (LocateBatch.agency_id == LocateOrder.agency_id)
            & (LocateBatch.id == LocateOrder.batch_id),
        )
        .where(LocateBatch.name == search.name)
        .order_by(LocateOrder.id)
    ).all()


def _part(orders: Sequence[LocateOrder], share: float) -> Sequence[LocateOrder]:
    return orders[: round(len(orders) * share)]
