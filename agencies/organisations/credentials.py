"""Secrets people hold: passwords, hashed with Argon2id and judged by how guessable they are, and random tokens.

A password is never judged by rules of composition. Of a token only its hash is kept; a fast one, because it is random.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from agencies.kernel.errors import Invalid, msg

MIN_LENGTH = 12
MAX_LENGTH = 256
#: Above the floor of OWASP (19 MiB, two passes); stored with each hash, so that raising it re-hashes at sign-in.
HASHER = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
#: Verified when there is nobody to verify, so that an unknown e-mail takes as long as a known one.
_NOBODY = HASHER.hash("nobody signs in with this")
#: zxcvbn's score out of 4; 3 is beyond a patient on-line attacker.
_MIN_SCORE = 3
#: Letters that must be left once the words at hand are taken away.
_MIN_OWN_LETTERS = 4
#: What is too near at hand here: the product and the words of the trade.
_CONTEXT = (
    "encargo",
    "cobranza",
    "cartera",
    "acreedor",
    "agencia",
    "deudor",
    "recaudo",
    "portal",
    "bogota",
    "colombia",
    "contraseña",
    "contrasena",
    "bienvenido",
    "collections",
)
#: The judge slows down with length, and what follows cannot make a password weaker.
_JUDGED = 72
_TOKEN_BYTES = 32


class PasswordTooShort(Invalid):
    """Length is the one rule of form."""

    text = msg("The password is too short: use at least %(least)d characters, for example four unrelated words.")


class PasswordTooLong(Invalid):
    """A limit, so that hashing cannot be used to tire the server."""

    text = msg("The password is too long: use at most %(most)d characters.")


class PasswordTooCommon(Invalid):
    """Common, or made of what anybody knows about this person or product."""

    text = msg(
        "This password is easy to guess: it is common, or is made of your name, your e-mail or words of this portal. "
        "Choose several unrelated words."
    )


def check_strength(password: str, *known: str) -> None:
    """Refuse a password that is short or guessable; `known` is what an attacker knows of the person."""
    if len(password) < MIN_LENGTH:
        raise PasswordTooShort(least=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise PasswordTooLong(most=MAX_LENGTH)
    words = [part for text in known for part in text.lower().replace("@", " ").replace(".", " ").split()]
    judged = zxcvbn(password[:_JUDGED], user_inputs=[*known, *words, *_CONTEXT])
    if judged["score"] < _MIN_SCORE or _is_decorated(password, [*words, *_CONTEXT]):
        raise PasswordTooCommon


def hash_password(password: str) -> str:
    """The Argon2id hash of a password, with its parameters and salt."""
    return HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; takes the same time when there is no hash to compare with."""
    try:
        HASHER.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(password_hash)


def new_token() -> str:
    """256 random bits, safe in an address and a cookie."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def _is_decorated(password: str, words: list[str]) -> bool:
    """Whether the password is one of the words at hand with digits and signs around it."""
    rest = password.lower()
    for word in sorted(words, key=len, reverse=True):
        if len(word) > 2:
            rest = rest.replace(word, " ")
    return rest != password.lower() and len(re.findall(r"[^\W\d_]", rest)) < _MIN_OWN_LETTERS
