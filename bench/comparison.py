"""How fast the comparison of agencies answers: a million cases, twenty agencies, twenty-four months of placement.

    python -m bench.comparison [--plans]

The cells, calendars, clocks and attestations of such a panel are written by SQL into a database of its own on a server
of its own, and the pages are asked for through the whole app, as its web server asks for them. Printed are, for each
page, the processor's time of app and database and the time by the clock, which other work on the machine lengthens, and
the statements of one page; `--plans` adds how the database ran them.
"""

from __future__ import annotations

import contextlib
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import structlog
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, create_engine, event, text

from agencies.kernel import clock
from agencies.kernel.tenancy import Actor
from bench import throwaway
from config import Settings
from portal.app import create_app, ports_of
from portal.stack.valkey import ValkeyServer

CASES, AGENCIES, MONTHS, BANDS = 1_000_000, 20, 24, 5
ROUNDS = 15
#: What a page may take of the server's time (issue 3).
BUDGET_MS = 300
#: Statements of a page shorter than this are not worth a line.
WORTH_MS = 2.0

FILL = (
    """
    insert into organisations (kind, name, legal_name, tax_id, country, currency, time_zone, language, state,
                               created_at)
    select 'agency', 'Agencia ' || n, 'Agencia ' || n || ' S.A.S.', 'banco-' || n, 'CO', 'COP', 'America/Bogota', 'es',
           'approved', now() from generate_series(1, :agencies) n
    """,
    """
    insert into panel_members (creditor_id, agency_id, joined_at)
    select :creditor, id, now() from organisations where kind = 'agency'
    """,
    """
    insert into mandates (creditor_id, agency_id, name, service, state, created_at)
    select :creditor, id, 'Mandato ' || id, 'collect', 'in_force', now() from organisations where kind = 'agency'
    """,
    """
    insert into mandate_versions (creditor_id, agency_id, mandate_id, version, valid_from, proposed_by, currency,
                                  commission_bp, direct_bp, discovery_bp, recall_free_days, plan_tail_days, bonus_bp,
                                  exclusive_days, approver, subcontracting, report_frequency, report_due_days,
                                  settlement_discount_bp, tail_days, created_at)
    select creditor_id, agency_id, id, 1, current_date - 1000, 'creditor', 'COP', 1500 + id * 37 % 900, 10000, 10000, 0,
           0, 0, 0, 'director', 'with_consent', 'monthly', 5, 0, 30, now()
    from mandates
    """,
    """
    insert into mandate_answers (creditor_id, agency_id, mandate_version_id, proposed_by, side, answer, reason,
                                 answered_at)
    select creditor_id, agency_id, id, 'creditor', 'agency', 'accepted', '', now() from mandate_versions
    """,
    """
    insert into sla_clauses (creditor_id, agency_id, mandate_version_id, clause, hours, target_bp)
    select creditor_id, agency_id, id, c.clause, c.hours, 9500 from mandate_versions
    cross join (values ('acknowledge', 48), ('first_activity', 72), ('report_on_time', 0), ('recall_answered', 24))
        c (clause, hours)
    """,
    """
    insert into placement_waves (creditor_id, name, service, state, selection, seed, bands, created_at)
    select :creditor, 'Entrega ' || n, 'collect', 'committed', '{}', n, :bands, now() - n * interval '1 month'
    from generate_series(1, :months) n
    """,
    """
    insert into consignments (creditor_id, agency_id, wave_id, mandate_version_id, name, state, currency, cases,
                              placed_minor, sent_at, acknowledged_at)
    select :creditor, v.agency_id, w.id, v.id, w.name, 'acknowledged', 'COP', :each * :bands, 0, w.created_at,
           w.created_at + (v.id % 5) * interval '13 hours'
    from placement_waves w cross join mandate_versions v
    """,
    """
    insert into sla_clocks (creditor_id, agency_id, consignment_id, started_at, hours, due_at)
    select creditor_id, agency_id, id, acknowledged_at, 72, acknowledged_at + interval '3 days' from consignments
    """,
    """
    insert into sla_cells (creditor_id, agency_id, consignment_id, is_paused, due_at, cases, met, late)
    select k.creditor_id, k.agency_id, k.consignment_id, p.paused, k.due_at + p.more * interval '5 hours',
           p.cases, p.cases * (80 + k.agency_id % 20) / 100, p.cases / 20
    from sla_clocks k cross join (values (false, 0, 1900), (false, 1, 120), (false, 2, 43), (true, 0, 20))
        p (paused, more, cases)
    """,
    """
    insert into reports (creditor_id, agency_id, mandate_id, period_start, period_end, due_at, payments_at,
                         activities_at, submitted_at, version)
    select m.creditor_id, m.agency_id, m.id, p.start::date, (p.start + interval '1 month - 1 day')::date, due,
           sent, sent, sent, 1
    from mandates m
    cross join generate_series(date_trunc('month', now()) - :months * interval '1 month',
                               date_trunc('month', now()) - interval '1 month', interval '1 month') p (start)
    cross join lateral (select p.start + interval '1 month 7 days' as due) d
    cross join lateral (select due - ((m.id + extract(month from p.start)) % 9 - 1) * interval '1 day' as sent) s
    """,
    """
    insert into placement_cells (creditor_id, agency_id, currency, placement_month, stratum, cases, placed_minor,
                                 placed_squares)
    select :creditor, o.id, 'COP', month::date, b || '/' || :bands, :each, :each * 4000000::bigint * b,
           :each * (4000000::numeric * b) ^ 2 * 1.3
    from organisations o
    cross join generate_series(date_trunc('month', now()) - (:months - 1) * interval '1 month',
                               date_trunc('month', now()), interval '1 month') month
    cross join generate_series(1, :bands) b
    where o.kind = 'agency'
    """,
    """
    insert into recovery_cells (creditor_id, agency_id, currency, placement_month, stratum, month_on_book, payments,
                                collected_minor, commission_minor, new_payers, activities, collected_squares,
                                placed_collected, net_squares, placed_net)
    select c.creditor_id, c.agency_id, c.currency, c.placement_month, c.stratum, age, 9 + c.agency_id % 4,
           paid, paid / 6, 3 + c.agency_id % 3, 50 + age, paid * 9000000::numeric,
           paid * c.placed_minor::numeric / :each, paid * 6000000::numeric,
           paid * c.placed_minor::numeric / :each * 5 / 6
    from placement_cells c
    cross join lateral generate_series(
        0, ((extract(year from now()) - extract(year from c.placement_month)) * 12
            + extract(month from now()) - extract(month from c.placement_month))::int
    ) age
    cross join lateral (select c.placed_minor * (9 + c.agency_id % 7) / (1000 + 100 * age) as paid) p
    """,
    """
    insert into conduct_cells (creditor_id, agency_id, month, verdict, code, activities, shared)
    select :creditor, o.id, month::date, v.verdict, v.code, v.activities, 0
    from organisations o
    cross join generate_series(date_trunc('month', now()) - (:months - 1) * interval '1 month',
                               date_trunc('month', now()), interval '1 month') month
    cross join (values ('compliant', '', 9000), ('violation', 'hour', 60), ('violation', 'daily_limit', 25),
                       ('violation', 'third_party', 3), ('not_evaluable', '', 400)) v (verdict, code, activities)
    where o.kind = 'agency'
    """,
    """
    insert into attestations (creditor_id, agency_id, code, template_version, country, state, answers, evidence_on,
                              valid_until, created_at, submitted_at, reviewed_at)
    select :creditor, o.id, 'AT-' || to_char(n, 'FM00'), 1, 'CO', 'accepted', '{}', current_date - 90,
           current_date + ((o.id * 31 + n * 17) % 400 - 20)::int, now(), now(), now()
    from organisations o cross join generate_series(1, 14) n where o.kind = 'agency' and n <> 8
    """,
)


def fill(superuser: Engine, creditor: Actor) -> dict[str, int]:
    """Write the panel's cells; returns how many rows the large tables hold."""
    sizes = {
        "creditor": creditor.tenant,
        "agencies": AGENCIES,
        "months": MONTHS,
        "bands": BANDS,
        "each": CASES // (AGENCIES * MONTHS * BANDS),
    }
    with superuser.begin() as connection:
        for statement in FILL:
            connection.execute(text(statement), sizes)
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        return {
            table: connection.execute(text(f"select count(*) from {table}")).scalar_one()
            for table in ("placement_cells", "recovery_cells", "sla_cells", "conduct_cells", "consignments", "reports")
        }


@dataclass(frozen=True)
class Taken:
    """What one page took, in milliseconds: by the clock each time, and of the processor on average."""

    clock: list[float]
    app: float
    database: float

    @property
    def processor(self) -> float:
        """App and database together: what the page takes where nothing else runs."""
        return self.app + self.database


def ask_for(client: FlaskClient, path: str, folder: str) -> Taken:
    """Ask for a page again and again; the first two times are not counted."""
    taken = []
    for number in range(ROUNDS + 2):
        if number == 2:
            app, database = time.process_time(), database_seconds(folder)
        began = time.perf_counter()
        answer = client.get(path)
        taken.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, (path, answer.status_code)
        assert len(answer.data) > 4_000, path
    app, database = time.process_time() - app, database_seconds(folder) - database
    return Taken(taken[2:], 1000 * app / ROUNDS, 1000 * database / ROUNDS)


def database_seconds(folder: str) -> float:
    """Processor time the server's processes have taken so far."""
    servers = [one for one in psutil.process_iter(["cmdline"]) if folder in " ".join(one.info["cmdline"] or [])]
    found = 0.0
    for process in {child for one in servers for child in [one, *one.children(recursive=True)]}:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found += times.user + times.system
    return found


@contextmanager
def watched(engine: Engine) -> Iterator[list[tuple[float, str, object]]]:
    """The statements that ran inside, with their milliseconds."""
    found: list[tuple[float, str, object]] = []

    def before(connection: Connection, *_: object) -> None:
        connection.info["began"] = time.perf_counter()

    def after(connection: Connection, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        found.append((1000 * (time.perf_counter() - connection.info["began"]), statement, parameters))

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def plan(connection: Connection, role: str, organisation_id: int, statement: str, parameters: object) -> str:
    """How the database runs a statement for a tenant."""
    connection.exec_driver_sql(
        "select set_config('role', %s, true), set_config('app.organisation', %s, true)", (role, str(organisation_id))
    )
    rows = connection.exec_driver_sql(f"explain (analyze, buffers, costs off) {statement}", parameters)
    return "\n".join(row[0] for row in rows)


def main() -> int:
    """Fill, ask, print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="encargo-comparison-", dir="/tmp") as place, throwaway.server() as running:
        folder = Path(place)
        valkey = ValkeyServer(folder / "valkey", folder, folder / "valkey.log", durable=False)
        valkey.start(follow=True)
        try:
            opened = throwaway.ports(running, "encargo_comparison", folder / "files")
            director = throwaway.creditor(opened, clock.utc_now() - timedelta(days=800))
            superuser = create_engine(running.url(database="encargo_comparison"))
            counts = fill(superuser, director)
            print(f"{CASES:,} cases, {AGENCIES} agencies, {MONTHS} months, {BANDS} bands")
            print("  " + ", ".join(f"{table} {rows:,}" for table, rows in counts.items()))
            settings = Settings.from_env(
                {**throwaway.environment(running, "encargo_comparison", folder / "files"), "REDIS_URL": valkey.url()}
            )
            return ask(settings, superuser, director, str(running.data))
        finally:
            valkey.stop()


def ask(settings: Settings, superuser: Engine, director: Actor, folder: str) -> int:
    """Ask for every page; 1 when one takes longer than it may."""
    app = create_app(settings)
    # The bench reads its own log.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    client = app.test_client()
    throwaway.sign_in(ports_of(app), client, "directora@banco.example")
    encode = ports_of(app).references.encode
    with superuser.connect() as connection:
        agency = connection.execute(text("select min(id) from organisations where kind = 'agency'")).scalar_one()
    slowest = 0.0
    for label, path in (
        ("comparison, everything so far", "/scorecards/"),
        ("comparison at 6 months", "/scorecards/?months=6"),
        ("comparison at 12 months, one band", "/scorecards/?months=12&band=3/5"),
        ("comparison as a workbook", "/scorecards/listing.xlsx?months=6"),
        ("one agency by month", f"/scorecards/{encode('counterpart', agency)}"),
    ):
        taken = ask_for(client, path, folder)
        slowest = max(slowest, taken.processor)
        print(
            f"  {label:36} processor {taken.processor:5.1f} ms (app {taken.app:5.1f}, database {taken.database:5.1f}); "
            f"by the clock median {statistics.median(taken.clock):5.1f}, best {min(taken.clock):5.1f}"
        )
    with app.app_context():
        engine = ports_of(app).engine
    with watched(engine) as statements:
        client.get("/scorecards/?months=6")
    total = sum(taken for taken, _, _ in statements)
    print(f"  statements of the page at 6 months: {len(statements)}, {total:.1f} ms")
    for taken, statement, parameters in sorted(statements, key=lambda one: -one[0]):
        if taken >= WORTH_MS:
            print(f"    {taken:6.1f} ms  {' '.join(statement.split())[:110]}")
            if "--plans" in sys.argv:
                with superuser.connect() as connection:
                    print(plan(connection, "app_creditor", director.tenant, statement, parameters))
    print(f"budget {BUDGET_MS} ms: {'kept' if slowest < BUDGET_MS else 'MISSED'}")
    return int(slowest >= BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
