"""A sub-processor as an agency describes it, and what is asked of the description."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from agencies.kernel.errors import Invalid, msg
from agencies.organisations.countries import COUNTRIES, tax_number

LONGEST = 300


class EntryIncomplete(Invalid):
    """Half an entry tells nothing."""

    text = msg("Fill in the name, country, tax number, service, kinds of data and place of hosting.")


class AuthorisedLater(Invalid):
    """An authorisation is given before it is relied on."""

    text = msg("The date of the written authorisation lies in the future.")


@dataclass(frozen=True)
class Told:
    """One sub-processor as the agency describes it."""

    name: str
    country: str
    tax_id: str
    service: str
    data_kinds: str
    hosting: str
    authorised_on: date | None = None


def checked(told: Told, today: date) -> tuple[Told, bool | None]:
    """The description in one line each, and whether the tax number checks; nothing where we do not know its rule.

    Raises `EntryIncomplete` and `AuthorisedLater`. A number that does not check is a warning and not a refusal: the
    list must be complete before it is neat.
    """
    entry = Told(
        _line(told.name),
        _line(told.country).upper(),
        _line(told.tax_id),
        _line(told.service),
        _line(told.data_kinds),
        _line(told.hosting),
        told.authorised_on,
    )
    texts = (entry.name, entry.country, entry.tax_id, entry.service, entry.data_kinds, entry.hosting)
    if not all(texts) or max(map(len, texts)) > LONGEST:
        raise EntryIncomplete
    if entry.authorised_on is not None and entry.authorised_on > today:
        raise AuthorisedLater
    if entry.country not in COUNTRIES:
        return entry, None
    try:
        return replace(entry, tax_id=tax_number(entry.country, entry.tax_id)), True
    except Invalid:
        return entry, False


def _line(text: str) -> str:
    return " ".join(text.split())
