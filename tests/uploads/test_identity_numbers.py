"""Identity numbers of six countries: one spelling, and a remark where they cannot be right."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.ar import cuit
from stdnum.cl import rut
from stdnum.co import nit
from stdnum.ec import ci
from stdnum.ec import ruc as ruc_ec
from stdnum.mx import curp
from stdnum.pe import cui
from stdnum.pe import ruc as ruc_pe

from uploads.cells import checkdigits
from uploads.cells.identity import read_identities
from uploads.cells.reader import read_cells
from uploads.options import Options
from uploads.schemas.portfolio import PORTFOLIO

DIGITS = "0123456789"


def read(country: str, written: str, id_type: str | None = None) -> tuple[str | None, str | None, str | None]:
    """Number, check digit kept apart, and the code of the remark."""
    text = pl.Series([written])
    number = read_cells(text, PORTFOLIO["national_id"], Options(), text).value
    types = None if id_type is None else pl.Series([id_type])
    found = read_identities(text, number, types, country)
    return found.number.value[0], found.digit[0], found.number.faults[0]


@pytest.mark.parametrize(
    ("country", "id_type", "written", "number", "digit"),
    [
        ("CO", "CC", "52.123.456", "52123456", None),
        ("CO", "CEDULA", "1.012.345.678", "1012345678", None),
        ("CO", "CC", "0052123456", "52123456", None),
        ("CO", "CC", "52123456.0", "52123456", None),
        ("CO", "NIT", "900.123.456-8", "900123456", "8"),
        ("CO", "NIT", "9001234568", "900123456", "8"),
        ("CO", "N", "900123456", "900123456", None),
        ("CO", None, "900.123.456-8", "900123456", "8"),
        ("CO", "PA", "ab 123456", "AB123456", None),
        ("CO", "TI", "1012345678", "1012345678", None),
        ("PE", "DNI", "12345678", "12345678", None),
        ("PE", "DNI", "1234567", "01234567", None),
        ("PE", "D", "10117410-2", "10117410", "2"),
        ("PE", "RUC", "20512333797", "20512333797", None),
        ("PE", None, "20512333797", "20512333797", None),
        ("MX", "CURP", "boxw310820hnerxn09", "BOXW310820HNERXN09", None),
        ("MX", "RFC", "GODE 561231 GR8", "GODE561231GR8", None),
        ("CL", "RUT", "12.531.909-2", "125319092", None),
        ("CL", "RUN", "012531909-2", "125319092", None),
        ("EC", "C", "171430710-3", "1714307103", None),
        ("EC", "C", "926687856", "0926687856", None),
        ("EC", "R", "1792060346001", "1792060346001", None),
        ("EC", "P", "AB12345", "AB12345", None),
        ("AR", "CUIT", "20-05536168-2", "20055361682", None),
        ("AR", "CUIL", "20055361682", "20055361682", None),
        ("AR", "DNI", "20.123.456", "20123456", None),
        ("AR", None, "20123456", "20123456", None),
    ],
)
def test_a_number_has_one_spelling(
    country: str, id_type: str | None, written: str, number: str, digit: str | None
) -> None:
    assert read(country, written, id_type) == (number, digit, None)


@pytest.mark.parametrize(
    ("country", "id_type", "written", "code"),
    [
        ("CO", "NIT", "900.123.456-7", "id_check_digit"),
        ("CO", "NIT", "9001234567", "id_check_digit"),
        ("CO", "CC", "12", "id_shape"),
        ("CO", "CC", "52123456789", "id_shape"),
        ("CO", "CC", "AB123", "id_shape"),
        ("CO", None, "AB-1", "id_shape"),
        ("PE", "DNI", "123", "id_shape"),
        ("PE", "DNI", "10117410-3", "id_check_digit"),
        ("PE", "RUC", "20512333798", "id_check_digit"),
        ("PE", "RUC", "30512333797", "id_shape"),
        ("MX", "CURP", "BOXW310820HNERXN08", "id_check_digit"),
        ("MX", "CURP", "BOXW311320HNERXN09", "id_shape"),
        ("MX", "RFC", "GODE5612311GR8", "id_shape"),
        ("CL", "RUT", "12.531.909-3", "id_check_digit"),
        ("CL", None, "12531909K", "id_check_digit"),
        ("EC", "C", "1714307104", "id_check_digit"),
        ("EC", "C", "2614307103", "id_shape"),
        ("EC", "R", "1792060347001", "id_check_digit"),
        ("AR", "CUIT", "20-05536168-3", "id_check_digit"),
        ("AR", "CUIT", "99-05536168-2", "id_shape"),
        ("AR", "DNI", "123", "id_shape"),
    ],
)
def test_a_wrong_number_is_remarked_on_and_kept(country: str, id_type: str | None, written: str, code: str) -> None:
    number, _, found = read(country, written, id_type)
    assert found == code
    assert number is not None


@pytest.mark.parametrize(
    ("country", "written", "code"),
    [
        ("MX", "XAXX010101000", "id_generic"),
        ("MX", "xexx-010101-000", "id_generic"),
        ("CO", "222222222222", "id_generic"),
        ("CO", "8.6E+08", "digits_lost"),
        ("AR", "2,0E+10", "digits_lost"),
    ],
)
def test_a_number_of_nobody_is_left_out(country: str, written: str, code: str) -> None:
    assert read(country, written) == (None, None, code)


def test_with_and_without_its_check_digit_a_nit_is_one_number() -> None:
    spellings = ["900123456", "900.123.456-8", "9001234568", "900123456 - 8", "900,123,456-8"]
    assert {read("CO", one, "NIT")[0] for one in spellings} == {"900123456"}


def test_types_have_one_spelling_and_unknown_ones_are_told() -> None:
    number = pl.Series(["1714307103", "1792060346001", "AB12345", "1"])
    found = read_identities(number, number, pl.Series(["C", "R", "P", "Z9"]), "EC")
    assert found.type is not None
    assert found.type.value.to_list() == ["CI", "RUC", "PA", "Z9"]
    assert found.type.faults.to_list() == [None, None, None, "id_type_unknown"]
    # What we know nothing of is not judged either.
    assert found.number.faults.to_list() == [None] * 4


def test_numbers_of_another_country_are_let_be() -> None:
    assert read("US", "123-45-6789", "SSN") == ("123456789", None, None)


@pytest.mark.parametrize(
    ("rule", "numbers", "library"),
    [
        (checkdigits.nit, st.text(DIGITS, min_size=8, max_size=12), nit.is_valid),
        (checkdigits.ruc_pe, st.from_regex("(10|15|17|20)[0-9]{9}", fullmatch=True), ruc_pe.is_valid),
        (checkdigits.dni_pe, st.from_regex("[0-9]{8}[0-9A-K]", fullmatch=True), cui.is_valid),
        (checkdigits.rut, st.from_regex("[0-9]{7,8}[0-9K]", fullmatch=True), rut.is_valid),
        (checkdigits.cedula_ec, st.from_regex("(0[1-9]|1[0-9]|2[0-4]|30)[0-6][0-9]{7}", fullmatch=True), ci.is_valid),
        (checkdigits.ruc_ec, st.from_regex("(0[1-9]|1[0-9]|2[0-4])[0-9]{8}00[01]", fullmatch=True), ruc_ec.is_valid),
        (checkdigits.cuit, st.from_regex("(20|27|30|55)[0-9]{9}", fullmatch=True), cuit.is_valid),
        (checkdigits.curp, st.from_regex("GOBM800101[HM]JCRRN[0-9A]{1}[0-9]", fullmatch=True), curp.is_valid),
    ],
)
def test_a_column_is_judged_as_the_library_judges_each_number(rule, numbers, library) -> None:
    @given(st.lists(numbers, min_size=1, max_size=40))
    def judged(column: list[str]) -> None:
        assert checkdigits.agrees(pl.Series(column), rule).to_list() == [library(one) for one in column]

    judged()
