"""How a wave is shared: by which weights, inside which strata, within which limits. A value, kept with its wave."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agencies.kernel.errors import Invalid, msg
from agencies.kernel.money import BASIS
from assignments.placements.allocation import MAX_BANDS, RULE
from assignments.placements.rounding import apportion

#: Of each stratum, so much is shared equally whatever the weights (scorecard reference, 2.7); a setting of the wave.
CONTROL_BP = 1_500
MAX_COOLING_DAYS = 365


class Method(StrEnum):
    """By what the parts of the agencies are found."""

    EQUAL = "equal"
    SHARES = "shares"
    CHAMPION = "champion"


class Key(StrEnum):
    """What strata are made of; inside each of them chance decides alone."""

    BALANCE = "balance"
    AGE = "age"
    TIER = "tier"
    PRODUCT = "product"
    REGION = "region"
    STAGE = "stage"
    SEGMENT = "segment"


class SharesDoNotFit(Invalid):
    """Every agency that takes part has a share above nothing, and together they are the whole."""

    text = msg("The shares must be above 0 % and come to 100 % together.")


class ChampionUnfit(Invalid):
    """The champion takes part, and so do challengers."""

    text = msg("Choose as champion an agency that takes part, with at least one other and a share below 100 %.")


class BandsOutOfRange(Invalid):
    """More bands than cases can fill tell nothing."""

    text = msg("The number of balance bands must lie between 1 and 20.")


class ControlOutOfRange(Invalid):
    """A part of a stratum lies between nothing and all of it."""

    text = msg("The control must lie between 0 % and 100 %.")


class LimitsOutOfRange(Invalid):
    """A limit lets something through, and a pause is days, not years."""

    text = msg("A limit must be above zero, and the pause after a placement at most 365 days.")


@dataclass(frozen=True)
class Limit:
    """The most an agency may receive of one wave; what is empty limits nothing."""

    cases: int | None = None
    value_minor: int | None = None


@dataclass(frozen=True)
class Fit:
    """The products and regions an agency takes; what is empty restricts nothing."""

    products: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Strategy:
    """How a wave is shared; agencies by id."""

    method: Method = Method.EQUAL
    #: Of the method by shares: in ten-thousandths.
    shares: Mapping[int, int] = field(default_factory=dict)
    champion_id: int | None = None
    champion_bp: int = 0
    #: What is shared equally inside every stratum, so that agencies can be compared on it.
    control_bp: int = 0
    keys: tuple[Key, ...] = (Key.BALANCE,)
    balance_bands: int = 5
    age_bands: int = 3
    limits: Mapping[int, Limit] = field(default_factory=dict)
    fits: Mapping[int, Fit] = field(default_factory=dict)
    #: What an agency's own file says it can hold for this creditor is a limit as well.
    keeps_capacity: bool = False
    #: Never to an agency that had a case of the debtor before.
    excludes_previous: bool = False
    #: A case that came back fewer days ago waits.
    cooling_days: int = 0
    rule: int = RULE

    @property
    def control(self) -> int:
        """The part shared equally: under equal shares all of it."""
        return BASIS if self.method is Method.EQUAL else self.control_bp

    def weights(self, agencies: Collection[int]) -> dict[int, int]:
        """The share of each agency, in ten-thousandths; raises when they do not come to the whole."""
        if self.method is Method.EQUAL:
            return dict.fromkeys(agencies, 1)
        shares = self._champions(agencies) if self.method is Method.CHAMPION else dict(self.shares)
        if set(shares) != set(agencies) or min(shares.values()) < 1 or sum(shares.values()) != BASIS:
            raise SharesDoNotFit
        return shares

    def check(self, agencies: Collection[int]) -> Strategy:
        """Itself, for these agencies; raises what speaks against it."""
        self.weights(agencies)
        if not (1 <= self.balance_bands <= MAX_BANDS and 1 <= self.age_bands <= MAX_BANDS):
            raise BandsOutOfRange
        if not 0 <= self.control_bp <= BASIS:
            raise ControlOutOfRange
        amounts = [amount for limit in self.limits.values() for amount in (limit.cases, limit.value_minor)]
        is_low = any(amount is not None and amount < 1 for amount in amounts)
        if is_low or not 0 <= self.cooling_days <= MAX_COOLING_DAYS:
            raise LimitsOutOfRange
        return self

    def to_dict(self) -> dict[str, Any]:
        """As stored with a wave."""
        return {
            "rule": self.rule,
            "method": self.method.value,
            "shares": {str(agency): share for agency, share in self.shares.items()},
            "champion_id": self.champion_id,
            "champion_bp": self.champion_bp,
            "control_bp": self.control_bp,
            "keys": [key.value for key in self.keys],
            "balance_bands": self.balance_bands,
            "age_bands": self.age_bands,
            "limits": {str(agency): [one.cases, one.value_minor] for agency, one in self.limits.items()},
            "fits": {str(agency): [list(one.products), list(one.regions)] for agency, one in self.fits.items()},
            "keeps_capacity": self.keeps_capacity,
            "excludes_previous": self.excludes_previous,
            "cooling_days": self.cooling_days,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Strategy:
        """As stored with a wave."""
        return cls(
            **{
                **stored,
                "method": Method(stored["method"]),
                "shares": {int(agency): share for agency, share in stored["shares"].items()},
                "keys": tuple(Key(key) for key in stored["keys"]),
                "limits": {int(agency): Limit(*one) for agency, one in stored["limits"].items()},
                "fits": {int(agency): Fit(tuple(one[0]), tuple(one[1])) for agency, one in stored["fits"].items()},
            }
        )

    def _champions(self, agencies: Collection[int]) -> dict[int, int]:
        others = sorted(set(agencies) - {self.champion_id})
        champion = self.champion_id
        if champion not in agencies or champion is None or not others or not 0 < self.champion_bp < BASIS:
            raise ChampionUnfit
        rest = apportion(BASIS - self.champion_bp, [1] * len(others))
        return {champion: self.champion_bp, **dict(zip(others, rest, strict=True))}


def by_shares(shares: Mapping[int, int] | None, bands: int) -> Strategy:
    """The plain strategy: in each balance band, equal parts or these shares."""
    method = Method.SHARES if shares else Method.EQUAL
    return Strategy(method, shares=dict(shares or {}), balance_bands=bands)
