"""The home page: what needs a person today, most urgent first, each line a count that leads to its list."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agencies.attestations.queries import AgencyStanding
from agencies.attestations.rules import Standing
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.queries import Counts
from assignments.today import MANY, Waiting
from portal.filters import number
from portal.i18n import say


@dataclass(frozen=True)
class Errand:
    """How one kind of waiting thing is told: what it is, what to do about it, where."""

    title: str
    advice: str
    endpoint: str
    icon: str
    values: dict[str, str] = field(default_factory=dict)
    is_late: bool = False


@dataclass(frozen=True)
class Line:
    """One line of the home page."""

    count: str
    title: str
    advice: str
    endpoint: str
    values: dict[str, str]
    icon: str
    is_late: bool


@dataclass(frozen=True)
class Home:
    """What waits, and what is merely good to know."""

    greeting: str
    waiting: list[Line]
    standing: list[Line]


#: What is good to know and calls for nothing.
_STANDING = {"held"}

ERRANDS: dict[tuple[Side | None, str], Errand] = {
    (None, "work_failed"): Errand(
        msg("Work that failed"),
        msg("It stopped with a reason. Look at it and start it again."),
        "uploads.index",
        "alert-triangle",
        {"state": "failed"},
        is_late=True,
    ),
    (Side.PLATFORM, "work_failed"): Errand(
        msg("Work that failed"),
        msg("It waits for its organisation to start it again. Look at the reason."),
        "work.index",
        "alert-triangle",
        is_late=True,
    ),
    (Side.CREDITOR, "reports_late"): Errand(
        msg("Reports overdue"),
        msg("Agencies that have not reported by the due date. Ask them."),
        "reports.index",
        "calendar-due",
        {"show": "overdue"},
        is_late=True,
    ),
    (Side.AGENCY, "reports_late"): Errand(
        msg("Reports overdue"),
        msg("The due date has passed and the creditor sees it. Send the files now."),
        "reports.index",
        "calendar-due",
        {"show": "overdue"},
        is_late=True,
    ),
    (Side.CREDITOR, "attestations_lapsed"): Errand(
        msg("Agencies with something stopped"),
        msg("An attestation that blocks is missing or has lapsed. See which, and ask for it."),
        "attestations.index",
        "shield-check",
        is_late=True,
    ),
    (Side.AGENCY, "attestations_lapsed"): Errand(
        msg("Attestations that stop your work"),
        msg("Missing, rejected or lapsed. Fill them in, attach the evidence and sign."),
        "attestations.index",
        "shield-check",
        is_late=True,
    ),
    (None, "attestations_expiring"): Errand(
        msg("Attestations that expire within thirty days"),
        msg("Renew them before they stop anything."),
        "attestations.index",
        "clock",
    ),
    (None, "attestations_to_review"): Errand(
        msg("Attestations to review"),
        msg("Signed by an agency and waiting for your word."),
        "attestations.index",
        "clipboard-check",
    ),
    (None, "to_acknowledge"): Errand(
        msg("Placements to acknowledge"),
        msg("Cases a creditor has sent you. Confirm that you have received them."),
        "placements.index",
        "inbox",
        {"state": "sent"},
    ),
    (None, "recalls_to_answer"): Errand(
        msg("Recalls to answer"),
        msg("Confirm that work has stopped, or ask for more time before the date."),
        "recalls.index",
        "arrow-left",
        is_late=True,
    ),
    (None, "objections"): Errand(
        msg("Objections to your recalls"),
        msg("The agency asks to keep cases. Keep your date or move it."),
        "recalls.index",
        "message",
        {"state": "open"},
    ),
    (None, "recalls_to_close"): Errand(
        msg("Recalls to close"),
        msg("The cases are back. Close each when its agency has attested what became of the data."),
        "recalls.index",
        "shield-lock",
        {"state": "ended"},
    ),
    (None, "on_hold"): Errand(
        msg("Cases on hold"),
        msg("Agencies gave them back. Settle the reason, release them or order a search."),
        "returns.index",
        "player-pause",
        {"state": "on_hold"},
    ),
    (None, "to_download"): Errand(
        msg("Case files not downloaded yet"),
        msg("Acknowledged, but nobody has fetched the file of cases."),
        "placements.index",
        "download",
        {"state": "acknowledged"},
    ),
    (None, "files_to_map"): Errand(
        msg("Files whose columns wait for you"),
        msg("Confirm which column is what, and the check begins."),
        "uploads.index",
        "file-import",
        {"state": "received"},
    ),
    (None, "files_to_decide"): Errand(
        msg("Checked files that wait for your decision"),
        msg("Look at the errors by row and apply the file, or reject it."),
        "uploads.index",
        "file-check",
        {"state": "checked"},
    ),
    (Side.CREDITOR, "reports_due"): Errand(
        msg("Reports due within seven days"),
        msg("Periods that are over and not yet reported."),
        "reports.index",
        "clock",
        {"show": "due_soon"},
    ),
    (Side.AGENCY, "reports_due"): Errand(
        msg("Reports due within seven days"),
        msg("Send payments and activities before the due date."),
        "reports.index",
        "clock",
        {"show": "due_soon"},
    ),
    (Side.CREDITOR, "enquiries_open"): Errand(
        msg("Questions of your agencies"),
        msg("Each keeps a case waiting until you answer."),
        "enquiries.index",
        "message",
        {"show": "open"},
    ),
    (Side.AGENCY, "enquiries_open"): Errand(
        msg("Questions the creditor has not answered"),
        msg("Their cases' clocks stand still."),
        "enquiries.index",
        "message",
        {"show": "open"},
    ),
    (None, "locates_to_acknowledge"): Errand(
        msg("Locate orders to acknowledge"),
        msg("People a creditor asks you to find. Take them on, and they stand in the queue."),
        "locates.index",
        "map-pin",
        {"state": "sent"},
    ),
    (None, "people_to_find"): Errand(
        msg("People to be found"),
        msg("The queue goes by due date. Begin with the first."),
        "investigation.queue",
        "user-search",
    ),
    (None, "findings_to_verify"): Errand(
        msg("Findings to verify"),
        msg("Grade them, say whether they may be used, and release what is both."),
        "findings.index",
        "checks",
    ),
    (None, "drafts"): Errand(
        msg("Placements not sent yet"),
        msg("Prepared with a preview. Commit them, or leave them."),
        "placements.index",
        "clipboard-list",
        {"state": "draft"},
    ),
    (None, "not_acknowledged"): Errand(
        msg("Placements an agency has not acknowledged"),
        msg("Sent, but the agency has not confirmed that it has them."),
        "placements.index",
        "send",
        {"state": "sent"},
    ),
    (None, "lots_to_decide"): Errand(
        msg("Lots to decide"),
        msg("Their bids are open. Compare them and award before the time for deciding ends."),
        "market.index",
        "scale",
        {"state": "closed"},
    ),
    (None, "lot_drafts"): Errand(
        msg("Lots not listed yet"),
        msg("Prepared, but no agency has been told. List them, or withdraw them."),
        "market.index",
        "gavel",
        {"state": "draft"},
    ),
    (None, "lots_to_bid"): Errand(
        msg("Lots you can bid on"),
        msg("Creditors wait for your sealed bid. Look at the figures before the time is up."),
        "market.index",
        "gavel",
        {"state": "open"},
    ),
    (None, "unplaced"): Errand(
        msg("Cases with no agency"),
        msg("Nobody works them. Share them among agencies under a mandate."),
        "cases.index",
        "list-details",
        {"state": "open"},
    ),
    (None, "held"): Errand(
        msg("Cases in your hands"),
        msg("Placed with you and not returned."),
        "cases.index",
        "briefcase",
    ),
    (None, "invited"): Errand(
        msg("Invitations not accepted yet"),
        msg("A link works for seven days. Remind the person, or make a new one."),
        "users.index",
        "user-plus",
    ),
    (None, "empty_organisations"): Errand(
        msg("Organisations nobody has signed in to"),
        msg("Their first user has not accepted the invitation. Make a new link if it has run out."),
        "organisations.index",
        "building",
        {"state": "empty"},
    ),
    (None, "suspended_organisations"): Errand(
        msg("Suspended organisations"),
        msg("Their people are kept out. Let them in again when the reason is gone."),
        "organisations.index",
        "lock",
        {"state": "suspended"},
    ),
    (None, "creditors"): Errand(
        msg("Creditors"), msg("On the portal."), "organisations.index", "building-bank", {"kind": "creditor"}
    ),
    (None, "agencies"): Errand(
        msg("Agencies"), msg("On the portal."), "organisations.index", "building", {"kind": "agency"}
    ),
}


def of_organisations(counts: Counts) -> list[Waiting]:
    """The operator's figures in the same terms as everybody's."""
    return [
        Waiting("empty_organisations", counts.without_people),
        Waiting("suspended_organisations", counts.suspended),
        Waiting("creditors", counts.creditors),
        Waiting("agencies", counts.agencies),
    ]


def of_attestations(actor: Actor, rows: Sequence[AgencyStanding], to_review: int) -> list[Waiting]:
    """What attestations ask of either side: an agency counts templates, a creditor the agencies they stop."""
    if actor.side is Side.CREDITOR:
        lapsed = sum(bool(row.blocked_acts) for row in rows)
    else:
        lapsed = sum(
            not one.is_holding and one.state is not Standing.SUBMITTED and bool(one.blocks)
            for row in rows
            for one in row.templates
        )
    expiring = sum(one.state is Standing.EXPIRING for row in rows for one in row.templates)
    return [
        Waiting("attestations_lapsed", lapsed),
        Waiting("attestations_to_review", to_review),
        Waiting("attestations_expiring", expiring),
    ]


def home(actor: Actor, waiting: list[Waiting], served: Container[str], *, now_local: datetime) -> Home:
    """The page for one person; counts of nought are left out."""
    standing = _STANDING | {"creditors", "agencies"}
    lines = [(one.kind, _line(actor, one)) for one in waiting if one.count and _errand(actor, one).endpoint in served]
    return Home(
        greeting=_greeting(now_local),
        waiting=[line for kind, line in lines if kind not in standing],
        standing=[line for kind, line in lines if kind in standing],
    )


def _errand(actor: Actor, one: Waiting) -> Errand:
    return ERRANDS.get((actor.side, one.kind)) or ERRANDS[None, one.kind]


def _line(actor: Actor, one: Waiting) -> Line:
    errand = _errand(actor, one)
    count = number(one.count)
    return Line(
        count=f"{count}+" if one.count >= MANY else count,
        title=say(errand.title),
        advice=say(errand.advice),
        endpoint=errand.endpoint,
        values=errand.values,
        icon=errand.icon,
        is_late=errand.is_late,
    )


def _greeting(now_local: datetime) -> str:
    if now_local.hour < 12:
        return say(msg("Good morning"))
    return say(msg("Good afternoon")) if now_local.hour < 19 else say(msg("Good evening"))
