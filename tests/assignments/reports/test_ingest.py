"""Taking reports in: each row once only, only on the agency's own cases, and what it changes."""

from __future__ import annotations

import random
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden, NotFound
from agencies.organisations.permissions import Role
from assignments import performance
from assignments.cases.models import Case
from assignments.ledger.statements import balances, verify
from assignments.reports.models import Activity, Payment
from assignments.reports.queries import list_activities, list_payments
from tests.loop import (
    NewCase,
    add_mandate,
    draft,
    end_placement,
    faults,
    paid,
    place,
    place_with,
    report_activities,
    report_payments,
    worked,
)
from tests.tenants import add_person
from uploads.rows import Loaded


def balance_of(ports, actor, account: str) -> int:
    with ports.session(actor) as session:
        return session.scalars(select(Case.balance_minor).where(Case.account_ref == account)).one()


def test_payments_lower_balances_and_are_booked(ports, tenants):
    _, loaded = report_payments(
        ports,
        tenants.agency,
        tenants.creditor,
        [paid("A1", 30_000), paid("A1", 5_000), paid("A2", 40_000, received_by="creditor", method="PSE")],
    )
    assert loaded == Loaded(applied=3, unchanged=0, rejected=0)
    assert [balance_of(ports, tenants.creditor, one) for one in ("A1", "A2", "A3")] == [65_000, 60_000, 100_000]
    with ports.session(tenants.creditor) as session:
        [row] = balances(session, tenants.creditor)
        assert (row.collected_minor, row.received_by_agency_minor, row.received_by_creditor_minor) == (
            75_000,
            35_000,
            40_000,
        )
        assert row.commission_minor == 5_550 + 925 + 7_400
        assert (row.held_by_agency_minor, row.owed_to_agency_minor) == (35_000 - 5_550 - 925, 7_400)
        assert verify(session) == []
        assert performance.differing(session, tenants.creditor) == 0


def test_the_same_rows_again_change_nothing(ports, tenants):
    rows = [paid("A1"), paid("A1"), paid("A2", payment_ref="R-1"), paid("A3", 1)]
    report_payments(ports, tenants.agency, tenants.creditor, rows)
    before = [balance_of(ports, tenants.creditor, f"A{n}") for n in range(1, 6)]
    _, loaded = report_payments(ports, tenants.agency, tenants.creditor, list(reversed(rows)))
    assert loaded == Loaded(applied=0, unchanged=4, rejected=0)
    assert [balance_of(ports, tenants.creditor, f"A{n}") for n in range(1, 6)] == before
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Payment)) == 4
        assert verify(session) == []
        assert performance.differing(session, tenants.creditor) == 0


def test_equal_payments_without_reference_are_told_apart_by_their_count(ports, tenants):
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1")])
    _, loaded = report_payments(ports, tenants.agency, tenants.creditor, [paid("A1"), paid("A1"), paid("A1")])
    assert loaded == Loaded(applied=2, unchanged=1, rejected=0)


def test_a_reference_repeated_in_one_file_is_one_payment(ports, tenants):
    _, loaded = report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", payment_ref="R-1")] * 3)
    assert loaded == Loaded(applied=1, unchanged=2, rejected=0)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (paid("B1"), ("account_ref", "not_your_case", "B1")),
        (paid("NOWHERE"), ("account_ref", "not_your_case", "NOWHERE")),
        (paid("A1", day=date(2026, 1, 11)), ("paid_on", "before_placement", "2026-01-11")),
        (paid("A1", day=date(2026, 3, 12)), ("paid_on", "in_future", "2026-03-12")),
        (paid("A1", currency="USD"), ("currency", "wrong_currency", "USD")),
        (paid("A1", 0), ("amount", "nothing_paid", "0")),
        (paid("A1", 7, payment_ref="KNOWN"), ("payment_ref", "reference_reused", "KNOWN")),
        (paid("A2", payment_ref="KNOWN"), ("payment_ref", "reference_reused", "KNOWN")),
    ],
)
def test_a_row_that_is_not_the_agencys_to_report_is_refused_with_its_line(ports, tenants, row, fault):
    place_with(ports, tenants.creditor, tenants.other_agency, [NewCase("B1", 100_000)])
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", payment_ref="KNOWN")])
    upload, loaded = report_payments(ports, tenants.agency, tenants.creditor, [paid("A3"), row, paid("A4")])
    assert loaded == Loaded(applied=2, unchanged=0, rejected=1)
    assert faults(ports, tenants.agency, upload) == {3: fault}
    assert balance_of(ports, tenants.creditor, "B1") == 100_000


def test_one_reference_for_two_payments_in_a_file_keeps_the_first(ports, tenants):
    upload, loaded = report_payments(
        ports, tenants.agency, tenants.creditor, [paid("A1", payment_ref="R"), paid("A2", payment_ref="R")]
    )
    assert loaded == Loaded(applied=1, unchanged=0, rejected=1)
    assert faults(ports, tenants.agency, upload) == {3: ("payment_ref", "reference_reused", "R")}


def test_the_day_of_placement_and_the_day_of_receipt_count(ports, tenants):
    rows = [paid("A1", day=date(2026, 1, 12)), paid("A1", day=date(2026, 3, 11))]
    _, loaded = report_payments(ports, tenants.agency, tenants.creditor, rows)
    assert loaded.applied == 2


def test_an_ended_placement_keeps_the_payments_made_while_it_lived(ports, tenants):
    ended = datetime(2026, 2, 10, 20, tzinfo=UTC)
    end_placement(ports, tenants.creditor, "A1", ended)
    place(
        ports,
        tenants.creditor,
        draft(ports, tenants.creditor, [add_mandate(ports, tenants.creditor, tenants.other_agency)], now=ended),
        now=ended,
    )
    rows = [paid("A1", 30_000, date(2026, 2, 10)), paid("A1", 20_000, date(2026, 2, 11))]
    first, loaded = report_payments(ports, tenants.agency, tenants.creditor, rows)
    assert loaded == Loaded(applied=1, unchanged=0, rejected=1)
    assert faults(ports, tenants.agency, first) == {3: ("account_ref", "not_your_case", "A1")}
    _, loaded = report_payments(ports, tenants.other_agency, tenants.creditor, rows)
    assert loaded == Loaded(applied=1, unchanged=0, rejected=1)
    assert balance_of(ports, tenants.creditor, "A1") == 100_000 - 30_000 - 20_000
    with ports.session(tenants.creditor) as session:
        assert verify(session) == []
        assert performance.differing(session, tenants.creditor) == 0


def test_a_case_placed_again_with_the_same_agency_takes_the_placement_of_the_day(ports, tenants):
    end_placement(ports, tenants.creditor, "A1", datetime(2026, 2, 1, 15, tzinfo=UTC))
    again = datetime(2026, 2, 20, 15, tzinfo=UTC)
    dearer = add_mandate(ports, tenants.creditor, tenants.agency, commission_bp=4000)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [dearer], now=again), now=again)
    rows = [paid("A1", 10_000, date(2026, 1, 20)), paid("A1", 10_000, date(2026, 3, 1))]
    _, loaded = report_payments(ports, tenants.agency, tenants.creditor, rows)
    assert loaded.applied == 2
    with ports.session(tenants.agency) as session:
        assert balances(session, tenants.agency)[0].commission_minor == 1_850 + 4_000


def test_two_reports_at_once_take_each_payment_in_once(ports, tenants):
    rows = [paid(f"A{1 + n % 5}", 100 + n) for n in range(60)]
    start, loaded = threading.Barrier(3), []

    def report() -> None:
        start.wait()
        loaded.append(report_payments(ports, tenants.agency, tenants.creditor, rows)[1])

    threads = [threading.Thread(target=report) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.applied for one in loaded) == [0, 0, 60]
    with ports.session(tenants.creditor) as session:
        assert verify(session) == []
        assert performance.differing(session, tenants.creditor) == 0


def test_activities_are_taken_in_once_on_the_agencys_own_cases(ports, tenants):
    rows = [worked("A1"), worked("A1"), worked("A2", activity_ref="G-1", note="=1+1"), worked("ZZ")]
    upload, loaded = report_activities(ports, tenants.agency, tenants.creditor, rows)
    assert loaded == Loaded(applied=3, unchanged=0, rejected=1)
    assert faults(ports, tenants.agency, upload) == {5: ("account_ref", "not_your_case", "ZZ")}
    _, loaded = report_activities(ports, tenants.agency, tenants.creditor, rows)
    assert loaded == Loaded(applied=0, unchanged=3, rejected=1)
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Activity)) == 3
        assert performance.differing(session, tenants.creditor) == 0


@pytest.mark.parametrize(
    ("at", "code"),
    [
        # 23:59 on the day before in Bogotá, then midnight: the day counts where the creditor is.
        (datetime(2026, 1, 12, 4, 59, tzinfo=UTC), "before_placement"),
        (datetime(2026, 1, 12, 5, 0, tzinfo=UTC), None),
        (datetime(2026, 3, 12, 5, 0, tzinfo=UTC), "in_future"),
    ],
)
def test_an_activity_counts_by_its_day_where_the_creditor_is(ports, tenants, at, code):
    upload, _ = report_activities(ports, tenants.agency, tenants.creditor, [worked("A1", at)])
    found = faults(ports, tenants.agency, upload)
    assert found == ({2: ("happened_at", code, f"{(at - timedelta(hours=5)):%Y-%m-%d}")} if code else {})


def test_payments_and_activities_of_a_case_are_seen_by_its_two_sides(ports, tenants):
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1"), paid("A1", 500, date(2026, 2, 9))])
    report_activities(ports, tenants.agency, tenants.creditor, [worked("A1")])
    with ports.session(tenants.creditor) as session:
        case_id = session.scalars(select(Case.id).where(Case.account_ref == "A1")).one()
    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session:
            assert [one.amount_minor for one in list_payments(session, actor, case_id)] == [500, 10_000]
            assert len(list_activities(session, actor, case_id).rows) == 1
    for actor in (tenants.other_creditor, tenants.other_agency):
        with ports.session(actor) as session:
            assert list_payments(session, actor, case_id) == []
            assert list_activities(session, actor, case_id).rows == ()


def test_what_was_reported_stands_in_both_audit_trails(ports, tenants):
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1")])
    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session:
            assert (
                "payments.reported"
                in session.scalars(select(AuditEvent.action).where(AuditEvent.organisation_id == actor.tenant)).all()
            )


def test_an_agency_reports_to_creditors_it_has_a_mandate_with(ports, tenants):
    with pytest.raises(NotFound):
        report_payments(ports, tenants.agency, tenants.other_creditor, [paid("A1")])


def test_an_agent_reports_no_payments(ports, tenants):
    agent = add_person(ports, Role.AGENT, "Cobros Tres")
    with pytest.raises(Forbidden):
        report_payments(ports, agent, tenants.creditor, [paid("A1")])


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_reports_changes_no_total(ports, tenants, seed):
    order = random.Random(seed).sample(range(6), 6)
    files = [
        [paid(f"A{1 + n % 3}", 1_000 + n, date(2026, 1, 13) + timedelta(days=11 * n), payment_ref=f"R{n}")]
        for n in range(6)
    ]
    for number in order:
        report_payments(ports, tenants.agency, tenants.creditor, files[number] + files[(number + 1) % 6])
    with ports.session(tenants.creditor) as session:
        [row] = balances(session, tenants.creditor)
        assert (row.payments, row.collected_minor) == (6, sum(1_000 + n for n in range(6)))
        assert performance.differing(session, tenants.creditor) == 0
    assert sum(balance_of(ports, tenants.creditor, f"A{n}") for n in (1, 2, 3)) == 300_000 - row.collected_minor


def test_the_planner_knows_of_what_a_report_has_filled(ports, tenants):
    """Without statistics each row of a first large report would look for its parent by reading all of them."""
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 1 + n) for n in range(30)])
    with ports.session(tenants.agency) as session:
        known = session.execute(
            text("select relname, reltuples::int from pg_class where relname in ('payments', 'entries', 'placements')")
        ).all()
    assert dict(map(tuple, known)) == {"payments": 30, "entries": 30, "placements": 5}
