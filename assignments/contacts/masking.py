"""How personal data stand on screens, in lists and in files: enough to be told apart, not enough to be used."""

from __future__ import annotations

from collections.abc import Callable

from assignments.contacts.models import ContactKind

COVER = "••••"
_DOT = "•••"
_SHOWN = 4
#: Fields of a row that name or reach a person, as files and the pages that quote them call them.
DOCUMENTS = frozenset({"national_id", "id_number", "debtor_id"})
PHONES = frozenset({"phone", "phone_2"})
NAMES = frozenset({"full_name", "first_name", "last_name", "name", "debtor_name"})
#: Nothing of these is shown.
WHOLE = frozenset({"birth_date", "address", "value", "evidence", "note"})


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
    if field in WHOLE:
        return COVER
    return name(value) if field in NAMES else value
