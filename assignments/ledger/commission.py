"""What an agency earns on a payment: never typed in, always at the rate its placement was made at."""

from __future__ import annotations

from agencies.kernel.money import Money, share


def commission_due(payment: Money, commission_bp: int) -> Money:
    """The agency's share of a payment, rounded half up to the minor unit."""
    return share(payment, commission_bp)


#: The same rule for a whole file at once; a test holds the two against each other. Numeric, because the product of
#: two large integers may not fit one.
COMMISSION_SQL = "div(2 * p.amount_minor::numeric * l.commission_bp + 10000, 20000)::bigint"
