"""Who represents, directs and owns an agency: kept by the agency, read by the creditors of its panels."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.sealing import Place, keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from agencies.standing.filing import check_reader
from agencies.standing.models import Principal, PrincipalRole

_WHOLE_BP = 10_000


class PrincipalUnnamed(Invalid):
    """Somebody is known by name and document."""

    text = msg("Say who it is: full name, kind of document and its number.")


class SharesTooLarge(Invalid):
    """Shares are shares of one company."""

    text = msg("The shares of all principals together are more than 100 percent.")


class CheckedInTheFuture(Invalid):
    """What has not happened proves nothing."""

    text = msg("The background check cannot be dated in the future.")


@dataclass(frozen=True)
class PrincipalFacts:
    """A principal as typed."""

    name: str
    role: PrincipalRole
    document_type: str
    document: str
    share_bp: int | None = None
    background_checked_on: date | None = None
    is_exposed: bool = False


@dataclass(frozen=True)
class PrincipalLine:
    """A principal as shown: only the end of the document."""

    id: int
    name: str
    role: PrincipalRole
    document_type: str
    document_end: str
    share_bp: int | None
    background_checked_on: date | None
    is_exposed: bool


def principals_of(session: Session, actor: Actor, agency_id: int) -> list[PrincipalLine]:
    """The principals on an agency's file, those with the largest share first; raises `NotFound`."""
    check_reader(session, actor, agency_id)
    statement = select(
        Principal.id,
        Principal.name,
        Principal.role,
        Principal.document_type,
        Principal.document_end,
        Principal.share_bp,
        Principal.background_checked_on,
        Principal.is_exposed,
    ).where(Principal.agency_id == agency_id, Principal.removed_at.is_(None))
    ordered = statement.order_by(func.coalesce(Principal.share_bp, -1).desc(), Principal.id)
    return [PrincipalLine(*row) for row in session.execute(ordered)]


def add_principal(session: Session, actor: Actor, told: PrincipalFacts, *, now: datetime) -> None:
    """Put somebody on the agency's file, the document sealed; raises what does not fit."""
    require(actor, Permission.STANDING_EDIT)
    agency_id = require_side(actor, Side.AGENCY)
    known = sum(one.share_bp or 0 for one in principals_of(session, actor, agency_id))
    check(told, known, local_date(now, actor.time_zone))
    added = keep_principal(session, agency_id, told, by=actor.user_id, now=now)
    audit.record(session, actor, "principal.added", now=now, principal_id=added.id, role=told.role.value)


def check(told: PrincipalFacts, known_bp: int, today: date) -> None:
    """Raise what is wrong with a principal beside those who hold so much already."""
    if not (told.name.strip() and told.document.strip() and told.document_type.strip()):
        raise PrincipalUnnamed
    if known_bp + (told.share_bp or 0) > _WHOLE_BP:
        raise SharesTooLarge
    if told.background_checked_on is not None and told.background_checked_on > today:
        raise CheckedInTheFuture


def place_of(agency_id: int, seal: str) -> Place:
    """Where the document of a principal stands."""
    return Place(agency_id, "principals", "document", seal)


def keep_principal(
    session: Session, agency_id: int, told: PrincipalFacts, *, by: int | None, now: datetime
) -> Principal:
    """Write a principal down as it is."""
    seal = secrets.token_hex(16)
    place = place_of(agency_id, seal)
    added = Principal(
        agency_id=agency_id,
        name=told.name.strip(),
        role=told.role,
        document_type=told.document_type.strip(),
        seal=seal,
        document=keyring_of(session).seal(told.document.strip(), place),
        document_end=told.document.strip()[-3:],
        share_bp=told.share_bp,
        background_checked_on=told.background_checked_on,
        is_exposed=told.is_exposed,
        created_at=now,
        created_by=by,
    )
    session.add(added)
    session.flush()
    return added


def remove_principal(session: Session, actor: Actor, principal_id: int, *, now: datetime) -> None:
    """Take somebody off the agency's file; a second time changes nothing. Raises `NotFound`."""
    require(actor, Permission.STANDING_EDIT)
    found = session.scalar(
        select(Principal)
        .where(Principal.agency_id == require_side(actor, Side.AGENCY), Principal.id == principal_id)
        .with_for_update()
    )
    if found is None:
        raise NotFound
    if found.removed_at is None:
        found.removed_at = now
        audit.record(session, actor, "principal.removed", now=now, principal_id=principal_id)
