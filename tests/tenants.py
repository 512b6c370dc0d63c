"""Organisations and people as plain rows, for tests below the services that make them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import (
    Organisation,
    OrganisationKind,
    OrganisationState,
    User,
    UserState,
)
from agencies.organisations.permissions import PERMISSIONS, SIDE_OF, Role
from portal.ports import Ports

PLATFORM = Actor(side=Side.PLATFORM)
SINCE = datetime(2026, 1, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Tenants:
    """Two creditors and two agencies, each with the person who decides there."""

    creditor: Actor
    other_creditor: Actor
    agency: Actor
    other_agency: Actor


def add_tenants(ports: Ports) -> Tenants:
    """Add two organisations of each side."""
    return Tenants(
        add_person(ports, Role.DIRECTOR, "Banco Uno"),
        add_person(ports, Role.DIRECTOR, "Banco Dos"),
        add_person(ports, Role.MANAGER, "Cobros Uno"),
        add_person(ports, Role.MANAGER, "Cobros Dos"),
    )


def add_person(ports: Ports, role: Role, name: str, *, time_zone: str = "America/Bogota") -> Actor:
    """Add an organisation with one person in a role, and return that person as an actor."""
    organisation = Organisation(
        kind=OrganisationKind(SIDE_OF[role].value),
        name=name,
        legal_name=f"{name} S.A.",
        tax_id=name.lower().replace(" ", "-"),
        country="CO",
        currency="COP",
        time_zone=time_zone,
        language="es",
        state=OrganisationState.APPROVED,
        created_at=SINCE,
    )
    with ports.session(PLATFORM) as session, transaction(session):
        session.add(organisation)
        session.flush()
        user = User(
            organisation_id=organisation.id,
            email=f"{role}@{organisation.tax_id}.example",
            name=f"{role} {name}",
            role=role,
            language="es",
            state=UserState.ACTIVE,
            created_at=SINCE,
        )
        session.add(user)
        session.flush()
        return actor_for(organisation, user)


def add_colleague(ports: Ports, actor: Actor, role: Role) -> Actor:
    """Add another person to the actor's organisation."""
    with ports.session(PLATFORM) as session, transaction(session):
        organisation = session.get_one(Organisation, actor.tenant)
        user = User(
            organisation_id=organisation.id,
            email=f"colleague-{role}@{organisation.tax_id}.example",
            name=f"{role} {organisation.name}",
            role=role,
            language="es",
            state=UserState.ACTIVE,
            created_at=SINCE,
        )
        session.add(user)
        session.flush()
        return actor_for(organisation, user)


def actor_for(organisation: Organisation, user: User) -> Actor:
    """The person as an actor."""
    return Actor(
        side=SIDE_OF[user.role],
        organisation_id=organisation.id,
        user_id=user.id,
        role=user.role.value,
        permissions=PERMISSIONS[user.role],
        language=user.language,
        time_zone=organisation.time_zone,
    )
