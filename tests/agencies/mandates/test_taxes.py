"""Taxes on an agency's fee: by country, day and payee, from data with sources, to the minor unit."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.mandates.taxes import Payee, TaxKind, has_taxes, known_taxes, taxes_on

TODAY = date(2026, 11, 23)
COMPANY, INDIVIDUAL = Payee.COMPANY, Payee.INDIVIDUAL


@pytest.mark.parametrize(
    ("country", "currency", "payee", "day", "vat", "withheld", "net"),
    [
        ("CO", "COP", COMPANY, TODAY, 190_000, {"retefuente": 110_000, "reteiva": 28_500}, 1_051_500),
        ("CO", "COP", INDIVIDUAL, TODAY, 190_000, {"retefuente": 100_000, "reteiva": 28_500}, 1_061_500),
        # 10,000.00 soles and their tax are above the threshold.
        ("PE", "PEN", COMPANY, TODAY, 180_000, {"detraccion": 141_600}, 1_038_400),
        ("MX", "MXN", COMPANY, TODAY, 160_000, {}, 1_160_000),
        # Two thirds of 16 % are 10.6667 % of the fee.
        ("MX", "MXN", INDIVIDUAL, TODAY, 160_000, {"isr": 100_000, "iva_retenido": 106_667}, 953_333),
        ("CL", "CLP", COMPANY, TODAY, 190_000, {}, 1_190_000),
        ("CL", "CLP", INDIVIDUAL, TODAY, 0, {"boleta": 152_500}, 847_500),
        ("CL", "CLP", INDIVIDUAL, date(2027, 1, 1), 0, {"boleta": 160_000}, 840_000),
        ("CL", "CLP", INDIVIDUAL, date(2028, 1, 1), 0, {"boleta": 170_000}, 830_000),
        ("EC", "USD", COMPANY, TODAY, 150_000, {"renta": 30_000, "iva_retenido": 105_000}, 1_015_000),
        ("EC", "USD", INDIVIDUAL, TODAY, 150_000, {"renta": 100_000, "iva_retenido": 150_000}, 900_000),
        ("AR", "ARS", COMPANY, TODAY, 210_000, {}, 1_210_000),
        ("UY", "UYU", COMPANY, TODAY, 0, {}, 1_000_000),
    ],
)
def test_a_fee_is_taxed_as_its_country_does(country, currency, payee, day, vat, withheld, net):
    payable = taxes_on(1_000_000, currency, country, payee, day)
    assert sum(line.amount_minor for line in payable.vat) == vat
    assert {line.tax.code: line.amount_minor for line in payable.withheld} == withheld
    assert payable.net_minor == net


@pytest.mark.parametrize(("fee", "withheld"), [(59_322, 0), (59_323, 8_400)])
def test_below_its_threshold_nothing_is_withheld(fee, withheld):
    # With the tax on it, the first is 699.9996 soles, and the second 700.0114.
    payable = taxes_on(fee, "PEN", "PE", COMPANY, TODAY)
    assert sum(line.amount_minor for line in payable.withheld) == withheld


@given(st.integers(0, 10**13), st.sampled_from(["CO", "PE", "MX", "CL", "EC", "AR"]), st.sampled_from(Payee))
def test_what_is_paid_and_withheld_is_what_is_invoiced(fee, country, payee):
    payable = taxes_on(fee, "COP", country, payee, TODAY)
    assert payable.net_minor + sum(line.amount_minor for line in payable.withheld) == payable.invoiced_minor
    assert 0 <= payable.net_minor <= payable.invoiced_minor


def test_no_two_figures_hold_for_the_same_fee_on_the_same_day():
    for one, other in combinations(known_taxes(), 2):
        same = (one.country, one.kind, one.code) == (other.country, other.kind, other.code)
        if same and (one.payee is None or other.payee is None or one.payee == other.payee):
            first, second = sorted((one, other), key=lambda tax: tax.valid_from)
            assert first.valid_to is not None
            assert first.valid_to < second.valid_from


def test_every_figure_says_where_it_comes_from():
    for tax in known_taxes():
        assert len(tax.source) > 10
        assert 0 < tax.rate <= 1
    assert {tax.country for tax in known_taxes() if tax.kind is TaxKind.VAT} == {"CO", "PE", "MX", "CL", "EC", "AR"}
    assert not has_taxes("UY")
