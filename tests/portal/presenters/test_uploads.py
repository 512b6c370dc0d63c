"""Files as plain values: the steps of their way, how sure a proposal is, and faults in words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from portal.presenters import uploads
from uploads.models import UploadKind, UploadState
from uploads.queries import ErrorGroup, RowFault


def say(text: str, params=None) -> str:
    return text % params if params else text


@pytest.mark.parametrize(
    ("state", "places"),
    [
        (UploadState.RECEIVED, ["done", "now", "later", "later"]),
        (UploadState.CHECKING, ["done", "done", "now", "later"]),
        (UploadState.CHECKED, ["done", "done", "done", "now"]),
        (UploadState.APPLYING, ["done", "done", "done", "now"]),
        (UploadState.APPLIED, ["done", "done", "done", "done"]),
        (UploadState.REJECTED, []),
    ],
)
def test_the_way_of_a_file_shows_where_it_stands(state: UploadState, places: list[str]) -> None:
    assert [step.place for step in uploads.steps(SimpleNamespace(state=state))] == places


def test_faults_are_grouped_with_their_first_rows() -> None:
    groups = [ErrorGroup("amount", "negative", 4), ErrorGroup("row", "too_few_cells", 1)]
    faults = [RowFault(line, "amount", "negative", f"-{line}") for line in range(2, 6)]
    first, second = uploads.grouped(UploadKind.PAYMENTS, groups, faults, say)
    assert (first.message, first.count, [one.line for one in first.examples]) == ("Amount is negative.", 4, [2, 3, 4])
    assert (second.label, second.examples) == ("Whole row", ())


@pytest.mark.parametrize(("seconds", "shown"), [(None, "–"), (0.4, "0 s"), (59, "59 s"), (61, "1:01 min")])
def test_time_left_is_told_roughly(seconds, shown) -> None:
    assert uploads.time_left(seconds) == shown


@pytest.mark.parametrize(
    ("name", "ending", "file"),
    [
        ("cartera.csv", "csv", "rejected-cartera.csv"),
        ("cartera", "csv", "rejected-cartera.csv"),
        ("cartera.2026.xlsb", "xlsx", "rejected-cartera.2026.xlsx"),
        ("cartera.csv.gz", "csv", "rejected-cartera.csv.csv"),
    ],
)
def test_the_file_of_rejected_rows_is_named_after_the_sent_one(name, ending, file) -> None:
    assert uploads.error_file_name(SimpleNamespace(filename=name), ending, say) == file


def test_every_state_and_kind_has_words() -> None:
    assert set(uploads.STATES) == set(uploads.TONES) == set(UploadState)
    assert set(uploads.KINDS) == set(UploadKind)
    assert uploads.fault(SimpleNamespace(fault="empty")) == "The file is empty."
    assert uploads.reason("unheard_of") == uploads.reason(None)
