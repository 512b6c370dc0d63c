"""Tax numbers by country."""

from __future__ import annotations

import pytest

from agencies.kernel import clock, money
from agencies.organisations import countries
from agencies.organisations.countries import CountryUnknown, TaxIdInvalid


@pytest.mark.parametrize(
    ("country", "written", "kept"),
    [
        ("CO", "900.123.456-8", "9001234568"),
        ("PE", "20512333797", "20512333797"),
        ("MX", "GODE 561231 GR8", "GODE561231GR8"),
        ("CL", "76.086.428-5", "760864285"),
        ("EC", "1792060346-001", "1792060346001"),
        ("AR", "20-05536168-2", "20055361682"),
    ],
)
def test_a_tax_number_is_kept_without_its_punctuation(country, written, kept):
    assert countries.tax_number(country, written) == kept


@pytest.mark.parametrize(
    ("country", "written"), [("CO", "900.123.456-7"), ("PE", "2051233379"), ("CL", "abc"), ("CO", "")]
)
def test_a_wrong_check_digit_or_length_is_refused(country, written):
    with pytest.raises(TaxIdInvalid):
        countries.tax_number(country, written)


def test_an_unknown_country_is_refused():
    with pytest.raises(CountryUnknown):
        countries.tax_number("US", "12-3456789")


def test_a_tax_number_is_shown_as_the_country_writes_it():
    assert countries.shown_tax_number("CO", "9001234568") == "NIT 900.123.456-8"
    assert countries.shown_tax_number("CO", "platform") == ""


def test_every_country_has_a_calendar_and_a_currency():
    assert set(countries.COUNTRIES) == set(clock.COUNTRIES)
    assert all(one.currency in money.EXPONENT for one in countries.COUNTRIES.values())
