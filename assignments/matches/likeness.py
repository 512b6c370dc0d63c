"""How alike two debtors are: name, date of birth and ways to reach them, in one stated figure.

The figure is half the likeness of the names, a quarter for the date of birth and a quarter for what both are reached
by. A shared telephone, e-mail or address is what brings two debtors together, or one number whose kind of document one
of them does not say, which counts as much; a shared name alone never does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

#: Shown to a person from here on, in basis points.
SHOWN_FROM = 7_500
#: Names less alike than this are of two persons, whatever else they share: people of one household share a telephone.
NAMES_FROM = 80.0
#: A shared telephone or e-mail says more than a shared address.
_CONTACT = {"phone": 1.0, "email": 1.0, "address": 0.6}


class Birth(StrEnum):
    """What the two dates of birth say."""

    SAME = "same"
    #: Day and month may have changed places.
    SWAPPED = "swapped"
    UNKNOWN = "unknown"
    DIFFERENT = "different"


class Ids(StrEnum):
    """What the two identity numbers say."""

    UNKNOWN = "unknown"
    #: One number, of which one of the two does not say the kind of document.
    SAME = "same"
    #: One digit off, or two that changed places: a typing error is likely.
    NEAR = "near"
    DIFFERENT = "different"


_BIRTH = {Birth.SAME: 1.0, Birth.SWAPPED: 0.8, Birth.UNKNOWN: 0.4}


@dataclass(frozen=True)
class Person:
    """What is compared of a debtor."""

    name: str | None
    birth_date: date | None
    id_type: str | None
    id_number: str | None
    person_type: str | None


@dataclass(frozen=True)
class Likeness:
    """How alike two debtors are, in basis points, and what that was made of."""

    similarity_bp: int
    name_bp: int
    birth: Birth
    ids: Ids
    contacts: tuple[str, ...]


def likeness(one: Person, other: Person, contacts: Collection[str]) -> Likeness | None:
    """The likeness of two debtors that share these kinds of contact; None when they cannot be one person."""
    birth, ids = compare_births(one.birth_date, other.birth_date), compare_ids(one, other)
    if birth is Birth.DIFFERENT or ids is Ids.DIFFERENT or not one.name or not other.name:
        return None
    if not contacts and ids is not Ids.SAME:
        return None
    if one.person_type and other.person_type and one.person_type != other.person_type:
        return None
    names = fuzz.token_sort_ratio(_plain(one.name), _plain(other.name))
    if names < NAMES_FROM:
        return None
    reached = 1.0 if ids is Ids.SAME else max(_CONTACT.get(kind, 0.0) for kind in contacts)
    similarity = round(10_000 * (names / 200 + _BIRTH[birth] / 4 + reached / 4))
    if similarity < SHOWN_FROM:
        return None
    return Likeness(similarity, round(names * 100), birth, ids, tuple(sorted(contacts)))


def compare_births(one: date | None, other: date | None) -> Birth:
    """Whether two dates of birth may be one."""
    if one is None or other is None:
        return Birth.UNKNOWN
    if one == other:
        return Birth.SAME
    is_swapped = one.year == other.year and (one.month, one.day) == (other.day, other.month)
    return Birth.SWAPPED if is_swapped else Birth.DIFFERENT


def compare_ids(one: Person, other: Person) -> Ids:
    """Whether two identity numbers may be one; those of two kinds of document say nothing about each other."""
    if one.id_number is None or other.id_number is None:
        return Ids.UNKNOWN
    if (one.id_type or "") != (other.id_type or ""):
        is_open = not one.id_type or not other.id_type
        return Ids.SAME if is_open and one.id_number == other.id_number else Ids.UNKNOWN
    is_near = DamerauLevenshtein.distance(one.id_number, other.id_number, score_cutoff=1) <= 1
    return Ids.NEAR if is_near else Ids.DIFFERENT


def _plain(name: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())
