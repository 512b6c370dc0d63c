"""One thing that happens at one time in the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Step:
    """What happens, given the time at which it does."""

    at: datetime
    take: Callable[[datetime], None]
