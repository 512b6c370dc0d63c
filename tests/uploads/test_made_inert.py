"""What is handed out with an apostrophe, so that no spreadsheet runs it, is read again as what it was."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.kernel.sheets import inert
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads.cells.reader import clean
from uploads.checking.errorfile import error_file
from uploads.checking.errorforms import Dialect, as_text
from uploads.options import Options

CELL = st.text(st.sampled_from("ab12 '=+-@.,;()\t\r\n\u00a0\uff1d|ñ"), max_size=9)
ROWS = st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=8)


def cleaned(rows: list[list[str]]) -> list[str | None]:
    return clean(pl.Series([cell for row in rows for cell in row], dtype=pl.String)).to_list()


@given(ROWS, st.sampled_from(",;\t|"))
def test_rows_handed_out_are_read_as_the_rows_they_were(rows: list[list[str]], delimiter: str) -> None:
    data = b"".join(as_text([rows], Dialect("utf-8", delimiter, b"")))
    again = list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))
    assert cleaned(again) == cleaned(rows)


@given(CELL)
def test_handed_out_twice_a_cell_has_one_apostrophe(cell: str) -> None:
    assert inert(inert(cell)) == inert(cell)


@pytest.mark.parametrize("cell", ["O'Neil", "'abc", "''=1", "d'=1", "'", "' a"])
def test_an_apostrophe_that_keeps_nothing_from_running_stays(cell: str) -> None:
    assert cleaned([[cell]]) == [cell]


def test_rejected_rows_sent_again_have_their_columns_proposed_and_the_same_faults(ports: Ports) -> None:
    analyst = World(ports).actor(Role.ANALYST)
    lines = [f"A{n};-1.234,5{n};+57 300 123 456{n};=Ana {n};+57-300-123-456{n}\n" for n in range(9)]
    data = ("obligacion;saldo;celular;nombre;tel2\n" + "".join(lines)).encode()
    first = files.checked(ports, analyst, data, options=Options(decimal=","))
    assert first.rows_rejected == len(lines)
    with ports.session(analyst) as session:
        back = b"".join(error_file(session, analyst, ports.storage, first.id))
    assert b"\nA1;-1.234,51;+57 300 123 4561;'=Ana 1;'+57-300-123-4561;" in back
    again = files.checked(ports, analyst, back)
    assert (again.mapping, again.options["decimal"]) == (first.mapping, ",")
    assert (again.error_counts, again.warning_counts) == (first.error_counts, first.warning_counts)
