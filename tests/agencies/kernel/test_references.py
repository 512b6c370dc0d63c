"""References open only with their kind, their key and their own spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.kernel.errors import NotFound
from agencies.kernel.references import References

CODEC = References(bytes(range(32)))
OTHER = References(bytes(range(1, 33)))
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@given(st.integers(0, 2**63 - 1), st.sampled_from(["case", "upload", "placement"]))
def test_a_reference_opens_to_its_id(number, kind):
    reference = CODEC.encode(kind, number)

    assert CODEC.decode(kind, reference) == number
    assert CODEC.decode(kind, reference.upper()) == number
    assert len(reference) == 26
    assert set(reference) <= set(ALPHABET)


def test_many_references_are_the_same_as_one_by_one():
    assert CODEC.encode_many("case", [1, 2, 3]) == [CODEC.encode("case", number) for number in (1, 2, 3)]
    assert CODEC.encode_many("case", []) == []


def test_a_reference_of_one_kind_is_none_of_another():
    with pytest.raises(NotFound):
        CODEC.decode("upload", CODEC.encode("case", 7))


def test_a_reference_made_with_another_key_is_refused():
    with pytest.raises(NotFound):
        CODEC.decode("case", OTHER.encode("case", 7))


@given(st.text(alphabet=ALPHABET, min_size=26, max_size=26))
def test_a_forged_reference_is_refused(forged):
    with pytest.raises(NotFound):
        CODEC.decode("case", forged)


@pytest.mark.parametrize("position", range(26))
def test_a_reference_changed_in_one_place_is_refused(position):
    reference = CODEC.encode("case", 7)
    for letter in ALPHABET:
        changed = reference[:position] + letter + reference[position + 1 :]
        if changed != reference:
            with pytest.raises(NotFound):
                CODEC.decode("case", changed)


@pytest.mark.parametrize(
    "text", ["", "7", "a" * 25, "a" * 27, "1" * 26, "ñ" * 26, " " * 26, "../../etc/passwd", "\0" * 26]
)
def test_what_is_no_reference_at_all_is_refused(text):
    with pytest.raises(NotFound):
        CODEC.decode("case", text)


def test_neighbouring_ids_have_nothing_in_common():
    first, second = CODEC.encode("case", 1), CODEC.encode("case", 2)

    assert sum(one == other for one, other in zip(first, second, strict=True)) < 10
