"""One spelling per point: published numbering plans and the reference's own examples, and an algebra that must hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.contacts.normalising import FAULTS, Normal, Unreadable, normal, same_as

PHONES = [
    # Colombia since 1 September 2021, and how numbers were written before.
    ("CO", "300 123 4567", None, "+573001234567", "mobile"),
    ("CO", "+57 (300) 123-45-67", None, "+573001234567", "mobile"),
    ("CO", "03 300 1234567", None, "+573001234567", "mobile"),
    ("CO", "57 300 1234567", None, "+573001234567", "mobile"),
    ("CO", "601 234 5678", None, "+576012345678", "fixed"),
    ("CO", "(1) 234 5678", None, "+576012345678", "fixed"),
    ("CO", "+57 1 2345678", None, "+576012345678", "fixed"),
    ("CO", "031 234 5678", None, "+576012345678", "fixed"),
    ("CO", "09 1 2345678", None, "+576012345678", "fixed"),
    ("CO", "2345678", "Bogotá D.C.", "+576012345678", "fixed"),
    ("CO", "444 5555", "Medellín", "+576044445555", "fixed"),
    ("CO", "3334444", "BARRANQUILLA", "+576053334444", "fixed"),
    # Mexico since 3 August 2019: no 01, 044, 045, no 1 after the country's code.
    ("MX", "55 1234 5678", None, "+525512345678", None),
    ("MX", "044 55 1234 5678", None, "+525512345678", None),
    ("MX", "045 55 1234 5678", None, "+525512345678", None),
    ("MX", "01 55 1234 5678", None, "+525512345678", None),
    ("MX", "+52 1 55 1234 5678", None, "+525512345678", None),
    # Peru, Chile, Ecuador, Argentina.
    ("PE", "987 654 321", None, "+51987654321", "mobile"),
    ("PE", "01 234 5678", None, "+5112345678", "fixed"),
    ("CL", "9 8765 4321", None, "+56987654321", None),
    ("CL", "+56 2 2345 6789", None, "+56223456789", None),
    ("EC", "099 123 4567", None, "+593991234567", "mobile"),
    ("EC", "02 234 5678", None, "+59322345678", "fixed"),
    ("AR", "011 15 1234-5678", None, "+5491112345678", "mobile"),
    ("AR", "+54 9 11 1234 5678", None, "+5491112345678", "mobile"),
    ("AR", "11 4321 5678", None, "+541143215678", None),
]
NO_PHONES = [
    ("CO", "123"),
    ("CO", "2345678"),  # which city?
    ("CO", "000 000 0000"),
    ("CO", "300 123 456"),
    ("CO", "no tiene"),
    ("CO", "601 234 5678 ext. 12"),  # somebody's switchboard
    ("PE", "300 123 4567"),
    ("MX", "12345"),
]
ADDRESSES = [
    ("Carrera 13A # 90-18", "CR 13A # 90-18"),
    ("Cra. 13 A No 90 - 18", "CR 13A # 90-18"),
    ("KR 13A 90-18", "CR 13A # 90-18"),
    ("kra 13a nro. 90-18", "CR 13A # 90-18"),
    ("Calle 100 # 8A-49 Torre B", "CL 100 # 8A-49 TORRE B"),
    ("Cll 26 Sur # 68 bis - 31", "CL 26 SUR # 68 BIS-31"),
    ("Diagonal 45 No. 16B-11 Este", "DG 45 # 16B-11 ESTE"),
    ("Transv. 5 # 4-3, apto 301", "TV 5 # 4-3 APTO 301"),
    ("Av. Calle 26 # 68B-31", "AC 26 # 68B-31"),
    ("Avenida Carrera 68 # 13-51", "AK 68 # 13-51"),
    ("Avenida 6 Norte # 23-10", "AV 6 NORTE # 23-10"),
    ("Circular 4 # 70-12", "CQ 4 # 70-12"),
    ("Vereda El Rosal, km 4", "VEREDA EL ROSAL, KM 4"),
    ("Manzana 3 casa 8, barrio La Peña", "MANZANA 3 CASA 8, BARRIO LA PEÑA"),
]


@pytest.mark.parametrize(("country", "raw", "city", "value", "kind"), PHONES)
def test_a_phone_is_read_by_its_country_s_plan(country, raw, city, value, kind):
    read = normal("phone", raw, country, city)

    assert isinstance(read, Normal)
    assert read.value == value
    assert kind in {None, read.detail}


@pytest.mark.parametrize(("country", "raw"), NO_PHONES)
def test_what_is_no_phone_there_is_not_guessed(country, raw):
    assert normal("phone", raw, country) == Unreadable("unreadable_phone")


@pytest.mark.parametrize(("raw", "value"), ADDRESSES)
def test_an_address_of_colombia_has_one_spelling(raw, value):
    assert normal("address", raw, "CO").value == value


def test_an_address_elsewhere_stays_as_it_is_written():
    assert normal("address", "Av.  Insurgentes Sur 1602, Col. Crédito Constructor", "MX") == Normal(
        "AV. INSURGENTES SUR 1602, COL. CRÉDITO CONSTRUCTOR", "free_text"
    )


@pytest.mark.parametrize("raw", [" Ana.Perez@Example.CO ", "ANA.PEREZ@example.co"])
def test_an_e_mail_is_lower_case(raw):
    assert normal("email", raw, "CO") == Normal("ana.perez@example.co", "example.co")


@pytest.mark.parametrize("raw", ["ana", "ana@", "ana@@example.co", "ana@example", "a b@example.co"])
def test_what_is_no_e_mail_is_refused(raw):
    assert normal("email", raw, "CO") == Unreadable("unreadable_email")


@pytest.mark.parametrize(
    ("country", "raw", "value"),
    [
        ("CO", "NIT 900.123.456-8", "9001234568"),
        ("CO", "900123456-8", "9001234568"),
        ("PE", "RUC 20512333797", "20512333797"),
        ("CO", "Almacenes  Ñandú S.A.S.", "ALMACENES ÑANDÚ S.A.S."),
    ],
)
def test_an_employer_is_a_tax_number_with_its_check_digit_or_a_name(country, raw, value):
    assert normal("employer", raw, country).value == value


def test_a_tax_number_with_a_wrong_check_digit_is_refused():
    assert normal("employer", "900123456-1", "CO") == Unreadable("unreadable_employer")


@pytest.mark.parametrize("kind", ["phone", "email", "address", "employer"])
@pytest.mark.parametrize("raw", ["", "   ", "x" * 301])
def test_nothing_and_too_much_are_refused(kind, raw):
    assert normal(kind, raw, "CO") == Unreadable(f"unreadable_{kind}")
    assert f"unreadable_{kind}" in FAULTS


_PIECES = st.sampled_from(
    [
        "Cra",
        "Calle",
        "Av.",
        "Kr",
        "13",
        "7",
        "A",
        "bis",
        "Sur",
        "#",
        "No.",
        "-",
        "90",
        "18",
        "apto",
        "Torre",
        "301",
        ",",
        "Ñ",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["phone", "email", "address", "employer"]),
    st.one_of(
        st.text(max_size=60),
        st.lists(_PIECES, max_size=12).map(" ".join),
        st.from_regex(r"\+?[0-9 ()-]{5,16}", fullmatch=True),
        st.emails(),
    ),
    st.sampled_from(["CO", "PE", "MX", "CL", "EC", "AR"]),
)
def test_the_normal_form_of_a_normal_form_is_itself(kind, raw, country):
    read = normal(kind, raw, country)

    if isinstance(read, Normal):
        assert normal(kind, read.value, country).value == read.value
        assert same_as(kind, raw, country) == read.value
