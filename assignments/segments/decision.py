"""A decision table as plain values: which rules can never take a case, and the table after a rule moved.

The first rule that fits takes a case; what no rule takes is left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assignments.cases.selection import Reach, Selection

#: No case has fewer: these let everything through.
_VACUOUS = {"min_placed", "min_debts"}


@dataclass(frozen=True)
class Rule:
    """What a rule asks for, and what it calls the cases it takes."""

    label: str
    selection: Selection


@dataclass(frozen=True)
class Unreachable:
    """A rule that can never take a case, by its place from 0."""

    place: int
    #: The earlier rule that takes all its cases first; none where it contradicts itself or what it is cut from.
    covered_by: int | None


def unreachable(whole: Selection, rules: Sequence[Rule]) -> list[Unreachable]:
    """The rules of which it is certain that they never take a case; that none is named proves nothing."""
    found = []
    for place, rule in enumerate(rules):
        facts = (whole, rule.selection)
        if _contradict(facts):
            found.append(Unreachable(place, None))
            continue
        earlier = (at for at in range(place) if implies(facts, rules[at].selection))
        if (first := next(earlier, None)) is not None:
            found.append(Unreachable(place, first))
    return found


def implies(facts: Sequence[Selection], asked: Selection) -> bool:
    """Whether every case that passes all of `facts` is certain to pass what is asked."""
    return all(any(_grants(one, name, value) for one in facts) for name, value in asked.set_fields())


def moved_up(rules: Sequence[Rule], place: int) -> list[Rule]:
    """The table with a rule before the one that stood before it; the first one stays."""
    found = list(rules)
    if 0 < place < len(found):
        found[place - 1], found[place] = found[place], found[place - 1]
    return found


def without(rules: Sequence[Rule], place: int) -> list[Rule]:
    """The table without a rule."""
    return [rule for at, rule in enumerate(rules) if at != place]


def _grants(fact: Selection, name: str, asked: object) -> bool:
    if name in _VACUOUS and asked == 0:
        return True
    known = getattr(fact, name)
    if known is None:
        return False
    if name.startswith("min_"):
        return bool(known >= asked)
    if name.startswith("max_"):
        return bool(known <= asked)
    if name == "search":
        return str(known).startswith(str(asked))
    if name == "reach" and asked is Reach.ANY:
        return known is not Reach.NONE
    return bool(known == asked)


def _contradict(facts: Sequence[Selection]) -> bool:
    """Whether no case passes all of them: two values for one thing, or a range that is none."""
    set_fields = [pair for one in facts for pair in one.set_fields()]
    least = [(name.removeprefix("min_"), value) for name, value in set_fields if name.startswith("min_")]
    most = [(name.removeprefix("max_"), value) for name, value in set_fields if name.startswith("max_")]
    if any(low > high for name, low in least for other, high in most if name == other):
        return True
    exact = {"portfolio_id", "product", "region", "segment", "state", "agency_id", "return_code", "currency"}
    exact |= {"person_type", "has_document"}
    said = [(name, value) for name, value in set_fields if name in exact]
    return any(name == other and one != another for name, one in said for other, another in said)
