"""What the pages of attestations show: words for states and acts, and what each side should do next."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agencies.attestations.answers import missing, shown
from agencies.attestations.gates import Blocked
from agencies.attestations.models import Attestation, AttestationSignature, AttestationState, SignerRole
from agencies.attestations.queries import AgencyStanding, AttestationPage
from agencies.attestations.rules import FOREVER, Standing, TemplateStanding
from agencies.attestations.templates import Act, Effect, Template, Texts, in_language
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission
from agencies.standing.eligibility import UNFIT
from portal.filters import day
from portal.i18n import language, say

STATES = {
    AttestationState.DRAFT: msg("Begun, not signed"),
    AttestationState.SUBMITTED: msg("Waits for review"),
    AttestationState.ACCEPTED: msg("Accepted"),
    AttestationState.REJECTED: msg("Rejected by the creditor"),
    AttestationState.REVOKED: msg("Revoked"),
    AttestationState.SUPERSEDED: msg("Replaced by a later one"),
}
STANDINGS = {
    Standing.ACCEPTED: msg("Accepted"),
    Standing.EXPIRING: msg("About to expire"),
    Standing.SUBMITTED: msg("Waits for review"),
    Standing.REJECTED: msg("Rejected by the creditor"),
    Standing.REVOKED: msg("Revoked"),
    Standing.EXPIRED: msg("Expired"),
    Standing.OUTDATED: msg("To be renewed"),
    Standing.MISSING: msg("Missing"),
}
TONES = {
    "draft": "waiting",
    "submitted": "working",
    "accepted": "good",
    "expiring": "waiting",
    "rejected": "bad",
    "revoked": "bad",
    "expired": "bad",
    "outdated": "bad",
    "missing": "bad",
    "superseded": "neutral",
}
ACTS = {
    Act.PLACE: msg("new placements"),
    Act.DOWNLOAD: msg("downloads of case files"),
    Act.BID: msg("new bids"),
    Act.ORDER_LOCATE: msg("locate orders"),
    Act.CLOSE_RECALL: msg("closing a recall"),
}
_EFFECTS = {
    Effect.BLOCKS: msg("Blocks"),
    Effect.WARNS: msg("Warns"),
    Effect.SCORES: msg("Shows in the comparison"),
}
SIGNER_ROLES = {
    SignerRole.LEGAL_REPRESENTATIVE: msg("Legal representative"),
    SignerRole.DATA_OFFICER: msg("Data-protection officer"),
}
#: What each side does about a template that stands like this.
ADVICE = {
    Side.AGENCY: {
        Standing.ACCEPTED: msg("Nothing to do."),
        Standing.EXPIRING: msg("Renew it before it expires."),
        Standing.SUBMITTED: msg("The creditor reviews it."),
        Standing.REJECTED: msg("Read the reason, mend it and sign again."),
        Standing.REVOKED: msg("Read the reason and sign a new one."),
        Standing.EXPIRED: msg("Renew it now."),
        Standing.OUTDATED: msg("What it speaks of has changed. Sign it anew."),
        Standing.MISSING: msg("Fill it in, attach the evidence and sign."),
    },
    Side.CREDITOR: {
        Standing.ACCEPTED: msg("Nothing to do."),
        Standing.EXPIRING: msg("The agency has to renew it; it has been told."),
        Standing.SUBMITTED: msg("Read it and accept or reject it."),
        Standing.REJECTED: msg("The agency has to mend it."),
        Standing.REVOKED: msg("The agency has to sign a new one."),
        Standing.EXPIRED: msg("The agency has to renew it."),
        Standing.OUTDATED: msg("What it speaks of has changed. The agency has to sign it anew."),
        Standing.MISSING: msg("Ask the agency for it."),
    },
}


@dataclass(frozen=True)
class TemplateLine:
    """One template of a relation, ready to be shown."""

    code: str
    title: str
    state: str
    tone: str
    evidence_on: date | None
    valid_until: date | None
    #: What is stopped now, in words; empty when nothing is.
    stops: str
    #: What it means when it lapses.
    effect: str
    advice: str
    #: The attestation that was judged, and the one that is being made.
    attestation_id: int | None
    open_id: int | None
    open_state: AttestationState | None
    may_begin: bool


@dataclass(frozen=True)
class Answer:
    """One thing that was filled in."""

    label: str
    text: str


@dataclass(frozen=True)
class Reason:
    """Why an agency may not, and what to do about it."""

    agency_id: int
    creditor_id: int
    agency: str
    what: str
    why: str


def text(texts: Texts) -> str:
    """A text of a template in the reader's language."""
    return texts[in_language(language())]


def acts(named: Iterable[Act]) -> str:
    """Acts in words, in their order."""
    chosen = set(named)
    return ", ".join(say(words) for act, words in ACTS.items() if act in chosen)


def lines(
    standing: AgencyStanding, named: Mapping[str, str], begun: Mapping[str, Attestation], actor: Actor
) -> list[TemplateLine]:
    """Every template of one relation, those that stop something first."""
    made = [_line(one, named, begun.get(one.code), actor) for one in standing.templates]
    return sorted(made, key=lambda line: (not line.stops, line.code))


def titles(catalogue: Iterable[Template]) -> dict[str, str]:
    """Code -> title of what a creditor asks for, in the reader's language."""
    return {one.code: text(one.title) for one in catalogue}


def _line(one: TemplateStanding, named: Mapping[str, str], begun: Attestation | None, actor: Actor) -> TemplateLine:
    may_sign = actor.may(Permission.ATTESTATION_SIGN)
    return TemplateLine(
        code=one.code,
        title=named.get(one.code, one.code),
        state=STANDINGS[one.state],
        tone=TONES[one.state],
        evidence_on=one.evidence_date,
        valid_until=one.valid_until,
        stops="" if one.is_holding else acts(one.blocks),
        effect=say(msg("Stops %(acts)s"), {"acts": acts(one.blocks)}) if one.blocks else say(_EFFECTS[one.effect]),
        advice=ADVICE[actor.side][one.state],
        attestation_id=one.attestation_id,
        open_id=begun.id if begun else None,
        open_state=begun.state if begun else None,
        may_begin=may_sign and begun is None,
    )


def answers(page: AttestationPage) -> list[Answer]:
    """What was filled in, in the reader's language."""
    told, reader = page.row.answers, in_language(language())
    return [
        Answer(text(field.label), shown(field, told[field.name], reader) if field.name in told else "–")
        for field in page.template.fields
    ]


def gaps(page: AttestationPage) -> list[str]:
    """What has to be done before a draft can be signed."""
    found = [text(field.label) for field in missing(page.template, page.row.answers)]
    if page.template.needs_evidence:
        found += [] if page.row.evidence_on else [say(msg("Date of the evidence"))]
        found += [] if page.files else [say(msg("At least one file of evidence"))]
    return found


def until(value: date | None) -> str:
    """The last day, in words."""
    return say(msg("without end")) if value == FOREVER else day(value)


def is_intact(signature: AttestationSignature) -> bool:
    """Whether the text is still the one that was signed: its hash is computed again and compared."""
    return hashlib.sha256(signature.text.encode()).digest() == signature.text_sha256


def may_fill(page: AttestationPage, actor: Actor) -> bool:
    """Whether the person may change it now."""
    return page.row.state is AttestationState.DRAFT and actor.may(Permission.ATTESTATION_SIGN)


def may_withdraw(page: AttestationPage, actor: Actor) -> bool:
    """Whether the person may take it back before it is judged."""
    return page.row.state is AttestationState.SUBMITTED and actor.may(Permission.ATTESTATION_SIGN)


def may_review(page: AttestationPage, actor: Actor) -> bool:
    """Whether the person may judge it now."""
    return page.row.state is AttestationState.SUBMITTED and actor.may(Permission.ATTESTATION_REVIEW)


def may_revoke(page: AttestationPage, actor: Actor) -> bool:
    """Whether the person may end it now, on either side."""
    allowed = actor.may(Permission.ATTESTATION_SIGN) or actor.may(Permission.ATTESTATION_REVIEW)
    return page.row.state is AttestationState.ACCEPTED and allowed


def reasons(obstacles: Mapping[int, Sequence[Blocked]], names: Mapping[int, str]) -> list[Reason]:
    """Why agencies may not do something, agency by agency."""
    return [
        Reason(one.agency_id, one.creditor_id, names.get(one.agency_id, "–"), *_reason(one))
        for found in obstacles.values()
        for one in found
    ]


def _reason(one: Blocked) -> tuple[str, str]:
    if one.state is None:
        return say(msg("Agency file")), say(UNFIT[one.unfit]) if one.unfit else one.code
    why = say(STANDINGS[one.state])
    if one.state is Standing.EXPIRED and one.valid_until:
        why = say(msg("Expired on %(when)s"), {"when": day(one.valid_until)})
    return f"{one.code} {text(one.title)}", why
