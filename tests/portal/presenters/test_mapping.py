"""The page of columns as plain values: how sure a proposal is, and what a select of codes offers."""

from __future__ import annotations

import pytest

from portal.presenters import mapping
from uploads.mapping.names import UNLIKE
from uploads.mapping.proposals import ColumnGuess, Proposal
from uploads.models import UploadKind
from uploads.options import Options
from uploads.schemas.registry import SCHEMAS


def say(text: str, params=None) -> str:
    return text % params if params else text


def guess(field: str | None, confidence: int, reason: str = "name", *, is_danger: bool = False) -> ColumnGuess:
    return ColumnGuess(0, "x", field, confidence, (), is_danger, reason)


@pytest.mark.parametrize(
    ("column", "tone"),
    [
        (guess(None, 0, UNLIKE.reason), "neutral"),
        (guess("amount", 96), "good"),
        (guess("amount", 84), "waiting"),
        (guess("amount", 96, is_danger=True), "waiting"),
        (guess("amount", 40, "values", is_danger=True), "waiting"),
        (guess("amount", 100, "remembered"), "good"),
        (guess("amount", 50, "contradicted", is_danger=True), "waiting"),
    ],
)
def test_a_person_is_asked_to_look_where_the_name_does_not_settle_it(column: ColumnGuess, tone: str) -> None:
    [line] = mapping.column_lines(Proposal((column,), (), False, Options(), ()), ["field"])
    assert line.tone == tone
    assert line.reason == mapping.REASONS[column.reason]


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=lambda schema: schema.kind)
def test_what_a_code_may_mean_is_every_code_or_that_its_rows_are_left_out(schema) -> None:
    for field in schema.fields:
        if field.choices:
            offered = [code for code, _ in mapping.codes(field, say)]
            assert offered[0] == ""
            assert set(field.choices) < set(offered)
            assert mapping.LEAVE_OUT in offered
            assert (mapping.EMPTY in offered) is not field.required


def test_what_was_not_said_of_a_code_says_nothing() -> None:
    assert mapping.meant({"a": "", "b": "busy", "c": "-empty", "d": "-leave-out"}) == {"b": "busy", "c": "", "d": None}


def test_a_saved_code_whose_field_is_gone_still_shows() -> None:
    assert mapping.meaning_of("old_code", SCHEMAS[UploadKind.PORTFOLIO], "no_such_field") == "old_code"
