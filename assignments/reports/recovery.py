"""What an upload adds to the recovery cells: its payments with their commission, first-time payers, activities.

A late report can bring a payment older than those known, and then changes what all later months of that case had come
to. So the touched cases are added up twice, with the upload and without it, and the cells take the difference.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Date, Numeric, Text, TextualSelect, column, text

_MONTHS = "(extract(year from {day}) * 12 + extract(month from {day}))::bigint"


def _month_on_book(day: str) -> str:
    return f"{_MONTHS.format(day=day)} - {_MONTHS.format(day='n.placement_month')}"


_NEWS = """
with news as (
    select r.*, l.stratum, l.currency as placed_currency, l.placed_minor,
           date_trunc('month', l.placed_at at time zone :zone)::date as placement_month
    from {reported} r
    join placements l on l.creditor_id = r.creditor_id and l.agency_id = r.agency_id and l.id = r.placement_id
    where r.agency_id = :agency and r.upload_id = :upload
)
"""

_PAYMENTS = f"""{_NEWS.format(reported="payments")}, touched as (
    select distinct creditor_id, agency_id, case_id, placement_id, placed_currency, placement_month, stratum,
                    placed_minor
    from news
), reported as (
    select creditor_id, agency_id, placement_id, id, paid_on, amount_minor, true as is_new from news
    union all
    select t.creditor_id, t.agency_id, t.placement_id, o.id, o.paid_on, o.amount_minor, false
    from touched t
    join payments o on o.creditor_id = t.creditor_id and o.case_id = t.case_id and o.agency_id = t.agency_id
                   and o.placement_id = t.placement_id and o.upload_id <> :upload
), monthly as (
    select n.placement_id, n.creditor_id, n.agency_id, n.placed_currency, n.placement_month, n.stratum,
           n.placed_minor::numeric as placed, {_month_on_book("r.paid_on")} as month_on_book,
           count(*) filter (where r.is_new) as payments,
           coalesce(sum(r.amount_minor) filter (where r.is_new), 0) as collected,
           coalesce(sum(e.total_minor - r.amount_minor) filter (where r.is_new), 0) as commission,
           sum(r.amount_minor) as paid, coalesce(sum(r.amount_minor) filter (where not r.is_new), 0) as was_paid,
           sum(2 * r.amount_minor - e.total_minor) as net,
           coalesce(sum(2 * r.amount_minor - e.total_minor) filter (where not r.is_new), 0) as was_net
    from reported r
    join touched n on n.placement_id = r.placement_id
    join entries e on e.creditor_id = r.creditor_id and e.agency_id = r.agency_id
                  and e.payment_id = r.id and e.kind = 'payment'
    group by 1, 2, 3, 4, 5, 6, 7, 8
), so_far as (
    select m.*, sum(paid) over month as paid_so_far, sum(was_paid) over month as was_paid_so_far,
           sum(net) over month as net_so_far, sum(was_net) over month as was_net_so_far
    from monthly m
    window month as (partition by m.placement_id order by m.month_on_book)
)
select creditor_id, agency_id, placed_currency, placement_month, stratum, month_on_book, sum(payments)::bigint,
       sum(collected)::bigint, sum(commission)::bigint,
       sum((paid_so_far > 0)::int - (paid_so_far > paid)::int
           - (was_paid_so_far > 0)::int + (was_paid_so_far > was_paid)::int)::bigint,
       0::bigint,
       sum(paid * (2 * paid_so_far - paid) - was_paid * (2 * was_paid_so_far - was_paid)), sum(placed * collected),
       sum(net * (2 * net_so_far - net) - was_net * (2 * was_net_so_far - was_net)),
       sum(placed * (collected - commission))
from so_far group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
"""  # noqa: S608  put together from constants

_ACTIVITIES = f"""{_NEWS.format(reported="activities")}
select n.creditor_id, n.agency_id, n.placed_currency, n.placement_month, n.stratum,
       {_month_on_book("(n.happened_at at time zone :zone)::date")} as month_on_book,
       0::bigint, 0::bigint, 0::bigint, 0::bigint, count(*), 0::numeric, 0::numeric, 0::numeric, 0::numeric
from news n group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
"""  # noqa: S608  put together from constants


def recovered_by_payments(agency_id: int, upload_id: int, zone: str) -> TextualSelect:
    """The changes an upload's booked payments make to the cells."""
    return _changes(_PAYMENTS, agency_id, upload_id, zone)


def worked_by_activities(agency_id: int, upload_id: int, zone: str) -> TextualSelect:
    """The changes an upload's activities make to the cells."""
    return _changes(_ACTIVITIES, agency_id, upload_id, zone)


def _changes(statement: str, agency_id: int, upload_id: int, zone: str) -> TextualSelect:
    bound = text(statement).bindparams(agency=agency_id, upload=upload_id, zone=zone)
    numbers = ("month_on_book", "payments", "collected_minor", "commission_minor", "new_payers", "activities")
    products = ("collected_squares", "placed_collected", "net_squares", "placed_net")
    return bound.columns(
        column("creditor_id", BigInteger),
        column("agency_id", BigInteger),
        column("currency", Text),
        column("placement_month", Date),
        column("stratum", Text),
        *(column(name, BigInteger) for name in numbers),
        *(column(name, Numeric) for name in products),
    )
