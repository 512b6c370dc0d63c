"""An agency that was let in begins with what it applied with: its file, its people, its documents, its account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.applications import content
from agencies.applications.drafting import files_of
from agencies.applications.models import Application, ApplicationFile, ApplicationState
from agencies.kernel import audit
from agencies.kernel.errors import NotFound
from agencies.kernel.files import StoredFile
from agencies.kernel.tenancy import Actor, Side, require_side
from agencies.standing import accounts, documents, filing, people
from agencies.standing.models import AccountKind, AgencyFile, CredentialKind, OfferedService, PrincipalRole, Product

#: Keeps the bytes of an applicant's file where the agency's own are kept; done again it gives the same. Nothing comes
#: of a file that may not be opened.
Copy = Callable[[ApplicationFile], StoredFile | None]


def take_over(session: Session, actor: Actor, copy: Copy, *, now: datetime) -> bool:
    """Fill the agency's file from its application; False when that was done, or the agency has begun one itself."""
    agency_id = require_side(actor, Side.AGENCY)
    row = session.scalar(
        select(Application).where(Application.agency_id == agency_id, Application.state == ApplicationState.APPROVED)
    )
    if row is None:
        raise NotFound
    if session.get(AgencyFile, agency_id) is not None:
        return False
    said = content.opened(session, row)
    _keep_file(session, agency_id, said, now)
    for one in said.get("credentials", ()):
        filing.keep_credential(session, agency_id, _credential(one), by=None, now=now)
    for one in said.get("principals", ()):
        people.keep_principal(session, agency_id, _principal(one), by=None, now=now)
    if account := said.get("bank"):
        accounts.put_in_force(session, agency_id, _account(account, row.country), now=now)
    for file in files_of(session, row):
        if (kept := copy(file)) is not None:
            documents.keep_document(session, agency_id, file.kind, kept, by=None, now=now)
    audit.record(session, actor, "application.taken_over", now=now, application_id=row.id)
    return True


def _keep_file(session: Session, agency_id: int, said: Mapping[str, Any], now: datetime) -> None:
    coverage, contacts = said.get("coverage", {}), said.get("contacts", {})
    statement = filing.Statement(
        services=tuple(OfferedService(one) for one in coverage.get("services", ())),
        countries=tuple(coverage.get("countries", ())),
        regions=coverage.get("regions", ""),
        capacity=coverage.get("capacity"),
        products=tuple(Product(one) for one in coverage.get("products", ())),
        complaints_contact=_contact(contacts, "complaints_1"),
        second_complaints_contact=_contact(contacts, "complaints_2"),
        incidents_contact=_contact(contacts, "incidents"),
        notice_hours=contacts.get("notice_hours"),
    )
    registers, disclosures = said.get("registers", {}), said.get("data", {})
    filing.keep_file(session, agency_id, statement, registers=registers, disclosures=disclosures, now=now)


def _contact(contacts: Mapping[str, Any], prefix: str) -> str:
    parts = (contacts.get(f"{prefix}_{part}", "") for part in ("name", "email", "phone"))
    return ", ".join(part for part in parts if part)


def _credential(one: Mapping[str, Any]) -> filing.Credential:
    return filing.Credential(
        kind=CredentialKind(one["kind"]),
        country=one["country"],
        title=one["title"],
        number=one["number"],
        issuer=one["issuer"],
        valid_until=_day(one.get("valid_until")),
        limit_minor=one.get("limit"),
        currency=one.get("currency"),
    )


def _principal(one: Mapping[str, Any]) -> people.PrincipalFacts:
    return people.PrincipalFacts(
        name=one["name"],
        role=PrincipalRole(one["role"]),
        document_type=one["document_type"],
        document=one["document"],
        share_bp=one.get("share_bp"),
        background_checked_on=_day(one.get("background_checked_on")),
        is_exposed=one["is_exposed"] == "yes",
    )


def _account(one: Mapping[str, Any], country: str) -> accounts.Account:
    return accounts.Account(
        country=country,
        currency=one["currency"],
        bank=one["bank"],
        kind=AccountKind(one["account_kind"]),
        number=one["number"],
        holder=accounts.Holder(one["holder_name"], one["holder_tax_id"]),
    )


def _day(told: str | None) -> date | None:
    return date.fromisoformat(told) if told else None
