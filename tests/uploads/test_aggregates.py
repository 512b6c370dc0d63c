"""Files of sums are recognised, and no portfolio is ever taken for one."""

from __future__ import annotations

import gzip
import io

import pytest

from bench import portfolio_file
from tests.realfiles import real_folder
from uploads.mapping.aggregates import recognise
from uploads.reading import sniff
from uploads.schemas.payments import PAYMENTS
from uploads.schemas.portfolio import PORTFOLIO

BANDS = ["vencida 1-2 meses", "vencida 2-3 meses", "vencida 3-4 meses", "mas de 4 meses"]
MONTHS = [f"2024-{month:02d}-28" for month in range(1, 13)]


def by_bank(first: str, names: list[str]) -> tuple[list[str], list[list[str]]]:
    rows = [[name, month, *[str(7_000_000_000 + 17 * n) for n in range(4)]] for month in MONTHS for name in names]
    return [first, "fecha_corte", *BANDS], rows


def test_sums_by_bank_and_month_are_no_accounts() -> None:
    fault = recognise(*by_bank("nombreentidad", ["Banco Uno", "Banco Dos"]), PORTFOLIO)
    assert fault is not None
    assert fault.code == "aggregate_bands"
    assert fault.params["group"] == "nombreentidad"


def test_sums_that_name_a_customer_again_and_again_are_no_accounts() -> None:
    fault = recognise(*by_bank("nombre cliente", ["Segmento A", "Segmento B"]), PORTFOLIO)
    assert fault is not None


def test_balance_sheets_are_no_accounts() -> None:
    header = ["NIT", "RAZON SOCIAL", "TOTAL ACTIVOS 2018", "TOTAL PASIVOS 2018", "TOTAL PATRIMONIO 2018"]
    rows = [[str(900_000_000 + n), f"Empresa {n}", "5", "3", "2"] for n in range(20)]
    fault = recognise(header, rows, PORTFOLIO)
    assert fault is not None
    assert fault.code == "aggregate_statements"


@pytest.mark.parametrize(
    "header",
    [
        # The ageing of customers: each stands in it once.
        ["cliente", "nombre cliente", "corriente", "1 a 30 dias", "31 a 60 dias", "61 a 90 dias", "mas de 90 dias"],
        ["Customer name", "Current", "1-30", "31-60", "61-90", "over 90 days", "Total"],
        ["cedula", "saldo", "de 1 a 30 dias", "de 31 a 60 dias", "de 61 a 90 dias", "mas de 90 dias", "x"],
        # Accounts with bands and with months beside them.
        ["obligacion", "vencida 1-2 meses", "vencida 2-3 meses", "vencida 3-6 meses", "mas de 6 meses", "a", "b"],
        ["numero credito", "pago 2024 01", "pago 2024 02", "pago 2024 03", "saldo", "b", "c"],
        # A company's debt beside what it owns.
        ["pagare", "nit", "total activos 2023", "total pasivos 2023", "patrimonio 2023", "saldo", "c"],
        ["nit", "razon social", "saldo total", "total activos 2023", "total pasivos 2023", "patrimonio 2023", "c"],
        # An account called by a name we do not know is asked for at the next step, and not refused here.
        ["llave interna", "nombre", "altura", "saldo", "dias mora", "a", "b"],
    ],
)
def test_a_portfolio_is_never_taken_for_sums(header: list[str]) -> None:
    rows = [[f"K{n}" if at < 2 else str(1000 * n + at) for at in range(len(header))] for n in range(1, 60)]
    assert recognise(header, rows, PORTFOLIO) is None


def test_the_generated_portfolio_is_one(tmp_path) -> None:
    portfolio_file.write(tmp_path / "portfolio.csv", 50)
    lines = [line.split(",") for line in (tmp_path / "portfolio.csv").read_text().splitlines()]
    assert recognise(lines[0], lines[1:], PORTFOLIO) is None


def test_a_file_of_another_kind_is_not_asked() -> None:
    assert recognise(*by_bank("nombreentidad", ["Banco Uno", "Banco Dos"]), PAYMENTS) is None


def test_too_few_rows_prove_nothing() -> None:
    header, rows = by_bank("nombreentidad", ["Banco Uno"])
    assert recognise(header, rows[:2], PORTFOLIO) is None


@pytest.mark.parametrize(
    ("folder", "name", "code"),
    [
        ("co-superfinanciera", "cartera.csv", "aggregate_bands"),
        ("co-supersociedades", "datos_originales.csv", "aggregate_statements"),
        ("lendingclub", "LendingClubData_2007-2011.csv.gz", None),
        ("sba", "SBAnational.csv.gz", None),
        ("uci-credit-card", "UCI_Credit_Card.csv.gz", None),
        ("bank-recovery", "bank_data.csv", None),
    ],
)
def test_real_files_are_told_apart(folder: str, name: str, code: str | None) -> None:
    data = (real_folder(folder) / name).read_bytes()
    found = sniff(io.BytesIO(gzip.decompress(data) if name.endswith(".gz") else data))
    fault = recognise(found.header, found.sample, PORTFOLIO)
    assert (fault.code if fault else None) == code
