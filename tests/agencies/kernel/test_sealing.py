"""Sealed values open in their own place only, with any key still known; equal values meet only within a tenant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.kernel import sealing
from agencies.kernel.sealing import Keyring, NoKeyring, Place, SealBroken
from agencies.kernel.tenancy import WORKER

OLD, NEW, INDEX = b"o" * 32, b"n" * 32, b"i" * 32
PLACE = Place(7, "debtors", "phone", "41")


@given(st.text())
def test_what_was_sealed_opens_in_its_place(value):
    ring = Keyring({1: OLD}, INDEX)

    assert ring.open(ring.seal(value, PLACE), PLACE) == value


def test_equal_values_are_sealed_differently():
    ring = Keyring({1: OLD}, INDEX)

    assert ring.seal("3001234567", PLACE) != ring.seal("3001234567", PLACE)


@pytest.mark.parametrize(
    "other",
    [
        PLACE._replace(organisation_id=8),
        PLACE._replace(table="contact_points"),
        PLACE._replace(column="email"),
        PLACE._replace(row="42"),
    ],
)
def test_a_value_moved_elsewhere_does_not_open(other):
    ring = Keyring({1: OLD}, INDEX)
    sealed = ring.seal("3001234567", PLACE)

    with pytest.raises(SealBroken):
        ring.open(sealed, other)


@pytest.mark.parametrize("at", [0, 1, 2, 13, 14, -1])
def test_a_value_with_one_bit_changed_does_not_open(at):
    ring = Keyring({1: OLD}, INDEX)
    sealed = bytearray(ring.seal("3001234567", PLACE))
    sealed[at] ^= 1

    with pytest.raises(SealBroken):
        ring.open(bytes(sealed), PLACE)


@pytest.mark.parametrize("sealed", [b"", b"\x00\x01", b"\x00\x01" + b"x" * 20])
def test_what_is_too_short_does_not_open(sealed):
    with pytest.raises(SealBroken):
        Keyring({1: OLD}, INDEX).open(sealed, PLACE)


def test_the_newest_key_seals_and_the_older_ones_open_until_they_are_taken_away():
    sealed = Keyring({1: OLD}, INDEX).seal("3001234567", PLACE)
    both = Keyring({1: OLD, 2: NEW}, INDEX)

    assert both.open(sealed, PLACE) == "3001234567"
    assert Keyring.version_of(both.seal("x", PLACE)) == 2
    with pytest.raises(SealBroken):
        Keyring({2: NEW}, INDEX).open(sealed, PLACE)


def test_an_index_is_equal_for_equal_values_of_one_tenant_and_kind_only():
    ring = Keyring({1: OLD}, INDEX)
    one = ring.index(7, "phone", "+573001234567")

    assert one == Keyring({2: NEW}, INDEX).index(7, "phone", "+573001234567")
    others = {
        ring.index(8, "phone", "+573001234567"),
        ring.index(7, "document", "+573001234567"),
        ring.index(7, "phone", "+573001234568"),
        Keyring({1: OLD}, b"j" * 32).index(7, "phone", "+573001234567"),
    }
    assert one not in others
    assert len(others) == 4


def test_a_session_has_the_keys_of_its_ports_and_no_other_session_has_any(ports):
    with ports.session(WORKER) as session:
        assert sealing.keyring_of(session) is ports.keyring
        del session.info["keyring"]
        with pytest.raises(NoKeyring):
            sealing.keyring_of(session)
