"""What the pages of agency files and the panel show."""

from __future__ import annotations

from datetime import date, timedelta

from agencies.applications.sections import ACCOUNT_NAMES, DOCUMENT_NAMES, PRINCIPAL_NAMES, PRODUCT_NAMES
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from agencies.standing.filing import FilePage
from agencies.standing.models import AgencyCredential, CredentialKind, OfferedService
from agencies.standing.registers import DISCLOSURES, REGISTERS
from portal.i18n import country_name, say
from portal.presenters.applications import Line, told

SERVICES = {
    OfferedService.COLLECT: msg("Collection"),
    OfferedService.LOCATE: msg("Locating people"),
    OfferedService.FIELD: msg("Field visits"),
    OfferedService.LEGAL: msg("Legal collection"),
}
KINDS = {CredentialKind.LICENCE: msg("Licence or registration"), CredentialKind.INSURANCE: msg("Insurance")}
__all__ = ["ACCOUNT_NAMES", "DOCUMENT_NAMES", "PRINCIPAL_NAMES"]

_SOON = timedelta(days=60)


def services(page: FilePage) -> str:
    """The services in words; what is not stated restricts nothing."""
    return ", ".join(say(SERVICES[one]) for one in page.statement.services) or say(msg("not stated"))


def products(page: FilePage) -> str:
    """The products in words."""
    return ", ".join(say(PRODUCT_NAMES[one]) for one in page.statement.products) or say(msg("not stated"))


def disclosed(page: FilePage) -> list[Line]:
    """What registers say, what is certified and what was disputed, in words."""
    asked = (*REGISTERS[page.country], *DISCLOSURES)
    known = {**page.registers, **page.disclosures}
    return [Line(say(one.label), told(one, known)) for one in asked if one.name in known]


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
