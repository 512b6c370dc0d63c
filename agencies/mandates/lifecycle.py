"""Which version of a mandate is in force on a date, and what may still happen to a mandate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from agencies.kernel.errors import Conflict, Invalid, msg
from agencies.mandates.models import Mandate, MandateState, MandateVersion


class MandateEnded(Conflict):
    """The contract is over."""

    text = msg("This mandate has ended. Make a new one.")


class MandateNotInForce(Invalid):
    """No version of the mandate applies on the date."""

    text = msg("The mandate %(name)s is not in force on %(on)s.")


class VersionTooEarly(Invalid):
    """A version may not begin before the one it follows: terms in force are never rewritten."""

    text = msg("New terms may not begin before %(earliest)s, when the present ones begin.")


def check_open(mandate: Mandate) -> None:
    """Raise `MandateEnded` unless the mandate still stands."""
    if mandate.state is not MandateState.IN_FORCE:
        raise MandateEnded


def in_force(versions: Iterable[MandateVersion], on: date) -> MandateVersion | None:
    """The version that applies on a date: the last one that has begun by then."""
    begun = [version for version in versions if version.valid_from <= on]
    return max(begun, key=lambda version: version.version, default=None)
