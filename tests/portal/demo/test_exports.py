"""The creditors' files: the shape of real exports, the same bytes for the same seed, and a few unusable rows."""

from __future__ import annotations

import csv
import io
import re

import pytest

from portal.demo.exports import BANK_EXPORT, TELCO_EXPORT, Exporter
from tests.portal.demo.worlds import debts


def read(exporter: Exporter, data: bytes) -> list[dict[str, str]]:
    text = data.decode(exporter.style.encoding)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=exporter.style.delimiter))


@pytest.mark.parametrize("exporter", [BANK_EXPORT, TELCO_EXPORT])
def test_the_same_seed_gives_the_same_bytes(exporter):
    made = debts(300)
    assert exporter.export(made, seed=3) == exporter.export(debts(300), seed=3)
    assert exporter.export(made, seed=3) != exporter.export(made, seed=4)


def test_the_bank_writes_as_spanish_systems_do():
    made = debts(50)
    data = BANK_EXPORT.export(made, dirty=0)
    header, first = data.decode("cp1252").split("\r\n")[:2]
    assert header.startswith("FECHA_CORTE;CODIGO_CLIENTE;TIPO_ID;NRO_DOCUMENTO;NOMBRE_CLIENTE;NRO_OBLIGACION;")
    assert first.split(";")[0] == "31/07/2025"
    row = read(BANK_EXPORT, data)[0]
    assert re.fullmatch(r"\d+,\d\d", row["SALDO_TOTAL"])
    assert row["SALDO_TOTAL"] == f"{made[0].total // 100},{made[0].total % 100:02d}"


def test_the_telecom_writes_iso_dates_and_a_decimal_point():
    row = read(TELCO_EXPORT, TELCO_EXPORT.export(debts(50), dirty=0))[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["fecha_mora"])
    assert re.fullmatch(r"\d+\.\d\d", row["saldo_total"])
    assert row["moneda"] == "COP"


@pytest.mark.parametrize("exporter", [BANK_EXPORT, TELCO_EXPORT])
def test_half_a_percent_of_the_rows_is_unusable(exporter):
    made = debts(2000)
    clean = read(exporter, exporter.export(made, dirty=0))
    dirty = read(exporter, exporter.export(made))
    changed = [(before, after) for before, after in zip(clean, dirty, strict=True) if before != after]
    assert len(changed) == 10
    balances = [after[exporter.balance] for _before, after in changed]
    assert {"N/D", ""} <= set(balances)
    assert any(balance.startswith("-") for balance in balances)
    accounts = [row[exporter.account] for row in dirty if row[exporter.account]]
    assert len(accounts) - len(set(accounts)) in {1, 2}


def test_accents_survive_the_encoding():
    made = debts(300)
    names = {row["NOMBRE_CLIENTE"] for row in read(BANK_EXPORT, BANK_EXPORT.export(made, dirty=0))}
    assert names == {debt.debtor.full_name.upper() for debt in made}
    assert any("Ñ" in name or "Á" in name for name in names)
