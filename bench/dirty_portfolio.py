"""A portfolio of any length in which every kind of fault and remark stands in two rows of a hundred, each counted.

    python -m bench.dirty_portfolio [--rows 1000000]

checks such a file block by block as the job does and prints what was found beside what was planted, the rows per second
and the peak of memory; nothing is written to a database. Faults that need the whole file are not among them.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import polars as pl

from bench import portfolio_file
from uploads.checking.control import sums
from uploads.checking.run import Plan
from uploads.formats.blocks import BLOCK_BYTES
from uploads.mapping.proposals import propose
from uploads.models import UploadKind
from uploads.options import Options
from uploads.reading import sniff
from uploads.schemas.portfolio import PORTFOLIO

OPTIONS = Options(currency="COP", date_order="ymd", decimal=".", time_zone="America/Bogota", country="CO")
#: Column of the file, what is planted in it, the field and the code it gives.
FAULTS = (
    ("saldo_total", "cinco", "balance_total", "unreadable_amount"),
    ("saldo_total", "-5.00", "balance_total", "negative"),
    ("saldo_capital", "1.2345", "principal", "too_many_decimals"),
    ("saldo_total", "9" * 20, "balance_total", "amount_too_large"),
    ("saldo_total", "", "balance_total", "required"),
    ("numero_obligacion", "", "account_ref", "required"),
    ("numero_obligacion", "X" * 61, "account_ref", "too_long"),
    ("numero_obligacion", "8.6E+08", "account_ref", "digits_lost"),
    ("fecha_castigo", "31/02/2020", "charge_off_date", "unreadable_date"),
    ("fecha_castigo", "25/12/2020", "charge_off_date", "date_order"),
    ("fecha_castigo", "1850-01-01", "charge_off_date", "date_out_of_range"),
    ("fecha_castigo", "202016", "charge_off_date", "week_or_month"),
    ("dias_mora", "doce", "days_past_due", "unreadable_number"),
    ("moneda", "XYZ", "currency", "unknown_currency"),
)
REMARKS = (
    ("celular", "12", "phone", "unreadable_phone"),
    ("telefono_fijo", "6990000000", "phone_2", "unreadable_phone"),
    ("correo", "ana(at)example", "email", "unreadable_email"),
    ("direccion", "#", "address", "unreadable_address"),
    ("numero_documento", "12", "national_id", "id_shape"),
    ("numero_documento", "9.0E+08", "national_id", "digits_lost"),
    ("numero_documento", "222222222222", "national_id", "id_generic"),
    ("tipo_documento", "QQ", "id_type", "id_type_unknown"),
    ("fecha_nacimiento", "2024-01-01", "birth_date", "too_young"),
    ("fecha_nacimiento", "1901-01-01", "birth_date", "too_old"),
    ("fecha_castigo", "2090-01-01", "charge_off_date", "not_yet"),
    ("saldo_total", "1.00", "balance_total", "parts_exceed_balance"),
    ("dias_mora", "0", "days_past_due", "not_delinquent"),
    ("dias_mora", "9999", "days_past_due", "placeholder"),
)
#: Of a hundred rows, each kind stands in two.
_EVERY = 50
_CHUNK = 100_000


@dataclass(frozen=True)
class Planted:
    """What a check must find."""

    rows: int
    faults: dict[str, int]
    remarks: dict[str, int]
    totals: dict[str, int]


def write(path: Path, rows: int) -> Planted:
    """Write the file; returns what was planted in it."""
    clean = path.with_suffix(".clean")
    portfolio_file.write(clean, rows)
    kinds = FAULTS + REMARKS
    faults: Counter[str] = Counter()
    remarks: Counter[str] = Counter()
    value = 0
    with path.open("wb") as out:
        for at, chunk in enumerate(_chunks(clean)):
            kind = (pl.int_range(len(chunk), eager=True) + at * _CHUNK) % _EVERY
            frame = _dirtied(chunk, kind)
            for number, (_, _, field, code) in enumerate(kinds):
                planted = int((kind == number).sum())
                (faults if number < len(FAULTS) else remarks)[f"{field}:{code}"] += planted
            good = frame.filter(kind >= len(FAULTS))["saldo_total"]
            value += int(good.str.replace(".", "", literal=True).cast(pl.Int64).sum())
            frame.write_csv(out, include_header=at == 0)
    clean.unlink()
    return Planted(rows, dict(faults), dict(remarks), {"COP": value})


def _dirtied(chunk: pl.DataFrame, kind: pl.Series) -> pl.DataFrame:
    """The rows with what is planted in them, and nothing else that is wrong."""
    frame = chunk.with_columns(
        celular="300" + pl.col("celular").str.tail(7),
        telefono_fijo=pl.lit(None, dtype=pl.String),
        dias_mora=pl.col("dias_mora").replace("999", "998"),
    )
    columns = frame.to_dict()
    for number, (column, cell, _, _) in enumerate(FAULTS + REMARKS):
        columns[column] = columns[column].set(kind == number, cell)
    return pl.DataFrame(columns)


def _chunks(path: Path) -> list[pl.DataFrame]:
    frame = pl.read_csv(path, infer_schema=False)
    return [frame.slice(start, _CHUNK) for start in range(0, len(frame), _CHUNK)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--into", type=Path, help="only write the file, and print what is planted in it")
    given = parser.parse_args()
    if given.into:
        print(json.dumps(asdict(write(given.into, given.rows))))
        return 0
    with tempfile.TemporaryDirectory(prefix="encargo-dirty-") as folder:
        path = Path(folder) / "dirty.csv"
        # By a process of its own, so that the peak of memory is that of the check.
        writer = [sys.executable, "-m", "bench.dirty_portfolio", "--rows", str(given.rows), "--into", str(path)]
        written = subprocess.run(writer, capture_output=True, text=True, check=True)
        return _check(path, Planted(**json.loads(written.stdout)))


def _check(path: Path, planted: Planted) -> int:
    faults: Counter[str] = Counter()
    remarks: Counter[str] = Counter()
    totals: dict[str, int] = {}
    with path.open("rb") as file:
        found = sniff(file)
        proposal = propose(found.header, found.sample, PORTFOLIO, None, own=OPTIONS)
        plan = Plan(
            UploadKind.PORTFOLIO, found.encoding, found.delimiter, len(found.header), proposal.mapping, OPTIONS,
            date(2026, 11, 21),
        )  # fmt: skip
        began = time.monotonic()
        read = 0
        checker = plan.checker()
        for _, _, sheet in plan.sheets(file, found.data_offset, found.data_line, BLOCK_BYTES):
            checked = checker.check(sheet)
            for counter, told in ((faults, checked.errors), (remarks, checked.warnings)):
                for field, code, count in told.group_by("field", "code").len().iter_rows():
                    counter[f"{field}:{code}"] += count
            totals, read = sums(totals, checked.totals), read + checked.read
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, were, are in (("faults", planted.faults, faults), ("remarks", planted.remarks, remarks)):
        for key in sorted({*were, *are}):
            print(f"{name:8} {key:40} planted {were.get(key, 0):>9,} found {are.get(key, 0):>9,}")
    is_right = (dict(faults), dict(remarks), read) == (planted.faults, planted.remarks, planted.rows)
    print(f"{read:,} rows in {seconds:.1f} s, {read / seconds:,.0f} per second")
    print(f"peak {peak:.0f} MB: {'right' if is_right else 'WRONG'}")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
