"""Debtors that were put together are one person to the law too: holds, requests and what is stopped go along."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, select, text

from agencies.kernel.session import transaction
from assignments.cases.models import Case, Debtor
from assignments.cases.reaching import EVERY, stops_of
from assignments.matches import merging
from assignments.matches.models import DebtorMatch, MatchState
from assignments.subjects import dossier, erasing, handling, holds, lookup, stopping
from assignments.subjects.marking import debtors_of
from assignments.subjects.models import LegalHold, RequestKind, SubjectRequest
from tests import loop
from tests.subjects import NOW, ask, debtor_of, do, identified, matched


@pytest.fixture
def twice(ports, tenants) -> tuple[int, int]:
    """One woman under two customer numbers, both paid off: who stays, and who goes."""
    people = [
        loop.NewCase("W-1", 0, name="Wanda Doble", phones=("+573005550001",)),
        loop.NewCase("W-2", 0, name="Doble Wanda", phones=("+573005550002",)),
    ]
    loop.add_cases(ports, tenants.creditor, people)
    return debtor_of(ports, tenants.creditor, "W-1"), debtor_of(ports, tenants.creditor, "W-2")


def merge(ports, creditor, kept: int, gone: int) -> None:
    with ports.session(creditor) as session, transaction(session):
        one, other = sorted((kept, gone))
        pair = {"debtor_id": one, "other_id": other, "similarity_bp": 9_000, "reasons": {}}
        match = DebtorMatch(creditor_id=creditor.tenant, **pair, state=MatchState.PROPOSED, found_at=NOW)
        session.add(match)
        session.flush()
        merging.merge(session, creditor, match.id, keep=kept, now=NOW)


def hold(ports, creditor, account: str) -> LegalHold:
    with ports.session(creditor) as session, transaction(session):
        case_id = session.scalars(select(Case.id).where(Case.account_ref == account)).one()
        return holds.place(session, creditor, case_id, reason="Proceso judicial", until=None, now=NOW)


def test_a_hold_on_the_one_that_went_holds_the_one_that_stayed(ports, tenants, twice) -> None:
    creditor, (kept, gone) = tenants.creditor, twice
    held = hold(ports, creditor, "W-2")
    merge(ports, creditor, kept, gone)
    with ports.session(creditor) as session:
        assert session.get_one(LegalHold, (creditor.tenant, held.id)).debtor_id == kept
    request = identified(ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.ERASURE), "W-1"))
    with pytest.raises(erasing.ErasureRefused) as refused:
        do(ports, creditor, erasing.erase, request.id)
    assert refused.value.params["reasons"] == (erasing.OBSTACLES[erasing.Obstacle.LEGAL_HOLD],)
    with ports.session(creditor) as session, transaction(session):
        holds.lift(session, creditor, held.id, reason="Terminó", now=NOW)
    assert do(ports, creditor, erasing.erase, request.id) == 1
    with ports.session(creditor) as session:
        assert session.scalars(select(Debtor.name).where(Debtor.id.in_(twice))).all() == [None, None]


def test_a_hold_that_was_left_with_the_one_that_went_refuses_all_the_same(ports, tenants, twice, database) -> None:
    creditor, (kept, gone) = tenants.creditor, twice
    held = hold(ports, creditor, "W-2")
    merge(ports, creditor, kept, gone)
    # As those two were left that had been put together before holds moved along.
    put_back = text("update legal_holds set debtor_id = :gone where id = :id")
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(put_back, {"gone": gone, "id": held.id})
    engine.dispose()
    request = identified(ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.ERASURE), "W-1"))
    with pytest.raises(erasing.ErasureRefused):
        do(ports, creditor, erasing.erase, request.id)


def test_requests_marks_and_stops_go_along_and_are_met_once(ports, tenants, twice) -> None:
    creditor, (kept, gone) = tenants.creditor, twice
    both = ask(ports, creditor, RequestKind.RECTIFICATION)
    do(ports, creditor, handling.match, both.id, debtor_ids=[kept, gone])
    stopped = identified(
        ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.REVOCATION, key="two"), "W-2")
    )
    do(ports, creditor, stopping.stop, stopped.id, forms=[EVERY])
    merge(ports, creditor, kept, gone)
    with ports.session(creditor) as session:
        for request in (both, stopped):
            row = session.get_one(SubjectRequest, (creditor.tenant, request.id))
            assert debtors_of(session, row) == [kept]
        assert (kept, b"anything") in stops_of(session, creditor.tenant, [kept])
        since = session.scalars(select(Case.claim_since).where(Case.debtor_id == kept)).all()
        assert since == [NOW, NOW]
        # Who looks for either of them finds the one that stayed.
        for name in ("Wanda Doble", "Doble Wanda"):
            [hit] = lookup.search(session, creditor, both.id, lookup.Sought(name=name), now=NOW)
            assert (hit.debtor_id, hit.accounts) == (kept, ("W-1", "W-2"))


def test_a_page_that_was_open_while_they_were_put_together_matches_the_one_that_stayed(ports, tenants, twice) -> None:
    creditor, (kept, gone) = tenants.creditor, twice
    request = identified(ports, creditor, ask(ports, creditor, RequestKind.ACCESS))
    merge(ports, creditor, kept, gone)
    assert do(ports, creditor, handling.match, request.id, debtor_ids=[gone]) == 1
    held = do(ports, creditor, dossier.gather, request.id)
    assert [one["account_ref"] for one in held["cases"]] == ["W-1", "W-2"]
    assert {one["name"] for one in held["person"]} == {"Wanda Doble", "Doble Wanda"}
