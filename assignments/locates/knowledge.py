"""What is known of a person already: which of it an agency may read, and whether something typed is among it.

Points that the creditor gave, or released, are read. What another search found and nobody released is not: its value is
not even there, but a digest of it, so that the same thing is told apart from a new one when it is typed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from agencies.kernel.sealing import Keyring, keyring_for
from assignments.cases.reaching import EVERY
from assignments.contacts.normalising import Normal, Unreadable, normal, same_as
from assignments.locates.models import FindingKind, LocateSubject
from uploads.sealed import index_of_contact


@dataclass(frozen=True)
class Check:
    """What is said at once about something typed: how it is read, and where it is known from."""

    normal: Normal | None
    #: A code of `normalising.FAULTS` when it cannot be read.
    fault: str | None
    #: The creditor knows it already.
    is_known: bool
    #: It was found before and proved wrong.
    is_wrong: bool
    #: It stands in the order already.
    is_here: bool


@dataclass(frozen=True)
class Point:
    """One known point that the agency may read."""

    kind: FindingKind
    value: str
    is_wrong: bool


class Knowledge:
    """All that is known of one person, for one order."""

    def __init__(
        self,
        order_id: int,
        country: str,
        city: str | None,
        known: Sequence[dict[str, Any]],
        is_stopped: Callable[[str, str], bool] = lambda _kind, _form: False,
    ) -> None:
        #: Whether the person asked not to be reached by something: it is known, and not shown.
        self._is_stopped = is_stopped
        self._order_id, self._country, self._city = order_id, country, city
        self._given = [one for one in known if "value" in one]
        #: Digest -> whether it was proved wrong.
        self._covered: dict[str, bool] = {one["digest"]: one["wrong"] for one in known if "digest" in one}

    @classmethod
    def of(cls, subject: LocateSubject) -> Knowledge:
        """What is known of an order's person."""
        is_stopped = stopper(keyring_for(subject), subject.creditor_id, subject.stopped)
        return cls(subject.order_id, subject.country, subject.city, subject.known, is_stopped)

    def points(self) -> list[Point]:
        """Every point the agency may read, with whether a search has proved it wrong."""
        return [
            Point(FindingKind(one["kind"]), one["value"], self._is_wrong(one))
            for one in self._given
            if not self._is_stopped(one["kind"], one.get("normal", one["value"]))
        ]

    def judge(self, kind: FindingKind, raw: str, *, here: Collection[str]) -> Check:
        """How something typed is read and whether it is known; `here` is what the order holds already."""
        read = normal(kind.value, raw, self._country, self._city)
        if isinstance(read, Unreadable):
            return Check(None, read.code, is_known=False, is_wrong=False, is_here=False)
        is_given = any(one["kind"] == kind and read.value in self._spellings(one) for one in self._given)
        covered = self._covered.get(digest(self._order_id, kind, read.value))
        return Check(
            read,
            None,
            is_known=is_given or covered is not None,
            is_wrong=bool(covered),
            is_here=read.value in here,
        )

    def _is_wrong(self, point: dict[str, Any]) -> bool:
        # Most people were never looked for before, and reading a number costs.
        return bool(self._covered) and any(
            self._covered.get(digest(self._order_id, FindingKind(point["kind"]), one)) for one in self._spellings(point)
        )

    def _spellings(self, point: dict[str, Any]) -> set[str]:
        """What a known point may be met as: its normal form as it was taken in, and as it is read for this person."""
        taken_in = {point["normal"]} if "normal" in point else set()
        return taken_in | {same_as(point["kind"], point["value"], self._country, self._city)}


def stopper(keyring: Keyring, creditor_id: int, stopped: Collection[bytes]) -> Callable[[str, str], bool]:
    """Whether a person asked not to be reached by something of a kind, by its one spelling; by what was stopped."""
    if not stopped or EVERY in stopped:
        return lambda _kind, _form: bool(stopped)
    return lambda kind, form: index_of_contact(keyring, creditor_id, kind, form) in stopped


def digest(order_id: int, kind: FindingKind, value: str) -> str:
    """What stands for a value that may be compared and not read; another in each order, so that orders tell nothing."""
    return sha256(f"{order_id}:{kind.value}:{value}".encode()).hexdigest()
