"""An agency beside the others of a creditor's panel, who have no name and no order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agencies.kernel.errors import msg
from assignments.comparison import Position
from portal.filters import percent
from portal.i18n import say
from portal.presenters.comparison import Line
from portal.presenters.figures import span
from portal.presenters.scorecards import NOT_ENOUGH_DATA


@dataclass(frozen=True)
class PanelRow:
    """One agency: the reader's own, or another one of the panel."""

    label: str
    is_own: bool
    #: Gross recovery and net-back with their limits, then shares, in the order of `HEADS`.
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Panel:
    """The reader's own line and the others, or nothing but the reason why there are none."""

    creditor: str
    rows: tuple[PanelRow, ...]


HEADS = (
    msg("Gross recovery"),
    msg("Net back to the creditor"),
    msg("Reports on time"),
    msg("First activity in time"),
    msg("Conduct"),
)


def panel(line: Line, others: Sequence[Position]) -> Panel:
    """The table of one creditor's panel; without the others there is none, for they would be known."""
    if not others:
        return Panel(line.name, ())
    rows = [
        PanelRow(
            say(msg("Another agency")),
            is_own=False,
            cells=(
                _rate(one.gross, one.gross_low, one.gross_high),
                _rate(one.net, one.net_low, one.net_high),
                *((_share(value), "") for value in (one.on_time, one.first_activity, one.compliant)),
            ),
        )
        for one in others
    ]
    return Panel(line.name, (_own(line), *rows))


def _own(line: Line) -> PanelRow:
    told = [line.figures[code] for code in ("gross_recovery", "net_back", "punctuality", "first_activity", "conduct")]
    return PanelRow(say(msg("Our agency")), is_own=True, cells=tuple((one.text, one.note) for one in told))


def _rate(value: float, low: float | None, high: float | None) -> tuple[str, str]:
    return percent(value, 2), "" if low is None or high is None else span((low, high))


def _share(value: float | None) -> str:
    return say(NOT_ENOUGH_DATA) if value is None else percent(value, 2)
