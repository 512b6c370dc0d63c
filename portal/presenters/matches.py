"""Two debtors that may be one person, side by side, with what speaks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agencies.kernel.errors import msg
from assignments.contacts import masking
from assignments.matches.likeness import Birth, Ids
from assignments.matches.models import MatchState
from assignments.matches.queries import Candidate, MatchRow
from portal.filters import basis_points, masked
from portal.i18n import say

STATES = {
    MatchState.PROPOSED: msg("To be decided"),
    MatchState.MERGED: msg("One person"),
    MatchState.DISMISSED: msg("Two persons"),
}
TONES = {MatchState.PROPOSED: "waiting", MatchState.MERGED: "good", MatchState.DISMISSED: "neutral"}
KINDS = {"phone": msg("Telephone"), "email": msg("E-mail"), "address": msg("Address")}
_BIRTHS = {
    Birth.SAME: msg("the same date of birth"),
    Birth.SWAPPED: msg("dates of birth with day and month changed about"),
    Birth.UNKNOWN: msg("a date of birth is missing"),
}
_CONTACTS = {
    "phone": msg("the same telephone number"),
    "email": msg("the same e-mail address"),
    "address": msg("the same postal address"),
}


@dataclass(frozen=True)
class Side:
    """One of the two debtors."""

    debtor: Candidate
    agency: str | None
    #: The identity number, covered but for the digit in which the two differ: that is what there is to decide on.
    identity: str
    #: Kind in words, value, and whether the other one has it too.
    contacts: tuple[tuple[str, str, bool], ...]
    is_kept: bool


@dataclass(frozen=True)
class Line:
    """A pair as the page shows it."""

    match: MatchRow
    similarity: str
    reasons: tuple[str, ...]
    sides: tuple[Side, Side]


def line(match: MatchRow, agencies: Mapping[int, str]) -> Line:
    """A pair in words."""
    is_near = Ids(match.reasons["ids"]) is Ids.NEAR
    shared = set(match.one.contacts) & set(match.other.contacts)
    one, other = (
        Side(
            side,
            agencies.get(side.agency_id) if side.agency_id is not None else None,
            masking.apart(side.id_number, beside.id_number) if is_near else masked(side.id_number),
            tuple(
                (say(KINDS[kind]), masking.contact(kind, value), (kind, value) in shared)
                for kind, value in side.contacts
            ),
            match.kept_id == side.debtor_id,
        )
        for side, beside in ((match.one, match.other), (match.other, match.one))
    )
    return Line(match, basis_points(match.similarity_bp), reasons(match), (one, other))


def reasons(match: MatchRow) -> tuple[str, ...]:
    """What speaks for one person, and what should be looked at."""
    told = match.reasons
    names = say(msg("names alike by %(share)s"), {"share": basis_points(told["name_bp"])})
    found = [names, say(_BIRTHS[Birth(told["birth"])]), *(say(_CONTACTS[kind]) for kind in told["contacts"])]
    if Ids(told["ids"]) is Ids.SAME:
        found.append(say(msg("the same identity number, the kind of document of one is missing")))
    if Ids(told["ids"]) is Ids.NEAR:
        found.append(say(msg("identity numbers that differ in one digit: one may be typed wrong")))
    return tuple(found)
