"""Columns confirmed before: the same ones without asking, nearly the same ones with what changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.uploads.test_mapping import OWN
from uploads.mapping.proposals import Proposal, propose
from uploads.mapping.remembered import Remembered, nearest
from uploads.models import UploadKind
from uploads.options import Options
from uploads.schemas.registry import SCHEMAS

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
HEADER = ("Llave Interna", "Deuda Hoy", "Vence", "Color")
BEFORE = Remembered(
    {"Llave Interna": "account_ref", "Deuda Hoy": "balance_total", "Vence": "due_date"},
    Options(currency="COP", date_order="dmy", decimal=",", time_zone="America/Bogota"),
    HEADER,
    WHEN,
    7,
)
ROW = {"Llave Interna": "A-1", "Deuda Hoy": "1.500,50", "Vence": "31/12/2025", "Color": "rojo"}


def proposed(row: dict[str, str], before: Remembered = BEFORE) -> Proposal:
    return propose(list(row), [list(row.values())], SCHEMAS[UploadKind.PORTFOLIO], before, own=OWN)


def fields(found: Proposal) -> dict[str, str | None]:
    return {one.header: one.field for one in found.columns}


def test_the_same_columns_written_the_same_way_leave_nothing_to_ask() -> None:
    found = proposed(dict(reversed(ROW.items())))
    assert found.is_settled
    assert found.changes is None
    assert fields(found) == {**BEFORE.fields, "Color": None}


def test_the_same_names_spelt_otherwise_are_the_same_columns() -> None:
    found = proposed({"LLAVE_INTERNA": "A-1", "deuda hoy": "1.500,50", "Vence:": "31/12/2025", "color": "rojo"})
    assert found.is_settled
    assert fields(found)["LLAVE_INTERNA"] == "account_ref"


@pytest.mark.parametrize(
    ("cell", "value", "option"),
    [("Deuda Hoy", "1,500.50", ("decimal", ".")), ("Vence", "12/31/2025", ("date_order", "mdy"))],
)
def test_a_file_written_otherwise_than_last_time_is_asked_about(cell, value, option) -> None:
    found = proposed({**ROW, cell: value})
    assert found.is_remembered
    assert found.is_written_otherwise
    assert not found.is_settled
    assert getattr(found.options, option[0]) == option[1]


def test_what_the_values_leave_open_is_as_last_time() -> None:
    found = proposed({**ROW, "Deuda Hoy": "1.500", "Vence": "01/02/2025"})
    assert (found.options.decimal, found.options.date_order, found.is_settled) == (",", "dmy", True)


def test_values_that_no_longer_fit_are_asked_about() -> None:
    found = proposed({**ROW, "Deuda Hoy": "pendiente"})
    assert not found.is_settled
    assert [one.reason for one in found.columns][1] == "contradicted"


def test_columns_that_came_went_and_were_renamed_are_pointed_out() -> None:
    row = {"Llave Interna": "A-1", "Saldo Total": "1.500,50", "Vence": "31/12/2025", "Ciudad": "Cali"}
    found = proposed(row)
    assert not found.is_remembered
    assert not found.is_settled
    assert found.changes is not None
    assert found.changes.renamed == (("Deuda Hoy", "Saldo Total"),)
    assert (found.changes.new, found.changes.gone) == (("Ciudad",), ("Color",))
    assert fields(found) == {
        "Llave Interna": "account_ref",
        "Saldo Total": "balance_total",
        "Vence": "due_date",
        "Ciudad": "city",
    }
    assert found.missing == ()


def test_a_needed_column_that_is_gone_is_missed() -> None:
    found = proposed({name: value for name, value in ROW.items() if name != "Deuda Hoy"})
    assert found.missing == ("balance_total",)
    assert found.changes is not None
    assert found.changes.gone == ("Deuda Hoy",)


def test_a_column_left_out_on_purpose_stays_out() -> None:
    before = Remembered({"Obligación": "account_ref", "Saldo": "balance_total"}, OWN, ("Obligación", "Saldo", "Ciudad"))
    found = proposed({"Obligación": "A1", "Saldo": "5.00", "Ciudad": "Cali", "Correo": "a@example.com"}, before)
    assert fields(found) == {"Obligación": "account_ref", "Saldo": "balance_total", "Ciudad": None, "Correo": "email"}


def test_the_nearest_set_is_taken_and_a_strange_one_is_not() -> None:
    other = Remembered({"a": "account_ref", "b": "balance_total"}, OWN, ("a", "b", "Color", "Vence"), WHEN)
    assert nearest(["Llave Interna", "Deuda Hoy", "Vence", "Nueva"], [other, BEFORE]) is BEFORE
    assert nearest(["x", "y", "z", "Color"], [other, BEFORE]) is None
    assert nearest([], []) is None


def test_a_field_the_kind_no_longer_has_is_asked_for_again() -> None:
    before = Remembered({**BEFORE.fields, "Color": "no_such_field"}, BEFORE.options, HEADER, WHEN)
    assert fields(proposed(ROW, before))["Color"] is None
