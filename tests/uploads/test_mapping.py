"""Columns known by their names and values, doubts marked, questions asked."""

from __future__ import annotations

import pytest

from uploads.formats.headers import header_hash, normal
from uploads.mapping.proposals import Proposal, Remembered, propose
from uploads.models import UploadKind
from uploads.options import Options
from uploads.schemas.registry import SCHEMAS

OWN = Options(currency="COP", time_zone="America/Bogota")


def proposed(
    header: str, *rows: str, kind: UploadKind = UploadKind.PORTFOLIO, remembered: Remembered | None = None
) -> Proposal:
    return propose(header.split(";"), [row.split(";") for row in rows], SCHEMAS[kind], remembered, own=OWN)


def fields(proposal: Proposal) -> list[str | None]:
    return [column.field for column in proposal.columns]


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("Nro. Obligación", "numero obligacion"),
        ("NRO_DOCUMENTO", "numero documento"),
        ("N° documento", "numero documento"),
        ("Fec. Vcto", "fecha vencimiento"),
        ("account_no", "account no"),
        ("[Entrada] Saldo_Total", "saldo total"),
        ("fcrfc", "rfc"),
        ("CurrencyISO3", "currency iso3"),
        ("  Días\u00a0Mora ", "dias mora"),
        ("Tel.Fijo", "telefono fijo"),
        ("\ufeffcédula", "cedula"),
    ],
)
def test_a_header_is_brought_to_one_form(written: str, known: str) -> None:
    assert normal(written) == known


def test_every_synonym_is_written_as_it_is_compared() -> None:
    spoiled = [
        (schema.kind, field.name, synonym)
        for schema in SCHEMAS.values()
        for field in schema.fields
        for synonym in field.synonyms
        if normal(synonym) != synonym
    ]
    assert spoiled == []


def test_columns_are_known_by_name_and_never_by_place() -> None:
    found = proposed(
        "Saldo Total;Celular;Nro. Obligación;Cédula;Días Mora",
        "1.234.567,89;3001234567;A-1;52123456;120",
    )
    assert fields(found) == ["balance_total", "phone", "account_ref", "national_id", "days_past_due"]
    assert not any(column.is_danger for column in found.columns)
    assert (found.missing, found.is_remembered) == ((), False)


def test_words_in_another_order_are_the_same_name() -> None:
    found = proposed("id;total_balance;date of birth", "A1;5.00;1980-01-02")
    assert fields(found) == ["account_ref", "balance_total", "birth_date"]


def test_a_word_that_says_little_is_proposed_and_marked() -> None:
    found = proposed("obligacion;fecha;valor", "A1;2024-01-02;1500.00", kind=UploadKind.PAYMENTS)
    assert fields(found) == ["account_ref", "paid_on", "amount"]
    assert [column.is_danger for column in found.columns] == [False, True, True]
    assert found.columns[0].confidence > found.columns[1].confidence


def test_a_misspelt_name_is_proposed_and_marked() -> None:
    column = proposed("numero_oblgacion;saldo", "A1;5.00").columns[0]
    assert (column.field, column.is_danger) == ("account_ref", True)


def test_values_contradict_a_name() -> None:
    found = proposed("obligacion;saldo total;deuda", "A1;pendiente;5.00", "A2;pagado;6.00")
    assert found.columns[1].field is None
    assert found.missing == ("balance_total",)


def test_each_field_goes_to_one_column() -> None:
    found = proposed("obligacion;credito;saldo;saldo total", "A1;B1;4.00;5.00")
    assert sorted(field for field in fields(found) if field) == ["account_ref", "balance_total"]
    assert fields(found)[0] == "account_ref"


def test_unknown_columns_are_listed_with_what_they_hold() -> None:
    column = proposed("obligacion;saldo;color", "A1;5.00;azul", "A2;6.00;rojo").columns[2]
    assert (column.header, column.field, column.confidence, column.samples) == ("color", None, 0, ("azul", "rojo"))


def test_what_was_confirmed_before_is_remembered_wherever_the_columns_stand() -> None:
    before = Remembered({"x": "account_ref", "y": "balance_total"}, Options(date_order="dmy", decimal=","))
    found = proposed("y;z;x", "1.500;?;A1", remembered=before)
    assert fields(found) == ["balance_total", None, "account_ref"]
    assert (found.is_remembered, found.options.decimal, found.questions) == (True, ",", ())


def test_the_same_columns_in_another_order_are_the_same_set() -> None:
    assert header_hash(["Nro Obligación", "Saldo"]) == header_hash(["saldo", "NUMERO_OBLIGACION"])
    assert header_hash(["Saldo"]) != header_hash(["Saldo", "Ciudad"])


@pytest.mark.parametrize(
    ("cells", "decimal", "asked"),
    [
        (["1.234.567,89"], ",", False),
        (["1,234.50"], ".", False),
        (["12,5", "7"], ",", False),
        (["1.234.567"], ",", False),
        (["60000"], ".", False),
        (["1.500", "2.500"], None, True),
        (["12,5", "12.5"], None, True),
    ],
)
def test_the_decimal_sign_is_proved_or_asked(cells: list[str], decimal: str | None, asked: bool) -> None:
    found = proposed("obligacion;saldo", *(f"A{number};{cell}" for number, cell in enumerate(cells)))
    assert (found.options.decimal, "decimal" in found.questions) == (decimal, asked)


@pytest.mark.parametrize(
    ("cells", "order", "asked"),
    [
        (["25/12/2023", "01/02/2023"], "dmy", False),
        (["12/25/2023"], "mdy", False),
        (["2023-12-25"], "ymd", False),
        (["01/02/2023"], None, True),
        (["25/12/2023", "12/25/2023"], None, True),
    ],
)
def test_the_order_of_a_date_is_proved_or_asked(cells: list[str], order: str | None, asked: bool) -> None:
    rows = (f"A{number};1.00;{cell}" for number, cell in enumerate(cells))
    found = proposed("obligacion;saldo;fecha vencimiento", *rows)
    assert (found.options.date_order, "date_order" in found.questions) == (order, asked)


def test_the_currency_is_the_files_else_the_organisations() -> None:
    assert proposed("obligacion;saldo;moneda", "A1;1;USD", "A2;2;USD", "A3;2;").options.currency == "USD"
    # Of a file in several currencies, rows that name none are in the organisation's own.
    assert proposed("obligacion;saldo;moneda", "A1;1;USD", "A2;2;USD", "A3;2;COP").options.currency == "COP"
    assert proposed("obligacion;saldo", "A1;1").options.currency == "COP"


@pytest.mark.parametrize("due", ["Fecha prometida", "Fecha pago prometida", "Fecha compromiso pago", "Vence promesa"])
@pytest.mark.parametrize("other", ["Fecha de la promesa", "Fecha promesa", "Fecha compromiso"])
def test_the_day_of_a_promise_gives_way_to_the_day_it_is_due(due: str, other: str) -> None:
    rows = ["A-1;20/11/2026;30/11/2026;100,00"]
    both = proposed(f"Obligación;{other};{due};Valor prometido", *rows, kind=UploadKind.PROMISES)
    alone = proposed(f"Obligación;{other};Valor prometido", "A-1;20/11/2026;100,00", kind=UploadKind.PROMISES)

    assert fields(both) == ["account_ref", "made_on", "promised_on", "amount"]
    assert [both.columns[1].is_danger, both.columns[2].is_danger] == [True, False]
    assert fields(alone) == ["account_ref", "promised_on", "amount"]
    assert alone.columns[1].is_danger


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        (UploadKind.PORTFOLIO, "VR SALDO", "balance_total"),
        (UploadKind.PORTFOLIO, "VR CAPITAL", "principal"),
        (UploadKind.ACTIVITIES, "Fecha y hora", "happened_at"),
        (UploadKind.PAYMENTS, "Referencia", "payment_ref"),
        (UploadKind.PAYMENTS, "Medio", "method"),
        (UploadKind.CREDITOR_PAYMENTS, "Medio", "method"),
        (UploadKind.PROMISES, "Referencia", "promise_ref"),
    ],
)
def test_usual_names_are_known(kind: UploadKind, name: str, field: str) -> None:
    assert fields(proposed(name, kind=kind)) == [field]
