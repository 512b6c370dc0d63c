"""The demo's second factor: one authenticator for everybody, whose key each installation draws for itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.sealing import keyring_of
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations import enrolling, proving
from agencies.organisations.factors import Authenticator, has_factor
from agencies.organisations.models import Organisation, User, UserState
from agencies.organisations.service import actor_of
from portal.demo.cast import OPERATOR, all_members
from portal.ports import Ports


def give_factors(ports: Ports, seed: str, *, now: datetime) -> None:
    """Give the authenticator to everybody of the demo who has no second factor."""
    emails = [member.email for _, member in all_members()]
    with ports.session(DOOR) as session, transaction(session):
        for user in session.scalars(select(User).where(User.email.in_(emails), User.state == UserState.ACTIVE)):
            if not has_factor(session, user.organisation_id, user.id):
                enrolling.enrol(session, _actor(session, user), seed, now=now)


def is_theirs(ports: Ports, seed: str) -> bool:
    """Whether this is the key the demo's people were given."""
    with ports.session(DOOR) as session:
        user = session.scalar(select(User).where(User.email == OPERATOR.email))
        if user is None:
            return False
        sealed = session.scalar(select(Authenticator.seed).where(Authenticator.user_id == user.id))
        place = proving.seed_place(_actor(session, user), "seed")
        return sealed is not None and keyring_of(session).open(sealed, place) == seed


def _actor(session: Session, user: User) -> Actor:
    return actor_of(user, session.get_one(Organisation, user.organisation_id))
