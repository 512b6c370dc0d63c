"""The audit trail in sentences: who did what, when, to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agencies.approvals.models import ApprovalKind
from agencies.kernel.errors import Plural, msg, msgs
from agencies.kernel.pages import Page
from agencies.organisations.permissions import Role
from agencies.organisations.queries import Event
from portal.filters import money, number
from portal.i18n import say
from portal.presenters.approvals import KINDS
from portal.presenters.people import ROLE_NAMES
from portal.presenters.standing_actions import OF_STANDING

#: What each action is called; %(who)s acted, %(subject)s is the person and %(house)s the organisation acted upon.
SENTENCES: dict[str, str] = {
    **OF_STANDING,
    "recall.requested": msg("%(who)s recalled cases from an agency"),
    "recall.accepted": msg("%(who)s confirmed that work on recalled cases has stopped"),
    "recall.objected": msg("%(who)s objected to a recall"),
    "recall.decided": msg("%(who)s decided on an objection to a recall"),
    "recall.withdrawn": msg("%(who)s withdrew a recall"),
    "recall.executed": msg("A recall came to its date: the agency's access ended"),
    "recall.made_by_terms": msg("Cases were recalled by the terms of their mandates"),
    "recall.closed": msg("%(who)s closed a recall"),
    "case.returned": msg("%(who)s gave cases back to the creditor"),
    "promises.reported": msg("%(who)s reported promises"),
    "promises.withdrawn": msg("%(who)s took reported promises back"),
    "promise.exported": msg("%(who)s downloaded a list of promises"),
    "inventory.compared": msg("%(who)s sent a list of what the agency holds; it was compared"),
    "inventory.withdrawn": msg("%(who)s took a list of what the agency holds back"),
    "inventory.exported": msg("%(who)s downloaded the differences of a list"),
    "wave.exported": msg("%(who)s downloaded the strata of a placement"),
    "flag.raised": msg("%(who)s raised flags that stop work"),
    "flag.confirmed": msg("%(who)s confirmed a flag"),
    "flag.lifted": msg("%(who)s took a flag down"),
    "case.released": msg("%(who)s released a returned case"),
    "file.infected": msg("A file was refused: it contains malicious software"),
    "debtors.matched": msg("Debtors of a new portfolio were found to be perhaps one person with others"),
    "debtors.merged": msg("%(who)s found two debtors to be one person and put their cases together"),
    "debtors.told_apart": msg("%(who)s found two debtors to be two persons"),
    "indicators.exported": msg("%(who)s downloaded the portfolio indicators"),
    "comparison.exported": msg("%(who)s downloaded the comparison of agencies"),
    "user.signed_in": msg("%(subject)s signed in"),
    "user.password_accepted": msg("%(subject)s gave the right password"),
    "user.stepped_up": msg("%(subject)s confirmed again who they are"),
    "user.factor_failed": msg("Somebody with the password of %(subject)s gave a wrong second factor"),
    "user.authenticator_set_up": msg("%(subject)s set up an authenticator app"),
    "user.authenticator_removed": msg("%(subject)s removed the authenticator app"),
    "user.recovery_codes_made": msg("%(subject)s got new recovery codes"),
    "user.factor_reset": msg("%(who)s reset the second factor of %(subject)s"),
    "user.sessions_ended": msg("%(who)s ended sessions of %(subject)s"),
    "user.passkey_added": msg("%(subject)s added a passkey"),
    "user.passkey_removed": msg("%(subject)s removed a passkey"),
    "user.passkey_copied": msg("A passkey of %(subject)s was refused: a copy of it seems to be in use"),
    "user.recovery_code_used": msg("%(subject)s used a recovery code"),
    "user.signed_out": msg("%(subject)s signed out"),
    "user.sign_in_failed": msg("Somebody tried to sign in as %(subject)s with a wrong password"),
    "user.invited": msg("%(who)s invited %(subject)s"),
    "user.invited_again": msg("%(who)s invited %(subject)s again"),
    "user.disabled": msg("%(who)s disabled the access of %(subject)s"),
    "user.role_changed": msg("%(who)s gave %(subject)s another role"),
    "user.enabled": msg("%(who)s enabled the access of %(subject)s again"),
    "user.reset_started": msg("%(who)s had a link for a new password sent to %(subject)s"),
    "user.reset_sent": msg("A link for a new password went out to %(subject)s"),
    "user.password_reset": msg("%(subject)s chose a new password with the link of a letter"),
    "user.password_changed": msg("%(subject)s changed the password"),
    "user.sign_in_linked": msg("%(subject)s came in for the first time with the organisation’s own sign-in"),
    "provider.configured": msg("%(who)s set up the organisation’s own sign-in"),
    "provider.domain_asked": msg("%(who)s asked for a domain to be approved for the organisation’s own sign-in"),
    "provider.domain_dropped": msg("%(who)s gave up a domain of the organisation’s own sign-in"),
    "provider.domain_approved": msg("%(who)s approved a domain for the sign-in of %(house)s"),
    "provider.released": msg("%(who)s let people of %(house)s sign in by password again"),
    "key.made": msg("%(who)s made an API key"),
    "key.revoked": msg("%(who)s revoked an API key"),
    "webhook.made": msg("%(who)s added a webhook"),
    "webhook.secret_renewed": msg("%(who)s gave a webhook a new secret"),
    "webhook.tested": msg("%(who)s sent a test to a webhook"),
    "webhook.sent_again": msg("%(who)s sent a message to a webhook again"),
    "webhook.paused": msg("%(who)s paused a webhook"),
    "webhook.resumed": msg("%(who)s let a webhook work again"),
    "webhook.removed": msg("%(who)s removed a webhook"),
    "webhook.stopped": msg("A webhook was stopped because its receiver does not take messages"),
    "key.given_up": msg(
        "An API key of %(subject)s stopped working: it was made after a change of e-mail address that was taken back"
    ),
    "user.email_change_asked": msg("%(subject)s asked for another e-mail address"),
    "user.email_changed": msg("%(subject)s confirmed another e-mail address"),
    "user.email_change_stopped": msg(
        "The change of the e-mail address of %(subject)s was stopped from the former address"
    ),
    "user.email_restored": msg("The former e-mail address of %(subject)s was brought back, and every session ended"),
    "invitation.accepted": msg("%(subject)s accepted the invitation"),
    "operator.created": msg("%(subject)s was made operator from the command line"),
    "organisation.registered": msg("%(who)s registered %(house)s"),
    "organisation.suspended": msg("%(who)s suspended %(house)s"),
    "organisation.approved": msg("%(who)s let %(house)s in again"),
    "transfer.begun": msg("%(who)s began to send a big file in pieces"),
    "transfer.cancelled": msg("%(who)s gave up sending a big file"),
    "upload.undo_requested": msg("%(who)s asked for a file to be undone"),
    "upload.undone": msg("%(who)s undid a file: what it had made was taken back"),
    "upload.downloaded": msg("%(who)s downloaded a file as it was sent"),
    "upload.text_downloaded": msg("%(who)s downloaded the text that was read of a file"),
    "support.asked": msg("%(who)s of the portal asked to look at %(house)s as its support"),
    "support.granted": msg("%(who)s let the portal's support look"),
    "support.declined": msg("%(who)s did not let the portal's support look"),
    "support.withdrawn": msg("%(who)s took the request to look as support back"),
    "support.begun": msg("%(who)s of the portal began to look as support"),
    "support.looked": msg("%(who)s, the portal's support, opened a page"),
    "support.ended": msg("%(who)s ended the look of the portal's support"),
    "upload.rejected_downloaded": msg("%(who)s downloaded the rejected rows of a file"),
    "upload.received": msg("%(who)s sent a file"),
    "upload.opened": msg("A file was opened"),
    "upload.reopened": msg("%(who)s had a file read from another sheet, row or layout"),
    "layout.added": msg("%(who)s kept a layout of fixed width"),
    "upload.confirmed": msg("%(who)s confirmed the columns of a file"),
    "upload.read_as_before": msg("A file sent by %(who)s was read as the last one with its columns"),
    "upload.read_again": msg("%(who)s had a checked file read differently"),
    "columns.forgotten": msg("%(who)s had saved columns forgotten"),
    "code.forgotten": msg("%(who)s had the meaning of a code forgotten"),
    "upload.checked": msg("A file was checked"),
    "upload.apply_requested": msg("%(who)s decided to apply a file"),
    "upload.applied": msg("A file was applied"),
    "upload.sent_back": msg("A file was not applied, because rows of it had turned bad; it waits for a decision"),
    "upload.rejected": msg("%(who)s rejected a file"),
    "upload.purged": msg("The content of a file rejected some time ago was removed"),
    "portfolio.updated": msg("An update of the portfolio was taken over or taken back"),
    "case.updated": msg("The creditor changed balances, data or holds of cases of an agency"),
    "case.paid_directly": msg("The creditor told an agency of payments it had received itself"),
    "payments.received_directly": msg("Payments to the creditor were taken over"),
    "payments.taken_back": msg("Payments to the creditor were taken back with their file"),
    "portfolio.opened": msg("The rows of a file became cases"),
    "case.exported": msg("%(who)s downloaded a list of cases"),
    "panel.joined": msg("%(who)s brought an agency onto the panel"),
    "attestation.begun": msg("%(who)s began an attestation for %(house)s"),
    "attestation.signed": msg("%(who)s signed an attestation"),
    "attestation.withdrawn": msg("%(who)s took a signed attestation back"),
    "attestation.accepted": msg("%(who)s accepted an attestation"),
    "attestation.rejected": msg("%(who)s rejected an attestation"),
    "attestation.revoked": msg("%(who)s revoked an attestation"),
    "subprocessors.published": msg("%(who)s published a list of sub-processors"),
    "subprocessor.approved": msg("%(who)s approved a sub-processor"),
    "subprocessor.objected": msg("%(who)s objected to a sub-processor"),
    "template.published": msg("%(who)s published a template of its own"),
    "template.retired": msg("%(who)s withdrew a template of its own"),
    "attestations.exported": msg("%(who)s downloaded the matrix of attestations"),
    "dossier.downloaded": msg("%(who)s downloaded the dossier of attestations with an organisation"),
    "evidence.downloaded": msg("%(who)s downloaded a file of evidence"),
    "standing.stated": msg("%(who)s changed the agency's file"),
    "credential.added": msg("%(who)s added a licence or a policy to the agency's file"),
    "credential.removed": msg("%(who)s took a licence or a policy off the agency's file"),
    "mandate.made": msg("%(who)s made a mandate"),
    "mandate.amended": msg("%(who)s proposed new terms of a mandate"),
    "mandate.accepted": msg("%(who)s signed the terms of a mandate"),
    "mandate.declined": msg("%(who)s declined the terms of a mandate"),
    "mandate.withdrawn": msg("%(who)s withdrew the terms of a mandate"),
    "mandate.ended": msg("%(who)s ended a mandate"),
    "segment.saved": msg("%(who)s saved a segment"),
    "segment.changed": msg("%(who)s changed what a segment selects"),
    "segment.archived": msg("%(who)s put a segment away"),
    "segment.table_changed": msg("%(who)s changed a decision table"),
    "wave.drafted": msg("%(who)s prepared a placement"),
    "wave.redrawn": msg("%(who)s drew the split of a placement again"),
    "wave.placed": msg("%(who)s placed cases with agencies"),
    "consignment.sent": msg("%(who)s sent placed cases to an agency"),
    "consignment.acknowledged": msg("%(who)s acknowledged placed cases"),
    "consignment.rejected": msg("%(who)s rejected placed cases"),
    "manifest.downloaded": msg("%(who)s downloaded the file of placed cases"),
    "manifest.loaded": msg("%(who)s confirmed that a file of placed cases was loaded with its control totals"),
    "manifest.mismatched": msg("%(who)s loaded other totals of placed cases than were handed out"),
    "manifest.numbered": msg("%(who)s stated its own numbers of cases it holds"),
    "payments.reported": msg("%(who)s reported payments"),
    "activities.reported": msg("%(who)s reported activities"),
    "report.declared_empty": msg("%(who)s stated that a period had nothing to report"),
    "report.completed": msg("A report was complete"),
    "report.corrected": msg("%(who)s corrected a report"),
    "activity.recorded": msg("%(who)s recorded an activity on a case"),
    "enquiry.asked": msg("%(who)s asked the creditor about a case"),
    "enquiry.answered": msg("%(who)s answered a question about a case"),
    "conduct.judged": msg("Activities were held against the contact rules"),
    "incident.reported": msg("%(who)s reported an incident with personal data"),
    "incident.amended": msg("%(who)s said more of an incident"),
    "incident.file_added": msg("%(who)s attached a file to an incident"),
    "incident.file_downloaded": msg("%(who)s downloaded a file of an incident"),
    "incident.assessed": msg("%(who)s decided whom to tell of an incident"),
    "incident.authority_told": msg("%(who)s recorded that the authority was told of an incident"),
    "incident.people_told": msg("%(who)s recorded that people were told of an incident"),
    "incident.closed": msg("%(who)s closed an incident"),
    "incident.exported": msg("%(who)s downloaded the list of people an incident touches"),
    "incident.register_exported": msg("%(who)s downloaded the register of incidents"),
    "request.registered": msg("%(who)s registered a request about personal data"),
    "request.forwarded": msg("%(who)s passed a request about personal data on to the creditor"),
    "request.register_exported": msg("%(who)s downloaded the register of requests about personal data"),
    "request.identity_accepted": msg("%(who)s recorded that a person proved who they are"),
    "request.identity_refused": msg("%(who)s recorded that a person did not prove who they are"),
    "request.matched": msg("%(who)s found the person of a request in the data"),
    "request.marked": msg("%(who)s marked a claim in process on cases"),
    "request.extended": msg("%(who)s extended the deadline of a request"),
    "request.searched": msg("%(who)s looked for a person in the debtors’ data, for a request"),
    "request.exported": msg("%(who)s handed out what is held on a person"),
    "request.rectified": msg("%(who)s mended a person's data"),
    "request.erased": msg("%(who)s erased a person's data"),
    "request.stopped": msg("%(who)s withdrew ways to reach a person who asked for it"),
    "request.answered": msg("%(who)s answered a request about personal data"),
    "hold.placed": msg("%(who)s placed a legal hold"),
    "hold.lifted": msg("%(who)s lifted a legal hold"),
    "erasure.kept": msg("What was located and not confirmed was given up after its time"),
    "erasure.reapplied": msg("People erased before were erased again after a restore"),
    "lot.drafted": msg("%(who)s prepared a lot"),
    "lot.listed": msg("%(who)s listed a lot for bids"),
    "lot.offered": msg("A lot was offered to the agency"),
    "lot.seen": msg("%(who)s looked at the masked figures of a lot"),
    "lot.closed": msg("The bids on a lot were opened"),
    "lot.expired": msg("A lot expired without an award"),
    "lot.withdrawn": msg("%(who)s withdrew a lot"),
    "lot.awarded": msg("%(who)s awarded a lot"),
    "bid.submitted": msg("%(who)s submitted a sealed bid"),
    "bid.changed": msg("%(who)s changed a sealed bid"),
    "bid.withdrawn": msg("%(who)s withdrew a sealed bid"),
    "bid.won": msg("%(who)s accepted the bid of the agency"),
    "bid.declined": msg("%(who)s declined the bid of the agency"),
    "bids.exported": msg("%(who)s downloaded a comparison of bids"),
    "locate.ordered": msg("%(who)s ordered people to be found"),
    "locate.acknowledged": msg("%(who)s acknowledged locate orders"),
    "locate.withdrawn": msg("%(who)s took locate orders back"),
    "locate.closed": msg("%(who)s closed locate orders on which nothing was found"),
    "locate.looked": msg("%(who)s looked at a person to be found"),
    "locate.downloaded": msg("%(who)s downloaded the file of people to be found"),
    "finding.submitted": msg("%(who)s handed in a locate order"),
    "findings.reported": msg("%(who)s reported findings"),
    "finding.graded": msg("%(who)s graded a finding"),
    "finding.authorisation_set": msg("%(who)s said whether a finding may be used"),
    "finding.released": msg("%(who)s released a finding to whoever works the debtor"),
    "finding.revoked": msg("%(who)s took a released finding back"),
    "finding.evidence_downloaded": msg("%(who)s downloaded the evidence of a finding"),
    "approval.asked": msg("%(who)s asked for a second person's approval"),
    "approval.approved": msg("%(who)s approved as the second person, and it was done"),
    "approval.declined": msg("%(who)s declined what was to be approved"),
    "approval.withdrawn": msg("%(who)s took back what was to be approved"),
    "approval.expired": msg("Nobody approved in time; the request has expired"),
    "approval.voided": msg("What was to be approved had changed; the request is void"),
    "limit.changed": msg("%(who)s changed, with a second person, what one person may do alone"),
    "work.retried": msg("%(who)s started failed work again"),
    "audit.exported": msg("%(who)s downloaded the audit trail or the log of reads"),
    "contact.exported": msg("%(who)s downloaded a list of cases with all contact data in full"),
    "contact.revealed": msg("%(who)s looked at a covered field of a debtor in full"),
    "contact.reveal_refused": msg("%(who)s asked for more data in full than one person may in an hour"),
    "demo.told": msg("The demonstration data were loaded"),
}

_KINDS = {
    "portfolio": msg("portfolio"),
    "payments": msg("payments"),
    "activities": msg("activities"),
    "promises": msg("promises"),
    "closures": msg("closures"),
    "inventory": msg("inventory"),
    "findings": msg("findings"),
    "portfolio_update": msg("update of the portfolio"),
    "creditor_payments": msg("payments to the creditor"),
    "recall_list": msg("recall list"),
}
#: Counts in the details that are worth a word.
_COUNTS: dict[str, str | Plural] = {
    "cases": msgs("%(n)s case", "%(n)s cases"),
    "subjects": msgs("%(n)s person touched", "%(n)s people touched"),
    "orders": msgs("%(n)s person", "%(n)s people"),
    "findings": msgs("%(n)s finding", "%(n)s findings"),
    "read": msg("%(n)s rows read"),
    "rejected": msg("%(n)s rejected"),
    "held": msgs("%(n)s put on hold", "%(n)s put on hold"),
    "freed": msgs("%(n)s set free", "%(n)s set free"),
    "new": msgs("%(n)s new", "%(n)s new"),
    "known": msgs("%(n)s reported before", "%(n)s reported before"),
    "differences": msgs("%(n)s difference", "%(n)s differences"),
    "sessions": msgs("%(n)s session", "%(n)s sessions"),
    "left": msg("recovery codes left: %(n)s"),
    "failures": msg("failures in a row: %(n)s"),
}


@dataclass(frozen=True)
class TrailLine:
    """One event as a sentence."""

    seq: int
    at: datetime
    sentence: str
    facts: str


@dataclass(frozen=True)
class Trail:
    """One page of events."""

    lines: list[TrailLine]


def trail(page: Page[Event]) -> Trail:
    """The page in the reader's language."""
    return Trail([_line(event) for event in page.rows])


def _line(event: Event) -> TrailLine:
    names = {
        "who": _who(event),
        "subject": event.subject or say(msg("somebody")),
        "house": event.subject_organisation or say(msg("an organisation")),
    }
    template = SENTENCES.get(event.action)
    sentence = say(template, names) if template else event.action
    return TrailLine(event.seq, event.at, sentence, " · ".join(_facts(event.details)))


def _who(event: Event) -> str:
    if event.key:
        return say(msg("The key “%(name)s”"), {"name": event.key})
    if event.person and event.organisation and not event.is_own:
        return f"{event.person} ({event.organisation})"
    return event.person or event.organisation or say(msg("The portal"))


def _facts(details: dict[str, Any]) -> list[str]:
    told = []
    if details.get("kind") in _KINDS:
        told.append(say(_KINDS[details["kind"]]))
    if details.get("approval_kind") in set(ApprovalKind):
        told.append(say(KINDS[ApprovalKind(details["approval_kind"])]))
    if isinstance(details.get("page"), str):
        told.append(details["page"])
    if details.get("role") in set(Role):
        told.append(say(ROLE_NAMES[Role(details["role"])]))
    told += [
        say(text, {"n": number(details[name])}, count=details[name])
        for name, text in _COUNTS.items()
        if _is_count(details.get(name)) and details[name]
    ]
    amount: Any = details.get("placed_minor", details.get("value_minor"))
    if _is_count(amount) and details.get("currency"):
        told.append(money(amount, details["currency"]))
    return told


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
