"""What the pages of mandates show: their versions, who signed them, and what may still be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from agencies.kernel.errors import msg
from agencies.kernel.money import major
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates.models import (
    Answer,
    Approver,
    Clause,
    MandateState,
    MandateVersion,
    Party,
    ReportFrequency,
    Service,
    Subcontracting,
)
from agencies.mandates.queries import MandateRow
from agencies.mandates.schedule import RateLine, in_bands
from agencies.mandates.signatures import MandateSignature
from agencies.mandates.signing import COUNTERED
from agencies.mandates.terms import CUSTOMARY_PROMISES, Promise, TermSheet
from agencies.organisations.permissions import Permission
from portal.filters import basis_points
from portal.i18n import say
from portal.presenters.terms_in_words import Section, sections

STATES = {MandateState.IN_FORCE: msg("In force"), MandateState.ENDED: msg("Ended")}
#: Badge tone per state; the words say the same.
TONES = {MandateState.IN_FORCE: "good", MandateState.ENDED: "neutral"}
SERVICES = {Service.COLLECT: msg("Collection"), Service.LOCATE: msg("Locating debtors")}
FREQUENCIES = {
    ReportFrequency.WEEKLY: msg("Every week, Monday to Sunday"),
    ReportFrequency.FORTNIGHTLY: msg("Twice a month, to the 15th and to the end"),
    ReportFrequency.MONTHLY: msg("Every month"),
}
CLAUSES = {
    Clause.ACKNOWLEDGE: msg("Acknowledge what is sent"),
    Clause.FIRST_ACTIVITY: msg("First activity on each case"),
    Clause.REPORT_ON_TIME: msg("Report by the due date"),
    Clause.RECALL_ANSWERED: msg("Answer a recall"),
}
#: What became of a version, with the tone of its badge.
ANSWERS = {
    Answer.ACCEPTED: (msg("Agreed"), "good"),
    Answer.DECLINED: (msg("Declined"), "bad"),
    Answer.WITHDRAWN: (msg("Withdrawn"), "neutral"),
}
PARTIES = {Party.CREDITOR: msg("Creditor"), Party.AGENCY: msg("Agency")}


@dataclass(frozen=True)
class VersionLine:
    """One version in the history of a mandate."""

    version: MandateVersion
    state: str
    tone: str
    reason: str
    commission: str


@dataclass(frozen=True)
class SignatureLine:
    """What stands under one side of a version."""

    side: str
    house: str
    signature: MandateSignature | None
    #: Why there is none, or what stands for it.
    note: str


def counterpart(row: MandateRow, side: Side) -> str:
    """The name of the other party, as seen from one side."""
    return row.creditor_name if side is Side.AGENCY else row.agency_name


def state_of(row: MandateRow) -> tuple[str, str]:
    """The mandate's state in a word, and its tone: one that nobody has accepted yet is none."""
    if row.state is MandateState.ENDED or row.is_agreed:
        return STATES[row.state], TONES[row.state]
    return (msg("Proposed"), "waiting") if row.proposal else (msg("Not agreed"), "bad")


def history(row: MandateRow, today: date) -> list[VersionLine]:
    """The versions, newest first, each with what became of it."""
    return [_line(row, one, today) for one in row.versions]


def _line(row: MandateRow, version: MandateVersion, today: date) -> VersionLine:
    answer = row.answers.get(version.id)
    if answer is None:
        state, tone = msg("Waits for an answer"), "waiting"
    elif answer.answer is Answer.ACCEPTED and row.state is MandateState.IN_FORCE and version.valid_from > today:
        state, tone = msg("Not yet in force"), "waiting"
    elif version.id == row.version_id and answer.answer is Answer.ACCEPTED and row.state is MandateState.IN_FORCE:
        state, tone = msg("In force"), "good"
    else:
        state, tone = ANSWERS[answer.answer]
    reason = answer.reason if answer else ""
    told = say(msg("Answered with other terms")) if reason == COUNTERED else reason
    commission = "–" if row.service is Service.LOCATE else rates(row.sheets[version.id])
    return VersionLine(version, say(state), tone, told, commission)


def signatures(row: MandateRow, version: MandateVersion) -> list[SignatureLine]:
    """Both sides of a version and who signed for each."""
    made = {one.side: one for one in row.signatures.get(version.id, ())}
    houses = {Party.CREDITOR: row.creditor_name, Party.AGENCY: row.agency_name}
    return [
        SignatureLine(say(PARTIES[side]), houses[side], made.get(side), _note(row, version, made.get(side)))
        for side in Party
    ]


def _note(row: MandateRow, version: MandateVersion, signature: MandateSignature | None) -> str:
    if signature is not None:
        if signature.lot_id is None:
            return ""
        return say(msg("By its bid")) if signature.side is Party.AGENCY else say(msg("By the award of the lot"))
    answer = row.answers.get(version.id)
    if answer is not None and answer.answer is Answer.ACCEPTED:
        return say(msg("Agreed before signatures were kept"))
    return say(msg("Not signed")) if answer else say(msg("Not signed yet"))


def waits_for(row: MandateRow, actor: Actor) -> MandateVersion | None:
    """The proposal that the person may accept or decline."""
    return row.proposal if _may_sign(row, actor) and not _is_own(row, actor) else None


def may_withdraw(row: MandateRow, actor: Actor) -> MandateVersion | None:
    """The proposal that the person may take back."""
    return row.proposal if _may_sign(row, actor) and _is_own(row, actor) else None


def may_propose(row: MandateRow, actor: Actor) -> bool:
    """Whether the person may propose new terms."""
    return _may_sign(row, actor)


def _may_sign(row: MandateRow, actor: Actor) -> bool:
    return row.state is MandateState.IN_FORCE and actor.may(Permission.MANDATE_SIGN)


def _is_own(row: MandateRow, actor: Actor) -> bool:
    return row.proposal is not None and row.proposal.proposed_by.value == actor.side.value


def may_change(row: MandateRow, actor: Actor) -> bool:
    """Whether the person may end the mandate."""
    return row.state is MandateState.IN_FORCE and actor.may(Permission.MANDATE_MAKE)


def standing(rows: Sequence[MandateRow]) -> list[MandateRow]:
    """The mandates under which cases can be placed."""
    return [row for row in rows if row.state is MandateState.IN_FORCE and row.is_agreed]


def rates(terms: TermSheet) -> str:
    """The commission in short: one rate, or from the lowest to the highest."""
    all_rates = {terms.commission_bp, *(line.rate_bp for line in terms.lines)}
    return between(min(all_rates), max(all_rates))


def between(low: int, high: int) -> str:
    """One commission, or the lowest and the highest."""
    if low == high:
        return basis_points(low)
    return say(msg("%(low)s to %(high)s"), {"low": basis_points(low), "high": basis_points(high)})


def price(row: MandateRow) -> str:
    """What the service costs, in short."""
    return say(msg("Fee by finding")) if row.service is Service.LOCATE else rates(row.terms)


def version_shown(row: MandateRow, number: int | None) -> MandateVersion:
    """The version a page is about: the one asked for, else what is in force, else the proposal."""
    asked = [one for one in row.versions if one.version == number]
    return asked[0] if asked else next(one for one in row.versions if one.id == row.version_id)


def in_words(row: MandateRow, version: MandateVersion) -> list[Section]:
    """The terms of a version as sentences that both sides can sign."""
    return sections(row.sheets[version.id], row.service, version.currency)


def as_proposed(today: date) -> dict[str, Any]:
    """What the form for a new mandate begins with: what the trade is used to."""
    return {
        "valid_from": today,
        "tail_days": 30,
        "direct": Decimal(100),
        # Half, as is customary for what proves to have been paid already (market reference, 2.5).
        "discovery": Decimal(50),
        "approver": Approver.DIRECTOR.value,
        "subcontracting": Subcontracting.WITH_CONSENT.value,
        **_promises_typed(CUSTOMARY_PROMISES),
    }


def as_typed(row: MandateRow, today: date) -> dict[str, Any]:
    """The present terms, or those that wait for an answer, as the first values of the form for new ones."""
    shown = row.proposal or row.versions[0]
    terms, currency = row.sheets[shown.id], shown.currency
    limits, authority = terms.limits, terms.authority
    lines, bands = in_bands(terms.lines)
    earliest = row.accepted[0].valid_from if row.accepted else today
    return {
        "commission": Decimal(terms.commission_bp) / 100,
        "band_from": [band.from_days for band in bands],
        "band_rate": [Decimal(band.commission_bp) / 100 for band in bands],
        **_lines_typed(lines, currency),
        "floor": _major(limits.floor_minor, currency),
        "cap": _major(limits.cap_minor, currency),
        "direct": Decimal(limits.direct_bp) / 100,
        "discovery": Decimal(limits.discovery_bp) / 100,
        "recall_free_days": limits.recall_free_days,
        "bonus_from": _major(limits.bonus_from_minor, currency),
        "bonus": Decimal(limits.bonus_bp) / 100,
        "tail_days": terms.tail_days,
        "term_days": terms.term_days or None,
        "no_work_days": terms.no_work_days or None,
        "no_payment_days": terms.no_payment_days or None,
        "plan_tail_days": terms.plan_tail_days or None,
        "settlement_discount": Decimal(authority.discount_bp) / 100,
        "plan_months": authority.plan_months,
        "instalment": _major(authority.instalment_minor, currency),
        "approver": authority.approver.value,
        "exclusive_days": terms.exclusive_days,
        "subcontracting": terms.subcontracting.value,
        "report_frequency": terms.report_frequency.value,
        "report_due_days": terms.report_due_days,
        "valid_from": max(today, earliest),
        **{f"fee_{fee.fee_class}_{fee.grade}": major(fee.amount_minor, row.currency) for fee in terms.fees},
        **_promises_typed(terms.promises),
    }


def _lines_typed(lines: Sequence[RateLine], currency: str) -> dict[str, Any]:
    return {
        "line_tier": [one.tier for one in lines],
        "line_age_from": [one.age_from for one in lines],
        "line_age_to": [one.age_to for one in lines],
        "line_balance_from": [_major(one.balance_from, currency) for one in lines],
        "line_balance_to": [_major(one.balance_to, currency) for one in lines],
        "line_product": [one.product for one in lines],
        "line_debtor_type": [one.debtor_type.value if one.debtor_type else "" for one in lines],
        "line_rate": [Decimal(one.rate_bp) / 100 for one in lines],
    }


def _promises_typed(promises: Sequence[Promise]) -> dict[str, Any]:
    hours = {f"hours_{one.clause}": one.hours for one in promises}
    return hours | {f"target_{one.clause}": Decimal(one.target_bp) / 100 for one in promises}


def _major(minor: int | None, currency: str) -> Decimal | None:
    return None if minor is None else major(minor, currency)
