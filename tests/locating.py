"""Locate mandates, orders and findings for tests: plain functions over the services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.mandates.models import FeeClass, LocateGrade, Mandate, Service
from agencies.mandates.terms import Fee, TermSheet
from assignments.cases.queries import Selection
from assignments.contacts.models import Authorisation
from assignments.ledger import fees
from assignments.locates import investigating, ordering, verifying
from assignments.locates.investigating import NewFinding
from assignments.locates.models import (
    FindingKind,
    LocateBatch,
    LocateOrder,
    LocatePurpose,
    SourceClass,
    VerificationMethod,
)
from assignments.locates.people import People
from portal.ports import Ports
from tests import agreed, loop
from tests.attested import attest_all

ORDERED_AT = loop.PLACED_AT + timedelta(days=20)
FOUND_AT = ORDERED_AT + timedelta(days=3)
DUE_ON = date(2026, 2, 27)
#: What the mandates of these tests pay, in minor units of the creditor's currency.
FEES = {
    (FeeClass.STANDARD, LocateGrade.VERIFIED_WITH_DEBTOR): 2_500_000,
    (FeeClass.STANDARD, LocateGrade.VERIFIED_THIRD_SOURCE): 1_500_000,
    (FeeClass.STANDARD, LocateGrade.MATCHED_UNVERIFIED): 500_000,
    (FeeClass.EXPRESS, LocateGrade.VERIFIED_WITH_DEBTOR): 4_000_000,
}
_numbers = count(1)


@dataclass(frozen=True)
class Located:
    """One finding on its way, with who did what."""

    order_id: int
    finding_id: int


def soon() -> date:
    """A due date in a month, for orders made on the day of the test."""
    return utc_now().date() + timedelta(days=30)


def locate_mandate(ports: Ports, creditor: Actor, agency: Actor, *, is_attested: bool = True, **terms: Any) -> Mandate:
    """Make a locate mandate between the two; the agency has attested to everything unless told otherwise."""
    if is_attested:
        attest_all(ports, creditor, agency, now=loop.PLACED_AT)
    sheet = TermSheet(fees=tuple(Fee(*key, amount) for key, amount in FEES.items()))
    return agreed.make(
        ports,
        creditor,
        agency,
        name=f"Localización {next(_numbers)}",
        terms=terms.get("terms", sheet),
        valid_from=date(2025, 1, 1),
        service=Service.LOCATE,
        now=loop.PLACED_AT,
    )


def order(ports: Ports, creditor: Actor, mandate: Mandate, people: People | None = None, **changed: Any) -> LocateBatch:
    """Order everybody, or whom one says."""
    values: dict[str, Any] = {
        "name": f"Ilocalizados {next(_numbers)}",
        "mandate_id": mandate.id,
        "purpose": LocatePurpose.COLLECT_OWN_DEBT,
        "legal_basis": "Autorización del contrato, cláusula 12",
        "is_certified": True,
        "fee_class": FeeClass.STANDARD,
        "due_on": DUE_ON,
        "now": ORDERED_AT,
        **changed,
    }
    with ports.session(creditor) as session, transaction(session):
        return ordering.order(session, creditor, people or People(Selection()), **values)


def take_on(ports: Ports, agency: Actor, batch: LocateBatch) -> list[LocateOrder]:
    """The agency takes a batch on; its orders by account."""
    with ports.session(agency) as session, transaction(session):
        ordering.acknowledge(session, agency, batch.id, now=ORDERED_AT)
    return orders(ports, agency, batch)


def orders(ports: Ports, actor: Actor, batch: LocateBatch) -> list[LocateOrder]:
    """A batch's orders by account."""
    with ports.session(actor) as session:
        statement = select(LocateOrder).where(LocateOrder.batch_id == batch.id)
        return list(session.scalars(statement.order_by(LocateOrder.account_ref)))


def phone(raw: str = "311 555 0101", **changed: Any) -> NewFinding:
    """A phone as an investigator types it."""
    values: dict[str, Any] = {
        "kind": FindingKind.PHONE,
        "raw": raw,
        "source_class": SourceClass.DATA_PROVIDER,
        "source_ref": "Consulta 88-12",
        "found_on": FOUND_AT.date(),
        **changed,
    }
    return NewFinding(**values)


def find(
    ports: Ports, investigator: Actor, order_id: int, findings: Sequence[NewFinding], *, now: datetime = FOUND_AT
) -> list[int]:
    """Add findings to an order and hand it in."""
    with ports.session(investigator) as session, transaction(session):
        made = [investigating.add(session, investigator, order_id, one, now=now) for one in findings]
    with ports.session(investigator) as session, transaction(session):
        investigating.submit(session, investigator, order_id, searched="RUNT, directorio", now=now)
    return made


def grade(
    ports: Ports,
    creditor: Actor,
    finding_id: int,
    grade: LocateGrade = LocateGrade.VERIFIED_WITH_DEBTOR,
    *,
    now: datetime = FOUND_AT,
) -> None:
    """The creditor grades a finding, and its fee is booked."""
    with ports.session(creditor) as session, transaction(session):
        fees.accept(session, creditor, finding_id, grade=grade, method=VerificationMethod.CALL, now=now)


def allow(
    ports: Ports,
    creditor: Actor,
    finding_id: int,
    authorisation: Authorisation = Authorisation.AUTHORISED,
    *,
    now: datetime = FOUND_AT,
) -> None:
    """The creditor says whether a finding may be used."""
    with ports.session(creditor) as session, transaction(session):
        verifying.set_authorisation(session, creditor, finding_id, authorisation=authorisation, now=now)


def release(ports: Ports, creditor: Actor, finding_id: int, *, now: datetime = FOUND_AT) -> None:
    """The creditor releases a finding."""
    with ports.session(creditor) as session, transaction(session):
        verifying.release(session, creditor, finding_id, now=now)


def revealed(browser, page: str, field: str = "finding") -> str:
    """What the page shows of a covered field for a purpose; nothing when it is refused."""
    answer = browser.post(f"{page}/reveal", {"field": field, "purpose": "quality"})
    assert answer.status_code in {200, 403, 404}
    return answer.text if answer.status_code == 200 else ""
