"""How long a million cases take to be shared among eight agencies and placed, beside one scan and one COPY.

    python -m bench.placing [cases]

The strata are product, region and balance band, more than two hundred of them. Everything runs on a server of its own
with fsync on; scan and COPY come from the same rows, in the same run.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from agencies.kernel import clock
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.mandates import service as mandates
from agencies.mandates.terms import TermSheet
from assignments.cases.queries import Selection
from assignments.placements import service
from assignments.placements import writing as writing_module
from assignments.placements.preview import preview_of
from assignments.placements.strategy import Key, Method, Strategy
from bench import throwaway
from portal.ports import Ports

CASES, AGENCIES = 1_000_000, 8
MOST_SCANS, MOST_COPIES = 5, 3

FILL = (
    """
    insert into organisations (kind, name, legal_name, tax_id, country, currency, time_zone, language, state,
                               created_at)
    select 'agency', 'Agencia ' || n, 'Agencia ' || n || ' S.A.S.', 'banco-' || n, 'CO', 'COP', 'America/Bogota', 'es',
           'approved', now() from generate_series(1, :agencies) n
    """,
    """
    insert into panel_members (creditor_id, agency_id, joined_at, state, state_at, reason)
    select :creditor, id, now(), 'on_panel', now(), '' from organisations where kind = 'agency'
    """,
    """
    insert into portfolios (creditor_id, upload_id, name, currency, cases, placed_minor, facets, created_at)
    values (:creditor, 1, 'cartera', 'COP', :cases, 0, '{}', now())
    """,
    """
    insert into debtors (creditor_id, identity, country)
    select :creditor, decode(md5(n::text), 'hex'), 'CO' from generate_series(1, :cases * 9 / 10) n
    """,
    """
    insert into cases (creditor_id, portfolio_id, debtor_id, line, account_ref, state, currency, placed_minor,
                       balance_minor, product, region, days_past_due)
    select :creditor, (select max(id) from portfolios), d.first + n % (:cases * 9 / 10), n, 'CTA-' || n, 'open', 'COP',
           money, money, 'Producto ' || n % 6, 'Departamento ' || n % 7, n % 900
    from generate_series(1, :cases) n cross join (select min(id) as first from debtors) d
    cross join lateral (select 10000 + (n::bigint * 7919) % 9000000 as money) m
    """,
    "analyze",
)

SCAN = "select product, region, count(*), sum(balance_minor) from cases where creditor_id = :creditor group by 1, 2"


def main(cases: int) -> None:
    """Fill, scan, split, place, copy."""
    with throwaway.server() as running, tempfile.TemporaryDirectory() as folder:
        opened = throwaway.ports(running, "placing", Path(folder) / "files")
        now = clock.utc_now()
        creditor = throwaway.creditor(opened, now)
        owner = create_engine(running.url(database="placing"))
        with owner.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            for statement in FILL:
                given = {"creditor": creditor.tenant, "cases": cases, "agencies": AGENCIES}
                connection.execute(text(statement), given)
        scan = min(timed("one scan, grouped", lambda: _scan(owner, creditor)) for _ in range(3))
        wave_id, split = _split(opened, owner, creditor, now)
        _place(opened, creditor, wave_id, now)
        copied = _copy(owner)
        writing = _Written.seconds
        print(f"{'computing the split, x the scan':<44}{split / scan:8.2f}   (at most {MOST_SCANS})")
        print(f"{'placing, x the COPY':<44}{writing / copied:8.2f}   (at most {MOST_COPIES})")
        owner.dispose()


def timed(what: str, act: Callable[[], Any]) -> float:
    """Do it and print how long it took."""
    begins = time.perf_counter()
    act()
    seconds = time.perf_counter() - begins
    print(f"{what:<44}{seconds:8.2f} s", flush=True)
    return seconds


class _Written:
    """How long the rows of the plan took to be written."""

    seconds = 0.0


def _scan(owner: Engine, creditor: Actor) -> None:
    with owner.connect() as connection:
        connection.execute(text(SCAN), {"creditor": creditor.tenant}).all()


def _split(opened: Ports, owner: Engine, creditor: Actor, now: datetime) -> tuple[int, float]:
    with owner.connect() as connection:
        agencies = list(connection.scalars(text("select id from organisations where kind = 'agency' order by id")))
    with opened.session(creditor) as session, transaction(session):
        made = [
            mandates.make(
                session,
                creditor,
                agency_id=agency,
                name=f"Mandato {agency}",
                terms=TermSheet(commission_bp=1_500, report_due_days=5),
                valid_from=now.date().replace(day=1),
                now=now,
            ).id
            for agency in agencies
        ]
    strategy = Strategy(
        Method.CHAMPION,
        champion_id=agencies[0],
        champion_bp=3_000,
        control_bp=1_500,
        keys=(Key.BALANCE, Key.PRODUCT, Key.REGION),
        excludes_previous=True,
    )
    drawn: list[int] = []

    def draw() -> None:
        with opened.session(creditor) as session, transaction(session):
            wave = service.draft(
                session, creditor, name="Entrega", selection=Selection(), mandate_ids=made, strategy=strategy, now=now
            )
            drawn.append(wave.id)
            print(f"{'strata':<44}{len(preview_of(wave).bands):8}")

    seconds = min(timed("draft: read, split, add up, keep", draw) for _ in range(2))
    return drawn[-1], seconds


def _place(opened: Ports, creditor: Actor, wave_id: int, now: datetime) -> None:
    write = writing_module.write

    def measured(*given: Any, **named: Any) -> Any:
        begins = time.perf_counter()
        result = write(*given, **named)
        _Written.seconds = time.perf_counter() - begins
        print(f"{'placements, holders of cases and people':<44}{_Written.seconds:8.2f} s")
        return result

    service.write = measured  # type: ignore[attr-defined]
    service.admit = lambda *_given, **_named: None  # type: ignore[attr-defined]
    service.keep_standing = lambda *_given, **_named: None  # type: ignore[attr-defined]

    def commit() -> None:
        with opened.session(creditor) as session, transaction(session):
            wave = service.redraw(session, creditor, wave_id, now=now)
            service.place(session, creditor, wave_id, digest=str(wave.digest), now=now)

    timed("redraw, draw once more, place, commit", commit)


def _copy(owner: Engine) -> float:
    """The same placements and holders by COPY into tables with the same keys and indexes."""
    raw: Any = owner.raw_connection()
    with raw.cursor() as cursor:
        cursor.execute("create table copied (like placements including defaults including indexes)")
        columns = "creditor_id, agency_id, id, case_id, account_ref, consignment_id, mandate_version_id, service, "
        columns += "state, currency, placed_minor, stratum, tier, arm, age_days, commission_bp, placed_at"
        out = io.BytesIO()
        with cursor.copy(f"copy (select {columns} from placements order by case_id) to stdout (format binary)") as rows:
            for row in rows:
                out.write(row)
        raw.commit()
        begins = time.perf_counter()
        with cursor.copy(f"copy copied ({columns}) from stdin (format binary)") as rows:
            rows.write(out.getvalue())
        raw.commit()
        seconds = time.perf_counter() - begins
    print(f"{'COPY of the same placements':<44}{seconds:8.2f} s")
    raw.close()
    return seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
