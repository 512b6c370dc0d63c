"""The actor in whose name a piece of work is done, as that person and organisation stand now."""

from __future__ import annotations

from sqlalchemy.orm import Session

from agencies.kernel.errors import Forbidden, msg
from agencies.kernel.tenancy import Actor, Side
from agencies.kernel.work import Lease
from agencies.organisations.models import Organisation, OrganisationState, User, UserState
from agencies.organisations.service import actor_of


class OwnerInactive(Forbidden):
    """Who asked for the work may not work here any more."""

    text = msg("The person or organisation that asked for this is no longer active.")


def owner_of(session: Session, lease: Lease, permissions: frozenset[str]) -> Actor:
    """The owner of leased work, read under the worker's role; raises `OwnerInactive`.

    Work that no person asked for acts for its organisation with the task's own `permissions`.
    """
    organisation = session.get_one(Organisation, lease.organisation_id)
    if organisation.state is not OrganisationState.APPROVED:
        raise OwnerInactive
    user = None if lease.user_id is None else session.get_one(User, lease.user_id)
    if user is not None and (user.state is not UserState.ACTIVE or user.organisation_id != organisation.id):
        raise OwnerInactive
    if user is not None:
        return actor_of(user, organisation)
    return Actor(
        side=Side(organisation.kind.value),
        organisation_id=organisation.id,
        permissions=permissions,
        language=organisation.language,
        time_zone=organisation.time_zone,
    )
