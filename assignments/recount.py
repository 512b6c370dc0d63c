"""What the cells of the comparison must hold, from the records alone and by another road than the increments take.

The increments add a month's payments of a case up before they square; here every single payment moves the case's square
by what it adds to it.
"""

from __future__ import annotations

_PLACED = """
select l.creditor_id, l.agency_id, l.currency,
       date_trunc('month', l.placed_at at time zone o.time_zone)::date as placement_month, l.stratum,
       count(*) as cases, sum(l.placed_minor)::bigint as placed_minor,
       sum(l.placed_minor::numeric * l.placed_minor) as placed_squares
from placements l join organisations o on o.id = l.creditor_id
where l.creditor_id = :creditor group by 1, 2, 3, 4, 5
"""

_RECOVERED = """
with placed as (
    select l.creditor_id, l.agency_id, l.id, l.currency, l.stratum, o.time_zone, l.placed_minor::numeric as placed,
           date_trunc('month', l.placed_at at time zone o.time_zone)::date as placement_month
    from placements l join organisations o on o.id = l.creditor_id where l.creditor_id = :creditor
), paid as (
    select p.creditor_id, p.agency_id, p.placement_id, p.paid_on as day, p.amount_minor::numeric as amount,
           e.total_minor - p.amount_minor as commission, 2 * p.amount_minor - e.total_minor as net,
           sum(p.amount_minor) over so_far as collected_so_far,
           sum(2 * p.amount_minor - e.total_minor) over so_far as net_so_far
    from payments p
    join entries e on e.creditor_id = p.creditor_id and e.agency_id = p.agency_id and e.payment_id = p.id
                  and e.kind = 'payment'
    where p.creditor_id = :creditor and not exists (
        select from payment_reversals r
        where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
    )
    window so_far as (partition by p.creditor_id, p.agency_id, p.placement_id order by p.paid_on, p.id
                      rows unbounded preceding)
), events as (
    select creditor_id, agency_id, placement_id, day, 1 as payments, amount, commission, net,
           (collected_so_far > 0)::int - (collected_so_far - amount > 0)::int as new_payers, 0 as activities,
           amount * (2 * collected_so_far - amount) as squares,
           net * (2 * net_so_far - net) as net_squares
    from paid
    union all
    select a.creditor_id, a.agency_id, a.placement_id, (a.happened_at at time zone o.time_zone)::date,
           0, 0, 0, 0, 0, 1, 0, 0
    from activities a join organisations o on o.id = a.creditor_id where a.creditor_id = :creditor
)
select d.creditor_id, d.agency_id, d.currency, d.placement_month, d.stratum,
       ((extract(year from e.day) - extract(year from d.placement_month)) * 12
        + extract(month from e.day) - extract(month from d.placement_month))::bigint as month_on_book,
       sum(e.payments)::bigint as payments, sum(e.amount)::bigint as collected_minor,
       sum(e.commission)::bigint as commission_minor, sum(e.new_payers)::bigint as new_payers,
       sum(e.activities)::bigint as activities, sum(e.squares) as collected_squares,
       sum(d.placed * e.amount) as placed_collected, sum(e.net_squares) as net_squares,
       sum(d.placed * e.net) as placed_net
from events e
join placed d on d.creditor_id = e.creditor_id and d.agency_id = e.agency_id and d.id = e.placement_id
group by 1, 2, 3, 4, 5, 6
"""

#: Table -> the statement that makes all of its rows of one creditor.
RECORDS = {"placement_cells": _PLACED, "recovery_cells": _RECOVERED}
