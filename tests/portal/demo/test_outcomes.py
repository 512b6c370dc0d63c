"""What comes of the invented debts: payments that follow an agency's strength, activities within the law."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date

import pytest

from agencies.kernel import clock
from portal.demo.activities import draw_activities, working_weeks
from portal.demo.agencies import AGENCIES, GUADUVIO, OCARIMBA, TINTALUZ
from portal.demo.outcomes import draw_payments
from portal.demo.products import MICROCREDIT
from portal.demo.reportfiles import activities_file, payments_file
from tests.portal.demo.worlds import PLACED_ON, UNTIL, debts

MADE = debts(6000)


def payments_of(agency, share, of=5):
    return draw_payments(MADE[share::of], agency.strength, placed_on=PLACED_ON, until=UNTIL, seed=[11, share])


def test_the_same_seed_gives_the_same_payments_whatever_the_order_of_the_cases():
    held = MADE[:500]
    drawn = draw_payments(held, GUADUVIO.strength, placed_on=PLACED_ON, until=UNTIL, seed=[1])
    again = draw_payments(held[::-1], GUADUVIO.strength, placed_on=PLACED_ON, until=UNTIL, seed=[1])
    assert drawn == again
    assert drawn != draw_payments(held, GUADUVIO.strength, placed_on=PLACED_ON, until=UNTIL, seed=[2])


def test_between_five_and_sixteen_cases_of_a_hundred_pay_and_the_stronger_agency_has_more():
    shares, recoveries = [], []
    for turn, agency in enumerate(AGENCIES):
        held, paid = MADE[turn::5], payments_of(agency, turn)
        shares.append(len({payment.account for payment in paid}) / len(held))
        recoveries.append(sum(payment.amount for payment in paid) / sum(debt.total for debt in held))
    assert all(0.05 <= share <= 0.16 for share in shares)
    assert shares == sorted(shares, reverse=True)
    assert recoveries == sorted(recoveries, reverse=True)
    assert 0.01 < recoveries[-1] < recoveries[0] < 0.12


def test_nobody_pays_more_than_is_owed_or_outside_the_time():
    owed = {debt.account: debt.total for debt in MADE}
    paid: Counter[str] = Counter()
    for payment in payments_of(GUADUVIO, 0, of=1):
        assert PLACED_ON < payment.paid_on <= UNTIL
        assert payment.amount > 0
        paid[payment.account] += payment.amount
        assert payment.settles == (paid[payment.account] == owed[payment.account])
    assert all(paid[account] <= owed[account] for account in paid)
    assert any(paid[account] == owed[account] for account in paid)
    assert any(paid[account] < owed[account] / 2 for account in paid)


def test_money_comes_in_a_wave_that_ebbs():
    months = Counter(clock.months_between(PLACED_ON, payment.paid_on) for payment in payments_of(GUADUVIO, 0, of=1))
    firsts: dict[str, int] = {}
    for payment in payments_of(GUADUVIO, 0, of=1):
        firsts.setdefault(payment.account, clock.months_between(PLACED_ON, payment.paid_on))
    fresh = Counter(firsts.values())
    assert fresh[1] > fresh[3] > fresh[5]
    assert months[6] < max(months.values())


@pytest.mark.parametrize("agency", [GUADUVIO, TINTALUZ, OCARIMBA])
def test_activities_keep_to_the_hours_of_the_law_and_to_one_per_debtor_and_week(agency):
    held = MADE[:600]
    debtor_of = {debt.account: debt.debtor.id_number for debt in held}
    product_of = {debt.account: debt.product for debt in held}
    seen: Counter[tuple[str, int, int]] = Counter()
    for month in (date(2025, 8, 1), date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)):
        drawn = draw_activities(held, agency.strength, [], placed_on=PLACED_ON, month=month, seed=[5])
        assert drawn
        for one in drawn:
            at = one.happened_at
            assert at.date() > PLACED_ON
            assert clock.first_of_month(at.date()) == month
            assert at.date() not in clock.public_holidays("CO", at.year)
            assert at.weekday() < 6
            low, high = (8, 15) if at.weekday() == 5 else (7, 19)
            assert low <= at.hour < high
            assert one.channel != "visit" or product_of[one.account] is MICROCREDIT
            year, week, _day = at.isocalendar()
            seen[debtor_of[one.account], year, week] += 1
    assert max(seen.values()) == 1


def test_a_settled_debt_is_left_alone_and_a_payment_is_noted():
    held = MADE[:1500]
    paid = draw_payments(held, GUADUVIO.strength, placed_on=PLACED_ON, until=UNTIL, seed=[8])
    settled = {payment.account: payment.paid_on for payment in paid if payment.settles}
    month = date(2025, 12, 1)
    drawn = draw_activities(held, GUADUVIO.strength, paid, placed_on=PLACED_ON, month=month, seed=[8])
    assert not {one.account for one in drawn} & {account for account, day in settled.items() if day < month}
    assert {"paid_in_part", "promise", "no_answer"} <= {one.result for one in drawn}


def test_weeks_that_cross_a_border_are_counted_once():
    october = working_weeks(date(2025, 10, 1), date(2025, 11, 1))
    november = working_weeks(date(2025, 11, 1), date(2025, 12, 1))
    weeks = [days[0].isocalendar()[:2] for days in october + november]
    assert len(weeks) == len(set(weeks)) == 9
    assert date(2025, 11, 3) not in [day for days in november for day in days]


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_agency_writes_its_files_in_its_own_form(agency):
    held = MADE[:800]
    paid = draw_payments(held, agency.strength, placed_on=PLACED_ON, until=UNTIL, seed=[3])
    done = draw_activities(held, agency.strength, paid, placed_on=PLACED_ON, month=date(2025, 9, 1), seed=[3])
    style = agency.form.style
    for data, header, rows in (
        (payments_file(agency, paid, series="X"), agency.form.payments, len(paid)),
        (activities_file(agency, done, series="X"), agency.form.activities, len(done)),
    ):
        table = list(csv.reader(io.StringIO(data.decode(style.encoding), newline=""), delimiter=style.delimiter))
        assert table[0] == list(header.values())
        assert len(table) - 1 == rows
        assert all(len(row) == len(header) for row in table)
