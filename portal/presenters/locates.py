"""What the pages of locating show: words for states and grades, who may do what, and what must stay covered."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates.models import FeeClass, LocateGrade
from agencies.mandates.terms import TermSheet
from agencies.organisations.permissions import Permission
from assignments.contacts import masking
from assignments.contacts.models import Authorisation
from assignments.contacts.normalising import FAULTS
from assignments.contacts.revealing import BIRTH_DATE, DOCUMENT
from assignments.locates.desk import FindingDetail
from assignments.locates.knowledge import Check, Knowledge
from assignments.locates.lifecycle import may_be_released
from assignments.locates.models import (
    Confidence,
    Finding,
    FindingKind,
    FindingState,
    LocatePurpose,
    LocateSubject,
    OrderEnd,
    OrderOutcome,
    OrderState,
    SourceClass,
    VerificationAct,
    VerificationMethod,
)
from assignments.locates.people import HeldBack
from assignments.locates.queries import BatchRow, OrderRow
from assignments.locates.revealing import FINDING
from portal.filters import NOTHING
from portal.i18n import say
from portal.presenters.cases import CoveredField

UNTRACEABLE = msg("Cannot be traced")
FEE_CLASSES = {FeeClass.STANDARD: msg("Standard"), FeeClass.EXPRESS: msg("Express")}
PURPOSES = {
    LocatePurpose.COLLECT_OWN_DEBT: msg("To collect a debt owed to us"),
    LocatePurpose.CORRECT_DATA: msg("To correct a customer's contact data"),
    LocatePurpose.SERVE_NOTICE: msg("To serve a legal notice"),
}
STATES = {
    OrderState.SENT: msg("Sent, not yet acknowledged"),
    OrderState.ACKNOWLEDGED: msg("Being looked for"),
    OrderState.SUBMITTED: msg("Handed in, to be verified"),
    OrderState.CLOSED: msg("Ended"),
}
BATCH_STATES = {**STATES, OrderState.ACKNOWLEDGED: msg("Acknowledged")}
TONES = {
    OrderState.SENT: "waiting",
    OrderState.ACKNOWLEDGED: "working",
    OrderState.SUBMITTED: "waiting",
    OrderState.CLOSED: "neutral",
}
OUTCOMES = {OrderOutcome.FOUND: msg("Something was found"), OrderOutcome.NONE_FOUND: msg("Nothing was found")}
ENDS = {
    OrderEnd.VERIFIED: msg("Findings verified"),
    OrderEnd.NONE_FOUND: msg("Nothing was found"),
    OrderEnd.WITHDRAWN: msg("Taken back"),
}
KINDS = {
    FindingKind.PHONE: msg("Phone"),
    FindingKind.EMAIL: msg("E-mail"),
    FindingKind.ADDRESS: msg("Address"),
    FindingKind.EMPLOYER: msg("Employer"),
}
FINDING_STATES = {FindingState.DRAFT: msg("Draft"), FindingState.SUBMITTED: msg("Handed in")}
SOURCES = {
    SourceClass.PUBLIC_REGISTER: msg("Public register"),
    SourceClass.CREDIT_BUREAU: msg("Credit bureau"),
    SourceClass.DATA_PROVIDER: msg("Data provider under contract"),
    SourceClass.DIRECTORY: msg("Directory"),
    SourceClass.OPEN_WEB: msg("Open web"),
    SourceClass.FIELD: msg("Field visit, where lawful"),
    SourceClass.DEBTOR: msg("The person itself"),
}
CONFIDENCES = {Confidence.HIGH: msg("High"), Confidence.MEDIUM: msg("Medium"), Confidence.LOW: msg("Low")}
GRADES = {
    LocateGrade.VERIFIED_WITH_DEBTOR: msg("Confirmed by the person"),
    LocateGrade.VERIFIED_THIRD_SOURCE: msg("Confirmed by a second source"),
    LocateGrade.MATCHED_UNVERIFIED: msg("Matches, not confirmed"),
    LocateGrade.STALE: msg("Out of date"),
    LocateGrade.NEGATIVE: msg("Proved wrong"),
    LocateGrade.DUPLICATE_OF_KNOWN: msg("We knew it already"),
}
GRADE_TONES = {
    LocateGrade.VERIFIED_WITH_DEBTOR: "good",
    LocateGrade.VERIFIED_THIRD_SOURCE: "good",
    LocateGrade.MATCHED_UNVERIFIED: "working",
    LocateGrade.STALE: "bad",
    LocateGrade.NEGATIVE: "bad",
    LocateGrade.DUPLICATE_OF_KNOWN: "neutral",
}
AUTHORISATIONS = {
    Authorisation.AUTHORISED: msg("Yes, it is authorised"),
    Authorisation.NOT_AUTHORISED: msg("No, it is not authorised"),
    Authorisation.UNKNOWN: msg("Not known yet"),
    Authorisation.REVOKED: msg("No longer: revoked"),
}
AUTHORISATION_TONES = {
    Authorisation.AUTHORISED: "good",
    Authorisation.NOT_AUTHORISED: "bad",
    Authorisation.UNKNOWN: "waiting",
    Authorisation.REVOKED: "bad",
}
METHODS = {
    VerificationMethod.CALL: msg("Call"),
    VerificationMethod.MESSAGE: msg("Message"),
    VerificationMethod.LETTER: msg("Letter"),
    VerificationMethod.VISIT: msg("Visit"),
    VerificationMethod.DOCUMENT: msg("Document"),
    VerificationMethod.SECOND_SOURCE: msg("Second source"),
    VerificationMethod.COMPARISON: msg("Comparison with our data"),
}
ACTS = {
    VerificationAct.GRADED: msg("Graded"),
    VerificationAct.AUTHORISATION_SET: msg("Authorisation set"),
    VerificationAct.RELEASED: msg("Released"),
}
HELD_BACK = {
    HeldBack.CLOSED: msg("Closed"),
    HeldBack.NOTHING_OWED: msg("Nothing is owed"),
    HeldBack.LOOKED_FOR: msg("Is being looked for already"),
    HeldBack.COLLECTED_BY_IT: msg("The same agency collects from them"),
    HeldBack.SAME_PERSON: msg("Another debt of a person in this order"),
}
DETAILS = {
    "mobile": msg("mobile"),
    "fixed": msg("landline"),
    "fixed_or_mobile": msg("landline or mobile"),
    "voip": msg("internet telephone"),
    "other": msg("other line"),
    "street": msg("street address"),
    "free_text": msg("as written"),
    "tax_number": msg("tax number"),
    "name": msg("name"),
}
ORDER_FILTERS = {
    "": msg("All"),
    "acknowledged": STATES[OrderState.ACKNOWLEDGED],
    "submitted": STATES[OrderState.SUBMITTED],
    "closed": STATES[OrderState.CLOSED],
}


@dataclass(frozen=True)
class Said:
    """What is said at once about something typed: a text, what it was read as, and how it sounds."""

    tone: str
    text: str
    value: str = ""
    detail: str = ""


def said(check: Check) -> Said:
    """The answer to a check, the gravest word first."""
    if check.normal is None:
        return Said("error", FAULTS[check.fault or ""])
    value, detail = check.normal.value, detail_of(check.normal.detail)
    if check.is_here:
        return Said("warning", msg("It is in this order already."), value, detail)
    if check.is_wrong:
        return Said("error", msg("It was found before and proved wrong; it earns nothing."), value, detail)
    if check.is_known:
        return Said("warning", msg("The creditor knows it already; it earns nothing."), value, detail)
    return Said("success", msg("New."), value, detail)


def detail_of(detail: str | None) -> str:
    """What the normal form tells besides, as a text to be translated; a domain stands for itself."""
    return DETAILS.get(detail or "", "")


def cover(kind: FindingKind, value: str) -> str:
    """Enough to tell findings apart and not enough to use them."""
    return masking.contact(kind, value)


def covered_finding(finding: Finding) -> list[CoveredField]:
    """What was found, covered."""
    return [CoveredField(KINDS[finding.kind], cover(finding.kind, finding.value), FINDING)]


def covered_subject(subject: LocateSubject) -> list[CoveredField]:
    """Identity, date of birth and known points of the person to be found, those to be trusted first."""
    number = f"{subject.id_type or ''} {masking.document(subject.id_number)}".strip()
    found = [CoveredField(msg("Identity"), number or NOTHING, DOCUMENT if subject.id_number else "")]
    if subject.birth_date:
        found.append(CoveredField(msg("Date of birth"), masking.COVER, BIRTH_DATE))
    known, kinds = list(enumerate(Knowledge.of(subject).points())), list(FindingKind)
    known.sort(key=lambda one: (one[1].is_wrong, kinds.index(one[1].kind)))
    return found + [
        CoveredField(
            KINDS[one.kind], cover(one.kind, one.value), f"point{at}", say(msg("proved wrong")) if one.is_wrong else ""
        )
        for at, one in known
    ]


def may_acknowledge(row: BatchRow, actor: Actor) -> bool:
    """Whether the agency's manager can take the batch on."""
    return row.state is OrderState.SENT and actor.may(Permission.PLACEMENT_ACKNOWLEDGE)


def may_download(row: BatchRow, actor: Actor) -> bool:
    """Whether there is a file of open orders for this actor."""
    return (
        actor.side is Side.AGENCY
        and row.state is OrderState.ACKNOWLEDGED
        and row.open > 0
        and actor.may(Permission.MANIFEST_DOWNLOAD)
    )


def may_withdraw(row: BatchRow, actor: Actor) -> bool:
    """Whether the creditor can take orders back."""
    return row.open > 0 and actor.may(Permission.LOCATE_ORDER)


def may_close(row: BatchRow, actor: Actor) -> bool:
    """Whether there are orders with nothing found to be closed."""
    return row.none_found > 0 and actor.may(Permission.LOCATE_VERIFY)


def may_work(row: OrderRow, actor: Actor) -> bool:
    """Whether the order has a desk to go to."""
    return row.state in {OrderState.ACKNOWLEDGED, OrderState.SUBMITTED} and actor.may(Permission.LOCATE_WORK)


def may_release(detail: FindingDetail, actor: Actor) -> bool:
    """Whether the finding can become a contact point by this actor's word."""
    return may_be_released(detail.finding) and actor.may(Permission.LOCATE_VERIFY)


def prices(terms: TermSheet, fee_class: FeeClass) -> list[tuple[str, int]]:
    """What each grade earns in a class."""
    return [(GRADES[one.grade], one.amount_minor) for one in terms.fees if one.fee_class is fee_class]


def file_name(row: BatchRow) -> str:
    """The name of the file of a batch's open orders."""
    return f"locate-{row.due_on:%Y-%m-%d}.csv"
