"""Passwords: what is stored, what is refused, and that nothing is cut or folded."""

from __future__ import annotations

import re
import statistics
import time

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from agencies.organisations import credentials
from agencies.organisations.credentials import PasswordTooCommon, PasswordTooLong, PasswordTooShort


def test_the_hash_is_argon2id_above_the_floor():
    found = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$", credentials.hash_password("a b c d e f"))
    assert found
    assert int(found[1]) >= 19 * 1024
    assert int(found[2]) >= 2


def test_a_hash_with_other_parameters_is_outdated():
    weaker = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash("some old password")
    assert credentials.verify(weaker, "some old password")
    assert credentials.is_outdated(weaker)
    assert not credentials.is_outdated(credentials.hash_password("some old password"))


@settings(max_examples=15, deadline=None)
@given(st.text(min_size=12, max_size=128))
def test_any_text_is_verified_as_it_is(password):
    stored = credentials.hash_password(password)
    assert credentials.verify(stored, password)
    assert not credentials.verify(stored, password[:-1])
    assert not credentials.verify(stored, password + " ")
    if password.swapcase() != password:
        assert not credentials.verify(stored, password.swapcase())


@pytest.mark.parametrize(
    "password",
    [
        "123456789012",
        "qwertyuiopas",
        "password1234",
        "contraseña123",
        "Encargo2026!!",
        "cobranza12345",
        "Colombia2026*",
        "laura.gomez2024",
        "LauraGomez#2026",
        "bancoandino2026",
        "aaaaaaaaaaaaaaaa",
    ],
)
def test_a_common_password_or_one_made_of_what_is_known_is_refused(password):
    with pytest.raises(PasswordTooCommon):
        credentials.check_strength(password, "laura.gomez@bancoandino.co", "Laura Gomez", "Banco Andino")


@pytest.mark.parametrize(
    "password",
    [
        "caballo pila grapa nube",
        "ñandú-lúcuma-cobre-91",
        "x7$Kq!9vR#2mZp",
        "сорок два жирафа у окна",
        "k" * 3 + "j8-2 d.a9,xq",
    ],
)
def test_a_password_nobody_guesses_is_taken_without_rules_of_composition(password):
    credentials.check_strength(password, "laura.gomez@bancoandino.co", "Laura Gomez")


def test_eleven_characters_are_too_few_and_257_too_many():
    with pytest.raises(PasswordTooShort):
        credentials.check_strength("x7$Kq!9vR#2")
    with pytest.raises(PasswordTooLong):
        credentials.check_strength("x7$Kq!9vR#2m" * 22)


def test_judging_a_long_password_takes_no_time_worth_attacking():
    begun = time.perf_counter()
    credentials.check_strength("la lluvia cae sobre el tejado verde " * 7)
    assert time.perf_counter() - begun < 5


def test_nobodys_hash_takes_as_long_as_somebodys():
    stored = credentials.hash_password("some password of theirs")

    def median(password_hash: str | None) -> float:
        times = []
        for _ in range(9):
            begun = time.perf_counter()
            credentials.verify(password_hash, "wrong")
            times.append(time.perf_counter() - begun)
        return statistics.median(times)

    assert 0.4 < median(None) / median(stored) < 2.5


def test_tokens_are_long_random_and_stored_as_their_digest():
    tokens = {credentials.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) >= 43 for token in tokens)
    assert len(credentials.digest(tokens.pop())) == 32
