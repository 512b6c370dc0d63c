"""An agency keeps its own file: services, coverage, capacity, contacts, licences and insurance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import COUNTRIES
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.money import EXPONENT
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation, OrganisationKind
from agencies.organisations.permissions import Permission
from agencies.standing.fields import answered
from agencies.standing.models import AgencyCredential, AgencyFile, CredentialKind, OfferedService, PanelMember, Product
from agencies.standing.panelmoves import CLOSED_TO_CREDITOR
from agencies.standing.registers import DISCLOSURES, REGISTERS


class CountryUnknown(Invalid):
    """The portal works in some countries only."""

    text = msg("Choose countries from the list.")


class CapacityUnfit(Invalid):
    """Nobody works no cases."""

    text = msg("The capacity is a number of cases above nought, or empty.")


class CredentialUnnamed(Invalid):
    """A licence is known by what it is and its number."""

    text = msg("Say what it is, its number and who issued it.")


class LimitUnfit(Invalid):
    """An amount needs its currency."""

    text = msg("Give the limit as an amount with its currency, or leave both empty.")


@dataclass(frozen=True)
class Statement:
    """What an agency says of itself."""

    services: tuple[OfferedService, ...] = ()
    countries: tuple[str, ...] = ()
    regions: str = ""
    capacity: int | None = None
    complaints_contact: str = ""
    incidents_contact: str = ""
    second_complaints_contact: str = ""
    notice_hours: int | None = None
    products: tuple[Product, ...] = ()


@dataclass(frozen=True)
class Credential:
    """A licence or an insurance policy as it is typed."""

    kind: CredentialKind
    country: str
    title: str
    number: str
    issuer: str
    valid_until: date | None = None
    limit_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True)
class FilePage:
    """The file of one agency, as far as it was written."""

    agency_id: int
    agency_name: str
    statement: Statement
    updated_at: datetime | None
    credentials: tuple[AgencyCredential, ...]
    country: str = ""
    #: By the names of the questions in `registers`.
    registers: Mapping[str, Any] = field(default_factory=dict)
    disclosures: Mapping[str, Any] = field(default_factory=dict)


def get_file(session: Session, actor: Actor, agency_id: int) -> FilePage:
    """An agency's own file, or one of a creditor's panel; raises `NotFound`."""
    check_reader(session, actor, agency_id)
    home = session.scalar(
        select(Organisation).where(Organisation.id == agency_id, Organisation.kind == OrganisationKind.AGENCY)
    )
    if home is None:
        raise NotFound
    file = session.get(AgencyFile, agency_id)
    credentials = session.scalars(
        select(AgencyCredential)
        .where(AgencyCredential.agency_id == agency_id, AgencyCredential.removed_at.is_(None))
        .order_by(AgencyCredential.kind.desc(), AgencyCredential.valid_until, AgencyCredential.id)
    )
    if file is None:
        return FilePage(agency_id, home.name, Statement(), None, tuple(credentials), home.country)
    return FilePage(
        agency_id,
        home.name,
        _statement(file),
        file.updated_at,
        tuple(credentials),
        home.country,
        file.registers,
        file.disclosures,
    )


def check_reader(session: Session, actor: Actor, agency_id: int) -> None:
    """An agency reads its own file and a creditor those of its panel; raises `NotFound` for any other.

    Who has declined or was removed is not on the panel any more, and their people and accounts are their own again.
    """
    require(actor, Permission.STANDING_VIEW)
    if actor.side is Side.AGENCY and agency_id != actor.organisation_id:
        raise NotFound
    if actor.side is Side.CREDITOR:
        member = session.get(PanelMember, (actor.tenant, agency_id))
        if member is None or member.state in CLOSED_TO_CREDITOR:
            raise NotFound


def state(session: Session, actor: Actor, statement: Statement, *, now: datetime) -> None:
    """Write what the agency says of itself over what it said before; raises what does not fit."""
    agency_id = _editor(actor)
    if not set(statement.countries) <= set(COUNTRIES):
        raise CountryUnknown
    if statement.capacity is not None and statement.capacity <= 0:
        raise CapacityUnfit
    values = _values(statement)
    _write(session, agency_id, values, actor.user_id, now)
    audit.record(
        session,
        actor,
        "standing.stated",
        now=now,
        services=values["services"],
        countries=values["countries"],
        capacity=statement.capacity,
    )


def disclose(
    session: Session,
    actor: Actor,
    *,
    registers: Mapping[str, Any],
    disclosures: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write what registers say, what is certified and what was disputed over what stood there; raises `AnswerUnfit`."""
    agency_id = _editor(actor)
    country = session.get_one(Organisation, agency_id).country
    values = {
        "registers": answered(REGISTERS[country], registers),
        "disclosures": answered(DISCLOSURES, disclosures),
    }
    _write(session, agency_id, values, actor.user_id, now)
    audit.record(session, actor, "standing.disclosed", now=now)


def add_credential(session: Session, actor: Actor, told: Credential, *, now: datetime) -> AgencyCredential:
    """Put a licence or a policy on the agency's file; raises what does not fit."""
    agency_id = _editor(actor)
    if told.country not in COUNTRIES:
        raise CountryUnknown
    if not (told.title.strip() and told.number.strip() and told.issuer.strip()):
        raise CredentialUnnamed
    if (told.limit_minor is None) != (told.currency is None) or (told.currency and told.currency not in EXPONENT):
        raise LimitUnfit
    if told.limit_minor is not None and told.limit_minor < 0:
        raise LimitUnfit
    added = keep_credential(session, agency_id, told, by=actor.user_id, now=now)
    audit.record(session, actor, "credential.added", now=now, credential_id=added.id, country=told.country)
    return added


def keep_credential(
    session: Session, agency_id: int, told: Credential, *, by: int | None, now: datetime
) -> AgencyCredential:
    """Write a licence or a policy down as it is."""
    added = AgencyCredential(
        agency_id=agency_id,
        kind=told.kind,
        country=told.country,
        title=told.title.strip(),
        number=told.number.strip(),
        issuer=told.issuer.strip(),
        limit_minor=told.limit_minor,
        currency=told.currency,
        valid_until=told.valid_until,
        created_at=now,
        created_by=by,
    )
    session.add(added)
    session.flush()
    return added


def remove_credential(session: Session, actor: Actor, credential_id: int, *, now: datetime) -> None:
    """Take a licence or a policy off the agency's file; a second time changes nothing. Raises `NotFound`."""
    agency_id = _editor(actor)
    found = session.scalar(
        select(AgencyCredential)
        .where(AgencyCredential.agency_id == agency_id, AgencyCredential.id == credential_id)
        .with_for_update()
    )
    if found is None:
        raise NotFound
    if found.removed_at is None:
        found.removed_at = now
        audit.record(session, actor, "credential.removed", now=now, credential_id=credential_id)


def keep_file(
    session: Session,
    agency_id: int,
    statement: Statement,
    *,
    registers: Mapping[str, Any],
    disclosures: Mapping[str, Any],
    now: datetime,
) -> None:
    """Begin a file with what the agency applied with."""
    values = {**_values(statement), "registers": dict(registers), "disclosures": dict(disclosures)}
    _write(session, agency_id, values, None, now)


def _editor(actor: Actor) -> int:
    require(actor, Permission.STANDING_EDIT)
    return require_side(actor, Side.AGENCY)


def _values(statement: Statement) -> dict[str, Any]:
    return {
        "services": [one.value for one in statement.services],
        "countries": list(statement.countries),
        "regions": statement.regions,
        "capacity": statement.capacity,
        "complaints_contact": statement.complaints_contact,
        "incidents_contact": statement.incidents_contact,
        "second_complaints_contact": statement.second_complaints_contact,
        "notice_hours": statement.notice_hours,
        "products": [one.value for one in statement.products],
    }


def _write(session: Session, agency_id: int, values: Mapping[str, Any], by: int | None, now: datetime) -> None:
    """Write some of a file over what stood there; what was never said is empty."""
    told = {**values, "updated_at": now, "updated_by": by}
    empty = {**_values(Statement()), "registers": {}, "disclosures": {}}
    session.execute(
        insert(AgencyFile)
        .values(agency_id=agency_id, **{**empty, **told})
        .on_conflict_do_update(index_elements=["agency_id"], set_=told)
    )
    session.expire_all()


def _statement(file: AgencyFile) -> Statement:
    return Statement(
        services=tuple(OfferedService(one) for one in file.services),
        countries=tuple(file.countries),
        regions=file.regions,
        capacity=file.capacity,
        complaints_contact=file.complaints_contact,
        incidents_contact=file.incidents_contact,
        second_complaints_contact=file.second_complaints_contact,
        notice_hours=file.notice_hours,
        products=tuple(Product(one) for one in file.products),
    )
