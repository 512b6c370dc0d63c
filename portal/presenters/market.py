"""What the pages of lots show: words for states and outcomes, and the masked figures with their charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor
from agencies.mandates.models import Clause, ReportFrequency
from agencies.mandates.terms import TermSheet
from agencies.organisations.permissions import Permission
from assignments.marketplace.models import Bid, DeclineReason, Lot, LotOffer, LotState, OpenedBid, Outcome
from assignments.marketplace.queries import OfferRow
from assignments.marketplace.tape import AGE_STARTS, Dimension, Distribution, Tape, rounded
from portal.filters import NOTHING, basis_points, day, instant, money, number
from portal.i18n import say

STATES = {
    LotState.DRAFT: msg("Draft"),
    LotState.LISTED: msg("Open for bids"),
    LotState.CLOSED: msg("To be decided"),
    LotState.AWARDED: msg("Awarded"),
    LotState.WITHDRAWN: msg("Withdrawn"),
    LotState.EXPIRED: msg("Expired without award"),
}
TONES = {
    LotState.DRAFT: "neutral",
    LotState.LISTED: "working",
    LotState.CLOSED: "waiting",
    LotState.AWARDED: "good",
    LotState.WITHDRAWN: "neutral",
    LotState.EXPIRED: "bad",
}
#: What an agency's list can be narrowed to.
BOARD_FILTERS = {"open": msg("Open for bids"), "won": msg("Won"), "declined": msg("Not won")}
OUTCOMES = {
    Outcome.WON: msg("You won this lot"),
    Outcome.DECLINED: msg("Another bid won"),
    Outcome.ABSENT: msg("You did not bid"),
}
OUTCOME_TONES = {Outcome.WON: "good", Outcome.DECLINED: "neutral", Outcome.ABSENT: "neutral"}
DECLINE_REASONS = {
    DeclineReason.RETURN: msg("Another bid is expected to bring back more"),
    DeclineReason.PRICE: msg("Another bid costs less for these cases"),
    DeclineReason.RECORD: msg("The expected recovery goes beyond the record so far"),
    DeclineReason.CAPACITY: msg("The capacity does not suffice"),
    DeclineReason.TERMS: msg("Other terms of the bid do not fit"),
    DeclineReason.STANDING: msg("An attestation or requirement is missing"),
    DeclineReason.EXPIRED: msg("The bid was no longer valid"),
}
FREQUENCIES = {
    ReportFrequency.WEEKLY: msg("every week"),
    ReportFrequency.FORTNIGHTLY: msg("twice a month"),
    ReportFrequency.MONTHLY: msg("every month"),
}
DIMENSIONS = {
    Dimension.AGE: msg("Days past due"),
    Dimension.BALANCE: msg("Balance"),
    Dimension.PRODUCT: msg("Product"),
    Dimension.REGION: msg("Region"),
    Dimension.CONTACT: msg("Ways to reach the debtor"),
    Dimension.IDENTITY: msg("Identity document"),
    Dimension.EARLIER: msg("Earlier placements"),
    Dimension.LAST_PAYMENT: msg("Last payment"),
}
#: The distributions that a chart shows faster than their table.
CHARTED = ("age", "balance")
CLAUSES = {
    Clause.ACKNOWLEDGE: msg("Acknowledge what was sent"),
    Clause.FIRST_ACTIVITY: msg("First activity on each case"),
    Clause.REPORT_ON_TIME: msg("Report on time"),
    Clause.RECALL_ANSWERED: msg("Answer a recall"),
}
_TOLD = {
    LotState.DRAFT: msg("Nobody has been told. List it when it looks right."),
    LotState.LISTED: msg("The agencies can bid. Their bids are sealed until they close."),
    LotState.CLOSED: msg("The bids are open. Compare them and decide."),
    LotState.AWARDED: msg("Mandates were made and the cases placed."),
    LotState.WITHDRAWN: msg("You took it back."),
    LotState.EXPIRED: msg("The time for deciding passed without an award."),
}
JOINED = msg("Several small groups together")
_UNKNOWN = msg("Not known")
_WORDS = {
    (Dimension.CONTACT, "none"): msg("Neither phone nor e-mail"),
    (Dimension.CONTACT, "phone"): msg("Phone"),
    (Dimension.CONTACT, "email"): msg("E-mail"),
    (Dimension.CONTACT, "phone_email"): msg("Phone and e-mail"),
    (Dimension.IDENTITY, "known"): msg("Known"),
    (Dimension.IDENTITY, "unknown"): _UNKNOWN,
    (Dimension.EARLIER, "0"): msg("None"),
    (Dimension.EARLIER, "1"): msg("One"),
    (Dimension.EARLIER, "2"): msg("Two or more"),
    (Dimension.LAST_PAYMENT, "none"): _UNKNOWN,
    (Dimension.LAST_PAYMENT, "recent"): msg("Within 180 days"),
    (Dimension.LAST_PAYMENT, "older"): msg("Longer ago"),
}


@dataclass(frozen=True)
class TapeRow:
    """One part of a distribution, and how much of the lot it is."""

    label: str
    cases: int
    case_share: float
    value_minor: int
    value_share: float


@dataclass(frozen=True)
class TapeTable:
    """One distribution as a table, and as the data of its chart."""

    code: str
    title: str
    rows: tuple[TapeRow, ...]
    chart: dict[str, Any]


def tape_tables(tape: Tape, language: str) -> list[TapeTable]:
    """The masked figures, dimension by dimension."""
    return [_table(tape, one, language) for one in tape.distributions]


def samples(tape: Tape) -> tuple[list[str], list[list[str]]]:
    """Typical cases of a lot: heads and rows."""
    if not tape.samples:
        return [], []
    names = [Dimension(name) for name in tape.samples[0]]
    rows = [[label_of(name, row[name.value], tape.currency) for name in names] for row in tape.samples]
    return [say(DIMENSIONS[name]) for name in names], rows


def label_of(dimension: Dimension, label: str | None, currency: str) -> str:
    """A part of a distribution in words."""
    if label is None:
        return say(JOINED)
    if dimension is Dimension.AGE:
        return _age(label)
    if dimension is Dimension.BALANCE:
        return _balance(label, currency)
    if (dimension, label) in _WORDS:
        return say(_WORDS[dimension, label])
    return label or say(_UNKNOWN)


def average(tape: Tape) -> int:
    """The average balance, as rounded as the value."""
    return rounded(tape.value_minor // tape.cases)


def told(lot: Lot) -> str:
    """What a lot's state means for its creditor."""
    return _TOLD[lot.state]


def bid_count(lot: Lot, count: int | None, opened: int) -> str:
    """How many bids there are, where that may be known."""
    if is_opened(lot):
        return number(opened)
    return say(msg("sealed")) if count is None else number(count)


def outcome(offer: LotOffer) -> str:
    """What became of an offer, with the reason that was given."""
    if offer.outcome is None:
        return NOTHING
    words = {Outcome.WON: msg("Won"), Outcome.DECLINED: msg("Declined"), Outcome.ABSENT: msg("Did not bid")}
    reason = f": {say(DECLINE_REASONS[offer.reason])}" if offer.reason else ""
    return f"{say(words[offer.outcome])}{reason}"


def promises(terms: TermSheet) -> list[tuple[str, str]]:
    """The service levels in words."""
    return [
        (say(CLAUSES[one.clause]), _level(one.hours, basis_points(one.target_bp)))
        for one in terms.promises
        if one.clause in CLAUSES
    ]


def bid_facts(bid: Bid | OpenedBid) -> list[tuple[str, str]]:
    """A whole bid as pairs of term and value."""
    rates = [(_age("0"), bid.commission_bp), *((_age(str(start)), rate) for start, rate in bid.bands)]
    hours = bid.first_contact_hours
    return [
        *((say(msg("Commission, %(days)s days past due"), {"days": age}), basis_points(rate)) for age, rate in rates),
        (say(msg("Capacity")), say(msg("all cases")) if bid.capacity is None else number(bid.capacity)),
        (say(msg("Begins on")), day(bid.starts_on)),
        (say(msg("First contact")), NOTHING if hours is None else _level(hours, "")),
        (say(msg("Recovery promised at 6 months")), basis_points(bid.promise_6_bp)),
        (say(msg("Recovery promised at 12 months")), basis_points(bid.promise_12_bp)),
        (say(msg("Based on")), bid.basis or NOTHING),
        (say(msg("Subcontractors")), bid.subcontractors or say(msg("none declared"))),
        (say(msg("Data kept in")), bid.data_country or NOTHING),
        (say(msg("Conflicts of interest")), bid.conflicts or say(msg("none declared"))),
        (say(msg("Note")), bid.note or NOTHING),
        (say(msg("Valid until")), day(bid.valid_until)),
        (say(msg("Submitted on")), instant(bid.submitted_at)),
    ]


def _level(hours: int, target: str) -> str:
    if not hours:
        return say(msg("by the reporting calendar, in %(share)s of cases"), {"share": target})
    if not target:
        return say(msg("within %(hours)s business hours"), {"hours": number(hours)})
    return say(msg("within %(hours)s business hours, in %(share)s of cases"), {"hours": number(hours), "share": target})


def may_list(lot: Lot, actor: Actor, now: datetime) -> bool:
    """Whether the person may show the lot to its agencies now."""
    return lot.state is LotState.DRAFT and lot.bids_until > now and actor.may(Permission.LOT_OFFER)


def may_withdraw(lot: Lot, actor: Actor) -> bool:
    """Whether the person may take the lot back."""
    return lot.state in {LotState.DRAFT, LotState.LISTED, LotState.CLOSED} and actor.may(Permission.LOT_OFFER)


def is_opened(lot: Lot) -> bool:
    """Whether the lot's bids have been opened."""
    return lot.closed_at is not None


def may_award(lot: Lot, actor: Actor, now: datetime) -> bool:
    """Whether the person may decide now."""
    return lot.state is LotState.CLOSED and lot.decision_until > now and actor.may(Permission.LOT_AWARD)


def may_bid(row: OfferRow, actor: Actor, now: datetime) -> bool:
    """Whether the person may bid now."""
    return row.is_open(now) and actor.may(Permission.BID_SUBMIT)


def standing(row: OfferRow, now: datetime) -> tuple[str, str]:
    """How an offer stands for its agency, and the tone: the clock counts also before the creditor has looked."""
    offer = row.offer
    if offer.outcome is not None:
        return OUTCOMES[offer.outcome], OUTCOME_TONES[offer.outcome]
    if offer.state is LotState.LISTED and not row.is_open(now):
        return STATES[LotState.CLOSED], TONES[LotState.CLOSED]
    return STATES[offer.state], TONES[offer.state]


def own_bid(row: OfferRow) -> str:
    """What the agency has done on an offer."""
    if row.bid is None:
        return msg("No bid")
    return msg("Bid submitted") if row.has_bid else msg("Bid withdrawn")


def _table(tape: Tape, one: Distribution, language: str) -> TapeTable:
    value = sum(cell.value_minor for cell in one.cells)
    rows = tuple(
        TapeRow(
            label_of(one.dimension, cell.label, tape.currency),
            cell.cases,
            cell.cases / tape.cases,
            cell.value_minor,
            cell.value_minor / value if value else 0.0,
        )
        for cell in _in_order(one)
    )
    chart = {
        "locale": language,
        "categories": [row.label for row in rows],
        "series": [
            {"name": say(msg("Share of the cases")), "values": [row.case_share for row in rows]},
            {"name": say(msg("Share of the value")), "values": [row.value_share for row in rows]},
        ],
    }
    return TapeTable(one.dimension.value, say(DIMENSIONS[one.dimension]), rows, chart)


def _in_order(one: Distribution) -> Sequence[Any]:
    if one.dimension in {Dimension.AGE, Dimension.BALANCE, Dimension.EARLIER}:
        return sorted(one.cells, key=lambda cell: (not cell.label, _start(cell.label or "")))
    return sorted(one.cells, key=lambda cell: (not cell.label, -cell.cases))


def _start(label: str) -> int:
    first = label.partition("-")[0]
    return int(first) if first else -1


def _age(label: str) -> str:
    if not label:
        return say(_UNKNOWN)
    ends = dict(zip((0, *AGE_STARTS), (start - 1 for start in AGE_STARTS), strict=False))
    start = int(label)
    if start not in ends:
        return say(msg("more than %(days)s"), {"days": number(start - 1)})
    return f"{number(start)} – {number(ends[start])}"


def _balance(label: str, currency: str) -> str:
    low, _, high = label.partition("-")
    if not low and not high:
        return say(msg("All balances"))
    if not low:
        return say(msg("below %(amount)s"), {"amount": money(int(high), currency)})
    if not high:
        return say(msg("%(amount)s and more"), {"amount": money(int(low), currency)})
    return f"{money(int(low), currency)} – {money(int(high), currency, is_bare=True)}"
