"""What debtors pay to the creditor itself lowers the balance once, whoever tells of it first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.scorecards.models import RecoveryCell
from assignments.reports import service as reports
from assignments.reports.creditor_payments import CreditorPayment, list_received
from assignments.reports.models import Report
from tests.creditor_files import PAID, apply, case, checked, owing, pay, told, undo, update
from tests.files import apply as files_apply
from tests.loop import (
    REPORTED_AT,
    NewCase,
    add_cases,
    paid,
    report_activities,
    report_payments,
)
from uploads.lifecycle import CannotBeUndone
from uploads.models import UploadKind
from uploads.options import Options
from uploads.rows import Loaded

DAY = date(2026, 2, 3)
ROW = "A1,R1,2026-02-03,250.00,COP"
CREDITOR = {"received_by": "creditor"}


def matched(ports, tenants) -> list[bool]:
    """Of each payment to the creditor that stands, whether an agency's word counts for it."""
    with ports.session(tenants.creditor) as session:
        found = select(CreditorPayment).where(CreditorPayment.taken_back_at.is_(None)).order_by(CreditorPayment.id)
        return [one.matched_payment_id is not None for one in session.scalars(found)]


def test_a_payment_lowers_the_balance_once_and_the_agency_sees_it(ports, tenants):
    _, loaded = pay(ports, tenants.creditor, ROW, "A6,R2,2026-02-03,100.00,COP")
    assert loaded == Loaded(applied=2, unchanged=0, rejected=0)
    assert owing(ports, tenants.creditor, "A1", "A6") == [75_000, 90_000]
    case_id = case(ports, tenants.creditor, "A1").id
    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session:
            [one] = list_received(session, actor, case_id)
        assert (one.paid_on, one.amount_minor, one.currency, one.is_matched) == (DAY, 25_000, "COP", False)
    with ports.session(tenants.agency) as session:
        [notice, *_] = list_notices(session, tenants.agency).rows
        assert (notice.kind, notice.details["cases"]) == ("case.paid_directly", 1)
    with ports.session(tenants.other_agency) as session:
        assert list_received(session, tenants.other_agency, case_id) == []
    # It is nobody's recovery.
    with ports.session(tenants.creditor) as session:
        assert session.scalars(select(RecoveryCell)).all() == []


def test_the_agency_reads_day_and_amount_and_nothing_else(ports, tenants):
    pay(ports, tenants.creditor, ROW)
    with ports.session(tenants.agency) as session:
        assert session.execute(text("select paid_on, amount_minor from creditor_payments")).all() == [(DAY, 25_000)]
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(text("select reference, method, upload_id from creditor_payments"))


@pytest.mark.parametrize("reference", ["R1", "X-9", None], ids=["same reference", "its own reference", "no reference"])
@pytest.mark.parametrize("first", ["agency", "creditor"])
def test_what_both_tell_counts_once_in_either_order(ports, tenants, reference, first):
    told_by_agency = [paid("A1", 25_000, DAY, payment_ref=reference, **CREDITOR)]
    if first == "agency":
        report_payments(ports, tenants.agency, tenants.creditor, told_by_agency)
        upload, loaded = pay(ports, tenants.creditor, ROW)
        assert loaded.applied == 1
        assert told(ports, tenants.creditor, upload, warnings=True) == {2: ("row", "told_by_agency")}
    else:
        pay(ports, tenants.creditor, ROW)
        report_payments(ports, tenants.agency, tenants.creditor, told_by_agency)
    assert matched(ports, tenants) == [True]
    assert owing(ports, tenants.creditor, "A1") == [75_000]


def test_what_the_agency_received_itself_is_another_payment_unless_the_reference_says_so(ports, tenants):
    report_payments(
        ports, tenants.agency, tenants.creditor, [paid("A1", 25_000, DAY), paid("A2", 10_000, DAY, payment_ref="R2")]
    )
    upload, _ = pay(ports, tenants.creditor, ROW, "A2,R2,2026-02-04,100.00,COP")
    assert told(ports, tenants.creditor, upload, warnings=True) == {
        2: ("row", "perhaps_told"),
        3: ("payment_ref", "told_otherwise"),
    }
    assert matched(ports, tenants) == [False, True]
    assert owing(ports, tenants.creditor, "A1", "A2") == [50_000, 90_000]


def test_two_alike_are_matched_one_for_one(ports, tenants):
    pay(ports, tenants.creditor, *["A1,,2026-02-03,250.00,COP"] * 3)
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 25_000, DAY, **CREDITOR)] * 2)
    assert matched(ports, tenants) == [True, True, False]
    assert owing(ports, tenants.creditor, "A1") == [25_000]


def test_what_the_agency_takes_back_counts_by_the_creditor_s_word_again(ports, tenants):
    with ports.session(tenants.creditor) as session, transaction(session):
        reports.open_periods(session, tenants.creditor, now=REPORTED_AT)
    with ports.session(tenants.agency) as session:
        month = Report.period_start == date(2026, 2, 1)
        report = session.scalars(select(Report.id).where(month)).one()
    rows = [paid("A1", 25_000, DAY, payment_ref="X-9", **CREDITOR)]
    report_payments(ports, tenants.agency, tenants.creditor, rows, report_id=report)
    report_activities(ports, tenants.agency, tenants.creditor, [], report_id=report)
    pay(ports, tenants.creditor, ROW)
    assert matched(ports, tenants) == [True]
    wrong = [paid("A1", 0, DAY, payment_ref="X-9")]
    report_payments(ports, tenants.agency, tenants.creditor, wrong, report_id=report)
    assert matched(ports, tenants) == [False]
    assert owing(ports, tenants.creditor, "A1") == [75_000]


def test_both_at_once_count_it_once(ports, tenants):
    lines = [f"A{n},R{n},2026-02-03,250.00,COP" for n in range(1, 6)]
    upload = checked(ports, tenants.creditor, UploadKind.CREDITOR_PAYMENTS, PAID, lines)
    told_by_agency = [paid(f"A{n}", 25_000, DAY, **CREDITOR) for n in range(5, 0, -1)]
    start = threading.Barrier(2)

    def creditor():
        start.wait()
        return files_apply(ports, tenants.creditor, upload.id)

    def agency():
        start.wait()
        return report_payments(ports, tenants.agency, tenants.creditor, told_by_agency)[1]

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(creditor), pool.submit(agency)]
    assert [one.result().applied for one in done] == [5, 5]
    assert matched(ports, tenants) == [True] * 5
    assert owing(ports, tenants.creditor, *(f"A{n}" for n in range(1, 6))) == [75_000] * 5


def test_two_files_at_once_take_a_payment_in_once(ports, tenants):
    one = checked(ports, tenants.creditor, UploadKind.CREDITOR_PAYMENTS, PAID, [ROW])
    other = checked(ports, tenants.creditor, UploadKind.CREDITOR_PAYMENTS, PAID, [ROW, "A2,R2,2026-02-03,1.00,COP"])
    start = threading.Barrier(2)

    def apply_one(upload):
        start.wait()
        return files_apply(ports, tenants.creditor, upload.id)

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(apply_one, upload) for upload in (one, other)]
    loaded = [each.result() for each in done]
    assert sum(each.applied for each in loaded) == 2
    assert sum(each.unchanged for each in loaded) == 1
    assert owing(ports, tenants.creditor, "A1", "A2") == [75_000, 99_900]


def test_the_same_payments_in_other_bytes_are_known(ports, tenants):
    pay(ports, tenants.creditor, ROW, "A2,,2026-02-03,1.00,COP")
    _, loaded = pay(ports, tenants.creditor, "A2,,2026-02-03,1.00,COP", ROW)
    assert loaded == Loaded(applied=0, unchanged=2, rejected=0)
    assert owing(ports, tenants.creditor, "A1", "A2") == [75_000, 99_900]


def test_what_is_no_payment_of_the_creditor_s_cases_is_refused(ports, tenants):
    pay(ports, tenants.creditor, ROW)
    rows = [
        "Z1,R9,2026-02-03,1.00,COP",
        "A2,R8,2026-02-03,1.00,USD",
        "A2,R7,2026-12-31,1.00,COP",
        "A2,R6,2026-02-03,0,COP",
        "A2,R1,2026-02-03,250.00,COP",
        "A2,R5,2026-02-03,1.00,COP",
        "A3,R5,2026-02-03,1.00,COP",
    ]
    upload, loaded = pay(ports, tenants.creditor, *rows)
    assert told(ports, tenants.creditor, upload) == {
        2: ("account_ref", "not_handed_over"),
        3: ("currency", "wrong_currency"),
        4: ("paid_on", "in_future"),
        5: ("amount", "nothing_paid"),
        6: ("payment_ref", "reference_reused"),
        8: ("payment_ref", "reference_reused"),
    }
    assert loaded == Loaded(applied=1, unchanged=0, rejected=6)


def test_a_debtor_may_pay_more_than_is_owed_and_the_creditor_is_told(ports, tenants):
    upload, _ = pay(ports, tenants.creditor, "A1,R1,2026-02-03,1000.01,COP")
    assert told(ports, tenants.creditor, upload, warnings=True) == {2: ("amount", "more_than_owed")}
    assert owing(ports, tenants.creditor, "A1") == [-1]


def test_a_currency_without_cents_keeps_its_amounts(ports, tenants):
    add_cases(ports, tenants.creditor, [NewCase("C1", 100_000, currency="CLP")])
    pay(ports, tenants.creditor, "C1,R1,2026-02-03,25000,CLP")
    assert owing(ports, tenants.creditor, "C1") == [75_000]


def test_the_day_of_the_placement_is_the_creditor_s_own(ports, tenants):
    # Placed on 12 January at ten in the morning in Bogotá: the day itself is the agency's, the day before is nobody's.
    pay(ports, tenants.creditor, "A1,R1,2026-01-12,1.00,COP", "A1,R2,2026-01-11,1.00,COP")
    with ports.session(tenants.creditor) as session:
        found = select(CreditorPayment.agency_id).order_by(CreditorPayment.line)
        assert session.scalars(found).all() == [tenants.agency.tenant, None]


def test_payments_are_taken_back_and_may_be_told_again(ports, tenants):
    upload, _ = pay(ports, tenants.creditor, ROW)
    undo(ports, tenants.creditor, upload)
    assert owing(ports, tenants.creditor, "A1") == [100_000]
    assert matched(ports, tenants) == []
    _, loaded = pay(ports, tenants.creditor, ROW)
    assert loaded.applied == 1
    assert owing(ports, tenants.creditor, "A1") == [75_000]


@pytest.mark.parametrize("since", ["reported", "updated"])
def test_payments_that_something_rests_on_are_not_taken_back(ports, tenants, since):
    upload, _ = pay(ports, tenants.creditor, ROW)
    if since == "reported":
        report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 25_000, DAY, **CREDITOR)])
    else:
        update(ports, tenants.creditor, "A1,700.00,COP,")
    with pytest.raises(CannotBeUndone):
        undo(ports, tenants.creditor, upload)


def test_a_decimal_comma_and_days_first_are_read_by_the_file_s_own_form(ports, tenants):
    options = Options(date_order="dmy", decimal=",", currency="COP", time_zone="America/Bogota")
    header, row = "obligacion;recibo;fecha pago;valor", "A1;R1;03/02/2026;250,00"
    apply(ports, tenants.creditor, UploadKind.CREDITOR_PAYMENTS, header, [row], options=options)
    assert owing(ports, tenants.creditor, "A1") == [75_000]
