"""Telephones as they were and are dialled in six countries, brought to the international form."""

from __future__ import annotations

import phonenumbers
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from uploads.cells.phones import read_phone, read_phones

COUNTRIES = ("CO", "PE", "MX", "CL", "EC", "AR")


@pytest.mark.parametrize(
    ("country", "city", "written", "e164"),
    [
        ("CO", None, "3001234567", "+573001234567"),
        ("CO", None, "300 123 4567", "+573001234567"),
        ("CO", None, "(300) 123-4567", "+573001234567"),
        ("CO", None, "+57 300 1234567", "+573001234567"),
        ("CO", None, "573001234567", "+573001234567"),
        ("CO", None, "0057 3001234567", "+573001234567"),
        ("CO", None, "033001234567", "+573001234567"),
        ("CO", None, "6012345678", "+576012345678"),
        ("CO", None, "601 234 5678", "+576012345678"),
        ("CO", None, "031 2345678", "+576012345678"),
        ("CO", None, "(1) 2345678", "+576012345678"),
        ("CO", None, "0312345678", "+576012345678"),
        ("CO", None, "0942345678", "+576042345678"),
        ("CO", "Bogotá D.C.", "2345678", "+576012345678"),
        ("CO", "MEDELLÍN", "2345678", "+576042345678"),
        ("CO", "Cali", "234 5678", "+576022345678"),
        ("CO", "Barranquilla", "3456789", "+576053456789"),
        ("CO", "Bucaramanga", "6345678", "+576076345678"),
        ("CO", None, "2345678", None),
        ("CO", "Villa Perdida", "2345678", None),
        ("CO", None, "3991234567", None),
        ("CO", None, "0000000000", None),
        ("CO", None, "3001234567 / 6012345678", "+573001234567"),
        ("CO", None, "no tiene; 3001234567", "+573001234567"),
        ("CO", None, "3001234567 ext 12", None),
        ("PE", None, "987654321", "+51987654321"),
        ("PE", None, "987 654 321", "+51987654321"),
        ("PE", None, "+51987654321", "+51987654321"),
        ("PE", None, "51987654321", "+51987654321"),
        ("PE", None, "01 4441234", "+5114441234"),
        ("PE", None, "(01) 444-1234", "+5114441234"),
        ("PE", "Lima", "4441234", "+5114441234"),
        ("PE", None, "4441234", None),
        ("PE", None, "054-221234", "+5154221234"),
        ("PE", None, "87654321", None),
        ("MX", None, "5512345678", "+525512345678"),
        ("MX", None, "55 1234 5678", "+525512345678"),
        ("MX", None, "01 55 1234 5678", "+525512345678"),
        ("MX", None, "044 55 1234 5678", "+525512345678"),
        ("MX", None, "045 33 1234 5678", "+523312345678"),
        ("MX", None, "+52 1 55 1234 5678", "+525512345678"),
        ("MX", None, "+525512345678", "+525512345678"),
        ("MX", None, "8112345678", "+528112345678"),
        ("MX", None, "12345678", None),
        ("CL", None, "987654321", "+56987654321"),
        ("CL", None, "9 8765 4321", "+56987654321"),
        ("CL", None, "+56 9 8765 4321", "+56987654321"),
        ("CL", None, "09 87654321", "+56987654321"),
        ("CL", None, "221234567", "+56221234567"),
        ("CL", None, "02 2345678", "+56222345678"),
        ("CL", None, "123", None),
        ("EC", None, "0991234567", "+593991234567"),
        ("EC", None, "991234567", "+593991234567"),
        ("EC", None, "+593 99 123 4567", "+593991234567"),
        ("EC", None, "593991234567", "+593991234567"),
        ("EC", None, "022345678", "+59322345678"),
        ("EC", None, "02-234-5678", "+59322345678"),
        ("EC", "Guayaquil", "2345678", "+59342345678"),
        ("EC", "Quito", "2345678", "+59322345678"),
        ("EC", None, "2345678", None),
        ("AR", None, "1123456789", "+541123456789"),
        ("AR", None, "011 15-2345-6789", "+5491123456789"),
        ("AR", None, "11 15 2345 6789", "+5491123456789"),
        ("AR", None, "+54 9 11 2345 6789", "+5491123456789"),
        ("AR", None, "0351 15 234 5678", "+5493512345678"),
        ("AR", None, "351 234 5678", "+543512345678"),
        ("AR", None, "15 2345 6789", None),
    ],
)
def test_a_number_is_read_as_it_is_dialled_today(
    country: str, city: str | None, written: str, e164: str | None
) -> None:
    read = read_phones(pl.Series([written]), pl.Series([city], dtype=pl.String), country)
    assert read.value[0] == e164
    assert read.faults[0] == (None if e164 else "unreadable_phone")
    if e164:
        assert phonenumbers.is_valid_number(phonenumbers.parse(e164))


def test_the_same_digits_in_two_cities_are_two_numbers() -> None:
    cities = pl.Series(["Bogotá", "Medellín", None, "Bogotá"])
    read = read_phones(pl.Series(["2345678"] * 4), cities, "CO")
    assert read.value.to_list() == ["+576012345678", "+576042345678", None, "+576012345678"]


def test_an_empty_cell_is_no_fault() -> None:
    read = read_phones(pl.Series([None, "3001234567"], dtype=pl.String), None, "CO")
    assert (read.value.to_list(), read.fault) == ([None, "+573001234567"], None)


@settings(max_examples=300)
@example("CO", [("", "46000000", False), ("", "46000000", True)])
@given(
    st.sampled_from(COUNTRIES),
    st.lists(
        st.tuples(
            st.sampled_from(["", "+", "0", "09", "15", "044", "60", "3", "9"]),
            st.text("0123456789", min_size=5, max_size=12),
            st.booleans(),
        ),
        min_size=1,
        max_size=20,
    ),
)
def test_a_column_is_read_as_each_of_its_numbers(country: str, parts: list[tuple[str, str, bool]]) -> None:
    code = str(phonenumbers.country_code_for_region(country))
    column = [f"{code if has_code else ''}{start}{digits}" for start, digits, has_code in parts]
    column += [f"+{code}{digits}" for _, digits, _ in parts]
    one_by_one = [read_phone(written, country) for written in column]
    assert read_phones(pl.Series(column), None, country).value.to_list() == [
        one.e164 if one else None for one in one_by_one
    ]
