"""One payment of a debtor is booked once, though two agencies may report it: who worked it, and who holds it now."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.session import transaction
from assignments import performance
from assignments.cases.models import Case
from assignments.ledger.statements import verify
from assignments.reports import service
from assignments.reports.models import Payment, PaymentReversal
from assignments.reports.queries import list_reports
from tests.loop import (
    REPORTED_AT,
    NewCase,
    add_mandate,
    draft,
    faults,
    paid,
    place,
    place_with,
    report_activities,
    report_payments,
)
from tests.recalling import NOW, recall
from tests.tenants import Tenants, add_tenants
from uploads.rows import Loaded

#: After the recall and within the tail, when the second agency holds the cases.
DAY = date(2026, 2, 20)
TOLD = ("account_ref", "told_elsewhere", "A1")


@pytest.fixture
def tenants(ports) -> Tenants:
    """Cases recalled from the first agency, whose tail still runs, and placed with the other one."""
    made = add_tenants(ports)
    cases = [NewCase(f"A{n}", 100_000) for n in range(1, 6)]
    place_with(ports, made.creditor, made.agency, cases, tail_days=60)
    recall(ports, made.creditor, *(one.account_ref for one in cases))
    mandate = add_mandate(ports, made.creditor, made.other_agency)
    place(ports, made.creditor, draft(ports, made.creditor, [mandate], now=NOW), now=NOW)
    return made


def booked(ports, tenants) -> tuple[int, int]:
    """How many payments stand, and what A1 owes; the books are sound."""
    with ports.session(tenants.creditor) as session:
        assert verify(session) == []
        assert performance.differing(session, tenants.creditor) == 0
        payments = session.scalar(select(func.count()).select_from(Payment))
        taken_back = session.scalar(select(func.count()).select_from(PaymentReversal))
        owing = session.scalars(select(Case.balance_minor).where(Case.account_ref == "A1")).one()
        return payments - taken_back, owing


@pytest.fixture(params=["tail_first", "holder_first"])
def pair(request, tenants):
    """Who reports first, and who second."""
    both = (tenants.agency, tenants.other_agency)
    return both if request.param == "tail_first" else both[::-1]


def test_neither_agency_is_paid_for_what_the_other_has_reported(ports, tenants, pair):
    first, second = pair
    _, loaded = report_payments(ports, first, tenants.creditor, [paid("A1", day=DAY, payment_ref="X-1")])
    assert loaded.applied == 1
    upload, loaded = report_payments(
        ports, second, tenants.creditor, [paid("A2", day=DAY), paid("A1", day=DAY, payment_ref="Y-9")]
    )
    assert loaded == Loaded(applied=1, unchanged=0, rejected=1)
    assert faults(ports, second, upload) == {3: TOLD}
    assert booked(ports, tenants) == (2, 90_000)


def test_what_an_agency_has_reported_itself_stays_known(ports, tenants, pair):
    first, second = pair
    rows = [paid("A1", day=DAY), paid("A1", day=DAY)]
    assert report_payments(ports, first, tenants.creditor, rows)[1].applied == 2
    assert report_payments(ports, second, tenants.creditor, rows)[1].rejected == 2
    assert report_payments(ports, first, tenants.creditor, rows)[1] == Loaded(applied=0, unchanged=2, rejected=0)
    assert booked(ports, tenants) == (2, 80_000)


def test_another_day_another_amount_or_another_case_is_another_payment(ports, tenants, pair):
    first, second = pair
    report_payments(ports, first, tenants.creditor, [paid("A1", day=DAY)])
    rows = [paid("A1", 10_001, DAY), paid("A1", 10_000, DAY + timedelta(days=1)), paid("A2", 10_000, DAY)]
    assert report_payments(ports, second, tenants.creditor, rows)[1].applied == 3
    assert booked(ports, tenants) == (4, 69_999)


def test_two_files_at_once_book_the_payment_once(ports, tenants):
    rows = [paid(f"A{n}", day=DAY) for n in range(1, 6)]
    start = threading.Barrier(2)

    def report(agency, told):
        start.wait()
        return report_payments(ports, agency, tenants.creditor, told)[1]

    with ThreadPoolExecutor(2) as pool:
        done = [
            pool.submit(report, tenants.agency, rows),
            pool.submit(report, tenants.other_agency, rows[::-1]),
        ]
    loaded = [one.result() for one in done]
    assert sum(one.applied for one in loaded) == 5
    assert sum(one.rejected for one in loaded) == 5
    assert booked(ports, tenants) == (5, 90_000)


@pytest.fixture
def complete(ports, tenants) -> int:
    """A report of the holder with one payment, complete; its id."""
    with ports.session(tenants.creditor) as session, transaction(session):
        service.open_periods(session, tenants.creditor, now=REPORTED_AT)
    with ports.session(tenants.other_agency) as session:
        report_id = list_reports(session, tenants.other_agency, now=REPORTED_AT).rows[0].id
    rows = [paid("A1", 7_000, DAY, payment_ref="Y-1")]
    report_payments(ports, tenants.other_agency, tenants.creditor, rows, report_id=report_id)
    report_activities(ports, tenants.other_agency, tenants.creditor, [], report_id=report_id)
    return report_id


def test_what_one_agency_takes_back_the_other_may_report(ports, tenants, complete):
    row = paid("A1", 7_000, DAY)
    assert report_payments(ports, tenants.agency, tenants.creditor, [row])[1].rejected == 1
    nothing = [paid("A1", 0, DAY, payment_ref="Y-1")]
    report_payments(ports, tenants.other_agency, tenants.creditor, nothing, report_id=complete)
    assert report_payments(ports, tenants.agency, tenants.creditor, [row])[1].applied == 1
    assert booked(ports, tenants) == (1, 93_000)


def test_a_correction_does_not_turn_a_payment_into_the_other_s(ports, tenants, complete):
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 9_000, DAY)])
    wrong = [paid("A1", 9_000, DAY, payment_ref="Y-1")]
    upload, loaded = report_payments(ports, tenants.other_agency, tenants.creditor, wrong, report_id=complete)
    assert loaded == Loaded(applied=0, unchanged=0, rejected=1)
    assert faults(ports, tenants.other_agency, upload) == {2: TOLD}
    assert booked(ports, tenants) == (2, 84_000)


def test_nobody_learns_of_payments_but_an_agency_by_a_file_of_its_own(ports, tenants):
    upload, _ = report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", day=DAY)])
    row = [paid("A1", day=DAY)]
    second, _ = report_payments(ports, tenants.other_agency, tenants.creditor, row)
    ask = text("select line from payments_told_elsewhere(:creditor, :upload) told(line)")
    found = {}
    for name, actor, asked, creditor in (
        ("own", tenants.other_agency, second, tenants.creditor),
        ("another's file", tenants.other_agency, upload, tenants.creditor),
        ("another's creditor", tenants.other_agency, second, tenants.other_creditor),
    ):
        with ports.session(actor) as session:
            rows = session.scalars(ask, {"creditor": creditor.tenant, "upload": asked.id}).all()
            found[name] = rows
    assert found == {"own": [2], "another's file": [], "another's creditor": []}
    with ports.session(tenants.creditor) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.scalars(ask, {"creditor": tenants.creditor.tenant, "upload": second.id}).all()


def test_a_stranger_s_file_says_nothing_about_a_case(ports, tenants):
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", day=DAY)])
    later = datetime(2026, 2, 11, 17, tzinfo=UTC)
    place_with(ports, tenants.other_creditor, tenants.other_agency, [NewCase("Z1", 100_000)], now=later)
    rows = [paid("A1", day=DAY)]
    upload, _ = report_payments(ports, tenants.other_agency, tenants.other_creditor, rows)
    assert faults(ports, tenants.other_agency, upload) == {2: ("account_ref", "not_your_case", "A1")}
