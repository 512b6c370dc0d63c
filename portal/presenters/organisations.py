"""The directory of organisations as the operator sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agencies.organisations.countries import shown_tax_number
from agencies.organisations.models import Organisation, OrganisationKind, OrganisationState
from agencies.organisations.queries import OrganisationRow, state_of
from portal.presenters.people import KIND_NAMES, ORGANISATION_STATES

STATES = ("active", "empty", "suspended")


@dataclass(frozen=True)
class DirectoryFilter:
    """What part of the directory is looked at; whatever else the address says is ignored."""

    kind: OrganisationKind | None
    state: str | None

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> DirectoryFilter:
        """Read the address."""
        kind, state = arguments.get("kind"), arguments.get("state")
        kinds = {one.value: one for one in (OrganisationKind.CREDITOR, OrganisationKind.AGENCY)}
        return cls(kinds.get(kind or ""), state if state in STATES else None)


@dataclass(frozen=True)
class Profile:
    """One organisation, ready to be shown."""

    id: int
    name: str
    legal_name: str
    tax_number: str
    kind: str
    country: str
    currency: str
    time_zone: str
    state: str
    tone: str
    is_suspended: bool


@dataclass(frozen=True)
class DirectoryLine:
    """One line of the directory."""

    profile: Profile
    active_users: int
    invited_users: int
    is_empty: bool


def directory(rows: list[OrganisationRow]) -> list[DirectoryLine]:
    """The lines of the directory."""
    return [
        DirectoryLine(profile(row.organisation), row.active_users, row.invited_users, state_of(row) == "empty")
        for row in rows
    ]


def profile(organisation: Organisation) -> Profile:
    """What a page says of an organisation."""
    state, tone = ORGANISATION_STATES[organisation.state]
    return Profile(
        id=organisation.id,
        name=organisation.name,
        legal_name=organisation.legal_name,
        tax_number=shown_tax_number(organisation.country, organisation.tax_id) or organisation.tax_id,
        kind=KIND_NAMES[organisation.kind],
        country=organisation.country,
        currency=organisation.currency,
        time_zone=organisation.time_zone,
        state=state,
        tone=tone,
        is_suspended=organisation.state is OrganisationState.SUSPENDED,
    )
