"""How long a portfolio of a million rows takes from its file to applied cases, beside a raw COPY of the same file.

    python -m bench.import_portfolio [--rows 1000000] [--rounds 3] [--alone] [--unsealed]

Both write to the same server with fsync on. The raw COPY fills one typed table with the keys by which the product's
rows are found: a primary key, a unique (creditor, account), and (creditor, document) for the debtor; one without the
debtor's key is timed beside it. The product runs as its job does, in a process of its own whose peak memory is read at
its end. Unless it is to run alone, a fifth of the rows shows whether memory grows with the file, somebody else's page
is asked for meanwhile, and django-import-export loads a few thousand of the rows with its validation. What sealing
costs shows beside the same import with keys that hide nothing.

On a machine with other work to do seconds say little; the seconds of processor that each side took are printed too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
import psycopg

from agencies.kernel import clock
from bench import bystander, peers, portfolio_file, product_import, throwaway
from portal.stack.postgres import PostgresServer
from portal.stack.provision import plain_url

DATABASE = "encargo_bench"
#: Budgets.
MOST_TIMES, MOST_MB, MOST_GROWTH, MOST_SLOWER, LEAST_FASTER, MOST_FOR_SEALING = 2.5, 600, 1.25, 2.0, 50, 1.3
PEER_ROWS = 5_000


@dataclass
class Run:
    """What one import took."""

    seconds: float
    #: Of processor: ours and the server's.
    cpu: float
    stages: dict[str, float] = field(default_factory=dict)
    peaks_mb: dict[str, float] = field(default_factory=dict)

    @property
    def peak_mb(self) -> float:
        """The most memory that any stage took."""
        return max(self.peaks_mb.values(), default=0.0)


def main() -> int:
    """Run everything; 0 when every budget was kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="nothing but the import and the raw COPY")
    parser.add_argument("--unsealed", action="store_true", help="beside it, the import with keys that hide nothing")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="encargo-bench-files-"))
    try:
        with throwaway.server() as running:
            return 0 if bench(running, folder, given.rows, given.rounds, given) else 1
    finally:
        shutil.rmtree(folder)


def bench(running: PostgresServer, folder: Path, rows: int, rounds: int, asked: argparse.Namespace) -> bool:
    """Print the table; true when every budget was kept."""
    file, fifth = folder / "portfolio.csv", folder / "fifth.csv"
    portfolio_file.write(file, rows)
    print(f"{rows:,} rows x {len(portfolio_file.COLUMNS)} columns, {file.stat().st_size / 1e6:,.0f} MB")
    raws, bares, runs, unsealed = [], [], [], []
    for number in range(rounds):
        raws.append(raw_copy(running, file))
        told(f"raw COPY, round {number + 1}", raws[-1], rows)
        bares.append(raw_copy(running, file, has_debtor_key=False))
        told(f"raw COPY without the debtor's key, round {number + 1}", bares[-1], rows)
        runs.append(through_the_product(running, file, folder / "files", rows))
        told(f"the product, round {number + 1}", runs[-1], rows)
        if asked.unsealed:
            unsealed.append(through_the_product(running, file, folder / "files", rows, "unsealed"))
            told(f"the product, nothing sealed, round {number + 1}", unsealed[-1], rows)
    pairs = list(zip(runs, raws, strict=True))
    figures = [
        ("x the raw COPY, seconds (median)", median(run.seconds / raw.seconds for run, raw in pairs), MOST_TIMES),
        ("MB at most", max(run.peak_mb for run in runs), MOST_MB),
    ]
    print(f"{'x the raw COPY, seconds of processor':<48} {median(run.cpu / raw.cpu for run, raw in pairs):8.2f}")
    bare = median(run.seconds / raw.seconds for run, raw in zip(runs, bares, strict=True))
    print(f"{'x the raw COPY without the debtor key, seconds':<48} {bare:8.2f}")
    if unsealed:
        both = list(zip(runs, unsealed, strict=True))
        print(f"{'x nothing sealed, seconds':<48} {median(one.seconds / bare.seconds for one, bare in both):8.2f}")
        more = median(one.cpu / bare.cpu for one, bare in both)
        figures.append(("x nothing sealed, seconds of processor", more, MOST_FOR_SEALING))
    if not asked.alone:
        portfolio_file.write(fifth, rows // 5)
        small = through_the_product(running, fifth, folder / "files", rows // 5)
        told("the product, a fifth of the rows", small, rows // 5)
        figures.append(("x the memory of a fifth of the rows", figures[1][1] / small.peak_mb, MOST_GROWTH))
        figures.append(
            ("x the idle time of another's page", meanwhile(running, file, folder / "files", rows), MOST_SLOWER)
        )
        peer = peers.django_rows_per_second(running, PEER_ROWS)
        if peer is not None:
            print(f"{'django-import-export, with validation':<48} {PEER_ROWS / peer:8.1f} s {peer:10,.0f} rows/s")
            ours = rows / median(run.seconds for run in runs)
            figures.append(("of our rows/s does django-import-export", peer / ours, 1 / LEAST_FASTER))
    for what, figure, most in figures:
        print(f"{what:<48} {figure:8.3g}   at most {most:g}: {'kept' if figure <= most else 'BROKEN'}")
    return all(figure <= most for _, figure, most in figures)


def told(what: str, run: Run, rows: int) -> None:
    """One line of the table."""
    memory = f"{run.peak_mb:.0f} MB" if run.peak_mb else ""
    stages = ", ".join(f"{name} {seconds:.1f} {run.peaks_mb[name]:.0f} MB" for name, seconds in run.stages.items())
    figures = f"{run.seconds:8.1f} s {rows / run.seconds:10,.0f} rows/s {run.cpu:8.1f} s of processor {memory:>8}"
    print(f"{what:<48} {figures}  {stages}", flush=True)


def raw_copy(running: PostgresServer, file: Path, *, has_debtor_key: bool = True) -> Run:
    """One COPY of the file, commit included, into a table found by account and, as the product's, by debtor."""
    columns = ", ".join(f"{name} {kind}" for name, kind in portfolio_file.COLUMNS.items())
    with psycopg.connect(plain_url(running.url()), autocommit=True) as connection:
        connection.execute("drop table if exists raw_account")
        connection.execute(
            "create table raw_account (id bigint generated by default as identity primary key, "
            f"creditor_id bigint not null default 1, {columns}, unique (creditor_id, numero_obligacion))"
        )
        if has_debtor_key:
            connection.execute("create index on raw_account (creditor_id, tipo_documento, numero_documento)")
        connection.execute("checkpoint")
        with timed(running) as run:
            own = time.process_time()
            statement = f"copy raw_account ({', '.join(portfolio_file.COLUMNS)}) from stdin (format csv, header)"
            with file.open("rb") as source, connection.cursor().copy(statement) as copy:
                while data := source.read(1 << 20):
                    copy.write(data)
            run.cpu = time.process_time() - own
        connection.execute("drop table raw_account")
    return run


def through_the_product(running: PostgresServer, file: Path, files: Path, rows: int, *how: str) -> Run:
    """The same file received, confirmed, checked and applied, in a child process, on a new database."""
    fresh(running, files)
    run = imported(running, file, files, rows, throwaway.DIRECTOR, *how)
    shutil.rmtree(files)
    return run


def fresh(running: PostgresServer, files: Path) -> None:
    """A new database with the creditor."""
    with psycopg.connect(plain_url(running.url()), autocommit=True) as connection:
        connection.execute(f"drop database if exists {DATABASE} with (force)")
    opened = throwaway.ports(running, DATABASE, files)
    throwaway.creditor(opened, clock.utc_now())
    opened.engine.dispose()
    with psycopg.connect(plain_url(running.url()), autocommit=True) as connection:
        connection.execute("checkpoint")


def imported(running: PostgresServer, file: Path, files: Path, rows: int, email: str, *how: str) -> Run:
    """One import in a child process."""
    with timed(running) as run:
        done = subprocess.run(
            [sys.executable, "-m", product_import.__name__, str(file), email, *how],
            env=os.environ | throwaway.environment(running, DATABASE, files),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.exit(f"the product failed:\n{done.stdout}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found["applied"] != rows:
        sys.exit(f"{found['applied']} of {rows} rows were applied: {found}")
    # Without the start of the child, in which no work is done.
    return Run(sum(found["stages"].values()), run.cpu + found["cpu"], found["stages"], found["peaks_mb"])


def meanwhile(running: PostgresServer, file: Path, files: Path, rows: int) -> float:
    """How many times its idle time another creditor's page takes while the file is imported, medians of many."""
    fresh(running, files)
    opened = throwaway.ports(running, DATABASE, files)
    email = "directora@vecino.example"
    throwaway.neighbour(opened, throwaway.operator(opened), "Banco Vecino", "860034313-7", email, clock.utc_now())
    opened.engine.dispose()
    few = files / "few.csv"
    portfolio_file.write(few, 5_000)
    imported(running, few, files, 5_000, email)
    environment = throwaway.environment(running, DATABASE, files)
    with bystander.watching(environment, email) as idle:
        time.sleep(20)
    with bystander.watching(environment, email) as busy:
        run = imported(running, file, files, rows, throwaway.DIRECTOR)
    shutil.rmtree(files)
    told("the product, with a page asked for", run, rows)
    print(
        f"{'page of another creditor, median':<48} idle {median(idle):.1f} ms of {len(idle)}, "
        f"meanwhile {median(busy):.1f} ms of {len(busy)}"
    )
    return median(busy) / median(idle)


@contextmanager
def timed(running: PostgresServer) -> Iterator[Run]:
    """What the block takes, and what the server works for it beside what the block itself says."""
    run, began, before = Run(0.0, 0.0), time.perf_counter(), _worked(running)
    yield run
    run.seconds = time.perf_counter() - began
    run.cpu += _worked(running) - before


def _worked(running: PostgresServer) -> float:
    # A backend's work is counted with its parent once it has ended, and with itself until then.
    postmaster = psutil.Process(int((running.data / "postmaster.pid").read_text().split()[0]))
    return sum(sum(one.cpu_times()[:4]) for one in (postmaster, *postmaster.children()))


if __name__ == "__main__":
    sys.exit(main())
