"""Columns whose names say nothing, taken for what only their values can be: always marked, always below any name."""

from __future__ import annotations

import pytest

from tests.uploads.test_mapping import OWN
from uploads.mapping.proposals import FLOOR, ColumnGuess, propose
from uploads.models import UploadKind
from uploads.schemas.registry import SCHEMAS

ROWS = 12
EMAILS = [f"persona{n}@example.com" for n in range(ROWS)]
MOBILES = [f"30{n % 6} 555 {1000 + n}" for n in range(ROWS)]
WITH_PREFIX = [f"+57310555{1000 + n}" for n in range(ROWS)]
IDS = [f"52.{100 + n}.{400 + n}" for n in range(ROWS)]
NEW_IDS = [f"10{20 + n}345678" for n in range(ROWS)]
TAX_NUMBERS = [f"9001234{10 + n}-{n % 10}" for n in range(ROWS)]
BIRTHS = [f"{1955 + 3 * n}-0{1 + n % 9}-15" for n in range(ROWS)]
ACCOUNTS = [f"4500-00{10000 + n}" for n in range(ROWS)]
LONG_ACCOUNTS = [f"45000000{10000000 + n}" for n in range(ROWS)]
CURRENCIES = ["COP", "USD"] * (ROWS // 2)


def column_of(values: list[str], *, name: str = "dato7", kind: UploadKind = UploadKind.PORTFOLIO) -> ColumnGuess:
    """What a column of this name and these values is taken for, beside one that is known."""
    rows = [[f"{at + 1}.50", value] for at, value in enumerate(values)]
    return propose(["saldo total", name], rows, SCHEMAS[kind], None, own=OWN).columns[1]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (EMAILS, "email"),
        (MOBILES, "phone"),
        (WITH_PREFIX, "phone"),
        (IDS, "national_id"),
        (NEW_IDS, "national_id"),
        (TAX_NUMBERS, "national_id"),
        (BIRTHS, "birth_date"),
        (ACCOUNTS, "account_ref"),
        (LONG_ACCOUNTS, "account_ref"),
        (CURRENCIES, "currency"),
    ],
)
def test_values_of_a_shape_of_their_own_are_told(values: list[str], field: str) -> None:
    column = column_of(values)
    assert (column.field, column.reason, column.is_danger) == (field, "values", True)
    assert 0 < column.confidence < FLOOR
    assert column.samples == tuple(values[: len(column.samples)])
    assert column.samples


@pytest.mark.parametrize(
    "values",
    [
        ["rojo", "azul", "verde"] * 4,
        [str(n) for n in range(ROWS)],
        ["1234.50", "99.10", "5.00"] * 4,
        ["2026-01-31"] * ROWS,
        [f"2025-{1 + n:02}-01" for n in range(ROWS)],
        ["52123456"] * ROWS,
        EMAILS[:2],
        ["", "-", "N/A"] * 4,
        ["S", "N"] * 6,
    ],
)
def test_values_that_could_be_anything_are_left_alone(values: list[str]) -> None:
    assert column_of(values).field is None


def test_a_column_of_known_codes_is_told_by_them() -> None:
    column = column_of(["llamada", "whatsapp", "visita"] * 4, kind=UploadKind.ACTIVITIES)
    assert (column.field, column.reason) == ("channel", "values")


@pytest.mark.parametrize("name", ["telefono_codeudor", "dato referencia", "contacto del fiador"])
def test_what_is_somebody_elses_is_not_taken_for_the_debtors(name: str) -> None:
    assert column_of(MOBILES, name=name).field is None


def test_a_name_goes_before_values() -> None:
    rows = [[mobile, other] for mobile, other in zip(MOBILES, WITH_PREFIX, strict=True)]
    found = propose(["dato7", "celular"], rows, SCHEMAS[UploadKind.PORTFOLIO], None, own=OWN).columns
    assert [column.field for column in found] == ["phone_2", "phone"]


def test_values_decide_between_columns_that_share_a_name() -> None:
    rows = [["registro publico"], ["central de riesgo"], ["campo"]]
    [column] = propose(["fuente"], rows, SCHEMAS[UploadKind.FINDINGS], None, own=OWN).columns
    assert column.field == "source_class"
