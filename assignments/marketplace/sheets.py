"""Terms as lots and bids keep them, and the mandate's terms that the two make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agencies.mandates.models import Clause, ReportFrequency
from agencies.mandates.schedule import AgeBand, by_age
from agencies.mandates.settlement import Authority
from agencies.mandates.terms import Promise, TermSheet, rate_for_age
from assignments.marketplace.models import Bid, OpenedBid


def stored_terms(terms: TermSheet) -> dict[str, Any]:
    """What every bidder would sign besides its price."""
    return {
        "report_frequency": terms.report_frequency.value,
        "report_due_days": terms.report_due_days,
        "settlement_discount_bp": terms.authority.discount_bp,
        "tail_days": terms.tail_days,
        "term_days": terms.term_days,
        "no_work_days": terms.no_work_days,
        "no_payment_days": terms.no_payment_days,
        "promises": [[one.clause.value, one.hours, one.target_bp] for one in terms.promises],
    }


def terms_asked(stored: dict[str, Any]) -> TermSheet:
    """What a lot asks for, without a price."""
    return TermSheet(
        report_frequency=ReportFrequency(stored["report_frequency"]),
        report_due_days=stored["report_due_days"],
        authority=Authority(discount_bp=stored["settlement_discount_bp"]),
        tail_days=stored["tail_days"],
        # Lots that were drafted before there were such terms ask for none.
        term_days=stored.get("term_days", 0),
        no_work_days=stored.get("no_work_days", 0),
        no_payment_days=stored.get("no_payment_days", 0),
        promises=tuple(Promise(Clause(clause), hours, target) for clause, hours, target in stored["promises"]),
    )


def terms_with(asked: dict[str, Any], bid: Bid | OpenedBid) -> TermSheet:
    """The mandate's terms: the lot's, at the bid's price, and its first contact where it promises an earlier one."""
    terms = terms_asked(asked)
    return replace(
        terms,
        commission_bp=bid.commission_bp,
        lines=by_age(AgeBand(start, rate) for start, rate in bid.bands),
        promises=tuple(_sooner(one, bid.first_contact_hours) for one in terms.promises),
    )


def average_rate(terms: TermSheet, mix: Sequence[Sequence[int]]) -> float:
    """The commission on the lot's own mix of ages, in ten-thousandths, weighted by value."""
    value = sum(worth for _, _, worth in mix)
    return sum(rate_for_age(terms, start) * worth for start, _, worth in mix) / value if value else 0.0


def _sooner(promise: Promise, hours: int | None) -> Promise:
    if promise.clause is not Clause.FIRST_ACTIVITY or not hours:
        return promise
    return replace(promise, hours=min(promise.hours, hours))
