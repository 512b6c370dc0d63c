"""How personal data stand on screens, in lists and in files: enough to be told apart, not enough to be used."""

from __future__ import annotations

import re
from collections.abc import Callable

from assignments.contacts.models import ContactKind

COVER = "••••"
_DOT = "•••"
_SHOWN = 4
#: As many digits as a document or a telephone has, however they are grouped.
_LONG_NUMBER = re.compile(r"\+?\d(?:[ .()-]{0,2}\d){5,}")
#: Fields of a row by which a person is found or reached, as files and the pages that quote them call them.
DOCUMENTS = frozenset({"national_id", "id_number", "debtor_id"})
PHONES = frozenset({"phone", "phone_2"})
#: Nothing of these is shown.
WHOLE = frozenset({"address", "value", "evidence"})
#: A day of birth keeps its year, by which one sees that the century was read right.
BIRTHS = frozenset({"birth_date"})
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def document(value: str | None) -> str:
    """The last four characters of a number; one of no more than five is covered whole."""
    if not value:
        return ""
    return COVER if len(value) <= _SHOWN + 1 else COVER + value[-_SHOWN:]


def phone(value: str | None) -> str:
    """The country where it is written, and the last four digits."""
    if not value:
        return ""
    digits = "".join(letter for letter in value if letter.isdigit())
    if len(digits) < _SHOWN + 3:
        return COVER
    begins = f"+{digits[:2]} " if value.lstrip().startswith("+") and len(digits) > 10 else ""
    return f"{begins}{_DOT} {_DOT} {digits[-_SHOWN:]}"


def email(value: str | None) -> str:
    """The first letter of the name and of the domain."""
    if not value:
        return ""
    name, _, domain = value.partition("@")
    return f"{name[:1]}{_DOT}@{domain[:1]}{_DOT}"


def address(value: str | None, city: str | None = None) -> str:
    """The city, and nothing of the street."""
    if not value:
        return ""
    return f"{COVER}, {city}" if city else COVER


def name(value: str | None) -> str:
    """The first letter of each word, for those whose work is not with the person."""
    return " ".join(f"{word[:1]}{_DOT}" for word in (value or "").split())


def contact(kind: ContactKind | str, value: str | None, city: str | None = None) -> str:
    """A way to reach somebody, by its kind; of an employer nothing."""
    if kind == ContactKind.ADDRESS:
        return address(value, city)
    rules: dict[str, Callable[[str | None], str]] = {ContactKind.PHONE: phone, ContactKind.EMAIL: email}
    rule = rules.get(str(kind))
    return rule(value) if rule else COVER if value else ""


def apart(value: str | None, other: str | None) -> str:
    """A number beside a very like one: covered, but for its end and the places in which the two differ."""
    if not value:
        return ""
    other = other or ""
    first = len(value) - _SHOWN
    if first <= 1:
        return COVER
    told = {at for at in range(first) if len(value) == len(other) and value[at] != other[at]}
    return "".join(letter if at >= first or at in told else "•" for at, letter in enumerate(value))


def is_covered(field: str) -> bool:
    """Whether a column holds what is covered where it is not asked for."""
    return field in DOCUMENTS | PHONES | WHOLE | BIRTHS or field == "email"


def unknown(value: str | None) -> str:
    """A cell of a column nobody has named yet: long numbers and what looks like an e-mail are covered."""
    text = value or ""
    if "@" in text:
        return email(text)
    return _LONG_NUMBER.sub(lambda found: document("".join(letter for letter in found[0] if letter.isdigit())), text)


def cell(field: str, value: str | None) -> str:
    """One cell of somebody's file: covered by what its column holds, as it is where that names nobody."""
    if not value:
        return ""
    if field in DOCUMENTS:
        return document(value)
    if field in PHONES:
        return phone(value)
    if field == "email":
        return email(value)
    if field in BIRTHS:
        year = _YEAR.search(value)
        return f"{COVER} {year[0]}" if year else COVER
    if field in WHOLE:
        return COVER
    return value
