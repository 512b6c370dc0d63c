"""Rows read against their schema: typed, or told what is wrong with them."""

from __future__ import annotations

import io
from datetime import date

import pytest

from uploads.checking.checks import Checked, check
from uploads.formats.blocks import blocks
from uploads.formats.frames import read
from uploads.models import UploadKind
from uploads.options import Options
from uploads.schemas.registry import SCHEMAS

OPTIONS = Options(currency="COP", date_order="dmy", decimal=",", time_zone="America/Bogota")


def checked(
    fields: str,
    *rows: str,
    kind: UploadKind = UploadKind.PORTFOLIO,
    options: Options = OPTIONS,
    today: date | None = None,
) -> Checked:
    names = fields.split(";")
    data = "".join(f"{row}\n" for row in rows).encode()
    (block,) = blocks(io.BytesIO(data), "utf-8", ";", 0)
    sheet = read(block, len(names), ";", range(len(names)), 2)
    return check(sheet, dict(enumerate(names)), SCHEMAS[kind], options, today=today)


def faults(found: Checked) -> list[tuple[int, str, str, str]]:
    return found.errors.rows()


def test_a_good_row_is_typed() -> None:
    found = checked(
        "account_ref;balance_total;due_date;days_past_due;person_type;full_name",
        "A1;1.234,50;31/12/2023;120;Persona Jurídica;  Peña  ",
    )
    (row,) = found.rows.to_dicts()
    assert row["balance_total"] == 123_450
    assert str(row["due_date"]) == "2023-12-31"
    assert (row["days_past_due"], row["person_type"], row["full_name"]) == (120, "company", "Peña")
    assert (row["currency"], row["line"]) == ("COP", 2)
    assert (found.read, found.rejected, faults(found)) == (1, 0, [])


def test_who_was_born_in_55_and_what_falls_due_in_30_are_read_by_the_day_the_file_came() -> None:
    names = "account_ref;balance_total;birth_date;open_date;charge_off_date;due_date"
    row = "A1;5,00;05/03/55;01/06/98;01/06/30;31/08/30"
    found = checked(names, row, today=date(2026, 3, 1)).rows.to_dicts()[0]
    assert [str(found[name]) for name in names.split(";")[2:]] == [
        "1955-03-05",
        "1998-06-01",
        "1930-06-01",
        "2030-08-31",
    ]


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("account_ref", "", "required"),
        ("account_ref", "n/a", "required"),
        ("account_ref", "A" * 61, "too_long"),
        ("account_ref", "A\x07", "control_character"),
        ("account_ref", "A\x00B", "control_character"),
        ("balance_total", "", "required"),
        ("balance_total", "-5", "negative"),
        ("balance_total", "(5)", "negative"),
        ("balance_total", "cinco", "unreadable_amount"),
        ("balance_total", "5,001", "too_many_decimals"),
        ("due_date", "31/02/2023", "unreadable_date"),
        ("due_date", "12/31/2023", "date_order"),
        ("days_past_due", "doce", "unreadable_number"),
        ("days_past_due", "-3", "negative"),
        ("person_type", "robot", "unknown_choice"),
        ("currency", "XYZ", "unknown_currency"),
    ],
)
def test_a_bad_cell_sends_its_row_to_the_errors(field: str, cell: str, code: str) -> None:
    cells = {"account_ref": "A1", "balance_total": "5", "due_date": "", "days_past_due": "", "person_type": ""}
    cells |= {"currency": "", field: cell}
    found = checked(";".join(cells), ";".join(cells.values()))
    assert [(line, name, found_code) for line, name, found_code, _ in faults(found)] == [(2, field, code)]
    assert (len(found.rows), found.read, found.rejected) == (0, 1, 1)


def test_every_fault_of_a_row_is_told_and_the_row_counted_once() -> None:
    found = checked("account_ref;balance_total;due_date", "A1;x;y", "A2;1;", "A3;-1;")
    assert faults(found) == [
        (2, "balance_total", "unreadable_amount", "x"),
        (2, "due_date", "unreadable_date", "y"),
        (4, "balance_total", "negative", "-1"),
    ]
    assert (found.read, found.rejected, found.rows["account_ref"].to_list()) == (3, 2, ["A2"])


def test_ragged_rows_are_read_and_rejected() -> None:
    found = checked("account_ref;balance_total", "A1;1", "A2", "A3;1;2")
    assert [(line, field, code) for line, field, code, _ in faults(found)] == [
        (3, "row", "too_few_cells"),
        (4, "row", "too_many_cells"),
    ]
    assert (found.read, found.rejected) == (3, 2)


def test_a_text_of_several_lines_becomes_one() -> None:
    found = checked("account_ref;balance_total;address", 'A1;1;"Calle 1\r\n  Apto 2"')
    assert found.rows["address"].to_list() == ["Calle 1 Apto 2"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("12.345.678-k", "12345678K"),
        ("860003563.0", "860003563"),
        ("52 123 456", "52123456"),
        ("000123", "000123"),
        ("0", None),
        ("999999", None),
        ("...", None),
    ],
)
def test_an_identity_number_has_one_spelling(written: str, kept: str | None) -> None:
    found = checked("account_ref;balance_total;national_id", f"A1;1;{written}")
    assert found.rows["national_id"].to_list() == [kept]


def test_a_currency_is_known_by_its_names() -> None:
    found = checked("account_ref;balance_total;currency", "A1;1;pesos", "A2;1;$", "A3;1;cop", "A4;1;", options=OPTIONS)
    assert found.rows["currency"].to_list() == ["COP"] * 4


def test_payments_may_be_in_several_currencies() -> None:
    found = checked(
        "account_ref;paid_on;amount;currency", "A1;01/02/2024;1,5;USD", "A2;01/02/2024;15;CLP", kind=UploadKind.PAYMENTS
    )
    assert found.rows["amount"].to_list() == [150, 15]


def test_activities_have_instants_and_results() -> None:
    found = checked(
        "account_ref;happened_at;channel;result",
        "A1;01/02/2024 10:00;Llamada;No contesta",
        "A2;01/02/2024;WhatsApp;PROMESA_DE_PAGO",
        "A3;99/99/9999;Visita;promesa",
        kind=UploadKind.ACTIVITIES,
    )
    assert found.rows["channel"].to_list() == ["call", "whatsapp"]
    assert found.rows["result"].to_list() == ["no_answer", "promise"]
    assert str(found.rows["happened_at"][0]) == "2024-02-01 15:00:00+00:00"
    assert faults(found) == [(4, "happened_at", "required", "99/99/9999")]


def test_what_stood_there_is_shown_short_and_harmless() -> None:
    ((_, _, _, shown),) = faults(checked("account_ref;balance_total", "A1;\x01" + "9x" * 100))
    assert len(shown) == 80
    assert shown.startswith("\ufffd9x")
