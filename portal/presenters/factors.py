"""An authenticator's key as people and apps read it, and recovery codes as a text to keep."""

from __future__ import annotations

from dataclasses import dataclass

import segno

from agencies.organisations import totp

_GROUP = 4


@dataclass(frozen=True)
class SharedKey:
    """A new key on the page that hands it over."""

    picture: str
    text: str


def shared_key(seed: str, account: str) -> SharedKey:
    """The key as a square picture (an image within the page, for nothing is stored) and in groups of letters."""
    picture = segno.make(totp.address(seed, account), error="m")
    groups = (seed[at : at + _GROUP] for at in range(0, len(seed), _GROUP))
    return SharedKey(picture.svg_data_uri(scale=5, dark="#000", light="#fff"), " ".join(groups))
