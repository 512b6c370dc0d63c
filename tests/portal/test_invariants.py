"""Every invariant finds what it is there to find, and nothing in sound data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from agencies.kernel import work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from portal import invariants
from portal.ports import Ports, engine_options
from tests import creditor_files, locating, loop, market, reporting
from tests.tenants import Tenants, add_tenants
from uploads.models import UploadKind

#: Invariant -> what breaks it, once its guards are off.
BREAKS: dict[str, list[str]] = {
    "case_twice": [
        "alter table cases drop constraint uq_cases_creditor_id_account_ref",
        "update cases set account_ref = 'A-1' where account_ref = 'A-2'",
    ],
    "upload_loses_rows": ["update uploads set rows_read = rows_read + 1 where kind = 'payments'"],
    "portfolio_differs_from_its_cases": ["update portfolios set placed_minor = placed_minor + 1"],
    "case_of_an_upload_not_applied": ["update uploads set state = 'applying' where kind = 'portfolio'"],
    "payment_of_an_upload_not_applied": ["update uploads set state = 'applying' where kind = 'payments'"],
    "promise_differs_from_what_was_said": ["update promises set stated_state = 'kept'"],
    "promise_out_of_step_with_its_file": ["update promises set withdrawn_at = now()"],
    "inventory_differs_from_its_rows": ["delete from inventory_differences where line is null"],
    "activity_of_an_upload_not_applied": ["update uploads set state = 'applying' where kind = 'activities'"],
    "two_live_placements": [
        "drop index uq_placements_live_collect",
        "update placements set case_id = (select min(case_id) from placements)",
    ],
    "holder_is_not_who_it_is_placed_with": ["update cases set agency_id = null where account_ref = 'A-1'"],
    "access_without_a_case": ["update cases set agency_id = null where account_ref = 'A-4'"],
    "recall_out_of_step": ["update placements set state = 'recall_pending' where account_ref = 'A-4'"],
    "payment_twice": [
        "alter table payments drop constraint uq_payments_creditor_id_agency_id_natural_key",
        "update payments set natural_key = (select min(natural_key) from payments)",
    ],
    "placement_ended_halfway": ["update placements set state = 'ended'"],
    "two_live_locate_orders": [
        "drop index uq_locate_orders_live",
        "update locate_orders set closed_at = null, case_id = (select min(case_id) from locate_orders)",
    ],
    "bid_opened_before_its_time": ["update lots set state = 'listed'"],
    "bid_differs_from_its_opening": ["update opened_bids set commission_bp = commission_bp + 1"],
    "lot_differs_from_its_cases": ["delete from lot_cases"],
    "award_beyond_its_lot": ["update lots set wave_id = (select min(id) from placement_waves)"],
    "offer_differs_from_its_lot": ["update lot_offers set state = 'awarded'"],
    "reference_counted_twice": [
        (
            "update payments set natural_key = 'cor:1:' || (select min(natural_key) from payments)"
            " where natural_key <> (select min(natural_key) from payments)"
        )
    ],
    "payment_on_another_s_placement": ["update payments set placement_id = (select max(id) from placements)"],
    "balance_differs_from_its_payments": [
        "update cases set balance_minor = balance_minor - 1 where account_ref = 'A-4'"
    ],
    "creditor_payment_matched_wrongly": [
        (
            "update creditor_payments m set (matched_agency_id, matched_payment_id) ="
            " (select agency_id, id from payments p where p.case_id <> m.case_id limit 1)"
        )
    ],
    "creditor_s_file_not_applied": ["update uploads set state = 'applying' where kind = 'creditor_payments'"],
    "held_case_is_open": ["update cases set held_since = now() where state = 'open'"],
    "entry_unbalanced": ["update postings set amount_minor = amount_minor + 1"],
    "payment_not_booked": ["delete from postings", "delete from entries"],
    "payment_booked_twice": [
        "update entries set payment_id = (select min(payment_id) from entries) where payment_id is not null"
    ],
    "amount_differs": ["update payments set amount_minor = amount_minor + 1"],
    "commission_differs": ["update entries set commission_bp = commission_bp + 1"],
    "fee_differs": ["update findings set fee_minor = fee_minor + 1"],
    "point_of_a_finding_not_released": ["update findings set released_at = null"],
    "released_finding_without_its_point": ["delete from contact_points where finding_id is not null"],
    "point_not_with_whoever_works_the_debtor": ["update contact_points set agency_id = null"],
    "person_of_an_order_that_has_ended": ["update locate_orders set closed_at = now()"],
    "rate_differs": ["update mandate_versions set commission_bp = commission_bp + 1"],
    "reversal_differs": [
        (
            "insert into payment_reversals"
            " select creditor_id, agency_id, id, natural_key, 1, upload_id, line, reported_at from payments"
        )
    ],
    "report_without_its_version": [
        (
            "insert into reports (creditor_id, agency_id, mandate_id, period_start, period_end, due_at, submitted_at,"
            " version) select creditor_id, agency_id, id, '2026-01-01', '2026-01-31', now(), now(), 0 from mandates"
        )
    ],
    "sla_cells_differ_from_the_records": [
        "insert into sla_cells select creditor_id, agency_id, id, false, now(), 1, 0, 0 from consignments"
    ],
    "conduct_cells_differ_from_the_verdicts": [
        "insert into conduct_cells select creditor_id, agency_id, now(), 'violation', 'V01', 1, 0 from consignments"
    ],
    "cells_differ_from_the_records": ["update recovery_cells set payments = payments + 1"],
    "work_is_stuck": ["update work set next_attempt_at = clock_timestamp() - interval '1 hour'"],
    "message_is_stuck": ["update outbox set created_at = clock_timestamp() - interval '1 hour'"],
}


@pytest.fixture
def guards_off(database) -> Iterator[Engine]:
    engine = create_engine(database.superuser_url)
    yield engine
    engine.dispose()


@pytest.fixture
def tenants(ports: Ports, guards_off: Engine) -> Tenants:
    """A creditor and an agency with cases, placements, payments and activities; the others have nothing."""
    tenants = add_tenants(ports)
    creditor, agency = tenants.creditor, tenants.agency
    loop.place_with(ports, creditor, agency, [loop.NewCase(f"A-{number}", 100_000) for number in range(1, 5)])
    paid = [{"account_ref": f"A-{number}", "paid_on": date(2026, 2, 3), "amount": 5_000} for number in (1, 2)]
    loop.report_payments(ports, agency, creditor, paid)
    creditor_files.pay(ports, creditor, "A-1,R1,2026-02-04,10.00,COP")
    locate(ports, creditor, tenants.other_agency)
    market.settle(ports, creditor, agency, "M")
    promised = {"account_ref": "A-1", "promised_on": date(2026, 4, 1), "amount": 5_000}
    reporting.report(ports, agency, creditor, UploadKind.PROMISES, [promised])
    reporting.report(ports, agency, creditor, UploadKind.INVENTORY, [{"account_ref": "A-1", "balance": 1}])
    called = {"account_ref": "A-1", "happened_at": loop.PLACED_AT, "channel": "phone", "result": "no_answer"}
    loop.report_activities(ports, agency, creditor, [called])
    with ports.session(creditor) as session, transaction(session):
        work.request(session, creditor, "test", "a", {}, now=ports.now())
    with guards_off.begin() as connection:
        # The uploads behind these rows were made by hand, without their counts.
        connection.execute(text("update uploads set rows_applied = rows_read"))
        # What the lots asked for two hours ago is asked for now.
        connection.execute(text("update work set next_attempt_at = clock_timestamp()"))
        connection.execute(text("update outbox set created_at = clock_timestamp()"))
    return tenants


def locate(ports: Ports, creditor: Actor, seeker: Actor) -> None:
    """Everybody is looked for; of one a phone was found, paid for and released."""
    mandate = locating.locate_mandate(ports, creditor, seeker)
    first, *_ = locating.take_on(ports, seeker, locating.order(ports, creditor, mandate))
    [number] = locating.find(ports, seeker, first.id, [locating.phone()])
    locating.grade(ports, creditor, number)
    locating.allow(ports, creditor, number)
    locating.release(ports, creditor, number)


def found(ports: Ports) -> set[tuple[str, int | None]]:
    return {(one.invariant, one.organisation_id) for one in invariants.violations(ports)}


@pytest.mark.usefixtures("tenants")
def test_sound_data_break_nothing(ports: Ports):
    assert found(ports) == set()


@pytest.mark.parametrize("invariant", BREAKS)
def test_what_breaks_an_invariant_is_found_where_it_is(ports: Ports, tenants: Tenants, guards_off: Engine, invariant):
    with guards_off.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for statement in BREAKS[invariant]:
            connection.execute(text(statement))

    owners = {owner for code, owner in found(ports) if code == invariant}

    assert owners
    assert owners <= {tenants.creditor.tenant, tenants.agency.tenant, None}


def test_every_invariant_is_broken_here(ports: Ports):
    from assignments.ledger import statements

    codes = {*invariants.CHECKS, *invariants.COMMON_CHECKS, *statements.CHECKS, "cells_differ_from_the_records"}
    codes.add("sla_cells_differ_from_the_records")
    assert codes - set(BREAKS) == {"login_may_too_much"}


def test_a_login_that_the_walls_do_not_bind_is_found(ports: Ports, database):
    url = make_url(database.superuser_url).render_as_string(hide_password=False)
    mighty = create_engine(url, **engine_options())

    assert ("login_may_too_much", None) in found(replace(ports, engine=mighty))
    mighty.dispose()


def test_the_printed_row_is_ids_only(ports: Ports, tenants: Tenants, guards_off: Engine):
    with guards_off.begin() as connection:
        connection.execute(text("update portfolios set placed_minor = 0 where id = 1"))

    (violation,) = invariants.violations(ports)
    assert violation == invariants.Violation(
        "portfolio_differs_from_its_cases", tenants.creditor.tenant, "portfolio_id=1"
    )
