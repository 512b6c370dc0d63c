"""Three placed cases to be recalled, and the verbs of recalls for tests, each in a transaction of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from agencies.kernel.session import transaction
from assignments.cases.models import Case, Debtor
from assignments.cases.queries import Selection, list_cases
from assignments.contacts.models import DebtorContact
from assignments.placements import recalls, rejecting
from assignments.placements.models import Placement, PlacementState, RecallReason
from assignments.placements.recall_scope import Scope
from assignments.placements.rejections import RejectReason
from tests.loop import NewCase, acknowledge_all, place_with
from tests.tenants import Tenants

TODAY = date(2026, 2, 10)
#: Noon in Bogotá on that day.
NOW = datetime(2026, 2, 10, 17, tzinfo=UTC)
LATER = TODAY + timedelta(days=10)
CASES = [
    NewCase("ONE", 1_000, debtor_ref="D1", phones=("3000000001",)),
    NewCase("TWO", 2_000, debtor_ref="D1"),
    NewCase("THREE", 3_000, phones=("3000000003",)),
]


def case_ids(ports, creditor, *accounts: str) -> tuple[int, ...]:
    with ports.session(creditor) as session:
        return tuple(session.scalars(select(Case.id).where(Case.account_ref.in_(accounts)).order_by(Case.id)))


def recall(ports, creditor, *accounts: str, on: date = TODAY, reason=RecallReason.STRATEGY, now=NOW, **others):
    scope = Scope(case_ids=case_ids(ports, creditor, *accounts))
    with ports.session(creditor) as session, transaction(session):
        return recalls.request(session, creditor, scope, reason=reason, effective_on=on, now=now, **others)


def do(ports, actor, verb, *arguments, now=NOW, **others):
    with ports.session(actor) as session, transaction(session):
        return verb(session, actor, *arguments, now=now, **others)


def seen_by(ports, agency) -> dict[str, list]:
    """Everything of the cases that the agency can read, by its own role."""
    with ports.session(agency) as session:
        return {
            "cases": sorted(session.scalars(select(Case.account_ref))),
            "debtors": sorted(session.scalars(select(Debtor.identity))),
            "points": sorted(one.value for one in session.scalars(select(DebtorContact))),
            "listed": sorted(row.account_ref for row in list_cases(session, agency, Selection()).rows),
        }


def states(ports, creditor) -> dict[str, PlacementState]:
    with ports.session(creditor) as session:
        return dict(session.execute(select(Placement.account_ref, Placement.state)).all())


def settle(ports, tenants: Tenants) -> Tenants:
    """Place the three cases, acknowledged by the agency, with a tail of thirty days."""
    place_with(ports, tenants.creditor, tenants.agency, CASES, tail_days=30)
    acknowledge_all(ports, tenants.agency)
    return tenants


def reject_one(ports, agency, account: str, *, note: str, now: datetime | None = None) -> None:
    """The agency does not take one case on."""
    with ports.session(agency) as session, transaction(session):
        sent = select(Placement.consignment_id, Placement.case_id).where(Placement.account_ref == account)
        number, case_id = session.execute(sent).one()
        why = {"reason": RejectReason.INFORMATION_MISSING, "note": note}
        rejecting.reject(session, agency, number, case_ids=[case_id], **why, now=now or ports.now())
