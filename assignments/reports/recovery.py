"""What an upload adds to the recovery cells: its payments with their commission, first-time payers, activities.

A late report can bring a payment older than those known, and then changes what all later months of that case had come
to. So the touched cases are added up twice, with the upload and without it, and the cells take the difference.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Date, Numeric, Text, TextClause, TextualSelect, column, text

_MONTHS = "(extract(year from {day}) * 12 + extract(month from {day}))::bigint"


def _month_on_book(day: str) -> str:
    return f"{_MONTHS.format(day=day)} - {_MONTHS.format(day='n.placement_month')}"


#: A payment counts in the month it was made in, as long as it stands: one taken back by a correction never was.
_PAYMENTS = f"""
with news as (
    select p.creditor_id, p.agency_id, p.placement_id from payments p
    where p.agency_id = :agency and p.upload_id = :upload
    union
    select p.creditor_id, p.agency_id, p.placement_id from payment_reversals r
    join payments p on p.creditor_id = r.creditor_id and p.agency_id = r.agency_id and p.id = r.payment_id
    where r.agency_id = :agency and r.upload_id = :upload
), touched as (
    select l.creditor_id, l.agency_id, l.case_id, l.id as placement_id, l.currency, l.stratum,
           l.placed_minor::numeric as placed,
           date_trunc('month', l.placed_at at time zone :zone)::date as placement_month
    from news r
    join placements l on l.creditor_id = r.creditor_id and l.agency_id = r.agency_id and l.id = r.placement_id
), paid as (
    select n.*, {_month_on_book("p.paid_on")} as month_on_book, p.amount_minor as amount,
           e.total_minor - p.amount_minor as commission, 2 * p.amount_minor - e.total_minor as net,
           r.payment_id is null as stands,
           p.upload_id <> :upload and (r.payment_id is null or r.upload_id = :upload) as stood
    from touched n
    join payments p on p.creditor_id = n.creditor_id and p.case_id = n.case_id and p.agency_id = n.agency_id
                   and p.placement_id = n.placement_id
    join entries e on e.creditor_id = p.creditor_id and e.agency_id = p.agency_id and e.payment_id = p.id
                  and e.kind = 'payment'
    left join payment_reversals r on r.creditor_id = p.creditor_id and r.agency_id = p.agency_id
                                 and r.payment_id = p.id
), monthly as (
    select creditor_id, agency_id, currency, placement_month, stratum, month_on_book, placement_id, placed,
           count(*) filter (where stands) - count(*) filter (where stood) as payments,
           coalesce(sum(commission) filter (where stands), 0)
           - coalesce(sum(commission) filter (where stood), 0) as commission,
           coalesce(sum(amount) filter (where stands), 0) as paid,
           coalesce(sum(amount) filter (where stood), 0) as was_paid,
           coalesce(sum(net) filter (where stands), 0) as net, coalesce(sum(net) filter (where stood), 0) as was_net
    from paid group by 1, 2, 3, 4, 5, 6, 7, 8
), so_far as (
    select m.*, sum(paid) over month as paid_so_far, sum(was_paid) over month as was_paid_so_far,
           sum(net) over month as net_so_far, sum(was_net) over month as was_net_so_far
    from monthly m
    window month as (partition by m.placement_id order by m.month_on_book)
)
select creditor_id, agency_id, currency, placement_month, stratum, month_on_book, sum(payments)::bigint,
       sum(paid - was_paid)::bigint, sum(commission)::bigint,
       sum((paid_so_far > 0)::int - (paid_so_far > paid)::int
           - (was_paid_so_far > 0)::int + (was_paid_so_far > was_paid)::int)::bigint,
       0::bigint,
       sum(paid * (2 * paid_so_far - paid) - was_paid * (2 * was_paid_so_far - was_paid)),
       sum(placed * (paid - was_paid)),
       sum(net * (2 * net_so_far - net) - was_net * (2 * was_net_so_far - was_net)),
       sum(placed * (net - was_net))
from so_far group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
"""  # noqa: S608  put together from constants

_ACTIVITIES = f"""
with worked as (
    select l.creditor_id, l.agency_id, l.currency, l.stratum, (a.happened_at at time zone :zone)::date as day,
           date_trunc('month', l.placed_at at time zone :zone)::date as placement_month
    from activities a
    join placements l on l.creditor_id = a.creditor_id and l.agency_id = a.agency_id and l.id = a.placement_id
    where a.agency_id = :agency and {{is_new}}
)
select n.creditor_id, n.agency_id, n.currency, n.placement_month, n.stratum, {_month_on_book("n.day")},
       0::bigint, 0::bigint, 0::bigint, 0::bigint, count(*), 0::numeric, 0::numeric, 0::numeric, 0::numeric
from worked n group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
"""  # noqa: S608  put together from constants


def recovered_by_payments(agency_id: int, upload_id: int, zone: str) -> TextualSelect:
    """The changes an upload's booked payments, and what it takes back, make to the cells."""
    return _changes(text(_PAYMENTS).bindparams(agency=agency_id, upload=upload_id, zone=zone))


def worked_by_activities(agency_id: int, upload_id: int, zone: str) -> TextualSelect:
    """The changes an upload's activities make to the cells."""
    statement = text(_ACTIVITIES.format(is_new="a.upload_id = :upload"))
    return _changes(statement.bindparams(agency=agency_id, upload=upload_id, zone=zone))


def worked_by_activity(agency_id: int, activity_id: int, zone: str) -> TextualSelect:
    """The change that one recorded activity makes to its cell."""
    statement = text(_ACTIVITIES.format(is_new="a.id = :activity"))
    return _changes(statement.bindparams(agency=agency_id, activity=activity_id, zone=zone))


def _changes(statement: TextClause) -> TextualSelect:
    numbers = ("month_on_book", "payments", "collected_minor", "commission_minor", "new_payers", "activities")
    products = ("collected_squares", "placed_collected", "net_squares", "placed_net")
    return statement.columns(
        column("creditor_id", BigInteger),
        column("agency_id", BigInteger),
        column("currency", Text),
        column("placement_month", Date),
        column("stratum", Text),
        *(column(name, BigInteger) for name in numbers),
        *(column(name, Numeric) for name in products),
    )
