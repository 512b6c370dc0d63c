"""What is covered stays told apart, and gives away neither a number, nor an address, nor a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.contacts import masking
from assignments.contacts.models import ContactKind


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (ContactKind.PHONE, "+573001234567", "+57 ••• ••• 4567"),
        (ContactKind.PHONE, "300 123 4567", "••• ••• 4567"),
        (ContactKind.PHONE, "123456", "••••"),
        (ContactKind.EMAIL, "ana.uno@correo.example", "a•••@c•••"),
        (ContactKind.EMAIL, "@correo.example", "•••@c•••"),
        (ContactKind.ADDRESS, "Calle 1 # 2-3", "••••, Cali"),
        ("employer", "Fábrica S.A.", "••••"),
        (ContactKind.PHONE, None, ""),
    ],
)
def test_ways_to_reach_somebody_are_told_apart_and_not_given_away(kind, value, shown):
    assert masking.contact(kind, value, "Cali") == shown


def test_of_a_number_beside_one_that_differs_in_one_digit_that_digit_is_shown():
    assert masking.apart("1032456789", "1032156789") == "••••4•6789"
    assert masking.apart("1032156789", "1032456789") == "••••1•6789"
    assert masking.apart("1032456789", "99") == "••••••6789"
    assert masking.apart("12345", "12344") == "••••"


def test_a_name_is_its_first_letters_for_those_whose_work_is_not_with_the_person():
    assert masking.name("Ana María Uno") == "A••• M••• U•••"
    assert masking.name(None) == ""


@given(st.text(alphabet="0123456789", min_size=6, max_size=20))
def test_no_more_than_four_digits_of_a_number_are_ever_shown(number):
    for shown in (masking.document(number), masking.phone(number)):
        assert sum(letter.isdigit() for letter in shown) <= 4
    assert number not in masking.cell("national_id", number)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("national_id", "52123456"),
        ("phone_2", "3001234567"),
        ("email", "ana.uno@correo.example"),
        ("address", "Calle 1 # 2-3"),
        ("birth_date", "1981-04-07"),
    ],
)
def test_a_cell_of_a_file_is_covered_by_what_its_column_holds(field, value):
    assert value not in masking.cell(field, value)
    assert masking.cell("account_ref", "A-1") == "A-1"
