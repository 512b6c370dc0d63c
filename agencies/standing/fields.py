"""What is asked, as values: fields and their kinds; and how an answer is kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from agencies.kernel.clock import COUNTRIES
from agencies.kernel.errors import Invalid, msg
from agencies.kernel.money import EXPONENT
from agencies.organisations.models import OrganisationKind

LONGEST_TEXT, LONGEST_PARAGRAPH = 200, 2_000
_LARGEST = 10**15
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_EVERYBODY = frozenset({OrganisationKind.AGENCY, OrganisationKind.CREDITOR})
_WHOLE = 10_000


class FieldKind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    PARAGRAPH = "paragraph"
    EMAIL = "email"
    DATE = "date"
    INTEGER = "integer"
    #: Kept in ten-thousandths.
    PERCENT = "percent"
    #: Kept in minor units of the field `currency` beside it.
    AMOUNT = "amount"
    CHOICE = "choice"
    CHOICES = "choices"
    COUNTRY = "country"
    COUNTRIES = "countries"
    CURRENCY = "currency"


@dataclass(frozen=True)
class AskedField:
    """One question."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    is_required: bool = False
    choices: Mapping[Any, str] = field(default_factory=dict)
    hint: str = ""
    #: Who is asked.
    kinds: frozenset[OrganisationKind] = _EVERYBODY
    #: Where the same is asked about several, which of them it is.
    of_whom: str = ""


class AnswerUnfit(Invalid):
    """An answer the field cannot hold."""

    text = msg("This does not fit the field “%(field)s”. Look at it again.")


def kept(asked: AskedField, value: Any) -> Any:
    """An answer as it is kept, such as a date in ISO form; None for none. Raises `AnswerUnfit`."""
    if value in (None, "", [], ()):
        return None
    try:
        return _kept(asked, value)
    except (TypeError, ValueError) as unfit:
        raise AnswerUnfit(field=(asked.label,)) from unfit


def answered(fields: Iterable[AskedField], given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to some questions as they are kept, without the empty ones; raises `AnswerUnfit`."""
    return {one.name: value for one in fields if (value := kept(one, given.get(one.name))) is not None}


def _kept(asked: AskedField, value: Any) -> Any:
    match asked.kind:
        case FieldKind.TEXT:
            return _text(LONGEST_TEXT, value) or None
        case FieldKind.PARAGRAPH:
            return _text(LONGEST_PARAGRAPH, value) or None
        case FieldKind.EMAIL:
            return _email(value)
        case FieldKind.DATE:
            return _day(value)
        case FieldKind.INTEGER:
            return _number(10**9, value)
        case FieldKind.PERCENT:
            return _number(_WHOLE, value)
        case FieldKind.AMOUNT:
            return _number(_LARGEST, value)
        case FieldKind.CHOICE | FieldKind.COUNTRY | FieldKind.CURRENCY:
            return _one(_offered(asked), value)
        case FieldKind.CHOICES | FieldKind.COUNTRIES:
            return _some(_offered(asked), value)


def _offered(asked: AskedField) -> Collection[Any]:
    if asked.kind in {FieldKind.COUNTRY, FieldKind.COUNTRIES}:
        return COUNTRIES
    return EXPONENT if asked.kind is FieldKind.CURRENCY else asked.choices


def _text(most: int, value: Any) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError
    return value.strip()


def _email(value: Any) -> str:
    address = _text(254, value)
    if not _EMAIL.fullmatch(address):
        raise ValueError
    return address


def _day(value: Any) -> str:
    return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()


def _number(most: int, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError
    return value


def _one(offered: Collection[Any], value: Any) -> str:
    if not isinstance(value, str) or value not in offered:
        raise ValueError
    return value


def _some(offered: Collection[Any], value: Any) -> list[str]:
    if isinstance(value, str):
        raise TypeError
    return sorted({_one(offered, one) for one in value})
