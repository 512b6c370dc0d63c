"""How much of a wave each agency receives, where the parts are not to be equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agencies.kernel.errors import Invalid, msg
from agencies.kernel.money import BASIS
from assignments.placements.models import Wave
from assignments.placements.planning import Terms


class SharesDoNotFit(Invalid):
    """Every agency that takes part has a share above nothing, and together they are the whole."""

    text = msg("The shares must be above 0 % and come to 100 % together.")


def check_shares(shares: Mapping[int, int], terms: Sequence[Terms]) -> dict[str, int]:
    """The shares as a wave keeps them; raises `SharesDoNotFit`."""
    agencies = {one.agency_id for one in terms}
    if set(shares) != agencies or min(shares.values()) < 1 or sum(shares.values()) != BASIS:
        raise SharesDoNotFit
    return {str(agency): share for agency, share in shares.items()}


def shares_of(wave: Wave) -> dict[int, int] | None:
    """The shares of a wave by agency; nothing when they are equal."""
    return {int(agency): share for agency, share in wave.shares.items()} if wave.shares else None
