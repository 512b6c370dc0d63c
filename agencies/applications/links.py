"""How an applicant, whom nobody knows yet, reaches an application: links by letter, and the browser that opened one.

What is kept before the address is confirmed is the address alone, sealed. A link works once; whoever opens it gets a
token for that browser and some hours, and asks for a new link afterwards. A link is made when its letter is written.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from agencies.applications import content
from agencies.applications.lifecycle import ENDED, Mover, take
from agencies.applications.models import Application, ApplicationKey, ApplicationState, KeyUse
from agencies.kernel.errors import Conflict, Forbidden, NotFound, msg
from agencies.kernel.sealing import keyring_of
from agencies.organisations import countries, credentials
from agencies.organisations.addresses import normal_address
from agencies.organisations.models import Organisation, OrganisationKind

LINK_LIFETIME, VISIT_LIFETIME = timedelta(days=7), timedelta(hours=12)


class LinkUsed(NotFound):
    """Used, replaced, expired or never made: all the same to who holds it."""

    text = msg("This link is no longer valid: it works once and for seven days. Ask for a new one below.")


class VisitOver(Forbidden):
    """The browser's time is over, or it never opened a link."""

    text = msg("To go on with your application, ask for a new link to your e-mail address.")


class NotOpenYet(Conflict):
    """There is no platform to apply to."""

    text = msg("Nobody can apply yet: the portal is being set up.")


def begin(
    session: Session, *, kind: OrganisationKind, country: str, email: str, language: str, now: datetime
) -> Application:
    """Begin an application, or find the one that this address has begun; a letter with a link is due either way.

    Raises `EmailUnusable`, `CountryUnknown` or `NotOpenYet`.
    """
    countries.country(country)
    address, platform_id = normal_address(email), platform(session)
    known = _find_open(session, platform_id, address, kind)
    if known is not None:
        return known
    handle = secrets.token_hex(16)
    as_applicant(session, handle)
    made = Application(
        organisation_id=platform_id,
        handle=handle,
        kind=kind,
        state=ApplicationState.UNCONFIRMED,
        country=country,
        language=language,
        legal_name="",
        email=content.sealed_address(session, platform_id, handle, address),
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    # Nobody holds it: by it the application is found again for its address.
    _new_key(session, made, KeyUse.LINK, now)
    return made


def find_by_address(session: Session, *, email: str, kind: OrganisationKind) -> Application | None:
    """The application this address goes on with, or None; whoever asks is told the same either way."""
    return _find_open(session, platform(session), normal_address(email), kind)


def fresh_link(session: Session, row: Application, *, now: datetime) -> str:
    """The token of a new link, to be written into a letter and kept nowhere."""
    return _new_key(session, row, KeyUse.LINK, now)


def find_link(session: Session, token: str, *, now: datetime) -> Application:
    """What a link leads to, before it is used; raises `LinkUsed`."""
    key = _usable(session, token, KeyUse.LINK, now)
    if key is None:
        raise LinkUsed
    return _reach(session, key)


def enter(session: Session, token: str, *, now: datetime) -> tuple[Application, str]:
    """Use a link up: the address is confirmed, and the browser gets a token of its own. Raises `LinkUsed`."""
    key = _usable(session, token, KeyUse.LINK, now, lock=True)
    if key is None:
        raise LinkUsed
    row = _reach(session, key, lock=True)
    key.used_at = now
    if row.state is ApplicationState.UNCONFIRMED:
        take(session, row, ApplicationState.DRAFT, Mover.APPLICANT, now)
    return row, _new_key(session, row, KeyUse.VISIT, now)


def visited(session: Session, token: str, *, now: datetime, lock: bool = False) -> Application:
    """The application a browser has opened; raises `VisitOver`."""
    key = _usable(session, token, KeyUse.VISIT, now)
    if key is None:
        raise VisitOver
    return _reach(session, key, lock=lock)


def as_applicant(session: Session, handle: str) -> None:
    """Let this transaction reach the rows of one application, and of no other."""
    session.execute(text("select set_config('app.applicant', :handle, true)"), {"handle": handle})


def platform(session: Session) -> int:
    """Whom applications are made to; raises `NotOpenYet`."""
    found = session.scalar(select(Organisation.id).where(Organisation.kind == OrganisationKind.PLATFORM))
    if found is None:
        raise NotOpenYet
    return found


def _index(session: Session, platform_id: int, address: str) -> bytes:
    return keyring_of(session).index(platform_id, "application.email", address.lower())


def _find_open(session: Session, platform_id: int, address: str, kind: OrganisationKind) -> Application | None:
    handles = select(ApplicationKey.handle).where(
        ApplicationKey.organisation_id == platform_id,
        ApplicationKey.email_index == _index(session, platform_id, address),
        ApplicationKey.kind == kind,
    )
    for handle in session.scalars(handles.distinct()).all():
        as_applicant(session, handle)
        row = session.scalar(select(Application).where(Application.handle == handle))
        if row is not None and row.state not in ENDED:
            return row
    return None


def _new_key(session: Session, row: Application, use: KeyUse, now: datetime) -> str:
    address = content.address_of(session, row)
    if use is KeyUse.VISIT:
        # Of two letters that cross each other either link may be opened; of two browsers the last one goes on.
        session.execute(
            update(ApplicationKey)
            .where(
                ApplicationKey.organisation_id == row.organisation_id,
                ApplicationKey.handle == row.handle,
                ApplicationKey.use == use,
                ApplicationKey.expires_at > now,
            )
            .values(expires_at=now)
            .execution_options(synchronize_session=False)
        )
    token = credentials.new_token()
    session.add(
        ApplicationKey(
            organisation_id=row.organisation_id,
            handle=row.handle,
            email_index=_index(session, row.organisation_id, address),
            kind=row.kind,
            use=use,
            token_hash=credentials.digest(token),
            created_at=now,
            expires_at=now + (LINK_LIFETIME if use is KeyUse.LINK else VISIT_LIFETIME),
        )
    )
    session.flush()
    return token


def _usable(session: Session, token: str, use: KeyUse, now: datetime, *, lock: bool = False) -> ApplicationKey | None:
    statement = select(ApplicationKey).where(
        ApplicationKey.token_hash == credentials.digest(token),
        ApplicationKey.use == use,
        ApplicationKey.used_at.is_(None),
        ApplicationKey.expires_at > now,
    )
    return session.scalar(statement.with_for_update() if lock else statement)


def _reach(session: Session, key: ApplicationKey, *, lock: bool = False) -> Application:
    as_applicant(session, key.handle)
    statement = select(Application).where(
        Application.organisation_id == key.organisation_id, Application.handle == key.handle
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one()
