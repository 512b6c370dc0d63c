"""What an agency gave back counts on for as long as it may keep it, for nothing certifies that the data are gone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import create_engine, text

from assignments.incidents import facts, queries
from assignments.incidents.facts import Scope
from assignments.incidents.service import NobodyTouched
from tests import locating, loop
from tests.incidents import FACTS, accounts, report

#: The tenth working day before it began, and the Sunday before that.
LAST_DAY, TOO_EARLY = datetime(2026, 2, 16, 12, tzinfo=UTC), datetime(2026, 2, 15, 12, tzinfo=UTC)


def test_a_case_returned_within_ten_working_days_before_is_touched_and_an_older_one_is_not(ports, tenants) -> None:
    loop.end_placement(ports, tenants.creditor, "A-0", LAST_DAY)
    loop.end_placement(ports, tenants.creditor, "A-1", TOO_EARLY)
    mine = report(ports, tenants.agency)[0]
    assert accounts(ports, tenants.creditor, mine.id) == {"A-0", "A-2"}
    with ports.session(tenants.creditor) as session:
        why = {one.accounts: one.basis for one in queries.subjects(session, tenants.creditor, mine.id)}
    assert why == {"A-0": "given_back", "A-2": "held"}


def test_a_creditor_whose_cases_all_went_back_is_told_while_they_may_be_kept(ports, tenants) -> None:
    loop.end_placement(ports, tenants.other_creditor, "B-1", LAST_DAY)
    loop.end_placement(ports, tenants.other_creditor, "B-2", TOO_EARLY)
    told = {one.creditor_id: one for one in report(ports, tenants.agency)}
    assert accounts(ports, tenants.other_creditor, told[tenants.other_creditor.tenant].id) == {"B-1"}
    with pytest.raises(NobodyTouched):
        report(ports, tenants.agency, Scope(accounts=("B-2",)), key="r-2")


def test_a_closed_order_to_find_somebody_counts_on_as_well(ports, tenants, database) -> None:
    loop.add_cases(ports, tenants.creditor, [loop.NewCase(f"L-{n}", 100_000) for n in range(3)])
    locating.order(ports, tenants.creditor, locating.locate_mandate(ports, tenants.creditor, tenants.agency))
    _close(database, "L-0", LAST_DAY)
    _close(database, "L-1", TOO_EARLY)
    mine = report(ports, tenants.agency, Scope(accounts=("L-0", "L-1", "L-2")))[0]
    assert accounts(ports, tenants.creditor, mine.id) == {"L-0", "L-2"}


def test_in_a_year_without_a_calendar_it_counts_for_three_weeks() -> None:
    begins = datetime(1999, 6, 30, 12, tzinfo=UTC)
    assert facts.kept_from(begins, country="CO", time_zone="UTC").date() == date(1999, 6, 9)
    assert facts.kept_from(FACTS.happened_from, country="CO", time_zone="America/Bogota") == datetime(
        2026, 2, 16, 5, tzinfo=UTC
    )


def _close(database, account: str, at: datetime) -> None:
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        statement = "update locate_orders set state = 'closed', closed_at = :at where account_ref = :account"
        connection.execute(text(statement), {"account": account, "at": at})
    engine.dispose()
