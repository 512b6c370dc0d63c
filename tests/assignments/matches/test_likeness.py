"""When two debtors are shown as perhaps one person, and when they never are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.matches.likeness import SHOWN_FROM, Birth, Ids, Person, compare_births, compare_ids, likeness

ROSA = Person("Rosa Elena Quintana Urrego", date(1981, 4, 7), "CC", "52123456", "person")
NAMES = st.text("abcdeñáÁ '-", min_size=1, max_size=20)
PERSONS = st.builds(
    Person,
    st.none() | NAMES,
    st.none() | st.dates(date(1940, 1, 1), date(2005, 12, 31)),
    st.none() | st.sampled_from(["CC", "NIT"]),
    st.none() | st.text("0123456789", min_size=6, max_size=10),
    st.none() | st.sampled_from(["person", "company"]),
)


@pytest.mark.parametrize(
    ("other", "contacts", "similarity"),
    [
        (replace(ROSA, id_number=None), {"phone"}, 10_000),
        (replace(ROSA, name="QUINTANA URREGO, ROSA ELENA", id_number=None), {"email"}, 10_000),
        (replace(ROSA, name="Rosa Helena Quintana Urrego", id_number=None), {"phone"}, 9_906),
        (replace(ROSA, birth_date=None, id_number=None), {"phone", "email"}, 8_500),
        (replace(ROSA, birth_date=date(1981, 7, 4), id_number="52123465"), {"phone"}, 9_500),
        (replace(ROSA, id_number="52123457"), {"address"}, 9_000),
        (replace(ROSA, id_type="CE", id_number="990011"), {"phone"}, 10_000),
        # One number, once without its kind of document: no contact needed.
        (replace(ROSA, id_type=None), set(), 10_000),
        (replace(ROSA, id_type=None, birth_date=None), set(), 8_500),
    ],
)
def test_what_is_shown_to_a_person(other, contacts, similarity):
    found = likeness(ROSA, other, contacts)
    assert found is not None
    assert found.similarity_bp == similarity
    assert likeness(other, ROSA, contacts) == found


@pytest.mark.parametrize(
    ("other", "contacts"),
    [
        # The same name and birthday alone: there are many.
        (replace(ROSA, id_number=None), set()),
        # Another valid number of the same document.
        (replace(ROSA, id_number="79555111"), {"phone", "email"}),
        # Mother and daughter, or sisters, by one telephone.
        (replace(ROSA, birth_date=date(2001, 4, 7), id_number=None), {"phone"}),
        (Person("Luz Marina Quintana Urrego", None, None, None, "person"), {"address"}),
        (Person("Pedro Quintana", date(1981, 4, 7), None, None, "person"), {"phone"}),
        # One number under two kinds of document: two numbers.
        (replace(ROSA, id_type="TI"), set()),
        (replace(ROSA, id_type=None, name="Pedro Urrego"), set()),
        # A person and her firm.
        (replace(ROSA, id_number=None, person_type="company"), {"phone"}),
        (replace(ROSA, name=None, id_number=None), {"phone"}),
        # Neither birthday known and no more than an address: too little.
        (replace(ROSA, birth_date=None, id_number=None, name="Rosa Elena Quintana Vargas"), {"address"}),
    ],
)
def test_what_is_never_shown(other, contacts):
    assert likeness(ROSA, other, contacts) is None
    assert likeness(other, ROSA, contacts) is None


def test_dates_and_numbers_beside_each_other():
    assert compare_births(None, date(1980, 1, 1)) is Birth.UNKNOWN
    assert compare_births(date(1980, 2, 1), date(1980, 1, 2)) is Birth.SWAPPED
    assert compare_births(date(1980, 2, 1), date(1981, 1, 2)) is Birth.DIFFERENT
    assert compare_ids(ROSA, replace(ROSA, id_number=None)) is Ids.UNKNOWN
    assert compare_ids(ROSA, replace(ROSA, id_number="52132456")) is Ids.NEAR
    assert compare_ids(ROSA, replace(ROSA, id_number="25132456")) is Ids.DIFFERENT


@given(PERSONS, PERSONS, st.sets(st.sampled_from(["phone", "email", "address"])))
def test_the_order_of_the_two_changes_nothing(one, other, contacts):
    found = likeness(one, other, contacts)
    assert found == likeness(other, one, contacts)
    assert found is None or SHOWN_FROM <= found.similarity_bp <= 10_000
