"""What an application says: checked part by part, sealed as one, and what is still missing before it can be sent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from agencies.applications.models import Application
from agencies.applications.sections import DOCUMENT_NAMES, REQUIRED_DOCUMENTS, Section, sections
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.sealing import Place, keyring_of
from agencies.organisations import countries
from agencies.organisations.models import OrganisationKind
from agencies.standing.accounts import Holder, account_number, mismatches
from agencies.standing.fields import AskedField, answered
from agencies.standing.models import DocumentKind

#: Rows of one list, such as principals.
MOST_ROWS = 40
_WHOLE_BP = 10_000

Content = dict[str, Any]


class TooManyRows(Invalid):
    """A list of people is not a register."""

    text = msg("The list is full.")


class CurrencyMissing(Invalid):
    """An amount needs its currency."""

    text = msg("Give the limit as an amount with its currency, or leave both empty.")


class SharesBeyondWhole(Invalid):
    """Shares are shares of one company."""

    text = msg("The shares of all principals together are more than 100 percent.")


@dataclass(frozen=True)
class Missing:
    """One thing that has to be filled in or attached before anybody can send the application."""

    #: The code of the part; `documents` for a file.
    section: str
    title: str
    what: str
    #: Of the three contacts, the one it is asked about.
    whose: str = ""


def section_of(row: Application, code: str) -> Section:
    """One part of this application; raises `NotFound`."""
    for one in sections(row.kind, row.country):
        if one.code == code:
            return one
    raise NotFound


def checked(section: Section, country: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to one part as they are kept, without the empty ones; raises what does not fit."""
    answers = answered(section.fields, given)
    if section.code == "company" and "tax_id" in answers:
        answers["tax_id"] = countries.tax_number(country, answers["tax_id"])
    if section.code == "bank" and "number" in answers:
        answers["number"] = account_number(country, answers["number"])
    if section.code == "credentials" and ("limit" in answers) != ("currency" in answers):
        raise CurrencyMissing
    return answers


def with_part(content: Content, section: Section, answers: dict[str, Any]) -> Content:
    """The content with one part written anew."""
    return {**content, section.code: answers}


def with_row(content: Content, section: Section, answers: dict[str, Any]) -> Content:
    """The content with one more row of a list, which gets a name of its own; raises when the list is full."""
    rows = [*content.get(section.code, []), {**answers, "row": secrets.token_hex(6)}]
    if len(rows) > MOST_ROWS:
        raise TooManyRows
    if sum(row.get("share_bp", 0) for row in rows) > _WHOLE_BP:
        raise SharesBeyondWhole
    return {**content, section.code: rows}


def without_row(content: Content, section: Section, name: str) -> Content:
    """The content without a row; one that is gone already changes nothing."""
    return {**content, section.code: [row for row in content.get(section.code, []) if row["row"] != name]}


def missing(
    kind: OrganisationKind, country: str, content: Content, attached: Collection[DocumentKind]
) -> list[Missing]:
    """What has to come before the application can be sent, in the order of its parts."""
    found = []
    for section in sections(kind, country):
        said = content.get(section.code, [] if section.is_list else {})
        if section.is_list:
            if len(said) < section.least:
                found.append(Missing(section.code, section.title, section.title))
            gaps = {one.label for row in said for one in _gaps(section, row)}
            found += [Missing(section.code, section.title, label) for label in sorted(gaps)]
        else:
            found += [Missing(section.code, section.title, one.label, one.of_whom) for one in _gaps(section, said)]
    for document in REQUIRED_DOCUMENTS[kind]:
        if document not in attached:
            found.append(Missing("documents", msg("Documents"), DOCUMENT_NAMES[document]))
    return found


def _gaps(section: Section, said: Mapping[str, Any]) -> list[AskedField]:
    gaps = [one for one in section.fields if one.is_required and one.name not in said]
    if said.get("litigation") == "yes" and "litigation_facts" not in said:
        gaps += [one for one in section.fields if one.name == "litigation_facts"]
    return gaps


def opened(session: Session, row: Application) -> Content:
    """What an application says; nothing of one that expired."""
    if row.content is None:
        return {}
    place = place_of(row.organisation_id, "content", row.handle)
    found: Content = json.loads(keyring_of(session).open(row.content, place))
    return found


def seal(session: Session, row: Application, content: Content) -> None:
    """Keep what an application says, so that only this product can read it."""
    told = json.dumps(content, ensure_ascii=False, sort_keys=True)
    row.content = keyring_of(session).seal(told, place_of(row.organisation_id, "content", row.handle))
    company = content.get("company", {})
    row.legal_name, row.tax_id = company.get("legal_name", ""), company.get("tax_id")


def address_of(session: Session, row: Application) -> str:
    """The applicant's e-mail address."""
    return keyring_of(session).open(row.email, place_of(row.organisation_id, "email", row.handle))


def sealed_address(session: Session, organisation_id: int, handle: str, email: str) -> bytes:
    """An applicant's address as it is kept."""
    return keyring_of(session).seal(email, place_of(organisation_id, "email", handle))


def place_of(organisation_id: int, column: str, handle: str) -> Place:
    """Where what an applicant says stands."""
    return Place(organisation_id, "applications", column, handle)


def is_own_account(said: Content) -> bool:
    """Whether the bank account that was named is the applicant's own, by its holder's name and tax number."""
    account, company = said.get("bank", {}), said.get("company", {})
    if not account:
        return True
    holder = Holder(account.get("holder_name", ""), account.get("holder_tax_id", ""))
    return not mismatches(holder, company.get("tax_id", ""), company.get("legal_name", ""))
