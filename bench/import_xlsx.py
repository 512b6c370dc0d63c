"""How long a workbook takes from its file to applied cases, beside the reader alone on the same file.

    python -m bench.import_xlsx [--rows 200000]

The file is written before the clock starts: the columns of the portfolio of `bench.import_portfolio`, accounts and
documents as text, amounts and dates as typed cells. The reader alone is python-calamine in a process of its own that
opens the file and iterates over all its rows, keeping none.
"""

from __future__ import annotations

import argparse
import csv
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import xlsxwriter
from sqlalchemy import select

from agencies.kernel import clock
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations.models import User
from bench import portfolio_file, throwaway
from bench.product_import import work_until
from portal.ports import Ports
from uploads import confirming, receiving
from uploads import service as uploads
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options
from uploads.own import own_upload

DATABASE = "encargo_bench_xlsx"
#: Budget: times the reader alone.
MOST_TIMES = 6.0
READER = """
import sys, time
import python_calamine
began = time.perf_counter()
book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
rows = sum(1 for _ in book.get_sheet_by_index(0).iter_rows())
print(time.perf_counter() - began)
"""


def main() -> int:
    """Print the table; 0 when the budget was kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    folder = Path(tempfile.mkdtemp(prefix="encargo-bench-xlsx-"))
    try:
        book = folder / "portfolio.xlsx"
        write(book, folder / "portfolio.csv", rows)
        print(f"{rows:,} rows x {len(portfolio_file.COLUMNS)} columns, {book.stat().st_size / 1e6:,.0f} MB", flush=True)
        with throwaway.server() as running:
            opened = throwaway.ports(running, DATABASE, folder / "files")
            throwaway.creditor(opened, clock.utc_now())
            return 0 if bench(opened, book, rows) else 1
    finally:
        shutil.rmtree(folder)


def bench(opened: Ports, book: Path, rows: int) -> bool:
    """The reader before and after the product, because the machine may have other work to do; true within budget."""
    with opened.session(DOOR) as session:
        email = select(User.id).where(User.email == throwaway.DIRECTOR)
        actor = throwaway.actor_of(opened, session.scalars(email).one())
    alone = [read_alone(book)]
    stages = imported(opened, actor, book, rows)
    child_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    alone.append(read_alone(book))
    reader, product = sum(alone) / len(alone), sum(stages.values())
    print(f"{'the reader alone':<28} {reader:8.1f} s   ({', '.join(f'{one:.1f}' for one in alone)})")
    print(f"{'the product':<28} {product:8.1f} s   ({', '.join(f'{name} {one:.1f}' for name, one in stages.items())})")
    print(f"{'memory of the opener':<28} {child_mb:8.0f} MB")
    times = product / reader
    print(f"{'times the reader alone':<28} {times:8.2f}     at most {MOST_TIMES:g}: {_kept(times)}")
    return times <= MOST_TIMES


def imported(opened: Ports, actor: Actor, book: Path, rows: int) -> dict[str, float]:
    """The seconds of each stage from the file to applied cases."""
    marks = [time.perf_counter()]
    incoming = opened.storage.incoming()
    with book.open("rb") as source:
        while data := source.read(1 << 20):
            incoming.write(data)
    with opened.session(actor) as session, transaction(session):
        now, kind = clock.utc_now(), UploadKind.PORTFOLIO
        upload_id = receiving.receive(session, actor, incoming, kind=kind, filename=book.name, now=now).upload.id
    marks.append(time.perf_counter())
    work_until(opened, actor, upload_id, UploadState.RECEIVED)
    marks.append(time.perf_counter())
    with opened.session(actor) as session, transaction(session):
        columns = confirming.proposal(session, actor, upload_id).columns
        mapping = {column.position: column.field for column in columns if column.field}
        confirming.confirm(session, actor, upload_id, mapping=mapping, options=Options(), now=clock.utc_now())
    work_until(opened, actor, upload_id, UploadState.CHECKED)
    marks.append(time.perf_counter())
    with opened.session(actor) as session, transaction(session):
        uploads.apply(session, actor, upload_id, good_rows_only=False, now=clock.utc_now())
    work_until(opened, actor, upload_id, UploadState.APPLIED)
    marks.append(time.perf_counter())
    with opened.session(actor) as session:
        found: Upload = own_upload(session, actor, upload_id)
    if found.rows_applied != rows:
        sys.exit(f"{found.rows_applied} of {rows} rows were applied: {found.error_counts}")
    names = ("receive", "open", "check", "apply")
    return {name: end - start for name, start, end in zip(names, marks, marks[1:], strict=False)}


def read_alone(book: Path) -> float:
    """The seconds that the reader takes for the file."""
    done = subprocess.run([sys.executable, "-c", READER, str(book)], stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def write(book: Path, sheet: Path, rows: int) -> None:
    """The generated portfolio as a workbook with typed cells."""
    portfolio_file.write(sheet, rows)
    kinds = list(portfolio_file.COLUMNS.values())
    with (
        xlsxwriter.Workbook(book, {"constant_memory": True}) as out,
        sheet.open(newline="", encoding="utf-8") as source,
    ):
        page, day = out.add_worksheet("Cartera"), out.add_format({"num_format": "dd/mm/yyyy"})
        for line, row in enumerate(csv.reader(source)):
            for column, cell in enumerate(row):
                if not cell:
                    continue
                if not line or kinds[column] == "text":
                    page.write_string(line, column, cell)
                elif kinds[column] == "date":
                    page.write_datetime(line, column, date.fromisoformat(cell), day)
                else:
                    page.write_number(line, column, float(cell))


def _kept(times: float) -> str:
    return "kept" if times <= MOST_TIMES else "BROKEN"


if __name__ == "__main__":
    sys.exit(main())
