"""What an agency earns on a payment: never typed in, always at the rate and under the terms of its placement."""

from __future__ import annotations

from dataclasses import dataclass, field

from agencies.kernel.money import BASIS, Money
from agencies.mandates.pricing import reckon, within
from agencies.mandates.terms import Limits


@dataclass(frozen=True)
class Earning:
    """What of a placement and its terms decides the commission on its payments."""

    #: The placement's own, from the rate line that fitted its case.
    rate_bp: int
    limits: Limits = field(default_factory=Limits)
    #: Of the least and the most; other money has neither.
    currency: str | None = None


def commission_due(
    payment: Money,
    earning: Earning,
    *,
    is_direct: bool = False,
    is_before: bool = False,
    is_recalled_soon: bool = False,
) -> Money:
    """The agency's share of a payment, rounded half up to the minor unit, in the limits of the terms.

    `is_direct`: the creditor received it; `is_before`: it was made before the placement; `is_recalled_soon`: it was
    made after a recall that came too soon after the placement.
    """
    if is_recalled_soon:
        return Money(0, payment.currency)
    limits = earning.limits
    direct = limits.direct_bp if is_direct else BASIS
    discovery = limits.discovery_bp if is_before else BASIS
    due = reckon(payment.minor, earning.rate_bp, direct, discovery)
    if earning.currency in {None, payment.currency}:
        due = within(limits, due, payment.minor, earns=earning.rate_bp * direct * discovery > 0)
    return Money(due, payment.currency)


#: What the rule below needs besides the payment `p` and its placement `l`: the terms, and the days on the creditor's
#: calendar.
TERMS_SQL = """
join mandate_versions v on v.creditor_id = l.creditor_id and v.agency_id = l.agency_id and v.id = l.mandate_version_id
join organisations o on o.id = l.creditor_id
cross join lateral (
    select p.paid_on < (l.placed_at at time zone o.time_zone)::date as is_before,
           l.end_code = 'recalled'
           and p.paid_on > (l.ended_at at time zone o.time_zone)::date
           and (l.ended_at at time zone o.time_zone)::date - (l.placed_at at time zone o.time_zone)::date
               < v.recall_free_days as is_recalled_soon,
           case p.received_by when 'creditor' then v.direct_bp else 10000 end as direct_bp
) d
cross join lateral (
    select l.commission_bp::numeric * d.direct_bp * case when d.is_before then v.discovery_bp else 10000 end as rate
) r
"""
#: Numeric, because the product of large integers may not fit one.
_RECKONED = "div(r.rate * 2 * p.amount_minor + 1000000000000, 2000000000000)"
#: The same rule for a whole file at once; a test holds the two against each other.
COMMISSION_SQL = f"""(case
    when d.is_recalled_soon then 0
    when p.currency <> v.currency then {_RECKONED}
    else least(
        greatest(
            {_RECKONED},
            case when r.rate > 0 and v.floor_minor is not null then least(v.floor_minor, p.amount_minor) end
        ),
        v.cap_minor
    )
end)::bigint"""
