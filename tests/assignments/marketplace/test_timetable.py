"""The timetable: a lot closes and expires by itself, once, in nobody's name, and says so."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from agencies.kernel.work import Work, WorkState
from agencies.organisations.models import User, UserState
from agencies.organisations.permissions import Role
from assignments.cases.queries import Selection
from assignments.marketplace import queries, service
from assignments.marketplace.models import Lot, LotOffer, LotState
from portal.jobs import tasks
from tests import market
from tests.market import CLOSES_AT, DECIDED_BY, LISTED_AT
from tests.tenants import add_person


def lot_of(ports, creditor) -> Lot:
    with ports.session(creditor) as session:
        return session.scalars(select(Lot)).one()


def timetable(opens: timedelta, decides: timedelta) -> service.Timetable:
    return service.Timetable(utc_now() + opens, utc_now() + decides)


def test_the_sweep_closes_a_lot_when_its_time_is_up_and_not_before(ports, tenants):
    before = utc_now() - timedelta(hours=2)
    past, future = timedelta(minutes=-1), timedelta(days=5)
    done = market.offer(ports, tenants.creditor, now=before, timetable=timetable(past, future))
    open_lot = market.offer(ports, tenants.creditor, now=before, timetable=timetable(timedelta(hours=1), future))
    market.bid(ports, tenants.agency, done, now=before, valid_until=(utc_now() + future).date())
    tasks.perform_due(ports)
    with ports.session(tenants.creditor) as session:
        states = dict(session.execute(select(Lot.id, Lot.state)).all())
        waiting = session.scalars(
            select(Work.state).where(Work.kind == service.ADVANCE, Work.payload["lot_id"].as_integer() == open_lot.id)
        ).all()
        assert len(queries.list_bids(session, tenants.creditor, done.id)) == 1
    assert states == {done.id: LotState.CLOSED, open_lot.id: LotState.LISTED}
    assert set(waiting) == {WorkState.QUEUED}


def test_a_lot_closes_also_when_who_listed_it_has_left(ports, tenants):
    market.offer(ports, tenants.creditor)
    with ports.session(tenants.creditor) as session, transaction(session):
        session.execute(update(User).where(User.id == tenants.creditor.user_id).values(state=UserState.DISABLED))
    tasks.perform_due(ports)
    # Both instants of March have passed by the machine's clock: it closed, and nobody decided.
    assert lot_of(ports, tenants.creditor).state is LotState.EXPIRED


def test_an_expired_lot_tells_its_agencies_and_cannot_be_moved_again(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot)
    market.close(ports, tenants.creditor, lot)
    assert market.close(ports, tenants.creditor, lot, now=DECIDED_BY - timedelta(seconds=1)).state is LotState.CLOSED
    assert market.close(ports, tenants.creditor, lot, now=DECIDED_BY).state is LotState.EXPIRED
    assert market.close(ports, tenants.creditor, lot, now=DECIDED_BY).state is LotState.EXPIRED
    with ports.session(tenants.agency) as session:
        kinds = Counter(session.scalars(select(Notice.kind)))
        assert session.scalars(select(LotOffer.tape)).one() == {}
    assert kinds["lot.expired"] == 1
    with ports.session(tenants.creditor) as session:
        trail = Counter(
            session.scalars(select(AuditEvent.action).where(AuditEvent.organisation_id == tenants.creditor.tenant))
        )
        assert (trail["lot.closed"], trail["lot.expired"]) == (1, 1)
        for verb in (service.withdraw, service.list_lot):
            with pytest.raises(service.LotMoved):
                verb(session, tenants.creditor, lot.id, now=DECIDED_BY)


def test_only_invited_agencies_are_offered_the_lot_and_all_of_the_panel_where_none_is_named(ports, tenants):
    one = market.offer(ports, tenants.creditor, invited=[tenants.agency.tenant])
    everybody = market.offer(ports, tenants.creditor)
    with ports.session(tenants.creditor) as session:
        assert service.bidders_of(session, one) == [tenants.agency.tenant]
        assert service.bidders_of(session, everybody) == sorted([tenants.agency.tenant, tenants.other_agency.tenant])
    with ports.session(tenants.other_agency) as session:
        rows = queries.list_offers(session, tenants.other_agency, now=LISTED_AT).rows
        assert [row.offer.lot_id for row in rows] == [everybody.id]
        with pytest.raises(NotFound):
            queries.get_offer(session, tenants.other_agency, one.id)


def test_an_agency_that_is_not_on_the_panel_is_not_invited(ports, tenants):
    stranger = add_person(ports, Role.MANAGER, "Cobros Tres")
    with pytest.raises(service.NobodyInvited):
        market.draft_lot(ports, tenants.creditor, invited=[stranger.tenant])


@pytest.mark.parametrize(
    ("closes", "decides"),
    [
        (LISTED_AT, DECIDED_BY),
        (LISTED_AT - timedelta(seconds=1), DECIDED_BY),
        (CLOSES_AT, CLOSES_AT),
        (CLOSES_AT, LISTED_AT + timedelta(days=181)),
    ],
)
def test_a_timetable_out_of_order_is_refused(ports, tenants, closes, decides):
    with pytest.raises(service.TimetableWrong):
        market.draft_lot(ports, tenants.creditor, timetable=service.Timetable(closes, decides))


def test_a_draft_whose_time_has_passed_is_not_listed(ports, tenants):
    lot = market.draft_lot(ports, tenants.creditor)
    with ports.session(tenants.creditor) as session, pytest.raises(service.TimetableWrong):
        service.list_lot(session, tenants.creditor, lot.id, now=CLOSES_AT)


def test_a_lot_is_listed_as_its_cases_stand_then_and_later_ones_do_not_join_it(ports, tenants):
    lot = market.draft_lot(ports, tenants.creditor)
    market.add_portfolio(ports, tenants.creditor, 20, start=200)
    with ports.session(tenants.creditor) as session, transaction(session):
        listed = service.list_lot(session, tenants.creditor, lot.id, now=LISTED_AT)
    assert (lot.cases, listed.cases) == (60, 80)
    market.add_portfolio(ports, tenants.creditor, 20, start=300)
    with ports.session(tenants.agency) as session:
        offer = queries.get_offer(session, tenants.agency, lot.id).offer
    assert offer.tape["cases"] == 80


def test_whoever_may_not_offer_lots_offers_none(ports, tenants):
    for role in (Role.FINANCE, Role.COMPLIANCE):
        with pytest.raises(Forbidden):
            market.draft_lot(ports, add_person(ports, role, f"Banco {role}"), selection=Selection())
    with pytest.raises(Forbidden):
        market.draft_lot(ports, tenants.agency)
    lot = market.draft_lot(ports, tenants.creditor)
    with ports.session(tenants.other_creditor) as session:
        for verb in (service.list_lot, service.withdraw, service.advance):
            with pytest.raises(NotFound):
                verb(session, tenants.other_creditor, lot.id, now=LISTED_AT)
