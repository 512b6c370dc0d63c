"""An organisation sets up its own sign-in, the operator approves its domains, and its people come in by it.

Nobody is made by signing in: the first time, the provider's subject is tied to a person of this organisation who was
invited or is active already, by an address the provider vouches for and whose domain is the organisation's. From then
on the subject alone says who it is.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.company_links import Arrival, Claims, CompanySignInRefused, tie
from agencies.organisations.factors import has_factor
from agencies.organisations.models import Organisation, OrganisationState, User, UserState
from agencies.organisations.permissions import Permission
from agencies.organisations.providers import (
    SignInDomain,
    SignInLink,
    SignInProvider,
    domain_of,
    is_approved,
    is_required,
    secret_place,
)

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
#: Anybody can have an address there.
_PUBLIC_MAIL = {
    *("gmail.com", "googlemail.com", "hotmail.com", "hotmail.es", "outlook.com", "outlook.es", "live.com", "msn.com"),
    *("yahoo.com", "yahoo.es", "yahoo.com.mx", "icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com"),
    *("gmx.com", "mail.com", "zoho.com", "yandex.com", "une.net.co", "terra.com", "prodigy.net.mx"),
}


class SecretMissing(Invalid):
    """The first time, the provider's secret must be given."""

    text = msg("Enter the client secret that your provider gave you.")


class DomainUnusable(Invalid):
    """Not a domain, or one anybody can have an address at."""

    text = msg("This is not a domain of your organisation: enter one like bank.example, and no public mail service.")


class DomainTaken(Conflict):
    """An approved domain belongs to one organisation."""

    text = msg("This domain is approved for another organisation already.")


class NotTried(Conflict):
    """Nobody locks everybody out by a provider that was never used."""

    text = msg("Come in once with your organisation’s sign-in yourself before you require it of everybody.")


class ProviderChanged(Conflict):
    """What would be approved is not what was on the screen."""

    text = msg("The organisation has changed its sign-in meanwhile. Read what it is now, and decide then.")


def configure(
    session: Session,
    actor: Actor,
    *,
    issuer: str,
    client_id: str,
    client_secret: str,
    required: bool,
    trusts_factor: bool,
    vouches_for_emails: bool,
    now: datetime,
) -> None:
    """Set the organisation's provider; an empty secret keeps the former. Raises `SecretMissing` or `NotTried`.

    Another issuer, or more trust in its word, lets nobody in until the operator has approved the domains again.
    """
    require(actor, Permission.SIGN_IN_MANAGE)
    former = session.execute(
        select(SignInProvider.issuer, SignInProvider.trusts_factor, SignInProvider.vouches_for_emails)
        .where(SignInProvider.organisation_id == actor.tenant)
        .with_for_update()
    ).one_or_none()
    known = former.issuer if former is not None else None
    if not client_secret and known != issuer:
        raise SecretMissing
    is_trusted_more = former is None or (
        (trusts_factor and not former.trusts_factor) or (vouches_for_emails and not former.vouches_for_emails)
    )
    has_to_be_approved = known != issuer or is_trusted_more
    if required and not _has_come_in(session, actor, issuer):
        raise NotTried
    values = {
        "issuer": issuer,
        "client_id": client_id,
        "is_required": required,
        "trusts_factor": trusts_factor,
        "vouches_for_emails": vouches_for_emails,
        "changed_at": now,
    }
    if client_secret:
        values["client_secret"] = keyring_of(session).seal(client_secret, secret_place(actor.tenant))
    if known is None:
        session.execute(insert(SignInProvider).values(organisation_id=actor.tenant, **values))
    else:
        session.execute(
            update(SignInProvider)
            .where(SignInProvider.organisation_id == actor.tenant)
            .values(values)
            .execution_options(synchronize_session=False)
        )
    if has_to_be_approved:
        _ask_anew(session, actor, now)
    said = {"required": required, "trusts_factor": trusts_factor, "has_new_secret": bool(client_secret)}
    said["waits_for_approval"] = has_to_be_approved
    audit.record(session, actor, "provider.configured", now=now, said=said)


def ask_domain(session: Session, actor: Actor, domain: str, *, now: datetime) -> None:
    """Ask the operator to approve a domain; raises `DomainUnusable`."""
    require(actor, Permission.SIGN_IN_MANAGE)
    wanted = domain.strip().lower()
    if not _DOMAIN.fullmatch(wanted) or wanted in _PUBLIC_MAIL:
        raise DomainUnusable
    session.execute(
        insert(SignInDomain)
        .values(organisation_id=actor.tenant, domain=wanted, asked_at=now)
        .on_conflict_do_nothing(index_elements=["organisation_id", "domain"])
    )
    audit.record(session, actor, "provider.domain_asked", now=now, domain=wanted)


def drop_domain(session: Session, actor: Actor, domain: str, *, now: datetime) -> None:
    """Give a domain up; raises `NotFound`."""
    require(actor, Permission.SIGN_IN_MANAGE)
    dropped = session.scalar(
        delete(SignInDomain)
        .where(SignInDomain.organisation_id == actor.tenant, SignInDomain.domain == domain)
        .returning(SignInDomain.domain)
        .execution_options(synchronize_session=False)
    )
    if dropped is None:
        raise NotFound
    audit.record(session, actor, "provider.domain_dropped", now=now, domain=domain)


def approve_domain(
    session: Session, actor: Actor, organisation_id: int, domain: str, *, seen: str, now: datetime
) -> None:
    """The operator has made sure whose domain and whose provider it is, `seen` as asked for at that instant.

    Raises `NotFound`, `ProviderChanged` or `DomainTaken`.
    """
    require(actor, Permission.ORGANISATION_SUSPEND)
    row = session.get(SignInDomain, (organisation_id, domain), with_for_update=True)
    if row is None:
        raise NotFound
    if row.asked_at.isoformat() != seen:
        raise ProviderChanged
    taken = select(SignInDomain.domain).where(SignInDomain.domain == domain, SignInDomain.approved_at.is_not(None))
    if session.scalar(taken) is not None:
        raise DomainTaken
    row.approved_at, row.approved_by = now, actor.user_id
    _told(session, actor, organisation_id, "provider.domain_approved", now, domain=domain)


def release(session: Session, actor: Actor, organisation_id: int, *, now: datetime) -> None:
    """The operator lets people in by password again whose provider does not work; raises `NotFound`."""
    require(actor, Permission.ORGANISATION_SUSPEND)
    released = session.scalar(
        update(SignInProvider)
        .where(SignInProvider.organisation_id == organisation_id, SignInProvider.is_required)
        .values(is_required=False)
        .returning(SignInProvider.organisation_id)
        .execution_options(synchronize_session=False)
    )
    if released is None:
        raise NotFound
    _told(session, actor, organisation_id, "provider.released", now)


def list_domains(session: Session, actor: Actor) -> list[SignInDomain]:
    """The domains of the actor's organisation."""
    require(actor, Permission.SIGN_IN_MANAGE)
    statement = select(SignInDomain).where(SignInDomain.organisation_id == actor.tenant)
    return list(session.scalars(statement.order_by(SignInDomain.domain)))


def get_provider(session: Session, actor: Actor) -> SignInProvider | None:
    """The provider of the actor's organisation, without its secret."""
    require(actor, Permission.SIGN_IN_MANAGE)
    return session.get(SignInProvider, actor.tenant)


def list_all(
    session: Session, actor: Actor
) -> tuple[list[tuple[SignInDomain, str, SignInProvider | None]], list[tuple[int, str]]]:
    """For the operator: every domain with its organisation and provider, those that wait first; who requires it."""
    require(actor, Permission.ORGANISATION_SUSPEND)
    domains = session.execute(
        select(SignInDomain, Organisation.name, SignInProvider)
        .join(Organisation, Organisation.id == SignInDomain.organisation_id)
        .outerjoin(SignInProvider, SignInProvider.organisation_id == SignInDomain.organisation_id)
        .order_by(SignInDomain.approved_at.is_not(None), SignInDomain.domain)
    )
    required = session.execute(
        select(Organisation.id, Organisation.name)
        .join(SignInProvider, SignInProvider.organisation_id == Organisation.id)
        .where(SignInProvider.is_required)
        .order_by(Organisation.name)
    )
    return [(row[0], row[1], row[2]) for row in domains], [(row[0], row[1]) for row in required]


def come_in(session: Session, organisation_id: int, claims: Claims, *, now: datetime) -> Arrival:
    """Whom a provider's word lets in, at the door; raises `CompanySignInRefused` for every reason alike."""
    home = session.get_one(Organisation, organisation_id)
    provider = session.get_one(SignInProvider, organisation_id, populate_existing=True)
    # A word that was asked for before the provider changed is not good for the one that waits to be approved.
    if home.state is not OrganisationState.APPROVED or provider.issuer != claims.issuer:
        raise CompanySignInRefused
    if not is_approved(session, organisation_id):
        raise CompanySignInRefused
    known = session.scalar(
        select(SignInLink.user_id).where(
            SignInLink.organisation_id == organisation_id,
            SignInLink.issuer == claims.issuer,
            SignInLink.subject == claims.subject,
        )
    )
    arrival = _linked(session, known) if known is not None else _link(session, organisation_id, claims, now)
    arrival.user.failed_sign_ins, arrival.user.locked_until = 0, None
    return arrival


def _linked(session: Session, user_id: int) -> Arrival:
    user = session.get_one(User, user_id, with_for_update=True)
    if user.state is not UserState.ACTIVE:
        raise CompanySignInRefused
    return Arrival(user)


def _link(session: Session, organisation_id: int, claims: Claims, now: datetime) -> Arrival:
    provider = session.get_one(SignInProvider, organisation_id)
    is_verified = claims.email_verified or (claims.email_verified is None and provider.vouches_for_emails)
    is_ours = session.scalar(
        select(SignInDomain.domain).where(
            SignInDomain.organisation_id == organisation_id,
            SignInDomain.domain == domain_of(claims.email),
            SignInDomain.approved_at.is_not(None),
        )
    )
    user = session.scalar(
        select(User)
        .where(User.organisation_id == organisation_id, User.email == claims.email.strip())
        .with_for_update()
    )
    if not is_verified or is_ours is None or user is None or user.state is UserState.DISABLED:
        raise CompanySignInRefused
    if session.get(SignInLink, (organisation_id, user.id, claims.issuer)) is not None:
        # This person is another subject already: an address that changed hands opens nothing.
        raise CompanySignInRefused
    if has_factor(session, organisation_id, user.id):
        return Arrival(user, claims)
    tie(session, user, claims, now=now)
    return Arrival(user)


def _ask_anew(session: Session, actor: Actor, now: datetime) -> None:
    """What was approved was another sign-in: the organisation's side can ask for its domains and not approve them."""
    dropped = session.scalars(
        delete(SignInDomain)
        .where(SignInDomain.organisation_id == actor.tenant)
        .returning(SignInDomain.domain)
        .execution_options(synchronize_session=False)
    ).all()
    for domain in sorted(dropped):
        session.execute(insert(SignInDomain).values(organisation_id=actor.tenant, domain=domain, asked_at=now))


def _has_come_in(session: Session, actor: Actor, issuer: str) -> bool:
    linked = select(SignInLink.user_id).where(
        SignInLink.organisation_id == actor.tenant, SignInLink.user_id == actor.user_id, SignInLink.issuer == issuer
    )
    return session.scalar(linked) is not None or is_required(session, actor.tenant)


def _told(session: Session, actor: Actor, organisation_id: int, action: str, now: datetime, **details: str) -> None:
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations={actor.tenant, organisation_id},
        organisation_id=organisation_id,
        **details,
    )
