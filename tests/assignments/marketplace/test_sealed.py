"""Seals: before the time is up nobody but its agency learns of a bid, by any road there is."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta

import pytest
from psycopg import errors
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.audit import AuditEvent, AuditHead
from agencies.kernel.clock import utc_now
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from assignments.marketplace import bids, queries, service
from assignments.marketplace.models import Bid, LotState, OpenedBid
from tests import market
from tests.market import CLOSES_AT, LISTED_AT


def refused(ports, actor, statement: str, **parameters: object) -> type[Exception]:
    """What the database says to a statement in somebody's name."""
    with ports.session(actor) as session, pytest.raises(DBAPIError) as refusal:
        session.execute(text(statement), parameters)
    return type(refusal.value.orig)


def still_open(ports, creditor, **options: object):
    """A lot whose bids close an hour from now, by every clock."""
    now = utc_now()
    return market.offer(
        ports,
        creditor,
        now=now - timedelta(hours=1),
        timetable=service.Timetable(now + timedelta(hours=1), now + timedelta(days=5)),
        **options,
    )


def bid_now(ports, agency, lot, commission_bp: int = 1_777) -> Bid:
    return market.bid(ports, agency, lot, commission_bp, now=utc_now(), valid_until=date(2099, 1, 1))


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) from bids",
        "select commission_bp from bids where lot_id = :lot",
        "update bids set commission_bp = 1",
        "delete from bids",
        "insert into bids (creditor_id, agency_id, lot_id) values (1, 1, 1)",
        "select open_bids(:lot, clock_timestamp())",
        "insert into opened_bids (creditor_id, agency_id, lot_id) values (1, 1, 1)",
        "copy bids to stdout",
    ],
)
def test_the_creditor_s_role_reaches_no_bid_by_any_statement(ports, tenants, statement):
    lot = still_open(ports, tenants.creditor)
    bid_now(ports, tenants.agency, lot)
    assert refused(ports, tenants.creditor, statement, lot=lot.id) is errors.InsufficientPrivilege


@pytest.mark.parametrize(
    "statement",
    [
        "update lots set state = 'closed' where id = :lot",
        "update lots set bids_until = clock_timestamp() - interval '1 day' where id = :lot",
        "update lots set state = 'draft' where id = :lot",
        "update lots set shows_bid_count = true where id = :lot",
        "update lots set state = 'awarded' where id = :lot",
    ],
)
def test_a_listed_lot_is_neither_closed_early_nor_changed(ports, tenants, statement):
    lot = still_open(ports, tenants.creditor)
    assert refused(ports, tenants.creditor, statement, lot=lot.id) is errors.InsufficientPrivilege


def test_the_database_does_not_believe_a_portal_whose_clock_runs_ahead(ports, tenants):
    lot = still_open(ports, tenants.creditor)
    bid_now(ports, tenants.agency, lot)
    with pytest.raises(DBAPIError, match="not over"):
        market.close(ports, tenants.creditor, lot, now=utc_now() + timedelta(hours=2))
    with ports.session(tenants.creditor) as session:
        assert session.scalars(select(OpenedBid)).all() == []


def test_an_agency_sees_its_own_bid_and_no_other_s(ports, tenants):
    lot = still_open(ports, tenants.creditor)
    bid_now(ports, tenants.agency, lot)
    for actor, own in ((tenants.agency, 1), (tenants.other_agency, 0)):
        with ports.session(actor) as session:
            assert session.scalar(text("select count(*) from bids")) == own
            assert session.scalar(text("select count(*) from opened_bids")) == 0
            assert queries.get_offer(session, actor, lot.id).has_bid == bool(own)
    planted = (
        "insert into bids select * from jsonb_populate_record(null::bids, to_jsonb((select b from bids b limit 1)))"
    )
    assert refused(ports, tenants.agency, planted) is errors.UniqueViolation


def test_nobody_can_count_bids_unless_the_creditor_chose_to_show_how_many(ports, tenants):
    hidden, shown = still_open(ports, tenants.creditor), still_open(ports, tenants.creditor, shows_bid_count=True)
    everybody = (tenants.creditor, tenants.agency, tenants.other_agency)

    def counted(lot) -> list[int | None]:
        found = []
        for actor in everybody:
            with ports.session(actor) as session:
                found.append(queries.count_bids(session, tenants.creditor.tenant, lot.id))
        return found

    assert (counted(hidden), counted(shown)) == ([None] * 3, [0] * 3)
    for lot in (hidden, shown):
        bid_now(ports, tenants.agency, lot)
    assert (counted(hidden), counted(shown)) == ([None] * 3, [1] * 3)
    with ports.session(tenants.other_creditor) as session:
        assert queries.count_bids(session, tenants.creditor.tenant, shown.id) is None


def test_a_bid_leaves_no_trace_in_anybody_else_s_trail_notices_or_tables(ports, tenants, database):
    lot = still_open(ports, tenants.creditor)

    def traces(actor) -> tuple[object, ...]:
        with ports.session(actor) as session:
            head = session.get(AuditHead, actor.tenant)
            return (
                head.seq,
                session.scalar(select(func.count()).select_from(Notice)),
                session.execute(
                    text("select md5(string_agg(o::text, '|' order by o::text)) from lot_offers o")
                ).scalar(),
                session.execute(text("select count(*), max(id) from work")).one(),
            )

    others = (tenants.creditor, tenants.other_agency)
    before = [traces(actor) for actor in others]
    bid_now(ports, tenants.agency, lot)
    bid_now(ports, tenants.agency, lot, 1_666)
    with ports.session(tenants.agency) as session, transaction(session):
        bids.withdraw(session, tenants.agency, lot.id, now=utc_now())
    assert [traces(actor) for actor in others] == before
    with ports.session(tenants.agency) as session:
        own = session.scalars(select(AuditEvent.action).where(AuditEvent.action.like("bid.%")).order_by(AuditEvent.seq))
        assert list(own) == ["bid.submitted", "bid.changed", "bid.withdrawn"]


def test_bids_have_no_number_by_which_they_could_be_counted(ports, tenants):
    with ports.session(tenants.agency) as session:
        identities = session.scalar(
            text(
                "select count(*) from information_schema.columns where table_name in ('bids', 'opened_bids')"
                " and (is_identity = 'YES' or column_default is not null)"
            )
        )
    assert identities == 0


def test_bids_close_to_the_second(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot, now=CLOSES_AT - timedelta(microseconds=1))
    for moment in (CLOSES_AT, CLOSES_AT + timedelta(seconds=1)):
        with pytest.raises(bids.BiddingOver):
            market.bid(ports, tenants.other_agency, lot, now=moment)
        with ports.session(tenants.agency) as session, pytest.raises(bids.BiddingOver):
            bids.withdraw(session, tenants.agency, lot.id, now=moment)


def test_closing_opens_what_stood_and_freezes_it(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot, 2_000)
    market.bid(ports, tenants.agency, lot, 1_900)
    market.bid(ports, tenants.other_agency, lot)
    with ports.session(tenants.other_agency) as session, transaction(session):
        bids.withdraw(session, tenants.other_agency, lot.id, now=LISTED_AT + timedelta(days=1))
    closed = market.close(ports, tenants.creditor, lot)
    assert (closed.state, closed.closed_at) == (LotState.CLOSED, CLOSES_AT)
    with ports.session(tenants.creditor) as session:
        [row] = queries.list_bids(session, tenants.creditor, lot.id)
        told = session.scalars(select(Notice).where(Notice.kind == "lot.closed")).one()
    assert (row.agency_id, row.bid.commission_bp) == (tenants.agency.tenant, 1_900)
    assert row.bid.attestations[0]["code"] == "AT-01"
    assert told.details["bids"] == 1
    assert market.close(ports, tenants.creditor, lot).state is LotState.CLOSED
    with pytest.raises(bids.BiddingOver):
        market.bid(ports, tenants.agency, lot)
    late = "update bids set commission_bp = 1 where lot_id = :lot"
    assert refused(ports, tenants.agency, late, lot=lot.id) is errors.InsufficientPrivilege
    for actor in (tenants.agency, tenants.creditor):
        wanted = "update opened_bids set commission_bp = 1"
        assert refused(ports, actor, wanted) is errors.InsufficientPrivilege


def test_a_bid_that_is_being_written_when_the_time_is_up_is_opened_with_the_others(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    written, closed = threading.Event(), []

    def close() -> None:
        written.wait()
        closed.append(market.close(ports, tenants.creditor, lot))

    thread = threading.Thread(target=close)
    thread.start()
    with ports.session(tenants.agency) as session, transaction(session):
        proposal = bids.Proposal(1_500, date(2026, 3, 10), date(2026, 4, 30), {})
        bids.submit(session, tenants.agency, lot.id, proposal, now=CLOSES_AT - timedelta(milliseconds=1))
        written.set()
        time.sleep(0.5)
        assert closed == []
    thread.join()
    with ports.session(tenants.creditor) as session:
        assert [row.bid.commission_bp for row in queries.list_bids(session, tenants.creditor, lot.id)] == [1_500]


def test_the_bids_of_a_withdrawn_lot_stay_sealed_for_good(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot)
    with ports.session(tenants.creditor) as session, transaction(session):
        service.withdraw(session, tenants.creditor, lot.id, now=LISTED_AT + timedelta(hours=2))
    assert market.close(ports, tenants.creditor, lot).state is LotState.WITHDRAWN
    wanted = "select open_bids(:lot, clock_timestamp())"
    assert refused(ports, tenants.creditor, wanted, lot=lot.id) is errors.InsufficientPrivilege
    with ports.session(tenants.creditor) as session:
        assert queries.list_bids(session, tenants.creditor, lot.id) == []


def test_another_creditor_opens_nothing(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot)
    market.close(ports, tenants.creditor, lot)
    wanted = "select open_bids(:lot, clock_timestamp())"
    assert refused(ports, tenants.other_creditor, wanted, lot=lot.id) is errors.InsufficientPrivilege
    assert refused(ports, tenants.agency, wanted, lot=lot.id) is errors.InsufficientPrivilege
    with ports.session(tenants.other_creditor) as session:
        assert session.scalar(text("select count(*) from opened_bids")) == 0
    with ports.session(tenants.other_agency) as session:
        assert session.scalar(text("select count(*) from opened_bids")) == 0
