"""The invented debts: repeatable, plausible, and nobody's."""

from __future__ import annotations

import re
from collections import Counter
from statistics import median

import phonenumbers
import pytest
from stdnum.co import nit

from portal.demo.portfolio import make_debts
from tests.portal.demo.worlds import CUT_OFF, MIX, debts, plan


def test_equal_plans_give_equal_debts_and_another_seed_gives_others():
    assert make_debts(plan(400)) == make_debts(plan(400))
    assert make_debts(plan(400)) != make_debts(plan(400, seed=12))


def test_every_account_is_there_once():
    accounts = [debt.account for debt in debts()]
    assert len(accounts) == len(set(accounts)) == 3000


def test_two_handovers_share_no_account_and_no_debtor():
    first, second = make_debts(plan(500)), make_debts(plan(500, first_number=310_000))
    assert not {debt.account for debt in first} & {debt.account for debt in second}
    assert not {debt.debtor.id_number for debt in first} & {debt.debtor.id_number for debt in second}


def test_a_balance_is_the_sum_of_its_parts():
    for debt in debts(500):
        assert debt.principal + debt.interest + debt.late_interest + debt.fees == debt.total
        assert min(debt.principal, debt.interest, debt.late_interest, debt.fees) >= 0


def test_some_debtors_owe_twice_and_nobody_three_times():
    owed = Counter(debt.customer for debt in debts())
    assert set(owed.values()) == {1, 2}
    assert sum(count == 2 for count in owed.values()) / len(owed) == pytest.approx(0.07, abs=0.005)


def test_products_come_in_their_shares_and_balances_around_their_medians():
    made = debts()
    for product, share in MIX:
        balances = [debt.total / 100 for debt in made if debt.product is product]
        assert len(balances) / len(made) == pytest.approx(share, abs=0.03)
        assert median(balances) == pytest.approx(product.median, rel=0.2)


def test_dates_follow_each_other():
    for debt in debts(800):
        assert debt.opened_on < debt.due_on < debt.delinquent_on < CUT_OFF
        assert (CUT_OFF - debt.delinquent_on).days == debt.days_past_due
        assert (debt.charged_off_on is not None) == (debt.days_past_due > 180)
        assert debt.charged_off_on is None or debt.delinquent_on < debt.charged_off_on <= CUT_OFF
        assert debt.last_paid_on is None or debt.last_paid_on < debt.delinquent_on


def test_younger_and_smaller_debts_are_paid_more_readily():
    made = debts()
    young = [debt.propensity for debt in made if debt.days_past_due <= 90]
    old = [debt.propensity for debt in made if debt.days_past_due > 720]
    assert min(young) > 0
    assert median(young) > 1.5 * median(old)


def test_documents_have_the_right_shape_and_lie_in_ranges_that_are_not_handed_out():
    for debt in debts():
        debtor = debt.debtor
        match debtor.id_type:
            case "CC":
                assert re.fullmatch(r"19\d{8}", debtor.id_number)
            case "CE":
                assert re.fullmatch(r"99\d{5}", debtor.id_number)
            case kind:
                assert kind == "NIT"
                assert debtor.is_company
                assert debtor.id_number.startswith("999")
                assert nit.is_valid(debtor.id_number)


def test_numbers_read_as_colombian_telephones_and_mail_can_reach_nobody():
    for debt in debts(600):
        debtor = debt.debtor
        for number in filter(None, (debtor.mobile, debtor.landline)):
            assert phonenumbers.is_valid_number(phonenumbers.parse(number, "CO")), number
        assert not debtor.mobile or debtor.mobile[3:6] == "000"
        assert not debtor.landline or debtor.landline[3:7] == "7000"
        assert not debtor.email or re.fullmatch(r"[a-z.]+\d+@correo\.example", debtor.email)
