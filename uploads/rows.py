"""The plain values that speak of a file's rows: how far a check is, and what became of the rows when applied."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """How far a check has come, in bytes of the file."""

    done: int
    total: int


@dataclass(frozen=True)
class Loaded:
    """What became of an upload's rows: together they are the rows read."""

    #: Rows that made something new.
    applied: int
    #: Good rows that said nothing new: they were reported before.
    unchanged: int
    #: Rows turned away, while checking or while applying.
    rejected: int
