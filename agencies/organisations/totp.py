"""Codes of an authenticator app: six digits that a shared key and the time give (RFC 6238)."""

from __future__ import annotations

import hmac
from datetime import datetime

from pyotp import TOTP, random_base32

#: Seconds a code is shown for.
STEP = 30
#: Clocks of phones go wrong: the code before and the code after are taken too.
_DRIFT = 1
ISSUER = "Encargo"


def new_seed() -> str:
    """A key of 160 random bits, in the letters authenticator apps read."""
    return random_base32()


def step_of(now: datetime) -> int:
    """The number of the time step."""
    return int(now.timestamp()) // STEP


def code_of(seed: str, step: int) -> str:
    """The code an app shows in a time step."""
    return TOTP(seed).generate_otp(step)


def seconds_left(now: datetime) -> int:
    """How long an app goes on showing its code."""
    return STEP - int(now.timestamp()) % STEP


def matching_step(seed: str, code: str, *, now: datetime, after: int | None) -> int | None:
    """The time step this is the code of, among those around now and after the last one taken; None if there is none."""
    here = step_of(now)
    found = None
    for step in range(here - _DRIFT, here + _DRIFT + 1):
        fits = hmac.compare_digest(code_of(seed, step).encode(), code.encode())
        if fits and (after is None or step > after):
            found = step
    return found


def address(seed: str, account: str) -> str:
    """What the square picture says to an app: the key, and whom of what it is for."""
    return TOTP(seed).provisioning_uri(name=account, issuer_name=ISSUER)
