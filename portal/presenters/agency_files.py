"""What the pages of agency files and the panel show."""

from __future__ import annotations

from datetime import date, timedelta

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor
from agencies.organisations.models import OrganisationState
from agencies.organisations.permissions import Permission
from agencies.standing.filing import FilePage
from agencies.standing.models import AgencyCredential, CredentialKind, OfferedService
from agencies.standing.panel import Candidate
from portal.i18n import country_name, say

SERVICES = {
    OfferedService.COLLECT: msg("Collection"),
    OfferedService.LOCATE: msg("Locating people"),
    OfferedService.FIELD: msg("Field visits"),
    OfferedService.LEGAL: msg("Legal collection"),
}
KINDS = {CredentialKind.LICENCE: msg("Licence or registration"), CredentialKind.INSURANCE: msg("Insurance")}
_SOON = timedelta(days=60)


def services(page: FilePage) -> str:
    """The services in words; what is not stated restricts nothing."""
    return ", ".join(say(SERVICES[one]) for one in page.statement.services) or say(msg("not stated"))


def countries(page: FilePage) -> str:
    """The countries by name."""
    return ", ".join(country_name(one) for one in page.statement.countries) or say(msg("not stated"))


def validity(credential: AgencyCredential, today: date) -> tuple[str, str] | None:
    """A word and a tone for a licence that runs out soon or has run out."""
    if credential.valid_until is None or credential.valid_until - today > _SOON:
        return None
    if credential.valid_until < today:
        return msg("Expired"), "bad"
    return msg("About to expire"), "waiting"


def may_edit(page: FilePage, actor: Actor) -> bool:
    """Whether the person keeps this file."""
    return actor.may(Permission.STANDING_EDIT) and page.agency_id == actor.organisation_id


def may_bring_in(candidate: Candidate, actor: Actor) -> bool:
    """Whether the person may put this agency on the panel now."""
    is_free = candidate.joined_at is None and candidate.state is OrganisationState.APPROVED
    return is_free and actor.may(Permission.MANDATE_MAKE)
