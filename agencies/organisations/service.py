"""Organisations and their people come in: register, invite, accept; and the first operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Forbidden, Invalid, NotFound, msg
from agencies.kernel.tenancy import DOOR, Actor, Side, require, require_side
from agencies.organisations import countries, credentials, heads
from agencies.organisations.models import (
    Invitation,
    Organisation,
    OrganisationKind,
    OrganisationState,
    User,
    UserState,
)
from agencies.organisations.permissions import PERMISSIONS, SIDE_OF, Permission, Role

INVITATION_LIFETIME = timedelta(days=7)
#: The platform's own row has no tax number of its own to keep apart.
_PLATFORM_TAX_ID = "platform"


class OrganisationAlreadyRegistered(Conflict):
    """One organisation per country and tax number."""

    text = msg("An organisation with this tax number is registered already.")


class EmailUnusable(Invalid):
    """Not the shape of an e-mail address."""

    text = msg("This is not a valid e-mail address.")


class EmailTaken(Conflict):
    """An e-mail address belongs to one person in one organisation."""

    text = msg("This e-mail address cannot be invited: it is in use already. Use another address.")


class RoleOfAnotherSide(Invalid):
    """A creditor has no agents, an agency no directors."""

    text = msg("This role does not exist in this kind of organisation.")


class InvitationInvalid(NotFound):
    """Used, replaced, expired or never made: all the same to who holds it."""

    text = msg(
        "This invitation is no longer valid: a link works once and for seven days. "
        "Ask the person who invited you for a new one."
    )


@dataclass(frozen=True)
class Invited:
    """A person who was invited, and a one-time token of the invitation; it is kept nowhere, and no page shows it."""

    user: User
    token: str
    expires_at: datetime
    invitation_id: int


def register(
    session: Session,
    actor: Actor,
    *,
    kind: OrganisationKind,
    name: str,
    legal_name: str,
    tax_id: str,
    country: str,
    now: datetime,
    language: str = "es",
) -> Organisation:
    """Register a creditor or an agency; raises `OrganisationAlreadyRegistered` or `TaxIdInvalid`."""
    require(actor, Permission.ORGANISATION_REGISTER)
    if kind is OrganisationKind.PLATFORM:
        raise Forbidden
    number = countries.tax_number(country, tax_id)
    organisation = _insert_organisation(session, kind, name, legal_name, number, country, language=language, now=now)
    if organisation is None:
        raise OrganisationAlreadyRegistered
    audit.record(
        session,
        actor,
        "organisation.registered",
        now=now,
        organisations=[actor.tenant, organisation.id],
        organisation_id=organisation.id,
        kind=kind.value,
    )
    return organisation


def create_operator(
    session: Session, *, email: str, name: str, password: str, now: datetime, language: str = "es"
) -> User:
    """Make an operator of the platform, and the platform itself the first time; for the command line only.

    The session is bound to the platform's side without an organisation, because nobody is there yet to act.
    """
    actor = Actor(side=Side.PLATFORM)
    credentials.check_strength(password, email, name)
    platform = session.scalar(select(Organisation).where(Organisation.kind == OrganisationKind.PLATFORM))
    if platform is None:
        platform = _insert_organisation(
            session,
            OrganisationKind.PLATFORM,
            "Encargo",
            "Encargo",
            _PLATFORM_TAX_ID,
            "CO",
            language=language,
            now=now,
        )
    if platform is None:  # pragma: no cover - somebody else made it in this instant
        raise Conflict
    user = _insert_user(session, platform.id, email, name, Role.OPERATOR, language, now=now)
    user.password_hash = credentials.hash_password(password)
    user.state = UserState.ACTIVE
    session.flush()
    audit.record(session, actor, "operator.created", now=now, organisations=[platform.id], subject_user_id=user.id)
    return user


def invite(
    session: Session,
    actor: Actor,
    *,
    email: str,
    role: Role,
    now: datetime,
    name: str = "",
    organisation_id: int | None = None,
) -> Invited:
    """Invite a person into the actor's organisation, or, for an operator, whoever is to manage one.

    Raises `Forbidden`, `NotFound`, `RoleOfAnotherSide`, `EmailUnusable`, `EmailTaken`, or why it is not the operator's
    to do.
    """
    require(actor, Permission.USER_INVITE)
    organisation = _inviting_organisation(session, actor, organisation_id)
    if SIDE_OF[role].value != organisation.kind.value:
        raise RoleOfAnotherSide
    heads.check_may_invite(session, actor, organisation.id, role, now=now)
    user = _insert_user(session, organisation.id, email, name, role, organisation.language, now=now)
    return _invitation(session, actor, user, "user.invited", now)


def invite_again(session: Session, actor: Actor, user_id: int, *, now: datetime) -> Invited:
    """A new link for somebody who has never come in; the former one stops working."""
    require(actor, Permission.USER_INVITE)
    user = manageable_user(session, actor, user_id)
    if user.state is not UserState.INVITED or has_come_in(user):
        raise Conflict
    heads.check_may_invite(session, actor, user.organisation_id, user.role, now=now, renewed=user.id)
    return _invitation(session, actor, user, "user.invited_again", now)


def find_invited(session: Session, token: str, *, now: datetime) -> tuple[User, Organisation]:
    """Who an invitation link is for, as the door sees it; raises `InvitationInvalid`."""
    invitation = _usable_invitation(session, token, now)
    user = session.get_one(User, invitation.user_id)
    organisation = session.get_one(Organisation, invitation.organisation_id)
    if user.state is not UserState.INVITED or organisation.state is not OrganisationState.APPROVED:
        raise InvitationInvalid
    return user, organisation


def accept_invitation(session: Session, token: str, *, name: str, password: str, now: datetime) -> User:
    """Turn an invitation into an active user; raises `InvitationInvalid` or what is wrong with the password."""
    invitation = _usable_invitation(session, token, now, lock=True)
    user, organisation = find_invited(session, token, now=now)
    credentials.check_strength(password, user.email, name, organisation.name)
    invitation.used_at = now
    user.name = name
    user.password_hash = credentials.hash_password(password)
    user.state, user.entitled_since = UserState.ACTIVE, now
    audit.record(
        session,
        DOOR,
        "invitation.accepted",
        now=now,
        organisations=[user.organisation_id],
        subject_user_id=user.id,
    )
    return user


def actor_of(user: User, organisation: Organisation) -> Actor:
    """The actor a user is, with the permissions of the role."""
    return Actor(
        side=SIDE_OF[user.role],
        organisation_id=organisation.id,
        user_id=user.id,
        role=user.role.value,
        permissions=PERMISSIONS[user.role],
        language=user.language,
        time_zone=organisation.time_zone,
    )


def manageable_user(session: Session, actor: Actor, user_id: int) -> User:
    """A user the actor may invite or disable: of its own organisation, or any for the platform."""
    require(actor, Permission.USER_INVITE)
    statement = select(User).where(User.id == user_id).with_for_update()
    if actor.side is not Side.PLATFORM:
        statement = statement.where(User.organisation_id == actor.tenant)
    user = session.scalar(statement)
    if user is None:
        raise NotFound
    return user


def has_come_in(user: User) -> bool:
    """Whether a person has ever been active: by a password, or by the organisation's own sign-in, which sets none."""
    return user.password_hash is not None or user.last_signed_in_at is not None


def record_about(session: Session, actor: Actor, user: User, action: str, now: datetime) -> None:
    """Tell both chains, the actor's and the user's, what was done to a user."""
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations={actor.tenant, user.organisation_id},
        subject_user_id=user.id,
        role=user.role.value,
    )


def _insert_organisation(
    session: Session,
    kind: OrganisationKind,
    name: str,
    legal_name: str,
    tax_id: str,
    country: str,
    *,
    language: str,
    now: datetime,
) -> Organisation | None:
    home = countries.country(country)
    return session.scalar(
        insert(Organisation)
        .values(
            kind=kind,
            name=name,
            legal_name=legal_name,
            tax_id=tax_id,
            country=country,
            currency=home.currency,
            time_zone=home.time_zone,
            language=language,
            state=OrganisationState.APPROVED,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Organisation)
    )


def _insert_user(
    session: Session, organisation_id: int, email: str, name: str, role: Role, language: str, *, now: datetime
) -> User:
    try:
        address = validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError as unusable:
        raise EmailUnusable from unusable
    user: User | None = session.scalar(
        insert(User)
        .values(
            organisation_id=organisation_id,
            email=address,
            name=name,
            role=role,
            language=language,
            state=UserState.INVITED,
            failed_sign_ins=0,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(User)
    )
    if user is None:
        raise EmailTaken
    return user


def _inviting_organisation(session: Session, actor: Actor, organisation_id: int | None) -> Organisation:
    wanted = actor.tenant if organisation_id is None else organisation_id
    if wanted != actor.tenant:
        require_side(actor, Side.PLATFORM)
    # Held where the platform invites: of two operators at once one is the first.
    organisation = session.get(Organisation, wanted, with_for_update=wanted != actor.tenant)
    if organisation is None:
        raise NotFound
    return organisation


def _invitation(session: Session, actor: Actor, user: User, action: str, now: datetime) -> Invited:
    token = credentials.new_token()
    session.execute(
        update(Invitation)
        .where(Invitation.user_id == user.id, Invitation.used_at.is_(None), Invitation.expires_at > now)
        .values(expires_at=now)
    )
    expires_at = now + INVITATION_LIFETIME
    invitation = Invitation(
        organisation_id=user.organisation_id,
        user_id=user.id,
        token_hash=credentials.digest(token),
        invited_by=actor.user_id,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(invitation)
    session.flush()
    record_about(session, actor, user, action, now)
    return Invited(user, token, expires_at, invitation.id)


def _usable_invitation(session: Session, token: str, now: datetime, *, lock: bool = False) -> Invitation:
    statement = select(Invitation).where(
        Invitation.token_hash == credentials.digest(token),
        Invitation.used_at.is_(None),
        Invitation.expires_at > now,
    )
    invitation = session.scalar(statement.with_for_update() if lock else statement)
    if invitation is None:
        raise InvitationInvalid
    return invitation
