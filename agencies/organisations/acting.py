"""Somebody in whose name a command acts, as that person and organisation stand now."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.errors import NotFound, msg
from agencies.kernel.tenancy import Actor
from agencies.organisations.models import Organisation, OrganisationState, User, UserState
from agencies.organisations.service import actor_of


class NobodyActive(NotFound):
    """Nobody with this address may sign in."""

    text = msg("Nobody who may sign in has this e-mail address.")


def actor_by_email(session: Session, email: str) -> tuple[Actor, User, Organisation]:
    """The actor an e-mail address stands for, with all a sign-in would give and no more; raises `NobodyActive`."""
    found = session.execute(
        select(User, Organisation)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.email == email.strip())
    ).one_or_none()
    if found is None:
        raise NobodyActive
    user, organisation = found
    if user.state is not UserState.ACTIVE or organisation.state is not OrganisationState.APPROVED:
        raise NobodyActive
    return actor_of(user, organisation), user, organisation
