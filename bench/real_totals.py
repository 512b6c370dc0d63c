"""Totals of the real files reckoned with pandas alone, for what their README does not print."""

from __future__ import annotations

import gzip
import io
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd


def totals_of(folder: Path) -> dict[str, Decimal]:
    """`file.column` -> the sum of the rows that can be taken."""
    sba = _read(folder / "sba/SBAnational.csv.gz")
    uci = _read(folder / "uci-credit-card/UCI_Credit_Card.csv.gz")
    owed = uci["BILL_AMT1"]
    taken = owed[owed.str.fullmatch(r"\d+")]
    companies = _read(folder / "co-supersociedades/datos_originales.csv", sep=";", encoding="utf-8-sig")
    # A name of more than 200 characters is an unclosed quotation mark.
    liabilities = companies["TOTAL PASIVOS 2018"].where(companies["RAZON SOCIAL"].str.len() <= 200, "").map(_colombian)
    bank = _read(folder / "bank-recovery/bank_data.csv")
    recovered = [Decimal(one).quantize(Decimal("0.01"), ROUND_HALF_UP) for one in bank["actual_recovery_amount"]]
    return {
        "bank.actual": sum(recovered, Decimal()),
        "sba.GrAppv": sum(map(Decimal, sba["GrAppv"]), Decimal()),
        "uci.refused": Decimal(len(owed) - len(taken)),
        "uci.BILL_AMT1": sum(map(Decimal, taken), Decimal()),
        "nit.unreadable": Decimal(sum(one is None for one in liabilities)),
        "nit.TOTAL PASIVOS 2018": sum((one for one in liabilities if one is not None), Decimal()),
    }


def _read(path: Path, **options: str) -> pd.DataFrame:
    data = path.read_bytes()
    text = io.BytesIO(gzip.decompress(data) if path.suffix == ".gz" else data)
    return pd.read_csv(text, dtype=str, keep_default_na=False, **options)  # type: ignore[call-overload,no-any-return]


def _colombian(text: str) -> Decimal | None:
    """An amount as a Colombian writes it; None for what is none, or below nothing."""
    bare = re.sub(r"[\s$]", "", text)
    if not re.fullmatch(r"\d+|\d{1,3}(\.\d{3})+(,\d+)?|\d+,\d+", bare):
        return None
    return Decimal(bare.replace(".", "").replace(",", "."))
