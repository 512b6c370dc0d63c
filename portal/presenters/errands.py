"""How what waits is told on the home page: what each kind of errand is, what to do about it, and where."""

from __future__ import annotations

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from portal.presenters.errand import Errand
from portal.presenters.trust_errands import OF_TRUST

ERRANDS: dict[tuple[Side | None, str], Errand] = {
    **OF_TRUST,
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
        msg("Returned cases on hold"),
        msg("Agencies gave them back. Settle the reason, release them or order a search."),
        "returns.index",
        "player-pause",
        {"state": "on_hold"},
    ),
    (None, "flags_to_confirm"): Errand(
        msg("Flags raised by agencies"),
        msg(
            "An agency says that a person has died, disputes or must be protected. Work has stopped: "
            "confirm it or take it down."
        ),
        "flags.index",
        "alert-triangle",
        {"state": "to_confirm"},
        is_late=True,
    ),
    (None, "held_by_creditor"): Errand(
        msg("Cases you put on hold"),
        msg("An update of your portfolio holds them. Release each on its page, or all with another update."),
        "cases.index",
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
    (None, "to_confirm"): Errand(
        msg("Case files whose totals wait for your confirmation"),
        msg("Load the file, and state how many cases and what value you found. Other totals are not to be processed."),
        "placements.index",
        "file-check",
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
    (Side.CREDITOR, "violations"): Errand(
        msg("Violations of the contact rules in thirty days"),
        msg("Read which rule, whose contact and why, and speak with the agency."),
        "conduct.index",
        "scale",
        {"verdict": "violation"},
    ),
    (Side.AGENCY, "violations"): Errand(
        msg("Violations of the contact rules in thirty days"),
        msg("The creditor sees them too. Read which rule and why, and correct how you work."),
        "conduct.index",
        "scale",
        {"verdict": "violation"},
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
    (Side.CREDITOR, "idle"): Errand(
        msg("Placements with cases nobody has worked in seven days"),
        msg("Taken on by an agency, and nothing reported since. Ask it, or take them back."),
        "sla.idle",
        "clock",
    ),
    (Side.AGENCY, "idle"): Errand(
        msg("Placements with cases you have not worked in seven days"),
        msg("Taken on, and nothing reported since; the creditor sees it. Begin, or give them back."),
        "sla.idle",
        "clock",
    ),
    (None, "debtors_to_compare"): Errand(
        msg("Debtors that may be one person"),
        msg("Nearly the same name, reached in the same way. Look at them and decide."),
        "matches.index",
        "users",
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
    (None, "empty_organisations"): Errand(
        msg("Organisations nobody has signed in to"),
        msg("Their first user has not accepted the invitation. Invite that person again if the link has run out."),
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


def errand_of(actor: Actor, kind: str) -> Errand:
    """How a kind is told to this side."""
    return ERRANDS.get((actor.side, kind)) or ERRANDS[None, kind]
