"""The running product as the story sees it: who acts, at what time, with what they already have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import outbox
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, WORKER, Actor
from agencies.organisations.models import Organisation, User
from agencies.organisations.service import actor_of
from portal.demo.activities import DrawnActivity
from portal.demo.cast import Member
from portal.demo.chronology import Chronology
from portal.demo.handovers import Handover, handovers
from portal.demo.outcomes import DrawnPayment
from portal.demo.portfolio import Debt
from portal.jobs.tasks import perform_due
from portal.ports import Ports


@dataclass
class Held:
    """What an agency took on from one wave or lot."""

    key: str
    #: The name of the mandate it was placed under.
    mandate: str
    placed_on: date
    taken_on: date
    debts: tuple[Debt, ...]
    #: Accounts that were recalled or given back, and when.
    ended: dict[str, date] = field(default_factory=dict)
    #: Accounts that wait for the day of a recall.
    reserved: set[str] = field(default_factory=set)
    #: What happened besides, on the days before a recall.
    extra: list[DrawnActivity] = field(default_factory=list)
    #: Accounts whose debtors speak to the agency on its first day.
    spoken_to: frozenset[str] = frozenset()


@dataclass
class World:
    """One telling of the story against one database."""

    ports: Ports
    chronology: Chronology
    password: str
    handovers: dict[str, Handover]
    #: What was handed over, by account.
    debts: dict[str, Debt] = field(default_factory=dict)
    #: What each agency holds of each creditor: keys of the two, then wave by wave.
    held: dict[tuple[str, str], list[Held]] = field(default_factory=dict)
    #: Every payment that will come of what is held, drawn once: by creditor, agency and wave.
    drawn: dict[str, list[DrawnPayment]] = field(default_factory=dict)
    #: Debts that are left alone after what was said or paid: account and since when.
    silent: dict[str, datetime] = field(default_factory=dict)
    #: Accounts whose debtors spoke to an agency shortly before the case went to another.
    crossed: frozenset[str] = frozenset()
    _accounts: dict[str, list[str]] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    @classmethod
    def begin(cls, ports: Ports, chronology: Chronology, *, password: str, cases: int) -> World:
        """A telling that ends when the chronology does, with so many cases."""
        return cls(ports, chronology, password, handovers(chronology, cases))

    def remember(self, key: str, debts: list[Debt]) -> None:
        """Keep what a hand-over held, for the agencies that will work it."""
        self.debts |= {debt.account: debt for debt in debts}
        self._accounts[key] = [debt.account for debt in debts]

    def accounts_of(self, key: str) -> list[str]:
        """The accounts of a hand-over, in the order of its file."""
        return self._accounts[key]

    def actor(self, member: Member) -> Actor:
        """A person of the cast as the product knows them."""
        if member.email not in self._actors:
            with self.ports.session(DOOR) as session:
                user, organisation = session.execute(
                    select(User, Organisation)
                    .join(Organisation, Organisation.id == User.organisation_id)
                    .where(User.email == member.email)
                ).one()
                self._actors[member.email] = actor_of(user, organisation)
        return self._actors[member.email]

    @contextmanager
    def acting(self, member: Member) -> Iterator[tuple[Session, Actor]]:
        """One use case of a person: a session and a transaction of their own."""
        actor = self.actor(member)
        with self.ports.session(actor) as session, transaction(session):
            yield session, actor

    def let_work_happen(self, now: datetime) -> None:
        """Do in this process what the people have asked for, as of a time."""
        perform_due(replace(self.ports, now=lambda: now))
        with self.ports.session(WORKER) as session, transaction(session):
            outbox.drain(session, _nobody_has_to_be_called, now=now)


def _nobody_has_to_be_called(_message: outbox.OutboxMessage) -> None:
    """The work a message rings for has just been done here."""
