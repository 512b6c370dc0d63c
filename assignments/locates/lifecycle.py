"""The moves an order can make, what a grade earns, and which findings may become contact points."""

from __future__ import annotations

from agencies.kernel.errors import Conflict, Invalid, msg
from agencies.kernel.money import Money
from agencies.mandates.models import PAYING_GRADES, FeeClass, LocateGrade
from agencies.mandates.terms import TermSheet
from assignments.contacts.models import Authorisation
from assignments.locates.models import Finding, FindingKind, OrderState

#: From -> to; an order ends once.
MOVES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.SENT: frozenset({OrderState.ACKNOWLEDGED, OrderState.CLOSED}),
    OrderState.ACKNOWLEDGED: frozenset({OrderState.SUBMITTED, OrderState.CLOSED}),
    OrderState.SUBMITTED: frozenset({OrderState.CLOSED}),
    OrderState.CLOSED: frozenset(),
}
#: What can be used to reach somebody: an employer never, for the law bars contact through it.
REACHING = (FindingKind.PHONE, FindingKind.EMAIL, FindingKind.ADDRESS)
#: What was confirmed, by the person or by a second source. A mere match may be paid for; it is nobody's number yet, and
#: whoever called it might tell a stranger of the debt.
CONFIRMED = (LocateGrade.VERIFIED_WITH_DEBTOR, LocateGrade.VERIFIED_THIRD_SOURCE)


class OrderMovedOn(Conflict):
    """Somebody was here before."""

    text = msg("This order has moved on in the meantime. Look at it again.")


class FeesMissing(Invalid):
    """What is found has a price before it is looked for."""

    text = msg("The mandate has no fees for this class. Change its terms or choose the other class.")


class NotToBeReleased(Invalid):
    """Both axes and the kind decide."""

    text = msg(
        "Only phones, e-mails and addresses that were confirmed and may be used can be released; "
        "mere matches and employers never are."
    )


def check_move(before: OrderState, after: OrderState) -> None:
    """Raise `OrderMovedOn` unless an order can go from one state to the other."""
    if after not in MOVES[before]:
        raise OrderMovedOn


def fee_due(terms: TermSheet, fee_class: FeeClass, grade: LocateGrade, currency: str) -> Money:
    """What one finding of a grade earns; nothing where the terms name no fee, and never for what tells nothing new."""
    fees = {(one.fee_class, one.grade): one.amount_minor for one in terms.fees if one.grade in PAYING_GRADES}
    return Money(fees.get((fee_class, grade), 0), terms.currency or currency)


def highest_fee(terms: TermSheet, fee_class: FeeClass, currency: str) -> Money:
    """The most that one finding can earn; raises `FeesMissing` when the class has no fees."""
    amounts = [one.amount_minor for one in terms.fees if one.fee_class is fee_class]
    if not amounts:
        raise FeesMissing
    return Money(max(amounts), terms.currency or currency)


def may_be_released(finding: Finding) -> bool:
    """Whether a finding was confirmed, may be used, is a way to reach somebody, and is not out already."""
    return (
        finding.kind in REACHING
        and finding.grade in CONFIRMED
        and finding.authorisation is Authorisation.AUTHORISED
        and finding.released_at is None
    )
