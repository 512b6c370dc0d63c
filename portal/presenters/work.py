"""Work in words: what kind it is, how it stands, why it failed."""

from __future__ import annotations

from agencies.kernel.errors import msg
from agencies.kernel.work import WorkState
from assignments.marketplace.service import ADVANCE
from portal.presenters.uploads import reason
from uploads.confirming import CHECK
from uploads.service import APPLY

KINDS = {
    CHECK: msg("Check of a file"),
    APPLY: msg("Application of a file"),
    ADVANCE: msg("Timetable of a lot"),
    "judge_conduct": msg("Judging of activities"),
    "open_report_periods": msg("Calendar of reports"),
    "remind_reports": msg("Reminders of reports"),
}
STATES = {
    WorkState.QUEUED: (msg("Waiting"), "waiting"),
    WorkState.RUNNING: (msg("Running"), "working"),
    WorkState.DONE: (msg("Done"), "good"),
    WorkState.FAILED: (msg("Failed"), "bad"),
}


def kind(code: str) -> str:
    """What is being done; a kind this page does not know is shown as it is."""
    return KINDS.get(code, code)


def why(code: str | None) -> str:
    """Why it failed or was put off."""
    return reason(code) if code else ""
