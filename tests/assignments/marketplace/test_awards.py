"""Awards: the winner's mandate and placements, the others' reasons, once and never twice."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from agencies.attestations.gates import GateClosed
from agencies.attestations.models import Attestation, AttestationState
from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Conflict, Forbidden, NotFound
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from agencies.mandates.models import Clause, Mandate
from agencies.mandates.queries import get_mandate
from agencies.mandates.terms import TermSheet
from agencies.organisations.permissions import Role
from assignments import performance
from assignments.cases.models import Case
from assignments.marketplace import award as awarding
from assignments.marketplace.models import DeclineReason, Lot, LotOffer, LotState, Outcome
from assignments.placements.models import Placement, Wave
from assignments.placements.preview import preview_of
from tests import agreed, loop, market
from tests.market import AFTER, CLOSES_AT, DECIDED_BY
from tests.tenants import add_person

ALL = 10_000


@pytest.fixture
def closed(ports, tenants) -> Lot:
    """A lot with a bid of each agency, after its time."""
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot, 2_000, bands={181: 2_500}, first_contact_hours=24)
    market.bid(ports, tenants.other_agency, lot, 1_500)
    return market.close(ports, tenants.creditor, lot)


@pytest.fixture
def in_parts(ports, tenants) -> Lot:
    """The same, to be awarded in parts."""
    lot = market.offer(ports, tenants.creditor, is_split=True)
    for agency in (tenants.agency, tenants.other_agency):
        market.bid(ports, agency, lot)
    return market.close(ports, tenants.creditor, lot)


def offers(ports, creditor) -> dict[int, LotOffer]:
    with ports.session(creditor) as session:
        return {one.agency_id: one for one in session.scalars(select(LotOffer))}


def test_the_winner_gets_a_mandate_of_its_bid_and_every_case_of_the_lot(ports, tenants, closed):
    lot = market.award(ports, tenants.creditor, closed, {tenants.agency.tenant: ALL})
    assert (lot.state, lot.ended_at) == (LotState.AWARDED, AFTER)
    offer = offers(ports, tenants.creditor)[tenants.agency.tenant]
    with ports.session(tenants.creditor) as session:
        mandate = get_mandate(session, tenants.creditor, offer.mandate_id)
        placed = session.execute(select(Placement.agency_id, func.count()).group_by(Placement.agency_id)).all()
        rates = session.execute(
            select(Placement.commission_bp, func.min(Placement.age_days)).group_by(Placement.commission_bp)
        ).all()
        wave = session.scalars(select(Wave).where(Wave.id == lot.wave_id)).one()
        assert performance.differing(session, tenants.creditor) == 0
    assert [tuple(row) for row in placed] == [(tenants.agency.tenant, 60)]
    assert (mandate.terms.commission_bp, mandate.terms.tail_days) == (2_000, 30)
    assert [(line.age_from, line.rate_bp) for line in mandate.terms.lines] == [(181, 2_500)]
    assert {one.clause: one.hours for one in mandate.terms.promises}[Clause.FIRST_ACTIVITY] == 24
    assert min(age for rate, age in rates if rate == 2_500) >= 181
    assert preview_of(wave).cases == 60


def test_the_others_learn_that_they_lost_and_why_and_nothing_more(ports, tenants, closed):
    market.award(
        ports,
        tenants.creditor,
        closed,
        {tenants.agency.tenant: ALL},
        reasons={tenants.other_agency.tenant: DeclineReason.CAPACITY},
    )
    with ports.session(tenants.other_agency) as session:
        own = session.scalars(select(LotOffer)).one()
        told = session.scalars(select(Notice).where(Notice.kind == "bid.declined")).one()
        trail = session.scalars(select(AuditEvent.body).where(AuditEvent.action == "bid.declined")).one()
    assert (own.outcome, own.reason, own.mandate_id, own.tape) == (Outcome.DECLINED, DeclineReason.CAPACITY, None, {})
    assert set(told.details) == {"creditor_id", "lot_id", "name"}
    for secret in ("2000", "2500", "Cobros Uno", str(tenants.agency.tenant)):
        assert secret not in trail.split('"details"')[1]


def test_shares_part_the_debtors_and_come_to_the_whole(ports, tenants, in_parts):
    shares = {tenants.agency.tenant: 7_000, tenants.other_agency.tenant: 3_000}
    with ports.session(tenants.creditor) as session:
        seen = awarding.preview_award(session, tenants.creditor, in_parts.id, shares=shares, now=AFTER)
    lot = market.award(ports, tenants.creditor, in_parts, shares, digest=seen.digest)
    with ports.session(tenants.creditor) as session:
        placed = dict(session.execute(select(Placement.agency_id, func.count()).group_by(Placement.agency_id)).all())
        wave = session.scalars(select(Wave).where(Wave.id == lot.wave_id)).one()
    assert placed == {tenants.agency.tenant: 42, tenants.other_agency.tenant: 18}
    assert placed == {one.agency_id: one.cases for one in seen.preview.agencies}
    assert wave.shares == {str(agency): share for agency, share in shares.items()}
    assert {one.share_bp for one in offers(ports, tenants.creditor).values()} == {7_000, 3_000}


@pytest.mark.parametrize(
    ("shares", "refusal"),
    [
        ({}, awarding.WinnersDoNotFit),
        ({"agency": 9_999}, awarding.WinnersDoNotFit),
        ({"agency": 10_000, "other_agency": 0}, awarding.WinnersDoNotFit),
        ({"agency": 5_000, "other_agency": 5_000}, awarding.OneWinnerOnly),
        ({"other_creditor": 10_000}, awarding.NoSuchBid),
    ],
)
def test_shares_that_make_no_award_are_refused(ports, tenants, closed, shares, refusal):
    named = {getattr(tenants, name).tenant: share for name, share in shares.items()}
    with pytest.raises(refusal):
        market.award(ports, tenants.creditor, closed, named)
    assert set(loop.holders(ports, tenants.creditor).values()) == {None}


def test_of_a_hundred_awards_at_once_one_succeeds(ports, tenants, closed):
    rivals = [tenants.agency.tenant, tenants.other_agency.tenant]
    start, outcomes = threading.Barrier(100), []

    def press(number: int) -> None:
        start.wait()
        try:
            outcomes.append(market.award(ports, tenants.creditor, closed, {rivals[number % 2]: ALL}).state)
        except Conflict as refusal:
            outcomes.append(type(refusal))

    threads = [threading.Thread(target=press, args=[number]) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {LotState.AWARDED: 1, awarding.LotAlreadyAwarded: 99}
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Placement)) == 60
        assert session.scalar(select(func.count(func.distinct(Placement.agency_id)))) == 1
        assert session.scalar(select(func.count()).select_from(Mandate)) == 1
        trail = session.scalars(
            select(AuditEvent.action).where(AuditEvent.organisation_id == tenants.creditor.tenant)
        ).all()
    assert Counter(trail)["lot.awarded"] == 1
    assert Counter(one.outcome for one in offers(ports, tenants.creditor).values()) == {
        Outcome.WON: 1,
        Outcome.DECLINED: 1,
    }


def test_an_expired_bid_cannot_win(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot, valid_until=date(2026, 3, 6))
    market.close(ports, tenants.creditor, lot)
    # Still the 6th in Bogotá, where the creditor is, although the 7th in UTC.
    with ports.session(tenants.creditor) as session:
        last = CLOSES_AT.replace(day=7, hour=4, minute=59)
        awarding.preview_award(session, tenants.creditor, lot.id, shares={tenants.agency.tenant: ALL}, now=last)
    with pytest.raises(awarding.BidExpired):
        market.award(
            ports, tenants.creditor, lot, {tenants.agency.tenant: ALL}, now=CLOSES_AT.replace(day=7, hour=5, minute=0)
        )


def test_nobody_wins_before_the_day_from_which_it_can_work(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot, starts_on=date(2026, 3, 7))
    market.close(ports, tenants.creditor, lot)
    shares = {tenants.agency.tenant: ALL}
    # Still the 6th in Bogotá, where the creditor is, although the 7th in UTC.
    early, first = (CLOSES_AT.replace(day=7, hour=hour, minute=minute) for hour, minute in ((4, 59), (5, 0)))
    with pytest.raises(awarding.BidBeginsLater, match="begins on 2026-03-07"):
        market.award(ports, tenants.creditor, lot, shares, now=early)
    assert set(loop.holders(ports, tenants.creditor).values()) == {None}
    assert market.award(ports, tenants.creditor, lot, shares, now=first).state is LotState.AWARDED


def test_a_bid_above_the_reserve_cannot_win(ports, tenants):
    lot = market.offer(ports, tenants.creditor, reserve_bp=1_900)
    market.bid(ports, tenants.agency, lot, 2_000)
    market.bid(ports, tenants.other_agency, lot, 1_900)
    market.close(ports, tenants.creditor, lot)
    with pytest.raises(awarding.AboveReserve):
        market.award(ports, tenants.creditor, lot, {tenants.agency.tenant: ALL})
    assert market.award(ports, tenants.creditor, lot, {tenants.other_agency.tenant: ALL}).state is LotState.AWARDED


def test_nobody_receives_more_than_it_said_it_can_take(ports, tenants):
    lot = market.offer(ports, tenants.creditor, is_split=True)
    market.bid(ports, tenants.agency, lot, capacity=20)
    market.bid(ports, tenants.other_agency, lot)
    market.close(ports, tenants.creditor, lot)
    with pytest.raises(awarding.BeyondCapacity):
        market.award(ports, tenants.creditor, lot, {tenants.agency.tenant: ALL})
    shares = {tenants.agency.tenant: 3_000, tenants.other_agency.tenant: 7_000}
    assert market.award(ports, tenants.creditor, lot, shares).state is LotState.AWARDED


def test_cases_that_moved_since_the_listing_are_left_out_and_must_have_been_seen(ports, tenants, closed):
    shares = {tenants.agency.tenant: ALL}
    with ports.session(tenants.creditor) as session:
        seen = awarding.preview_award(session, tenants.creditor, closed.id, shares=shares, now=AFTER)
    assert seen.cases_gone(closed) == 0
    # Ten cases are placed directly meanwhile, and twenty new ones come in that no bidder has seen.
    mandate = loop.add_mandate(ports, tenants.creditor, tenants.other_agency)
    selection = loop.Selection(max_minor=50_000)
    loop.place(ports, tenants.creditor, loop.draft(ports, tenants.creditor, [mandate], selection=selection))
    market.add_portfolio(ports, tenants.creditor, 20, start=500)
    with pytest.raises(awarding.AwardMoved):
        market.award(ports, tenants.creditor, closed, shares, digest=seen.digest)
    with ports.session(tenants.creditor) as session:
        again = awarding.preview_award(session, tenants.creditor, closed.id, shares=shares, now=AFTER)
    assert again.cases_gone(closed) == 10
    market.award(ports, tenants.creditor, closed, shares, digest=again.digest)
    held = loop.holders(ports, tenants.creditor)
    assert Counter(held.values()) == {tenants.agency.tenant: 50, tenants.other_agency.tenant: 10, None: 20}
    assert all(held[f"L{n:05}"] is None for n in range(500, 520))


def test_a_lot_of_which_nothing_is_left_places_nothing(ports, tenants, closed):
    mandate = loop.add_mandate(ports, tenants.creditor, tenants.other_agency)
    loop.place(ports, tenants.creditor, loop.draft(ports, tenants.creditor, [mandate]))
    with pytest.raises(Exception, match="None of the selected"):
        market.award(ports, tenants.creditor, closed, {tenants.agency.tenant: ALL})


def test_a_winner_whose_attestation_lapsed_since_it_bid_is_stopped_by_the_gate(ports, tenants, closed):
    with ports.session(tenants.creditor) as session, transaction(session):
        for row in session.scalars(select(Attestation).where(Attestation.agency_id == tenants.agency.tenant)):
            row.state, row.revoked_at, row.revocation_reason = AttestationState.REVOKED, AFTER, "prueba"
    with pytest.raises(GateClosed):
        market.award(ports, tenants.creditor, closed, {tenants.agency.tenant: ALL})
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Mandate)) == 0
        assert session.scalars(select(Lot.state)).one() is LotState.CLOSED


@pytest.mark.parametrize("at", [None, DECIDED_BY, DECIDED_BY + timedelta(days=1)])
def test_only_a_closed_lot_in_its_time_can_be_awarded(ports, tenants, at):
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot)
    if at is not None:
        market.close(ports, tenants.creditor, lot)
    with pytest.raises(awarding.LotNotDecidable):
        market.award(ports, tenants.creditor, lot, {tenants.agency.tenant: ALL}, now=at or CLOSES_AT)


def test_the_wrong_role_and_the_other_tenant_award_nothing(ports, tenants, closed):
    analyst = add_person(ports, Role.ANALYST, "Banco Tres")
    with pytest.raises(Forbidden):
        market.award(ports, analyst, closed, {tenants.agency.tenant: ALL})
    with pytest.raises(Forbidden):
        market.award(ports, tenants.agency, closed, {tenants.agency.tenant: ALL})
    with pytest.raises(NotFound):
        market.award(ports, tenants.other_creditor, closed, {tenants.agency.tenant: ALL})


def test_a_lot_is_of_one_currency(ports, tenants):
    market.add_portfolio(ports, tenants.creditor, 20, start=300, currency="USD")
    lot = market.offer(ports, tenants.creditor)
    assert (lot.currency, lot.cases) == ("COP", 60)
    market.bid(ports, tenants.agency, lot)
    market.close(ports, tenants.creditor, lot)
    market.award(ports, tenants.creditor, lot, {tenants.agency.tenant: ALL})
    with ports.session(tenants.creditor) as session:
        assert set(session.scalars(select(Case.currency).where(Case.agency_id.is_not(None)))) == {"COP"}


def test_two_lots_whose_mandates_would_go_by_one_name_are_both_awarded(ports, tenants, closed):
    agreed.make(
        ports,
        tenants.creditor,
        tenants.agency,
        name=f"{closed.name} · Cobros Uno",
        terms=TermSheet(commission_bp=1, report_due_days=5),
        valid_from=date(2026, 1, 1),
        now=AFTER,
    )
    market.award(ports, tenants.creditor, closed, {tenants.agency.tenant: ALL})
    with ports.session(tenants.creditor) as session:
        assert sorted(session.scalars(select(Mandate.name))) == [
            f"{closed.name} · Cobros Uno",
            f"{closed.name} · Cobros Uno (2)",
        ]
