"""A creditor's word on a balance holds what was paid until the evening of its day, however late it is told."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from agencies.kernel.clock import local_date
from agencies.kernel.session import transaction
from assignments.cases.changes import BalanceAdjustment, list_adjustments
from assignments.reports import service as reports
from assignments.reports.models import Report
from tests.creditor_files import case, owing, pay, told, undo, update
from tests.loop import REPORTED_AT, paid, report_activities, report_payments
from uploads.lifecycle import CannotBeUndone
from uploads.rows import Loaded

CUT_OFF = "2026-02-05"


def tell(ports, tenants, who: str, day: date) -> None:
    """300.00 of A1, paid on a day and told only now."""
    if who == "agency":
        report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 30_000, day)])
    else:
        pay(ports, tenants.creditor, f"A1,R1,{day},300.00,COP")


@pytest.mark.parametrize("who", ["agency", "creditor"])
@pytest.mark.parametrize(
    ("day", "left"), [(date(2026, 2, 2), 70_000), (date(2026, 2, 5), 70_000), (date(2026, 2, 6), 40_000)]
)
def test_a_payment_of_before_the_cut_off_told_after_it_is_not_subtracted_twice(ports, tenants, who, day, left):
    update(ports, tenants.creditor, f"A1,700.00,COP,{CUT_OFF}")
    tell(ports, tenants, who, day)
    assert owing(ports, tenants.creditor, "A1") == [left]


@pytest.mark.parametrize("who", ["agency", "creditor"])
def test_a_word_that_says_what_our_books_say_holds_what_is_told_late_too(ports, tenants, who):
    _, loaded = update(ports, tenants.creditor, f"A1,1000.00,COP,{CUT_OFF}")
    assert loaded == Loaded(applied=0, unchanged=1, rejected=0)
    tell(ports, tenants, who, date(2026, 2, 2))
    assert owing(ports, tenants.creditor, "A1") == [100_000]
    # Nothing changed, so nobody is shown a change.
    with ports.session(tenants.agency) as session:
        assert list_adjustments(session, tenants.agency, case(ports, tenants.creditor, "A1").id) == []


def test_a_word_without_a_day_is_of_the_day_of_its_application_on_the_creditor_s_clock(ports, tenants):
    update(ports, tenants.creditor, "A1,700.00,COP,")
    with ports.session(tenants.creditor) as session:
        one = session.scalars(select(BalanceAdjustment)).one()
    assert one.cut_off_date == local_date(one.made_at, "America/Bogota")
    assert (one.stated_minor, one.before_minor, one.after_minor) == (70_000, 100_000, 70_000)
    tell(ports, tenants, "agency", date(2026, 2, 6))
    assert owing(ports, tenants.creditor, "A1") == [70_000]


def test_what_an_agency_takes_back_raises_the_balance_only_if_it_had_lowered_it(ports, tenants):
    with ports.session(tenants.creditor) as session, transaction(session):
        reports.open_periods(session, tenants.creditor, now=REPORTED_AT)
    with ports.session(tenants.agency) as session:
        report = session.scalars(select(Report.id).where(Report.period_start == date(2026, 2, 1))).one()
    early, late = date(2026, 2, 2), date(2026, 2, 6)
    rows = [paid("A1", 30_000, early, payment_ref="P1"), paid("A2", 30_000, late, payment_ref="P2")]
    report_payments(ports, tenants.agency, tenants.creditor, rows, report_id=report)
    report_activities(ports, tenants.agency, tenants.creditor, [], report_id=report)
    update(ports, tenants.creditor, f"A1,700.00,COP,{CUT_OFF}", f"A2,700.00,COP,{CUT_OFF}")
    assert owing(ports, tenants.creditor, "A1", "A2") == [70_000, 40_000]
    nothing = [paid("A1", 0, early, payment_ref="P1"), paid("A2", 0, late, payment_ref="P2")]
    report_payments(ports, tenants.agency, tenants.creditor, nothing, report_id=report)
    assert owing(ports, tenants.creditor, "A1", "A2") == [70_000, 70_000]


@pytest.mark.parametrize("who", ["agency", "creditor"])
def test_a_payment_that_only_the_word_held_counts_again_when_the_word_is_taken_back(ports, tenants, who):
    upload, _ = update(ports, tenants.creditor, f"A1,700.00,COP,{CUT_OFF}")
    tell(ports, tenants, who, date(2026, 2, 2))
    undo(ports, tenants.creditor, upload)
    assert owing(ports, tenants.creditor, "A1") == [70_000]
    with ports.session(tenants.creditor) as session:
        found = session.scalars(select(BalanceAdjustment).order_by(BalanceAdjustment.id)).all()
    assert [(one.takes_back, one.before_minor, one.after_minor) for one in found] == [
        (False, 100_000, 70_000),
        (True, 70_000, 70_000),
    ]
    tell(ports, tenants, "agency", date(2026, 2, 3))
    assert owing(ports, tenants.creditor, "A1") == [40_000]


def test_taking_back_the_latest_word_gives_the_balance_to_the_one_before(ports, tenants):
    update(ports, tenants.creditor, "A1,900.00,COP,2026-02-01")
    latest, _ = update(ports, tenants.creditor, f"A1,700.00,COP,{CUT_OFF}")
    tell(ports, tenants, "agency", date(2026, 2, 3))
    assert owing(ports, tenants.creditor, "A1") == [70_000]
    undo(ports, tenants.creditor, latest)
    assert owing(ports, tenants.creditor, "A1") == [60_000]


def test_an_older_file_does_not_speak_over_a_newer_one(ports, tenants):
    newer, _ = update(ports, tenants.creditor, f"A1,700.00,COP,{CUT_OFF}", f"A2,1000.00,COP,{CUT_OFF}")
    rows = ["A1,900.00,COP,2026-02-04", "A2,900.00,COP,2026-02-04", "A3,900.00,COP,2026-02-04"]
    upload, loaded = update(ports, tenants.creditor, *rows)
    assert told(ports, tenants.creditor, upload) == {
        2: ("cut_off_date", "older_update"),
        3: ("cut_off_date", "older_update"),
    }
    assert loaded == Loaded(applied=1, unchanged=0, rejected=2)
    assert owing(ports, tenants.creditor, "A1", "A2", "A3") == [70_000, 100_000, 90_000]
    # What was taken back is no word any more.
    undo(ports, tenants.creditor, newer)
    _, loaded = update(ports, tenants.creditor, *rows[:2])
    assert loaded.applied == 2
    assert owing(ports, tenants.creditor, "A1", "A2") == [90_000, 90_000]


def test_of_one_day_the_later_word_holds_and_keeps_the_earlier_from_being_taken_back(ports, tenants):
    first, _ = update(ports, tenants.creditor, f"A1,700.00,COP,{CUT_OFF}")
    update(ports, tenants.creditor, f"A1,650.00,COP,{CUT_OFF}")
    assert owing(ports, tenants.creditor, "A1") == [65_000]
    with pytest.raises(CannotBeUndone):
        undo(ports, tenants.creditor, first)


def test_the_same_word_of_the_same_day_is_written_down_once(ports, tenants):
    rows = [f"A1,700.00,COP,{CUT_OFF}", "A6,1000.00,COP,2026-02-01"]
    update(ports, tenants.creditor, *rows)
    tell(ports, tenants, "agency", date(2026, 2, 2))
    _, loaded = update(ports, tenants.creditor, *reversed(rows))
    assert loaded == Loaded(applied=0, unchanged=2, rejected=0)
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(BalanceAdjustment)) == 2
