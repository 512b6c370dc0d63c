"""What the page of reports shows: how each stands in words, and how far away its last punctual day is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from agencies.kernel.clock import local_date
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Side
from assignments.reports.calendar import Standing
from assignments.reports.models import ReceivedBy, ReportPart
from assignments.reports.queries import ReportRow
from portal.filters import day, month

STANDINGS = {
    Standing.DUE: msg("Due"),
    Standing.MISSING: msg("Overdue"),
    Standing.ON_TIME: msg("Handed in on time"),
    Standing.LATE: msg("Handed in late"),
}
TONES = {
    Standing.DUE: "waiting",
    Standing.MISSING: "bad",
    Standing.ON_TIME: "good",
    Standing.LATE: "neutral",
}
PARTS = {ReportPart.PAYMENTS: msg("Payments"), ReportPart.ACTIVITIES: msg("Activities")}
RECEIVED_BY = {ReceivedBy.AGENCY: msg("received by the agency"), ReceivedBy.CREDITOR: msg("paid to the creditor")}
#: The tab that keeps, of what is due, what falls due within a week.
DUE_SOON = "due_soon"
#: What the tabs of the list show, besides everything.
FILTERS: dict[str, tuple[str, set[Standing]]] = {
    DUE_SOON: (msg("Due within seven days"), {Standing.DUE}),
    "open": (msg("Due and overdue"), {Standing.DUE, Standing.MISSING}),
    "overdue": (msg("Only overdue"), {Standing.MISSING}),
    "done": (msg("Only handed in"), {Standing.ON_TIME, Standing.LATE}),
}
#: A due time is the midnight after the last punctual day.
_BEFORE_MIDNIGHT = timedelta(seconds=1)


def period(start: date, end: date) -> str:
    """A whole month by its name, anything else by its first and last day."""
    is_month = start.day == 1 and (end + timedelta(days=1)).day == 1 and start.month == end.month
    return month(start) if is_month else f"{day(start)} – {day(end)}"


@dataclass(frozen=True)
class Line:
    """One report with its other party, its last punctual day and the days until then (negative: since then)."""

    report: ReportRow
    counterpart: str
    last_day: date
    days_left: int
    is_open: bool

    @property
    def period(self) -> str:
        """What the report is called: its days."""
        return period(self.report.period_start, self.report.period_end)


def lines(rows: tuple[ReportRow, ...], side: Side, time_zone: str, now: datetime) -> list[Line]:
    """The reports as one side sees them."""
    today = local_date(now, time_zone)
    return [_line(row, side, time_zone, today) for row in rows]


def _line(row: ReportRow, side: Side, time_zone: str, today: date) -> Line:
    last = local_date(row.due_at - _BEFORE_MIDNIGHT, time_zone)
    name = row.creditor_name if side is Side.AGENCY else row.agency_name
    return Line(row, name, last, (last - today).days, row.submitted_at is None)
