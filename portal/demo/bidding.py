"""The marketplace: three lots of one portfolio, one awarded in two parts, one to decide on, one open for bids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.approvals import queries as approvals
from agencies.approvals import service as approving
from agencies.kernel import clock
from agencies.mandates.models import ReportFrequency
from agencies.organisations.permissions import Role
from assignments.cases.queries import Selection
from assignments.marketplace import award, bids, second_person, service
from assignments.marketplace.bids import Proposal
from assignments.marketplace.models import Bid, DeclineReason, Lot, LotState
from assignments.marketplace.service import Timetable
from assignments.reports.calendar import Period, periods
from portal.carriers import CARRIERS
from portal.demo.agencies import GUADUVIO, MARIMONDE, OCARIMBA, TINTALUZ, AgencyProfile
from portal.demo.cast import BANK, agency_members
from portal.demo.chronology import COUNTRY, ZONE, Chronology, at_local
from portal.demo.founding import agency_id
from portal.demo.placing import Taking, portfolio_id, receive
from portal.demo.reporting import PlannedReport, sent_at, submit
from portal.demo.steps import Step
from portal.demo.terms import collecting
from portal.demo.world import World

#: What is put up for bids.
PORTFOLIO = "bank-4"
#: What every bidder would sign, besides its price.
_TERMS = collecting(0, due_days=4, frequency=ReportFrequency.FORTNIGHTLY)


@dataclass(frozen=True)
class PlannedBid:
    """What an agency offers: its commission, by age, and what it expects to bring back."""

    agency: AgencyProfile
    at: datetime
    commission_bp: int
    older_bp: int
    promise_6_bp: int
    promise_12_bp: int
    basis: str
    first_contact_hours: int = 72


@dataclass(frozen=True)
class PlannedLot:
    """One lot, its timetable, its bids, and who wins which share."""

    key: str
    name: str
    min_dpd: int
    max_dpd: int | None
    at: datetime
    timetable: Timetable
    bids: tuple[PlannedBid, ...]
    #: Whom it is offered to.
    invited: tuple[AgencyProfile, ...] = (GUADUVIO, TINTALUZ, OCARIMBA, MARIMONDE)
    awarded_at: datetime | None = None
    shares: Mapping[str, int] = field(default_factory=dict)


def planned_lots(chronology: Chronology) -> tuple[PlannedLot, PlannedLot, PlannedLot]:
    """The awarded one, the closed one and the open one."""
    days, ago = chronology.business_day, chronology.days_ago
    later = partial(_days_from_now, chronology)
    return (
        PlannedLot(
            "lot-1", "Lote A · cartera antigua", 361, None, days(2, 4, 10),
            Timetable(days(2, 7, 17), days(2, 12, 17)),
            (
                PlannedBid(GUADUVIO, days(2, 5, 11), 2_600, 3_100, 700, 950, "Resultado propio en cartera igual."),
                PlannedBid(TINTALUZ, days(2, 6, 9), 2_150, 2_500, 600, 1_000, "Acuerdos de pago a doce meses."),
                PlannedBid(MARIMONDE, days(2, 6, 15), 1_900, 2_100, 900, 1_200, "Mayor intensidad de gestión."),
            ),
            awarded_at=days(2, 9, 11),
            shares={GUADUVIO.key: 6_000, TINTALUZ.key: 4_000},
        ),
        PlannedLot(
            "lot-2", "Lote B · cartera intermedia", 181, 360, ago(9, 11), Timetable(ago(2, 17), later(8)),
            (
                PlannedBid(GUADUVIO, ago(6, 12), 2_350, 2_350, 700, 950, "Resultado propio en cartera igual."),
                PlannedBid(OCARIMBA, ago(4, 10), 1_750, 1_750, 380, 520, "Cobertura regional con visitas."),
                PlannedBid(MARIMONDE, ago(3, 16), 1_450, 1_450, 2_200, 3_000, "Nuevo marcador predictivo."),
            ),
        ),
        PlannedLot(
            "lot-3", "Lote C · cartera reciente", 91, 180, ago(4, 11), Timetable(later(5), later(12)),
            (
                PlannedBid(GUADUVIO, ago(2, 11), 2_200, 2_200, 950, 1_250, "Resultado propio en cartera igual."),
                PlannedBid(TINTALUZ, ago(1, 15), 1_850, 1_850, 850, 1_300, "Acuerdos de pago a doce meses."),
            ),
            invited=(GUADUVIO, TINTALUZ, MARIMONDE),
        ),
    )  # fmt: skip


def steps(world: World) -> Iterator[Step]:
    """Each lot on its way, and the reports on what was awarded."""
    for lot in planned_lots(world.chronology):
        yield Step(lot.at, partial(offer, world, lot))
        for bid in lot.bids:
            yield Step(bid.at, partial(place_bid, world, lot, bid))
        if lot.timetable.bids_until < world.chronology.end:
            yield Step(lot.timetable.bids_until, partial(close, world, lot))
        if lot.awarded_at is not None:
            yield Step(lot.awarded_at, partial(decide, world, lot))
            yield from _afterwards(world, lot, lot.awarded_at)


def planned_reports(chronology: Chronology) -> Iterator[PlannedReport]:
    """The reports that the winners owe under the mandates that the award made."""
    for lot in planned_lots(chronology):
        winners = [bid.agency for bid in lot.bids if bid.agency.key in lot.shares]
        for agency in winners:
            for period in _periods(chronology, lot):
                at = sent_at(agency, period, _TERMS.report_due_days)
                if at < chronology.end:
                    yield PlannedReport(BANK, agency, f"{lot.name} · {agency.name}", period, at, mark="L1")


def offer(world: World, planned: PlannedLot, now: datetime) -> None:
    """The director puts a lot up for bids."""
    selection = Selection(
        portfolio_id=portfolio_id(world, BANK, PORTFOLIO), min_dpd=planned.min_dpd, max_dpd=planned.max_dpd
    )
    with world.acting(BANK.member(Role.DIRECTOR)) as (session, actor):
        lot = _find(session, planned)
        if lot is None:
            lot = service.propose(
                session,
                actor,
                name=planned.name,
                selection=selection,
                timetable=planned.timetable,
                terms=_TERMS,
                invited=[agency_id(world, agency) for agency in planned.invited],
                is_split=True,
                reserve_bp=3_200,
                now=now,
            )
        if lot.state is LotState.DRAFT:
            service.list_lot(session, actor, lot.id, now=now)


def place_bid(world: World, planned: PlannedLot, bid: PlannedBid, now: datetime) -> None:
    """An agency's manager looks at the masked figures and bids."""
    with world.acting(BANK.member(Role.DIRECTOR)) as (session, _actor):
        lot = _find(session, planned)
    if lot is None or lot.state is not LotState.LISTED:
        return
    with world.acting(agency_members(bid.agency)[0]) as (session, actor):
        if session.get(Bid, (lot.creditor_id, actor.tenant, lot.id)) is not None:
            return
        bids.look(session, actor, lot.id, now=now)
        decision_day = clock.local_date(planned.timetable.decision_until, ZONE)
        proposal = Proposal(
            commission_bp=bid.commission_bp,
            bands={361: bid.older_bp} if planned.max_dpd is None else {},
            starts_on=clock.local_date(planned.timetable.bids_until, ZONE),
            valid_until=clock.add_business_days(decision_day, 5, COUNTRY),
            first_contact_hours=bid.first_contact_hours,
            promise_6_bp=bid.promise_6_bp,
            promise_12_bp=bid.promise_12_bp,
            basis=bid.basis,
            subcontractors="Ninguno",
            data_country="CO",
            conflicts="Ninguno",
        )
        bids.submit(session, actor, lot.id, proposal, now=now)


def close(world: World, planned: PlannedLot, now: datetime) -> None:
    """The time for bids is over, and they are opened."""
    with world.acting(BANK.member(Role.DIRECTOR)) as (session, actor):
        lot = _find(session, planned)
        if lot is not None and lot.state is LotState.LISTED:
            service.advance(session, actor, lot.id, now=now)


def decide(world: World, planned: PlannedLot, now: datetime) -> None:
    """The director awards a lot in parts, and finance approves it where that takes two."""
    with world.acting(BANK.member(Role.DIRECTOR)) as (session, actor):
        lot = _find(session, planned)
        if lot is not None and lot.state is LotState.CLOSED:
            by_key = {bid.agency.key: agency_id(world, bid.agency) for bid in planned.bids}
            shares = {by_key[key]: share for key, share in planned.shares.items()}
            reasons = {by_key[key]: DeclineReason.RECORD for key in by_key if key not in planned.shares}
            seen = award.preview_award(session, actor, lot.id, shares=shares, now=now)
            second_person.award_or_ask(
                session, actor, lot.id, shares=shares, reasons=reasons, digest=seen.digest, now=now
            )
    with world.acting(BANK.member(Role.FINANCE)) as (session, actor):
        # Whatever is worth more than one person may award alone waits for the second one.
        for asked in approvals.list_waiting(session, actor, now=now):
            approving.approve(session, actor, asked.id, seen=asked.subject_sha256, carriers=CARRIERS, now=now)


def _afterwards(world: World, planned: PlannedLot, awarded_at: datetime) -> Iterator[Step]:
    placed_on = clock.local_date(awarded_at, ZONE)
    next_day = clock.add_business_days(placed_on, 1, COUNTRY)
    for bid in planned.bids:
        if bid.agency.key in planned.shares:
            taking = Taking(planned.key, planned.name, BANK, bid.agency, placed_on)
            yield Step(at_local(next_day, 10), partial(receive, world, taking))
    for report in planned_reports(world.chronology):
        yield Step(report.at, partial(submit, world, report))


def _periods(chronology: Chronology, planned: PlannedLot) -> list[Period]:
    first = clock.local_date(planned.awarded_at or chronology.end, ZONE)
    return periods(first, chronology.today, _TERMS.report_frequency)


def _days_from_now(chronology: Chronology, days: int) -> datetime:
    return at_local(clock.add_business_days(chronology.today, days, COUNTRY), 17)


def _find(session: Session, planned: PlannedLot) -> Lot | None:
    return session.scalar(select(Lot).where(Lot.name == planned.name))
