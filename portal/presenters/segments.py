"""What the pages of segments show: each with its conditions and what it comes to, and a decision table rule by rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agencies.kernel.errors import msg
from assignments.cases.queries import Totals
from assignments.segments.decision import Unreachable
from assignments.segments.queries import Micro, SegmentRow
from portal.i18n import say
from portal.presenters.cases import Chip
from portal.presenters.selections import part_name

COVERED = msg("It never takes a case: “%(earlier)s” takes all of them before it.")
CONTRADICTION = msg("It never takes a case: its conditions contradict each other or those of the segment.")


@dataclass(frozen=True)
class SegmentLine:
    """A segment in the list."""

    row: SegmentRow
    chips: Sequence[Chip]
    totals: Totals


@dataclass(frozen=True)
class RuleLine:
    """A rule of a decision table, with what it takes now."""

    #: From 0, as the forms say it.
    place: int
    name: str
    micro: Micro
    chips: Sequence[Chip]
    totals: Totals
    warning: str
    is_last_written: bool

    @property
    def is_rest(self) -> bool:
        """Whether it is what no rule takes."""
        return self.micro.rule is None


def segment_lines(
    rows: Iterable[SegmentRow], chips: Iterable[Sequence[Chip]], totals: Iterable[Totals]
) -> list[SegmentLine]:
    """The list, line by line."""
    return [SegmentLine(*one) for one in zip(rows, chips, totals, strict=True)]


def rule_lines(
    micros: Sequence[Micro],
    chips: Sequence[Sequence[Chip]],
    totals: Sequence[Totals],
    never: Iterable[Unreachable],
) -> list[RuleLine]:
    """The table, line by line, each rule that never takes a case with the reason."""
    names = [part_name(one.part, say) for one in micros]
    why = {one.place: _why(one, names) for one in never}
    return [
        RuleLine(at, names[at], one, chips[at], totals[at], why.get(at, ""), at == len(micros) - 2)
        for at, one in enumerate(micros)
    ]


def _why(one: Unreachable, names: Sequence[str]) -> str:
    return say(CONTRADICTION) if one.covered_by is None else say(COVERED, {"earlier": names[one.covered_by]})
