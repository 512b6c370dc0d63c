"""Organisations and people for tests, made by the services themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor, Side
from agencies.organisations import enrolling, service, totp
from agencies.organisations.models import Organisation, OrganisationKind, User
from agencies.organisations.permissions import SIDE_OF, Permission, Role
from portal.ports import Ports

PASSWORD = "cuatro palabras sin relación 7"
#: Valid tax numbers that belong to nobody we know.
CREDITOR_NITS = ("900123456-8", "900987654-7", "901555444-7")
AGENCY_NITS = ("830111222-6", "830333444-7", "830555666-8", "830777888-9", "830999000-9")
MADE_AT = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in, and the actor they are."""

    email: str
    password: str
    actor: Actor
    #: What their authenticator app was given.
    seed: str


@dataclass
class World:
    """An operator, two creditors and two agencies; people are made when asked for, one per role and organisation."""

    ports: Ports
    creditors: list[Organisation] = field(default_factory=list)
    agencies: list[Organisation] = field(default_factory=list)
    known: dict[tuple[Role, int], Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.ports.session(Actor(side=Side.PLATFORM)) as session, transaction(session):
            made = service.create_operator(
                session,
                email="operadora@encargo.example",
                name="Olga Operadora",
                password=PASSWORD,
                now=MADE_AT,
            )
        with self.ports.session(DOOR) as session, transaction(session):
            self.known[Role.OPERATOR, 0] = enrolled(session, made)
        for number, nit in enumerate(CREDITOR_NITS[:2]):
            self.creditors.append(self._register(OrganisationKind.CREDITOR, f"Banco {number}", nit))
        for number, nit in enumerate(AGENCY_NITS[:2]):
            self.agencies.append(self._register(OrganisationKind.AGENCY, f"Cobranzas {number}", nit))

    @property
    def operator(self) -> Actor:
        return self.known[Role.OPERATOR, 0].actor

    def organisation(self, role: Role, number: int = 0) -> Organisation:
        return (self.creditors if SIDE_OF[role] is Side.CREDITOR else self.agencies)[number]

    def person(self, role: Role, *, organisation: int = 0, language: str | None = None) -> Person:
        """The person of this role in the creditor or agency of this number."""
        if (role, organisation) not in self.known:
            self.known[role, organisation] = self._make(role, organisation)
        person = self.known[role, organisation]
        if language is not None:
            with self.ports.session(self.operator) as session, transaction(session):
                session.get_one(User, person.actor.user_id).language = language
        return person

    def actor(self, role: Role, *, organisation: int = 0) -> Actor:
        return self.person(role, organisation=organisation).actor

    def _make(self, role: Role, number: int) -> Person:
        home = self.organisation(role, number)
        # Nobody in particular who manages the place: the operator may invite no more than the first of them.
        somebody = Actor(side=SIDE_OF[role], organisation_id=home.id, permissions=frozenset({Permission.USER_INVITE}))
        with self.ports.session(somebody) as session, transaction(session):
            invited = service.invite(
                session,
                somebody,
                email=f"{role.value}@{SIDE_OF[role].value}{number}.example",
                role=role,
                now=MADE_AT,
            )
        with self.ports.session(DOOR) as session, transaction(session):
            user = service.accept_invitation(
                session, invited.token, name=f"{role.value.title()} {number}", password=PASSWORD, now=MADE_AT
            )
            return enrolled(session, user)

    def _register(self, kind: OrganisationKind, name: str, nit: str) -> Organisation:
        with self.ports.session(self.operator) as session, transaction(session):
            return service.register(
                session,
                self.operator,
                kind=kind,
                name=name,
                legal_name=f"{name} S.A.S.",
                tax_id=nit,
                country="CO",
                now=MADE_AT,
            )


def enrolled(session: Session, user: User) -> Person:
    """The person with an authenticator app."""
    actor = service.actor_of(user, session.get_one(Organisation, user.organisation_id))
    seed = totp.new_seed()
    enrolling.enrol(session, actor, seed, now=MADE_AT)
    return Person(user.email, PASSWORD, actor, seed)
