"""How numbers, money, dates and identities are written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from portal import filters
from portal.addresses import local_target


@pytest.fixture(params=["es", "en"])
def reader(request, app):
    """A request of somebody who reads this language."""
    with app.test_request_context("/", headers={"Accept-Language": request.param}):
        yield request.param


@pytest.mark.parametrize(
    ("minor", "currency", "es", "en"),
    [
        (4_874_126_227, "COP", "COP 48.741.262,27", "COP 48,741,262.27"),
        (0, "USD", "USD 0,00", "USD 0.00"),
        (-5, "PEN", "PEN -0,05", "PEN -0.05"),
        (1234, "CLP", "CLP 1.234", "CLP 1,234"),
        (None, "COP", "–", "–"),
    ],
)
def test_money_has_the_decimals_of_its_currency_whatever_a_locale_thinks(reader, minor, currency, es, en):
    assert filters.money(minor, currency) == (es if reader == "es" else en)


def test_numbers_and_shares(reader):
    es = reader == "es"
    assert filters.number(1234567) == ("1.234.567" if es else "1,234,567")
    assert filters.number(1000) == ("1.000" if es else "1,000")
    assert filters.percent(0.1234) == ("12,3 %" if es else "12.3 %")
    assert filters.percent(Decimal("0.00005"), 2) == ("0,00 %" if es else "0.00 %")
    assert filters.percent(None) == "–"
    assert filters.basis_points(1850) == ("18,50 %" if es else "18.50 %")
    assert filters.file_size(1_500_000) == ("1,5 MB" if es else "1.5 MB")
    assert filters.file_size(12) == "12 B"
    assert filters.file_size(3 * 10**9) == ("3,0 GB" if es else "3.0 GB")


def test_dates_are_read_in_words_and_moments_on_the_clock_of_bogota(reader):
    assert filters.day(date(2026, 3, 11)) == ("11 mar 2026" if reader == "es" else "11 Mar 2026")
    moment = datetime(2026, 3, 12, 3, 30, tzinfo=UTC)
    assert filters.instant(moment) == ("11 mar 2026, 22:30" if reader == "es" else "11 Mar 2026, 22:30")
    assert filters.instant(None) == filters.day(None) == filters.month(None) == "–"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1032456789", "••••6789"), ("12345", "••••"), ("123456", "••••3456"), ("7", "••••"), ("", "–"), (None, "–")],
)
def test_an_identity_is_covered_but_for_its_end_and_a_short_one_whole(value, shown):
    assert filters.masked(value) == shown


@pytest.mark.parametrize("address", ["/", "/users/?a=1&b=%2F", "/x#y"])
def test_a_path_here_may_be_gone_to(address):
    assert local_target(address) == address


@pytest.mark.parametrize("address", [None, "", "x", "//h", "/\\h", "http://h", "/\n/h", "\t//h", "/\x00", "https:/h"])
def test_anything_else_may_not(address):
    assert local_target(address) is None
