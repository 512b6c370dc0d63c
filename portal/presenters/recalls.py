"""What the pages of recalls and returns show: words for reasons and states, and what may still be done."""

from __future__ import annotations

from datetime import datetime

from agencies.kernel.clock import local_date
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.placements.codes import CONSEQUENCES, TO_BE_LOCATED, Disposition, may_be_released
from assignments.placements.models import ObjectionReason, RecallAnswer, RecallReason, RecallState
from assignments.placements.recall_queries import RecallRow, ReturnRow
from assignments.placements.recall_rules import AT_ONCE, WAITING
from assignments.placements.rejections import RejectReason
from portal.filters import day
from portal.i18n import say
from portal.presenters.lifecycle import REJECT_REASONS

REASONS = {
    RecallReason.STRATEGY: msg("Change of strategy"),
    RecallReason.NO_ACTIVITY: msg("The cases are not being worked"),
    RecallReason.PERFORMANCE: msg("Results below what was agreed"),
    RecallReason.SETTLED_WITH_CREDITOR: msg("Settled with the creditor"),
    RecallReason.SOLD: msg("The debts were sold"),
    RecallReason.AGREEMENT_ENDED: msg("The mandate ends"),
    RecallReason.EXPIRED: msg("The agreed time is over"),
    RecallReason.COMPLAINT: msg("Complaint of the debtor (at once)"),
    RecallReason.DATA_PROTECTION: msg("Data protection (at once)"),
    RecallReason.COMPLIANCE: msg("Legal or regulatory order (at once)"),
}
STATES = {
    RecallState.PENDING: msg("Waiting for its date"),
    RecallState.OBJECTED: msg("The agency objects"),
    RecallState.WITHDRAWN: msg("Withdrawn"),
    RecallState.ENDED: msg("Access ended"),
    RecallState.CLOSED: msg("Closed"),
}
TONES = {
    RecallState.PENDING: "waiting",
    RecallState.OBJECTED: "bad",
    RecallState.WITHDRAWN: "neutral",
    RecallState.ENDED: "working",
    RecallState.CLOSED: "good",
}
ANSWERS = {RecallAnswer.ACCEPTED: msg("Agreed"), RecallAnswer.OBJECTED: msg("Objection")}
OBJECTIONS = {
    ObjectionReason.PAYMENT_PLAN: msg("A payment plan is running"),
    ObjectionReason.PROMISE: msg("The debtor has promised to pay"),
    ObjectionReason.PAYMENT_IN_TRANSIT: msg("A payment is on its way"),
    ObjectionReason.LEGAL_ACTION: msg("A legal action is running"),
    ObjectionReason.OTHER: msg("Another reason"),
}
CODES = {
    ReturnCode.PAID_FULL: msg("Paid in full"),
    ReturnCode.SETTLED: msg("Settled"),
    ReturnCode.PARTIAL_PAID: msg("Paid in part"),
    ReturnCode.UNTRACEABLE: msg("Debtor cannot be found"),
    ReturnCode.DISPUTED: msg("The debt is disputed"),
    ReturnCode.EXHAUSTED: msg("Everything was tried"),
    ReturnCode.SETTLEMENT_REFUSED: msg("The creditor refused the settlement"),
    ReturnCode.CLIENT_UNRESPONSIVE: msg("The creditor does not answer"),
    ReturnCode.TIME_BARRED: msg("Time-barred"),
    ReturnCode.UNECONOMIC: msg("Costs more than it brings"),
    ReturnCode.DECEASED: msg("Debtor deceased"),
    ReturnCode.INSOLVENT: msg("Debtor insolvent"),
    ReturnCode.HARDSHIP: msg("Debtor in hardship"),
    ReturnCode.VULNERABLE: msg("Vulnerable debtor"),
    ReturnCode.SELF_HARM_RISK: msg("Risk of self-harm"),
    ReturnCode.FRAUD: msg("Identity fraud"),
    ReturnCode.INVALIDATED: msg("The debt does not exist"),
}
DISPOSITIONS = {
    Disposition.CLOSE: msg("closes the case"),
    Disposition.HOLD: msg("puts the case on hold"),
    Disposition.PLACE_AGAIN: msg("frees the case for another agency"),
}
#: What the lists can be narrowed to.
FILTERS = {
    "open": msg("Waiting"),
    "ended": msg("To close"),
}
FILTERED = {"open": tuple(WAITING), "ended": (RecallState.ENDED,)}


def code_choices() -> list[tuple[str, str]]:
    """The codes an agency may give, each with what follows from it."""
    return [(code.value, f"{say(text)}: {say(consequence(code))}") for code, text in CODES.items()]


def consequence(code: ReturnCode) -> str:
    """What a code does to the case."""
    return DISPOSITIONS[CONSEQUENCES[code].disposition]


def end(code: str) -> str:
    """How a placement ended."""
    if code in set(ReturnCode):
        return CODES[ReturnCode(code)]
    return REJECT_REASONS[RejectReason(code)] if code in set(RejectReason) else msg("Recalled")


def answer(row: RecallRow) -> str:
    """What the agency has said, or that it has not."""
    return ANSWERS[row.recall.answer] if row.recall.answer else msg("Not answered yet")


def may_accept(row: RecallRow, actor: Actor) -> bool:
    """Whether the person may say that work has stopped."""
    recall = row.recall
    is_open = recall.state in WAITING | {RecallState.ENDED} and recall.answer is not RecallAnswer.ACCEPTED
    return is_open and actor.side is Side.AGENCY and actor.may(Permission.RECALL_ANSWER)


def may_object(row: RecallRow, actor: Actor) -> bool:
    """Whether the person may ask for more time."""
    recall = row.recall
    is_open = recall.state is RecallState.PENDING and recall.answer is None and recall.reason not in AT_ONCE
    return is_open and actor.side is Side.AGENCY and actor.may(Permission.RECALL_ANSWER)


def may_decide(row: RecallRow, actor: Actor) -> bool:
    """Whether the person may keep or move the date after an objection."""
    return row.recall.state is RecallState.OBJECTED and _recalls(actor)


def may_withdraw(row: RecallRow, actor: Actor) -> bool:
    """Whether the person may leave the cases with the agency after all."""
    return row.recall.state in WAITING and _recalls(actor)


def may_close(row: RecallRow, actor: Actor) -> bool:
    """Whether the person may close the recall, once the agency has accounted for the data."""
    return row.recall.state is RecallState.ENDED and _recalls(actor)


def may_recall_case(case: Case, actor: Actor) -> bool:
    """Whether the person may take the case back."""
    return case.state is CaseState.PLACED and _recalls(actor)


def may_return_case(case: Case, actor: Actor) -> bool:
    """Whether the person may give the case back."""
    return actor.side is Side.AGENCY and case.agency_id == actor.tenant and actor.may(Permission.CASE_RETURN)


def may_release_case(case: Case, actor: Actor) -> bool:
    """Whether the person may let the case be placed again."""
    is_planner = actor.side is Side.CREDITOR and actor.may(Permission.PLACEMENT_PLAN)
    return is_planner and may_be_released(case.state, case.return_code, is_held=case.held_since is not None)


def may_release(row: ReturnRow, actor: Actor) -> bool:
    """The same for a line of the list."""
    if row.case_state is None or actor.side is not Side.CREDITOR or not actor.may(Permission.PLACEMENT_PLAN):
        return False
    return may_be_released(row.case_state, row.code)


def may_locate(row: ReturnRow, actor: Actor) -> bool:
    """Whether a search for the debtor is the next step."""
    is_open = row.code is TO_BE_LOCATED and row.case_state is CaseState.ON_HOLD
    return is_open and actor.may(Permission.LOCATE_ORDER)


def what_happens(row: RecallRow, now: datetime) -> str:
    """One sentence on where the recall stands."""
    recall = row.recall
    if recall.state in WAITING:
        text = msg("The agency works the cases until %(day)s; then its access ends, answered or not.")
        if recall.effective_on <= local_date(now, row.time_zone):
            text = msg("Its date, %(day)s, has come: access ends within minutes.")
        return say(text, {"day": day(recall.effective_on)})
    if recall.state is RecallState.ENDED:
        return say(
            msg(
                "The cases are back. The recall is closed when the agency has attested what became of the data (AT-08)."
            )
        )
    return ""


def _recalls(actor: Actor) -> bool:
    return actor.side is Side.CREDITOR and actor.may(Permission.RECALL_MAKE)
