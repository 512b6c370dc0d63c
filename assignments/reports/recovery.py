"""What an upload adds to the recovery cells: its payments with their commission, first-time payers, activities.

A late report can bring a payment older than the first one known; the payer then moves to the earlier cell.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Date, Text, TextualSelect, column, text

_MONTHS = "(extract(year from {day}) * 12 + extract(month from {day}))::bigint"


def _month_on_book(day: str) -> str:
    return f"{_MONTHS.format(day=day)} - {_MONTHS.format(day='n.placement_month')}"


_NEWS = """
with news as (
    select r.*, l.stratum, l.currency as placed_currency,
           date_trunc('month', l.placed_at at time zone :zone)::date as placement_month
    from {reported} r
    join placements l on l.creditor_id = r.creditor_id and l.agency_id = r.agency_id and l.id = r.placement_id
    where r.agency_id = :agency and r.upload_id = :upload
)
"""

_PAYMENTS = f"""{_NEWS.format(reported="payments")}, touched as (
    select creditor_id, agency_id, case_id, placement_id, currency, placement_month, stratum, min(paid_on) as paid_on
    from news group by 1, 2, 3, 4, 5, 6, 7
), payers as (
    select n.*, (select min(o.paid_on) from payments o
                 where o.creditor_id = n.creditor_id and o.case_id = n.case_id and o.agency_id = n.agency_id
                   and o.placement_id = n.placement_id and o.upload_id <> :upload) as known_since
    from touched n
), changes as (
    select n.creditor_id, n.agency_id, n.currency, n.placement_month, n.stratum,
           {_month_on_book("n.paid_on")} as month_on_book, 1 as payments, n.amount_minor as collected_minor,
           e.total_minor - n.amount_minor as commission_minor, 0 as new_payers
    from news n
    join entries e on e.creditor_id = n.creditor_id and e.agency_id = n.agency_id
                  and e.payment_id = n.id and e.kind = 'payment'
    union all
    select n.creditor_id, n.agency_id, n.currency, n.placement_month, n.stratum,
           {_month_on_book("n.paid_on")}, 0, 0, 0, 1
    from payers n where n.known_since is null or n.paid_on < n.known_since
    union all
    select n.creditor_id, n.agency_id, n.currency, n.placement_month, n.stratum,
           {_month_on_book("n.known_since")}, 0, 0, 0, -1
    from payers n where n.paid_on < n.known_since
)
select creditor_id, agency_id, currency, placement_month, stratum, month_on_book, sum(payments)::bigint,
       sum(collected_minor)::bigint, sum(commission_minor)::bigint, sum(new_payers)::bigint, 0::bigint
from changes group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
"""  # noqa: S608  put together from constants

_ACTIVITIES = f"""{_NEWS.format(reported="activities")}
select n.creditor_id, n.agency_id, n.placed_currency, n.placement_month, n.stratum,
       {_month_on_book("(n.happened_at at time zone :zone)::date")} as month_on_book,
       0::bigint, 0::bigint, 0::bigint, 0::bigint, count(*)
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
    return bound.columns(
        column("creditor_id", BigInteger),
        column("agency_id", BigInteger),
        column("currency", Text),
        column("placement_month", Date),
        column("stratum", Text),
        *(column(name, BigInteger) for name in numbers),
    )
