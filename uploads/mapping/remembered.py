"""A mapping confirmed before, and how the columns of a new file differ from those it was confirmed for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from uploads.formats.headers import normal
from uploads.options import Options

#: The share of columns two sets must have in common for one to be taken for a change of the other.
NEAR = 0.5


@dataclass(frozen=True)
class Remembered:
    """A mapping confirmed before: header name -> field, with its options."""

    fields: Mapping[str, str]
    options: Options
    #: All columns there were, used or not; those that were used where nobody knows the others.
    header: tuple[str, ...] = ()
    confirmed_at: datetime | None = None
    confirmed_by: int | None = None
    id: int | None = None
    _by_name: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {normal(name): one for name, one in self.fields.items()})

    def field_of(self, header: str) -> str | None:
        """What a column was, by its name as written or in its one form."""
        return self.fields.get(header) or self._by_name.get(normal(header))

    @property
    def names(self) -> dict[str, str]:
        """The one form of every column there was -> as it was written."""
        return {normal(name): name for name in (self.header or tuple(self.fields))}


@dataclass(frozen=True)
class Changes:
    """How the columns of a file differ from those of last time."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    #: Before -> now.
    renamed: tuple[tuple[str, str], ...] = ()
    #: Column that is gone -> what it held.
    held: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.renamed)

    def with_renamed(self, found: Mapping[str, str]) -> Changes:
        """The same, where a new column that holds what a gone one held is that one by another name."""
        now_by_field = {one: name for name, one in found.items() if name in self.new}
        pairs = tuple((name, now_by_field[one]) for name, one in self.held.items() if one in now_by_field)
        before, now = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
        return replace(
            self,
            new=tuple(name for name in self.new if name not in now),
            gone=tuple(name for name in self.gone if name not in before),
            renamed=pairs,
        )


def nearest(header: Sequence[str], known: Sequence[Remembered]) -> Remembered | None:
    """The mapping whose columns are most like these, the latest of equals; None when none is near."""
    now = {normal(name) for name in header}
    scored = [(_share(now, set(one.names)), one.confirmed_at, at) for at, one in enumerate(known)]
    near = [(share, when.timestamp() if when else 0.0, at) for share, when, at in scored if share >= NEAR]
    return known[max(near)[2]] if near else None


def changes_since(remembered: Remembered, header: Sequence[str]) -> Changes:
    """What is new and what is gone."""
    before, now = remembered.names, {normal(name): name for name in header}
    knows_all = bool(remembered.header)
    # Where only the used columns are known, a column that was not used is no news.
    new = tuple(written for name, written in now.items() if name not in before) if knows_all else ()
    gone = tuple(written for name, written in before.items() if name not in now)
    held = {name: one for name in gone if (one := remembered.field_of(name))}
    return Changes(new, gone, held=held)


def _share(now: set[str], before: set[str]) -> float:
    return len(now & before) / len(now | before) if now | before else 0.0
