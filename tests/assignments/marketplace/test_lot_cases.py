"""The cases of a lot: those it was listed with and no others, whatever its filter lets through later."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from agencies.kernel.session import transaction
from assignments.cases.models import Case, CaseState, LotCase
from tests import loop, market

ALL = 10_000


def awarded_with(ports, tenants, *, meanwhile=lambda: None) -> dict[str, int | None]:
    """Who holds each case once a lot of everything open went to the first agency, after what happened meanwhile."""
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot)
    market.close(ports, tenants.creditor, lot)
    meanwhile()
    market.award(ports, tenants.creditor, lot, {tenants.agency.tenant: ALL})
    return loop.holders(ports, tenants.creditor)


def test_an_award_places_no_case_of_a_debtor_the_winner_already_works(ports, tenants):
    mandate = loop.add_mandate(ports, tenants.creditor, tenants.agency)
    worked = [loop.NewCase("W1", 90_000, debtor_ref="D-1"), loop.NewCase("W2", 91_000, debtor_ref="D-1")]
    loop.add_cases(ports, tenants.creditor, worked)
    first = loop.Selection(search="W1")
    loop.place(ports, tenants.creditor, loop.draft(ports, tenants.creditor, [mandate], selection=first))
    held = awarded_with(ports, tenants)
    assert held.pop("W1") == tenants.agency.tenant
    assert held.pop("W2") is None
    assert set(held.values()) == {tenants.agency.tenant}


@pytest.mark.parametrize("state", [CaseState.PLACED, CaseState.ON_HOLD, CaseState.CLOSED])
def test_an_award_places_no_case_that_was_not_free_when_the_lot_was_listed(ports, tenants, state):
    def put(state: CaseState) -> None:
        with ports.session(tenants.creditor) as session, transaction(session):
            session.execute(update(Case).where(Case.account_ref <= "L00010").values(state=state))

    put(state)
    held = awarded_with(ports, tenants, meanwhile=lambda: put(CaseState.OPEN))
    assert sorted(ref for ref, agency in held.items() if agency is None) == [f"L{n:05}" for n in range(1, 11)]


def test_an_award_places_no_case_of_another_currency_when_these_have_become_the_most(ports, tenants):
    market.add_portfolio(ports, tenants.creditor, 40, start=300, currency="USD")
    mandate = loop.add_mandate(ports, tenants.creditor, tenants.other_agency)

    def most_go_elsewhere() -> None:
        chosen = loop.Selection(max_minor=90_000)
        loop.place(ports, tenants.creditor, loop.draft(ports, tenants.creditor, [mandate], selection=chosen))

    held = awarded_with(ports, tenants, meanwhile=most_go_elsewhere)
    placed = {ref for ref, agency in held.items() if agency == tenants.agency.tenant}
    assert placed == {f"L{n:05}" for n in range(51, 61)}
    assert {held[f"L{n:05}"] for n in range(300, 340)} == {None}


def test_a_lot_keeps_the_cases_it_was_listed_with(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(LotCase)) == lot.cases == 60
    for statement in (
        f"insert into lot_cases select creditor_id, {lot.id}, 999 from lots where id = {lot.id}",
        f"delete from lot_cases where lot_id = {lot.id}",
        "update lot_cases set case_id = 1",
    ):
        with ports.session(tenants.creditor) as session, pytest.raises(DBAPIError) as refused, transaction(session):
            session.execute(text(statement))
        assert refused.value.orig.sqlstate == "42501"


def test_a_draft_takes_no_case_of_somebody_else_or_of_another_currency(ports, tenants):
    market.add_portfolio(ports, tenants.creditor, 1, start=300, currency="USD")
    market.add_portfolio(ports, tenants.other_creditor, 1, start=400)
    lot = market.draft_lot(ports, tenants.creditor)
    with ports.session(tenants.creditor) as session:
        other = session.scalars(select(Case.id).where(Case.currency == "USD")).one()
    with ports.session(tenants.other_creditor) as session:
        foreign = session.scalars(select(Case.id)).one()
    for case_id in (other, foreign):
        with ports.session(tenants.creditor) as session, pytest.raises(DBAPIError) as refused, transaction(session):
            session.add(LotCase(creditor_id=lot.creditor_id, lot_id=lot.id, case_id=case_id))
        assert refused.value.orig.sqlstate == "23503"
