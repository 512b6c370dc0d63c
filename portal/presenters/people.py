"""Roles, and the states of people and organisations, in words."""

from __future__ import annotations

from agencies.kernel.errors import msg
from agencies.organisations.models import OrganisationKind, OrganisationState, UserState
from agencies.organisations.permissions import Role

ROLE_NAMES: dict[Role, str] = {
    Role.DIRECTOR: msg("Director"),
    Role.ANALYST: msg("Analyst"),
    Role.FINANCE: msg("Finance"),
    Role.COMPLIANCE: msg("Compliance"),
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
    OrganisationState.APPROVED: (msg("Active"), "good"),
    OrganisationState.SUSPENDED: (msg("Suspended"), "bad"),
}

USER_STATES: dict[UserState, tuple[str, str]] = {
    UserState.INVITED: (msg("Invited"), "waiting"),
    UserState.ACTIVE: (msg("Active"), "good"),
    UserState.DISABLED: (msg("Disabled"), "bad"),
}
