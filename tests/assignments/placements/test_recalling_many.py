"""Recalls of many cases: whose promise sets the time for the answer, and that more cases ask no more statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select

from agencies.kernel.session import transaction
from agencies.mandates.models import Clause, MandateVersion
from agencies.mandates.terms import Promise, TermSheet
from assignments.cases.queries import Selection
from assignments.placements import recalls
from assignments.placements.models import Placement, RecallReason
from assignments.placements.recall_scope import Scope, preview
from assignments.sla.queries import obligations
from tests import agreed
from tests.loop import NewCase, add_cases, draft, holders, place, place_with, some_cases
from tests.recalling import LATER, NOW, TODAY, recall


@pytest.mark.parametrize(
    ("promised", "due_on"),
    [
        ((24, 48), date(2026, 2, 11)),
        ((48, 24), date(2026, 2, 11)),
        ((48, 96, 72), date(2026, 2, 12)),
        ((None, 48), date(2026, 2, 12)),
        ((48, None), date(2026, 2, 12)),
    ],
)
def test_a_recall_under_several_mandates_is_answered_as_soon_as_the_strictest_says(ports, tenants, promised, due_on):
    mandates = {}
    for number, hours in enumerate(promised):
        promises = (Promise(Clause.RECALL_ANSWERED, hours),) if hours else ()
        cases = [NewCase(f"C{number}", 1_000)]
        mandates[hours] = place_with(ports, tenants.creditor, tenants.agency, cases, promises=promises)
    [made] = recall(ports, tenants.creditor, *(f"C{number}" for number in range(len(promised))), on=LATER)
    assert made.cases == len(promised)
    with ports.session(tenants.agency) as session:
        version = session.get_one(
            MandateVersion, (tenants.creditor.tenant, tenants.agency.tenant, made.mandate_version_id)
        )
        [owed] = obligations(session, tenants.agency, Clause.RECALL_ANSWERED)
    assert version.mandate_id == mandates[min(filter(None, promised))].id
    assert owed.due_at == datetime(due_on.year, due_on.month, due_on.day, 17, tzinfo=UTC)


def test_a_version_that_asks_for_less_does_not_put_off_the_answer(ports, tenants):
    strict = (Promise(Clause.RECALL_ANSWERED, 24),)
    mandate = place_with(ports, tenants.creditor, tenants.agency, [NewCase("OLD", 1_000)], promises=strict)
    add_cases(ports, tenants.creditor, [NewCase("NEW", 1_000)])
    later = TermSheet(commission_bp=1_000, report_due_days=5, promises=(Promise(Clause.RECALL_ANSWERED, 240),))
    new = {"terms": later, "valid_from": date(2026, 1, 1)}
    agreed.amend(ports, tenants.creditor, tenants.agency, mandate.id, **new, now=NOW)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [mandate]))
    recall(ports, tenants.creditor, "OLD", "NEW", on=LATER)
    with ports.session(tenants.creditor) as session:
        under = set(session.scalars(select(Placement.mandate_version_id)))
        [owed] = obligations(session, tenants.creditor, Clause.RECALL_ANSWERED)
    assert len(under) == 2
    assert owed.due_at == NOW + timedelta(days=1)


def test_many_cases_are_taken_back_with_as_few_statements_as_one(ports, tenants):
    counts = []
    for first, number in ((1, 1), (10, 300)):
        place_with(ports, tenants.creditor, tenants.agency, some_cases(number, start=first))
        counts.append(len(statements_of_a_recall(ports, tenants.creditor)))
        assert set(holders(ports, tenants.creditor).values()) == {None}
    assert counts[0] == counts[1] > 0


def test_what_is_shown_is_one_sum_for_each_agency_and_currency_whatever_the_mandate(ports, tenants):
    for number in (1, 2):
        place_with(ports, tenants.creditor, tenants.agency, [NewCase(f"P{number}", 1_000 * number)])
    place_with(ports, tenants.creditor, tenants.agency, [NewCase("D1", 70, currency="USD")])
    place_with(ports, tenants.creditor, tenants.other_agency, [NewCase("O1", 5_000)])
    recall(ports, tenants.creditor, "P2", on=LATER)
    with ports.session(tenants.creditor) as session:
        later, now = (
            preview(session, tenants.creditor, Scope(selection=Selection()), effective_on=on, now=NOW)
            for on in (LATER, TODAY)
        )
    here, there = tenants.agency.tenant, tenants.other_agency.tenant
    parts = [{(one.agency_id, one.currency, one.cases, one.balance_minor) for one in it.parts} for it in (later, now)]
    assert parts[0] == {(here, "COP", 1, 1_000), (here, "USD", 1, 70), (there, "COP", 1, 5_000)}
    assert parts[1] == {(here, "COP", 2, 3_000), (here, "USD", 1, 70), (there, "COP", 1, 5_000)}
    assert (later.pending, now.pending, now.cases) == (1, 0, 4)
    assert later.digest != now.digest


def statements_of_a_recall(ports, creditor) -> list[str]:
    """What taking back everything at once asks of the database."""
    seen: list[str] = []
    with ports.session(creditor) as session, transaction(session):
        event.listen(session.get_bind(), "before_cursor_execute", lambda *call: seen.append(call[2]))
        recalls.request(
            session, creditor, Scope(selection=Selection()), reason=RecallReason.SOLD, effective_on=TODAY, now=NOW
        )
    return seen
