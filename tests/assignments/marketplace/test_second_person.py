"""A lot worth more than one person may award: asked as it was shown, awarded when a second person approves."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select, update

from agencies.approvals.carrying import SubjectChanged
from agencies.approvals.limits import SecondPersonNeeded
from agencies.approvals.models import Approval, ApprovalKind, ApprovalState
from agencies.attestations.gates import GateClosed
from agencies.attestations.models import Attestation, AttestationState
from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import DomainError, Forbidden
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.cases.queries import Selection
from assignments.marketplace import award as awarding
from assignments.marketplace import second_person, service
from assignments.marketplace.award import AwardMoved
from assignments.marketplace.models import DeclineReason, Lot, LotState
from assignments.placements.models import Placement
from tests import market
from tests.approving import approve, ask_for_limit
from tests.market import AFTER, LISTED_AT
from tests.tenants import add_colleague

ALL = 10_000


@pytest.fixture
def finance(ports, tenants):
    return add_colleague(ports, tenants.creditor, Role.FINANCE)


@pytest.fixture
def closed(ports, tenants, finance) -> Lot:
    """A lot above what one person may award, after its time."""
    limit = ask_for_limit(ports, tenants.creditor, 1_000, kind=ApprovalKind.AWARD, currency="COP", now=LISTED_AT)
    approve(ports, finance, limit, now=LISTED_AT)
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot, 2_000)
    market.bid(ports, tenants.other_agency, lot, 1_500)
    return market.close(ports, tenants.creditor, lot)


def ask(ports, tenants, lot: Lot, *, digest: str | None = None) -> Approval | None:
    shares, creditor = {tenants.agency.tenant: ALL}, tenants.creditor
    with ports.session(creditor) as session, transaction(session):
        seen = awarding.preview_award(session, creditor, lot.id, shares=shares, now=AFTER)
        reasons = {tenants.other_agency.tenant: DeclineReason.CAPACITY}
        return second_person.award_or_ask(
            session, creditor, lot.id, shares=shares, reasons=reasons, digest=digest or seen.digest, now=AFTER
        )


def standing(ports, tenants, lot: Lot) -> tuple[LotState, int]:
    with ports.session(tenants.creditor) as session:
        placed = session.scalar(select(func.count()).select_from(Placement))
        return session.scalars(select(Lot.state).where(Lot.id == lot.id)).one(), placed


def test_one_person_alone_does_not_award_it(ports, tenants, closed):
    with pytest.raises(SecondPersonNeeded):
        market.award(ports, tenants.creditor, closed, {tenants.agency.tenant: ALL})

    assert standing(ports, tenants, closed) == (LotState.CLOSED, 0)


def test_a_second_person_approves_and_the_lot_is_awarded_as_it_was_shown(ports, tenants, finance, closed):
    asked = ask(ports, tenants, closed)
    assert standing(ports, tenants, closed) == (LotState.CLOSED, 0)
    assert asked.subject["rates"] == {str(tenants.agency.tenant): [2_000]}
    assert (asked.subject["cases"], asked.subject["currency"]) == (60, "COP")

    # Finance may approve an award, though it could not make one.
    approve(ports, finance, asked, now=AFTER)

    assert standing(ports, tenants, closed) == (LotState.AWARDED, 60)
    with ports.session(tenants.creditor) as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "lot.awarded")).one()
        assert event.actor_user_id == tenants.creditor.user_id
        assert f'"approved_by":{finance.user_id}' in event.body
        assert session.scalars(select(Lot.ended_by)).one() == tenants.creditor.user_id


def test_what_is_below_the_limit_is_awarded_at_once(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    market.bid(ports, tenants.agency, lot, 2_000)
    market.bid(ports, tenants.other_agency, lot, 2_100)
    market.close(ports, tenants.creditor, lot)

    assert ask(ports, tenants, lot) is None
    assert standing(ports, tenants, lot) == (LotState.AWARDED, 60)


def test_a_currency_without_a_limit_always_needs_two(ports, tenants):
    market.add_portfolio(ports, tenants.creditor, 12, start=500, currency="USD")
    lot = market.offer(ports, tenants.creditor, selection=Selection(search="L005"))
    market.bid(ports, tenants.agency, lot)
    market.close(ports, tenants.creditor, lot)

    with pytest.raises(SecondPersonNeeded):
        market.award(ports, tenants.creditor, lot, {tenants.agency.tenant: ALL})


def test_who_may_not_award_does_not_ask_for_it_either(ports, tenants, closed, finance):
    with ports.session(finance) as session, pytest.raises(Forbidden):
        second_person.award_or_ask(
            session, finance, closed.id, shares={tenants.agency.tenant: ALL}, reasons={}, digest="", now=AFTER
        )


def test_another_split_than_the_one_shown_is_not_asked(ports, tenants, closed):
    with pytest.raises(AwardMoved):
        ask(ports, tenants, closed, digest="another")


def test_a_lot_that_was_withdrawn_meanwhile_is_not_awarded(ports, tenants, finance, closed):
    asked = ask(ports, tenants, closed)
    with ports.session(tenants.creditor) as session, transaction(session):
        service.withdraw(session, tenants.creditor, closed.id, now=AFTER)

    with pytest.raises(SubjectChanged):
        approve(ports, finance, asked, now=AFTER)
    assert standing(ports, tenants, closed) == (LotState.WITHDRAWN, 0)


def test_cases_that_changed_meanwhile_void_the_request(ports, tenants, finance, closed):
    asked = ask(ports, tenants, closed)
    with ports.session(tenants.creditor) as session, transaction(session):
        session.execute(update(Case).values(balance_minor=Case.balance_minor - 1))

    with pytest.raises(SubjectChanged):
        approve(ports, finance, asked, now=AFTER)
    assert standing(ports, tenants, closed) == (LotState.CLOSED, 0)


def test_an_award_that_is_refused_now_leaves_the_request_as_it_was(ports, tenants, finance, closed):
    asked = ask(ports, tenants, closed)
    with ports.session(tenants.creditor) as session, transaction(session):
        for row in session.scalars(select(Attestation).where(Attestation.agency_id == tenants.agency.tenant)):
            row.state, row.revoked_at, row.revocation_reason = AttestationState.REVOKED, AFTER, "prueba"

    with pytest.raises(GateClosed):
        approve(ports, finance, asked, now=AFTER)
    assert standing(ports, tenants, closed) == (LotState.CLOSED, 0)
    with ports.session(tenants.creditor) as session:
        assert session.get_one(Approval, (tenants.creditor.tenant, asked.id)).state is ApprovalState.PENDING


def test_of_two_approvers_at_once_one_awards(ports, tenants, finance, closed):
    asked, other = ask(ports, tenants, closed), add_colleague(ports, tenants.creditor, Role.DIRECTOR)
    gate, outcomes = threading.Barrier(2), []

    def run(actor) -> None:
        gate.wait()
        try:
            approve(ports, actor, asked, now=AFTER)
            outcomes.append("done")
        except DomainError as refused:
            outcomes.append(type(refused).__name__)

    threads = [threading.Thread(target=run, args=(actor,)) for actor in (finance, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["AlreadyDecided", "done"]
    assert standing(ports, tenants, closed) == (LotState.AWARDED, 60)
    with ports.session(tenants.creditor) as session:
        assert session.scalars(select(Approval.state).where(Approval.id == asked.id)).one() is ApprovalState.APPROVED
