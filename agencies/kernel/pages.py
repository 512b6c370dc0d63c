"""One page of a list, cut by key and never by offset, so that a deep page costs what the first one costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")

PAGE = 50


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and where the next page begins."""

    rows: tuple[Row, ...]
    #: The sort key of the last row shown, or nothing on the last page.
    next_cursor: Any | None


def cut(rows: Sequence[Row], limit: int, key: Callable[[Row], Any]) -> Page[Row]:
    """The page made from `limit + 1` rows asked for: the extra one only says that there are more."""
    shown = tuple(rows[:limit])
    return Page(shown, key(shown[-1]) if len(rows) > limit else None)
