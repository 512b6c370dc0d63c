"""Addresses in one spelling, columns as each of their cells."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.cells.addresses import read_address, read_addresses
from uploads.cells.emails import read_emails

ROADS = [
    "Calle",
    "CLL",
    "Cl.",
    "Carrera",
    "Cra",
    "KR",
    "K",
    "Diagonal",
    "Tv",
    "Av",
    "Avenida Calle",
    "AK",
    "Vereda",
    "Mz",
]


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Calle 12 # 34-56", "CL 12 # 34-56"),
        ("CLL 12 # 34 - 56", "CL 12 # 34-56"),
        ("cl. 12 No. 34-56", "CL 12 # 34-56"),
        ("Carrera 13A # 90-18", "CR 13A # 90-18"),
        ("Kra 13 a Nro 90 18 apto 301", "KRA 13 A NRO 90 18 APTO 301"),
        ("Cra 13A # 90-18 Apto 301", "CR 13A # 90-18 APTO 301"),
        ("Calle 5A Bis Sur # 3-4", "CL 5A BIS SUR # 3-4"),
        ("Avenida Calle 26 # 59-41", "AC 26 # 59-41"),
        ("Dg 25G # 95A-55", "DG 25G # 95A-55"),
        ("Vereda La Unión,  km 3", "VEREDA LA UNIÓN, KM 3"),
        ("Calle Real", "CALLE REAL"),
    ],
)
def test_a_colombian_street_has_one_spelling(written: str, normal: str) -> None:
    read = read_addresses(pl.Series([written]), "CO")
    assert (read.value[0], read.fault) == (normal, None)


def test_streets_of_other_countries_are_kept_in_capitals() -> None:
    read = read_addresses(pl.Series(["Av. Arequipa 123, Miraflores"]), "PE")
    assert read.value.to_list() == ["AV. AREQUIPA 123, MIRAFLORES"]


@pytest.mark.parametrize("written", ["x1", "...", "- -", "#"])
def test_too_little_to_find_anybody_by_is_remarked_on(written: str) -> None:
    read = read_addresses(pl.Series([written, None, "Calle 1 # 2-3"]), "CO")
    assert read.value.to_list() == [None, None, "CL 1 # 2-3"]
    assert read.faults.to_list() == ["unreadable_address", None, None]


@given(
    st.lists(
        st.one_of(
            st.builds(
                "{} {}{}{} {}-{}{}".format,
                st.sampled_from(ROADS),
                st.integers(1, 300),
                st.sampled_from(["", "A", " B", " bis", " sur"]),
                st.sampled_from([" #", " # ", " No.", " -", ""]),
                st.integers(1, 200),
                st.integers(1, 120),
                st.sampled_from(["", " Apto 3", ", Barrio Ñuñoa", " sur"]),
            ),
            st.text("Cal ckr12#-. ñÑéA", max_size=20),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_column_is_read_as_each_of_its_addresses(column: list[str]) -> None:
    column = [" ".join(one.split()) for one in column]
    one_by_one = [read_address(one, "CO") for one in column]
    assert read_addresses(pl.Series(column), "CO").value.to_list() == [
        one.normal if one else None for one in one_by_one
    ]


@pytest.mark.parametrize(
    ("written", "value", "fault"),
    [
        ("Ana.Pérez@Correo.Example", "ana.pérez@correo.example", None),
        ("ANA@EXAMPLE.COM", "ana@example.com", None),
        ("ana+cobro@sub.example.com.co", "ana+cobro@sub.example.com.co", None),
        ("ana@example", "ana@example", "unreadable_email"),
        ("ana example.com", "ana example.com", "unreadable_email"),
        ("ana@@example.com", "ana@@example.com", "unreadable_email"),
        ("ana..b@example.com", "ana..b@example.com", "unreadable_email"),
        ("ana@-example.com", "ana@-example.com", "unreadable_email"),
        ("x@" + "a" * 70 + ".com", "x@" + "a" * 70 + ".com", "unreadable_email"),
        (None, None, None),
    ],
)
def test_an_email_is_in_lower_case_and_kept_when_it_is_none(
    written: str | None, value: str | None, fault: str | None
) -> None:
    read = read_emails(pl.Series([written, "b@example.com"], dtype=pl.String))
    assert (read.value[0], read.faults[0]) == (value, fault)
