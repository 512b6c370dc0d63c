"""A decision table as plain values: no rule that takes a case is ever called unreachable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assignments.cases.selection import Mark, Reach, Selection
from assignments.segments.decision import Rule, Unreachable, implies, moved_up, unreachable, without


def rules(*selections: Selection) -> list[Rule]:
    return [Rule(str(number), one) for number, one in enumerate(selections)]


_few = st.none() | st.integers(0, 3)
_selections = st.builds(
    Selection,
    product=st.sampled_from([None, "A", "B"]),
    city=st.sampled_from([None, "x"]),
    min_minor=_few,
    max_minor=_few,
    min_age=_few,
    max_age=_few,
    min_placed=_few,
    max_placed=_few,
    reach=st.sampled_from([None, *Reach]),
    mark=st.sampled_from([None, *Mark]),
    has_document=st.sampled_from([None, True, False]),
)
#: A case as far as these conditions ask; an age nobody knows is in no range.
_cases = st.fixed_dictionaries(
    {
        "product": st.sampled_from([None, "A", "B"]),
        "city": st.sampled_from([None, "x"]),
        "minor": st.integers(0, 3),
        "age": _few,
        "placed": st.integers(0, 3),
        "ways": st.frozensets(st.sampled_from([Reach.PHONE, Reach.EMAIL, Reach.ADDRESS])),
        "marks": st.sampled_from([{Mark.FREE}, {Mark.HELD}, {Mark.CLAIM}, {Mark.HELD, Mark.CLAIM}]),
        "has_document": st.booleans(),
    }
)


def passes(case: dict[str, Any], selection: Selection) -> bool:
    """What the database would say, word for word from the meaning of each condition."""
    for name, value in selection.set_fields():
        if name == "reach":
            fits = {Reach.ANY: bool(case["ways"]), Reach.NONE: not case["ways"]}.get(value, value in case["ways"])
        elif name == "mark":
            fits = value in case["marks"]
        elif name.startswith(("min_", "max_")):
            known = case[name[4:]]
            fits = known is not None and (known >= value if name.startswith("min_") else known <= value)
        else:
            fits = case[name] == value
        if not fits:
            return False
    return True


@given(_selections, st.lists(_selections, max_size=4), st.lists(_cases, min_size=1, max_size=20))
def test_what_is_called_unreachable_takes_no_case(
    whole: Selection, asked: list[Selection], cases: list[dict[str, Any]]
) -> None:
    named = {one.place for one in unreachable(whole, rules(*asked))}
    for case in cases:
        if passes(case, whole):
            taken = next((place for place, one in enumerate(asked) if passes(case, one)), None)
            assert taken not in named


@given(_selections, _selections, _cases)
def test_what_is_implied_holds_for_every_case(fact: Selection, asked: Selection, case: dict[str, Any]) -> None:
    if implies([fact], asked) and passes(case, fact):
        assert passes(case, asked)


@given(_selections)
def test_a_selection_implies_itself_and_everything(one: Selection) -> None:
    assert implies([one], one)
    assert implies([one], Selection())
    if any(name != "min_placed" or value for name, value in one.set_fields()):
        assert not implies([Selection()], one)


@given(_selections, st.lists(_selections, max_size=3))
def test_a_rule_told_twice_is_named(one: Selection, before: list[Selection]) -> None:
    places = [found.place for found in unreachable(Selection(), rules(*before, one, one))]
    assert len(before) + 1 in places


def test_the_rule_that_covers_is_named() -> None:
    wide, narrow = Selection(min_age=90), Selection(min_age=120, product="A")
    assert unreachable(Selection(), rules(wide, narrow)) == [Unreachable(1, 0)]
    assert unreachable(Selection(), rules(narrow, wide)) == []


def test_what_the_segment_leaves_out_no_rule_takes() -> None:
    whole = Selection(product="A", max_age=90)
    assert unreachable(whole, rules(Selection(product="B"), Selection(min_age=91))) == [
        Unreachable(0, None),
        Unreachable(1, None),
    ]
    assert unreachable(whole, rules(Selection(max_age=100), Selection(product="A"))) == [Unreachable(1, 0)]


def test_a_rule_moves_up_and_goes() -> None:
    table = rules(Selection(min_age=1), Selection(min_age=2), Selection(min_age=3))
    assert moved_up(table, 2) == [table[0], table[2], table[1]]
    assert moved_up(table, 0) == moved_up(table, 9) == table
    assert without(table, 1) == [table[0], table[2]]


def test_a_name_of_a_rule_decides_nothing() -> None:
    one, other = rules(Selection(min_age=1), Selection(min_age=1))
    assert unreachable(Selection(), [one, replace(other, label="x")]) == [Unreachable(1, 0)]
