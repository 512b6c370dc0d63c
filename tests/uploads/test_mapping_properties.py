"""What holds of every mapping: the places of columns decide nothing, and no name breaks anything."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.uploads.test_header_names import table
from tests.uploads.test_mapping import OWN
from tests.uploads.test_values_speak import ACCOUNTS, BIRTHS, EMAILS, IDS, LONG_ACCOUNTS, MOBILES, WITH_PREFIX
from uploads.mapping.proposals import propose
from uploads.models import UploadKind
from uploads.schemas.registry import SCHEMAS

NAMES = sorted({name for _, _, name in table()} | {f"dato{n}" for n in range(8)})
VALUES = (ACCOUNTS, BIRTHS, EMAILS, IDS, LONG_ACCOUNTS, MOBILES, WITH_PREFIX, ["1.500,50"] * 12, ["x"] * 12, [""] * 12)
HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "x" * 10_000,
    "saldo " * 2_000,
    "",
    "   ",
    "'; drop table uploads; --",
    "\u202eotal odlas",
    "🦄",
    "\ufeff",
    "_" * 50,
    "1",
    "null",
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=12, unique_by=str.casefold), st.randoms(use_true_random=False)
)
def test_any_order_of_the_columns_gives_the_same_mapping(names: list[str], chance: random.Random) -> None:
    columns = [(name, chance.choice(VALUES)) for name in names]
    shuffled = chance.sample(columns, len(columns))

    def mapped(columns: list[tuple[str, list[str]]]) -> dict[str, tuple[str | None, int]]:
        rows = [[values[at] for _, values in columns] for at in range(12)]
        found = propose([name for name, _ in columns], rows, SCHEMAS[UploadKind.PORTFOLIO], None, own=OWN)
        return {one.header: (one.field, one.confidence) for one in found.columns}

    assert mapped(columns) == mapped(shuffled)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=6), st.lists(st.text(max_size=40), min_size=6, max_size=6))
def test_whatever_the_columns_are_called_and_hold_a_proposal_is_made(names: list[str], cells: list[str]) -> None:
    for kind in (UploadKind.PORTFOLIO, UploadKind.ACTIVITIES):
        found = propose(names, [cells[: len(names)]] * 4, SCHEMAS[kind], None, own=OWN)
        fields = [one.field for one in found.columns if one.field]
        assert len(fields) == len(set(fields))
        assert all(0 <= one.confidence <= 100 for one in found.columns)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_a_name_nobody_knows(name: str) -> None:
    found = propose([name, "saldo"], [["a", "1.00"], ["b", "2.00"]], SCHEMAS[UploadKind.PORTFOLIO], None, own=OWN)
    assert found.columns[0].header == name
    assert found.columns[1].field == "balance_total" or found.columns[0].field == "balance_total"
