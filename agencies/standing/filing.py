"""An agency keeps its own file: services, coverage, capacity, contacts, licences and insurance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

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
from agencies.standing.models import AgencyCredential, AgencyFile, CredentialKind, OfferedService, PanelMember


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


def get_file(session: Session, actor: Actor, agency_id: int) -> FilePage:
    """An agency's own file, or one of a creditor's panel; raises `NotFound`."""
    require(actor, Permission.STANDING_VIEW)
    if actor.side is Side.AGENCY and agency_id != actor.organisation_id:
        raise NotFound
    if actor.side is Side.CREDITOR and session.get(PanelMember, (actor.tenant, agency_id)) is None:
        raise NotFound
    name = session.scalar(
        select(Organisation.name).where(Organisation.id == agency_id, Organisation.kind == OrganisationKind.AGENCY)
    )
    if name is None:
        raise NotFound
    file = session.get(AgencyFile, agency_id)
    credentials = session.scalars(
        select(AgencyCredential)
        .where(AgencyCredential.agency_id == agency_id, AgencyCredential.removed_at.is_(None))
        .order_by(AgencyCredential.kind.desc(), AgencyCredential.valid_until, AgencyCredential.id)
    )
    return FilePage(agency_id, name, _statement(file), file.updated_at if file else None, tuple(credentials))


def state(session: Session, actor: Actor, statement: Statement, *, now: datetime) -> None:
    """Write what the agency says of itself over what it said before; raises what does not fit."""
    agency_id = _editor(actor)
    if not set(statement.countries) <= set(COUNTRIES):
        raise CountryUnknown
    if statement.capacity is not None and statement.capacity <= 0:
        raise CapacityUnfit
    values = {
        "services": [one.value for one in statement.services],
        "countries": list(statement.countries),
        "regions": statement.regions,
        "capacity": statement.capacity,
        "complaints_contact": statement.complaints_contact,
        "incidents_contact": statement.incidents_contact,
        "updated_at": now,
        "updated_by": actor.user_id,
    }
    session.execute(
        insert(AgencyFile)
        .values(agency_id=agency_id, **values)
        .on_conflict_do_update(index_elements=["agency_id"], set_=values)
    )
    session.expire_all()
    audit.record(
        session,
        actor,
        "standing.stated",
        now=now,
        services=values["services"],
        countries=values["countries"],
        capacity=statement.capacity,
    )


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
        created_by=actor.user_id,
    )
    session.add(added)
    session.flush()
    audit.record(session, actor, "credential.added", now=now, credential_id=added.id, country=told.country)
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


def _editor(actor: Actor) -> int:
    require(actor, Permission.STANDING_EDIT)
    return require_side(actor, Side.AGENCY)


def _statement(file: AgencyFile | None) -> Statement:
    if file is None:
        return Statement()
    return Statement(
        services=tuple(OfferedService(one) for one in file.services),
        countries=tuple(file.countries),
        regions=file.regions,
        capacity=file.capacity,
        complaints_contact=file.complaints_contact,
        incidents_contact=file.incidents_contact,
    )
