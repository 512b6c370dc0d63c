"""Work in words: what kind it is, how it stands, why it failed."""

from __future__ import annotations

from agencies.kernel.errors import msg
from agencies.kernel.letters import SEND
from agencies.kernel.work import WorkState
from assignments.marketplace.service import ADVANCE
from portal.presenters.uploads import reason
from uploads.confirming import CHECK
from uploads.service import APPLY
from uploads.verdicts import SCAN

KINDS = {
    CHECK: msg("Check of a file"),
    APPLY: msg("Application of a file"),
    ADVANCE: msg("Timetable of a lot"),
    SEND: msg("Letter by e-mail"),
    SCAN: msg("Check for malicious software"),
    "judge_conduct": msg("Judging of activities"),
    "open_report_periods": msg("Calendar of reports"),
    "remind_reports": msg("Reminders of reports"),
}
#: Why a letter did not go.
LETTER_REASONS = {
    "letter_refused": msg("the mail server refused the letter for good: the address is unknown or takes no letters"),
    "post_away": msg("the mail server cannot be reached or does not take letters now"),
    "letter_unknown": msg("there is no text for this kind of letter"),
}
#: What work waits for.
WAITS = {
    "being_scanned": msg("the file is being checked for malicious software"),
    "receiver_waits": msg("the receiver does not take messages now; it is tried again later"),
    "scanner_away": msg("the scanner for malicious software does not answer; the file stays held back"),
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
    return (LETTER_REASONS.get(code) or WAITS.get(code) or reason(code)) if code else ""
