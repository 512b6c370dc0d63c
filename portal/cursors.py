"""Where the next page of a list begins, as it stands in an address: ids as references, the rest in plain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from agencies.kernel.errors import NotFound
from agencies.kernel.references import References

_KIND = "cursor"
_BETWEEN = "~"
#: What each part begins with, so that one kind of list's cursor is not taken for another's.
_SIGNS: dict[type, str] = {int: "i", date: "d", datetime: "t", str: "s"}


def write(references: References, cursor: Any) -> str | None:
    """A page's cursor as text; nothing on the last page."""
    if cursor is None:
        return None
    parts = cursor if isinstance(cursor, tuple) else (cursor,)
    return _BETWEEN.join(_write(references, part) for part in parts)


def read(references: References, text: str | None, *shape: type) -> Any:
    """The cursor behind the text, as the query takes it, its parts of these types.

    Raises `NotFound` for anything we did not write for such a list: forged, cut off, or from another list's address.
    """
    if not text:
        return None
    parts = text.split(_BETWEEN)
    if [part[:1] for part in parts] != [_SIGNS[kind] for kind in shape]:
        raise NotFound
    readers: dict[type, Callable[[str], Any]] = {
        int: lambda part: references.decode(_KIND, part),
        date: date.fromisoformat,
        datetime: _instant,
        str: _plain,
    }
    try:
        read = tuple(readers[kind](part[1:]) for kind, part in zip(shape, parts, strict=True))
    except ValueError as unreadable:
        raise NotFound from unreadable
    return read[0] if len(read) == 1 else read


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant


def _plain(text: str) -> str:
    if not text.isprintable():
        raise ValueError(text)
    return text


def _write(references: References, part: int | date | datetime | str) -> str:
    if isinstance(part, int):
        return _SIGNS[int] + references.encode(_KIND, part)
    if isinstance(part, datetime):
        return _SIGNS[datetime] + part.isoformat()
    return _SIGNS[date] + part.isoformat() if isinstance(part, date) else _SIGNS[str] + part
