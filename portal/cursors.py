"""Where the next page of a list begins, as it stands in an address: ids as references, the rest in plain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from agencies.kernel.errors import NotFound
from agencies.kernel.references import References

_KIND = "cursor"
_BETWEEN = "~"


def write(references: References, cursor: Any) -> str | None:
    """A page's cursor as text; nothing on the last page."""
    if cursor is None:
        return None
    parts = cursor if isinstance(cursor, tuple) else (cursor,)
    return _BETWEEN.join(_write(references, part) for part in parts)


def read(references: References, text: str | None) -> Any:
    """The cursor behind the text, as the query takes it; raises `NotFound` for anything we did not write."""
    if not text:
        return None
    readers: dict[str, Callable[[str], Any]] = {
        "i": lambda part: references.decode(_KIND, part),
        "d": date.fromisoformat,
        "t": datetime.fromisoformat,
        "s": str,
    }
    try:
        parts = tuple(readers[part[:1]](part[1:]) for part in text.split(_BETWEEN))
    except (KeyError, ValueError) as unreadable:
        raise NotFound from unreadable
    return parts[0] if len(parts) == 1 else parts


def _write(references: References, part: int | date | datetime | str) -> str:
    if isinstance(part, int):
        return "i" + references.encode(_KIND, part)
    if isinstance(part, datetime):
        return "t" + part.isoformat()
    return "d" + part.isoformat() if isinstance(part, date) else "s" + part
