"""The shape of an errand on the home page."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Errand:
    """How one kind of waiting thing is told: what it is, what to do about it, where."""

    title: str
    advice: str
    endpoint: str
    icon: str
    values: dict[str, str] = field(default_factory=dict)
    is_late: bool = False
