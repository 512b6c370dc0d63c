"""Files of placed cases as pages and workbooks show them: their totals, and how what was loaded compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agencies.kernel.errors import msg
from agencies.kernel.money import major
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from assignments.manifests.handing import HEADER, Control
from assignments.manifests.models import Manifest
from assignments.placements.models import PlacementState
from assignments.placements.queries import ConsignmentRow
from portal.filters import money, number
from portal.i18n import say

#: So much of a digest tells files apart on a page.
_SHORT = 16


@dataclass(frozen=True)
class Line:
    """One manifest."""

    number: int
    made_at: datetime
    lines: str
    totals: str
    digest: str
    state: str
    tone: str
    #: What the agency found, where it was something else.
    stated: str
    stated_at: datetime | None


def lines(rows: Iterable[Manifest]) -> list[Line]:
    """The manifests of a consignment, the newest first; of older ones nothing is asked any more."""
    return [_line(row, is_newest=at == 0) for at, row in enumerate(rows)]


def may_state(row: ConsignmentRow, rows: list[Manifest], actor: Actor) -> bool:
    """Whether the person may say what was loaded of the newest one."""
    is_open = row.state is PlacementState.ACKNOWLEDGED and bool(rows) and rows[0].loaded_at is None
    return is_open and actor.may(Permission.PLACEMENT_ACKNOWLEDGE)


def may_number(row: ConsignmentRow, actor: Actor) -> bool:
    """Whether the person may state the agency's own numbers."""
    return row.state is PlacementState.ACKNOWLEDGED and actor.may(Permission.PLACEMENT_ACKNOWLEDGE)


class Sheets:
    """A manifest as the sheets of a workbook, read once; its time is known when the cases are through."""

    def __init__(self, pieces: Iterator[list[list[object]] | Control]) -> None:
        self._pieces = pieces
        self._control: Control | None = None

    def __iter__(self) -> Iterator[tuple[str, tuple[str, ...], Iterable[list[object]]]]:
        yield "cases", HEADER, self._cases()
        yield "control", ("control", "value"), self._controls()

    def made_at(self) -> datetime:
        """When the manifest was first handed out."""
        return self._known.made_at

    @property
    def _known(self) -> Control:
        assert self._control is not None, "the cases come first"  # noqa: S101
        return self._control

    def _cases(self) -> Iterator[list[object]]:
        for piece in self._pieces:
            if isinstance(piece, Control):
                self._control = piece
            else:
                yield from piece

    def _controls(self) -> Iterator[list[object]]:
        known = self._known
        yield ["manifest", known.name]
        yield ["made_at", known.made_at.isoformat(timespec="seconds")]
        yield ["lines", known.lines]
        for currency, minor in sorted(known.totals.items()):
            yield [f"balance {currency}", major(minor, currency)]
        yield ["sha256", known.sha256]


def _line(row: Manifest, *, is_newest: bool) -> Line:
    state, tone = _state(row, is_newest=is_newest)
    differs = row.stated_lines is not None and row.loaded_at is None
    return Line(
        number=row.number,
        made_at=row.made_at,
        lines=number(row.lines),
        totals=_sums(row.totals),
        digest=row.sha256.hex()[:_SHORT],
        state=state,
        tone=tone,
        stated=f"{number(row.stated_lines)} · {_sums(row.stated_totals or {})}" if differs else "",
        stated_at=row.stated_at,
    )


def _state(row: Manifest, *, is_newest: bool) -> tuple[str, str]:
    if row.loaded_at is not None:
        return say(msg("Loaded")), "good"
    if row.stated_at is not None:
        return say(msg("Totals differ")), "bad"
    if is_newest:
        return say(msg("Not confirmed yet")), "waiting"
    return say(msg("Replaced")), "neutral"


def _sums(totals: Mapping[str, Any]) -> str:
    return " · ".join(money(minor, currency) for currency, minor in sorted(totals.items())) or "–"
