"""What filters, segments, a decision table and the indicators cost over a million cases.

    python -m bench.segments [cases]

The cases are written straight into the tables, because only reading is measured: four in five debtors have one debt,
a third of the cases was placed before, one in ten was paid for. Each figure is the median of three, in milliseconds;
beside them stands one plain count over the same rows under the same walls.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.tenancy import Actor
from assignments.cases.models import CaseState
from assignments.cases.queries import Selection, list_cases, totals
from assignments.cases.selection import Mark, Reach
from assignments.indicators import queries as indicators
from assignments.segments.decision import Rule
from assignments.segments.queries import totals_by_rule, totals_of
from bench import throwaway
from portal.stack import postgres

CASES = 1_000_000
FILTERS = {
    "nothing": Selection(),
    "state and product": Selection(state=CaseState.OPEN, product="P1"),
    "city": Selection(city="ciudad 7"),
    "age today": Selection(min_age=91, max_age=180),
    "reached by telephone": Selection(reach=Reach.PHONE),
    "reached in no way": Selection(reach=Reach.NONE),
    "held": Selection(mark=Mark.HELD),
    "person type": Selection(person_type="company"),
    "never placed": Selection(max_placed=0),
    "placed before": Selection(min_placed=1),
    "placed twice or more": Selection(min_placed=2),
    "placed before with one": Selection(placed_with=7),
    "days since last payment": Selection(max_unpaid=200),
    "three debts or more": Selection(min_debts=3),
    "balance of the debtor": Selection(min_debtor_minor=3_000_000),
    "five of them": Selection(min_age=31, reach=Reach.PHONE, max_placed=1, mark=Mark.FREE, product="P1"),
}
FILL = """
set session_replication_role = replica;
insert into portfolios (creditor_id, upload_id, name, currency, cases, placed_minor, facets, created_at)
select {creditor}, n, 'cartera', 'COP', {cases}, 0, '{{}}', now() - interval '60 days' from generate_series(1, 4) n;
insert into debtors (creditor_id, identity, country, person_type, phone_index, email_index)
select {creditor}, decode(lpad(to_hex(n), 16, '0'), 'hex'), 'CO', case when n % 9 = 0 then 'company' else 'person' end,
       case when n % 4 <> 0 then '\\x01'::bytea end, case when n % 3 = 0 then '\\x01'::bytea end
from generate_series(1, {cases} * 4 / 5) n;
insert into cases (creditor_id, portfolio_id, debtor_id, line, account_ref, state, currency, placed_minor,
                   balance_minor, product, region, city, days_past_due, delinquent_on, last_payment_on, held_since)
select {creditor}, (select min(id) from portfolios) + n % 4,
       (select min(id) from debtors) + n % ({cases} * 4 / 5), n, 'A' || lpad(n::text, 9, '0'), 'open', 'COP',
       1000 * (n % 3000), 1000 * (n % 3000), 'P' || n % 5, 'R' || n % 30, 'Ciudad ' || n % 400, n % 500,
       case when n % 2 = 0 then current_date - (n % 700)::int end,
       case when n % 5 = 0 then current_date - (n % 900)::int end, case when n % 50 = 0 then now() end
from generate_series(1, {cases}) n;
insert into placements (creditor_id, agency_id, case_id, account_ref, consignment_id, mandate_version_id, service,
                        state, currency, placed_minor, stratum, commission_bp, placed_at, ended_at, end_code)
select {creditor}, 7 + c.id % 3, c.id, c.account_ref, 1, 1, 'collect', 'ended', 'COP', 1, 's', 1000,
       now() - interval '50 days', now() - interval '20 days', 'recalled'
from cases c, generate_series(1, 2) n where c.id % 3 = 0 and (n = 1 or c.id % 6 = 0);
insert into payments (creditor_id, agency_id, placement_id, case_id, natural_key, paid_on, currency, amount_minor,
                      received_by, upload_id, line, reported_at)
select p.creditor_id, p.agency_id, p.id, p.case_id, 'k' || p.id, current_date - (p.id % 40)::int, 'COP', 1000,
       'agency', 1, 1, now()
from placements p where p.id % 5 = 0;
"""


def _took(act: Callable[[], object]) -> float:
    """The median of three in milliseconds."""
    found = []
    for _ in range(3):
        begun = time.perf_counter()
        act()
        found.append(1000 * (time.perf_counter() - begun))
    return median(found)


def _fill(running: postgres.PostgresServer, creditor_id: int, cases: int) -> None:
    engine = create_engine(running.url(database="bench"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in FILL.format(creditor=creditor_id, cases=cases).split(";\n"):
            if statement.strip():
                connection.execute(text(statement.replace(":", "\\:")))
        connection.execute(text("vacuum analyze"))
    engine.dispose()


def _measure(session: Session, actor: Actor) -> None:
    plain = _took(lambda: session.execute(text("select count(*), sum(balance_minor) from cases")).all())
    print(f"{'one plain count and sum':32} {plain:9.0f}")
    for name, chosen in FILTERS.items():
        cases = totals(session, actor, chosen).cases
        page = _took(lambda chosen=chosen: list_cases(session, actor, chosen))
        whole = _took(lambda chosen=chosen: totals(session, actor, chosen))
        print(f"{name:32} page {page:7.1f}  totals {whole:7.0f}  cases {cases:9,}")
    several = list(FILTERS.values())[1:9]
    apart = sum(_took(lambda one=one: totals(session, actor, one)) for one in several)
    print(f"{'eight segments, one statement':32} {_took(lambda: totals_of(session, actor, several)):9.0f}")
    print(f"{'the same, one by one':32} {apart:9.0f}")
    rules = [Rule(name, one) for name, one in list(FILTERS.items())[1:9]]
    print(f"{'table of eight rules':32} {_took(lambda: totals_by_rule(session, actor, Selection(), rules)):9.0f}")
    today = local_date(utc_now(), actor.time_zone)
    since = today - timedelta(days=30)
    print(f"{'ageing of a day':32} {_took(lambda: indicators.ageing(session, actor, on=today)):9.0f}")
    moved = _took(lambda: indicators.moves(session, actor, since=since, until=today))
    print(f"{'moves between two days':32} {moved:9.0f}")


def main() -> int:
    """Fill, measure and print."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    with tempfile.TemporaryDirectory() as folder, throwaway.server() as running:
        opened = throwaway.ports(running, "bench", Path(folder) / "files")
        actor = throwaway.creditor(opened, datetime(2026, 1, 5, 15, tzinfo=UTC))
        _fill(running, actor.tenant, cases)
        with opened.session(actor) as session:
            _measure(session, actor)
        opened.engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
