"""Roles, and the states of people and organisations, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.heads import HEADS
from agencies.organisations.models import OrganisationKind, OrganisationState, User, UserState
from agencies.organisations.permissions import SIDE_OF, Permission, Role, roles_of

ROLE_NAMES: dict[Role, str] = {
    Role.DIRECTOR: msg("Director"),
    Role.ANALYST: msg("Analyst"),
    Role.FINANCE: msg("Finance"),
    Role.COMPLIANCE: msg("Compliance"),
    Role.AUDITOR: msg("Auditor"),
    Role.MANAGER: msg("Manager"),
    Role.AGENT: msg("Agent"),
    Role.INVESTIGATOR: msg("Investigator"),
    Role.OPERATOR: msg("Operator"),
}

KIND_NAMES: dict[OrganisationKind, str] = {
    OrganisationKind.CREDITOR: msg("Creditor"),
    OrganisationKind.AGENCY: msg("Agency"),
    OrganisationKind.PLATFORM: msg("Platform"),
}

ORGANISATION_STATES: dict[OrganisationState, tuple[str, str]] = {
    OrganisationState.APPROVED: (msg("Approved"), "good"),
    OrganisationState.SUSPENDED: (msg("Suspended"), "bad"),
}

USER_STATES: dict[UserState, tuple[str, str]] = {
    UserState.INVITED: (msg("Invited"), "waiting"),
    UserState.ACTIVE: (msg("Active"), "good"),
    UserState.DISABLED: (msg("Disabled"), "bad"),
}


@dataclass(frozen=True)
class PersonLine:
    """One person in a list, and what may be done about them."""

    id: int
    name: str
    email: str
    role: str
    state: str
    tone: str
    last_signed_in_at: datetime | None
    is_self: bool
    may_invite_again: bool
    may_disable: bool
    may_enable: bool
    #: The other roles the person can be given.
    roles: list[tuple[str, str]]
    may_reset: bool
    #: Sessions and second factor.
    may_see_access: bool


def people(users: list[User], actor: Actor) -> list[PersonLine]:
    """The lines of a list of people, for somebody who may or may not manage them."""
    manages = actor.may(Permission.USER_INVITE)
    # A tenant's people are its own business as soon as somebody there manages them.
    changes = manages and not is_headed_by_its_own(users, actor)
    is_elsewhere = _is_elsewhere(users, actor)
    return [
        PersonLine(
            id=user.id,
            name=user.name,
            email=user.email,
            role=user.role.value,
            state=USER_STATES[user.state][0],
            tone=USER_STATES[user.state][1],
            last_signed_in_at=user.last_signed_in_at,
            is_self=user.id == actor.user_id,
            may_invite_again=changes and user.state is UserState.INVITED and (user.role in HEADS or not is_elsewhere),
            may_disable=manages and user.state is not UserState.DISABLED and user.id != actor.user_id,
            may_enable=changes and user.state is UserState.DISABLED,
            roles=_other_roles(user) if changes and user.id != actor.user_id else [],
            may_see_access=manages and user.state is UserState.ACTIVE,
            may_reset=manages and user.state is UserState.ACTIVE and user.id != actor.user_id,
        )
        for user in users
    ]


def is_headed_by_its_own(users: list[User], actor: Actor) -> bool:
    """Whether these are a tenant's people, looked at by the platform, and somebody there manages them."""
    return _is_elsewhere(users, actor) and any(one.role in HEADS and one.state is UserState.ACTIVE for one in users)


def _is_elsewhere(users: list[User], actor: Actor) -> bool:
    return actor.side is Side.PLATFORM and any(one.organisation_id != actor.tenant for one in users)


def _other_roles(user: User) -> list[tuple[str, str]]:
    return [(one.value, ROLE_NAMES[one]) for one in roles_of(SIDE_OF[user.role]) if one is not user.role]
