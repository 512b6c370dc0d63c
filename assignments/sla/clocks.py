"""How an obligation with a time stands: kept, missed, not yet due, or waiting for the other side. Pure rules."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """Where one obligation stands at an instant."""

    MET = "met"
    MISSED = "missed"
    #: Its time is not up; done or not, it counts neither way.
    NOT_DUE = "not_due"
    #: The creditor owes an answer.
    PAUSED = "paused"


class Light(StrEnum):
    """What a clause's figures say about its target."""

    #: The share kept reaches the target.
    GOOD = "good"
    #: It does not, but so few were due that chance may explain it.
    DOUBTFUL = "doubtful"
    #: Even the upper end of the interval is below the target.
    BAD = "bad"
    #: Nothing was due yet.
    UNKNOWN = "unknown"


def outcome(due: datetime, done: datetime | None, now: datetime, *, is_paused: bool = False) -> Outcome:
    """How one obligation stands; undone counts as missed once its time is up."""
    if is_paused:
        return Outcome.PAUSED
    if now <= due:
        return Outcome.NOT_DUE
    return Outcome.MET if done is not None and done <= due else Outcome.MISSED


def light(met: int, due: int, high: float, target_bp: int) -> Light:
    """What the share kept says about the target; `high` is the upper end of its interval."""
    if not due:
        return Light.UNKNOWN
    if met * 10_000 >= target_bp * due:
        return Light.GOOD
    return Light.BAD if high * 10_000 < target_bp else Light.DOUBTFUL
