"""One statement that says of every case where it stood and what it owed on one or two days.

The balance is what was handed over, or the creditor's latest word up to the day, less what was paid from then to the
day; what was reversed or taken back counts for nothing, whenever that became known. The age is counted as at a
placement, by what was known of the case on the day: what a later file changed is turned back.
"""

from __future__ import annotations

from assignments.indicators.ageing import LAST_DAYS, Place

_BOOK = """
    book as (
        select p.id, cast(timezone(:zone, p.created_at) as date) as uploaded_on from portfolios p
        where p.creditor_id = :creditor and (cast(:portfolio as bigint) is null or p.id = :portfolio)
    ),
    paid as (
        select p.case_id, p.paid_on, p.amount_minor from payments p
        where p.creditor_id = :creditor and not exists (
            select from payment_reversals r
            where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
        )
        union all
        select m.case_id, m.paid_on, m.amount_minor from creditor_payments m
        where m.creditor_id = :creditor and m.matched_payment_id is null and m.taken_back_at is null
    ),
    closed as (
        select p.case_id, max(cast(timezone(:zone, p.ended_at) as date)) as closed_on from placements p
        join cases c on c.creditor_id = p.creditor_id and c.id = p.case_id
        where p.creditor_id = :creditor and c.state = 'closed' and p.ended_at is not null
        group by p.case_id
    )
"""
#: What is known of cases on day n; a field that a later file changed first says what stood there before.
_DAY = """
    word{n} as (
        select distinct on (a.case_id) a.case_id, a.stated_minor, a.cut_off_date from balance_adjustments a
        where a.creditor_id = :creditor and not a.takes_back and a.cut_off_date <= cast(:on{n} as date) and not exists (
            select from balance_adjustments b
            where b.creditor_id = a.creditor_id and b.upload_id = a.upload_id and b.case_id = a.case_id and b.takes_back
        )
        order by a.case_id, a.cut_off_date desc, a.id desc
    ),
    paid{n} as (
        select p.case_id, sum(p.amount_minor)::bigint as minor from paid p
        left join word{n} w on w.case_id = p.case_id
        where p.paid_on <= cast(:on{n} as date) and (w.case_id is null or p.paid_on > w.cut_off_date)
        group by p.case_id
    ),
    later{n} as (
        select u.case_id,
               bool_or(u.before ? 'delinquent_on') as has_date, bool_or(u.before ? 'days_past_due') as has_days,
               cast((array_agg(u.before ->> 'delinquent_on' order by u.id)
                     filter (where u.before ? 'delinquent_on'))[1] as date) as delinquent_on,
               cast((array_agg(u.before ->> 'days_past_due' order by u.id)
                     filter (where u.before ? 'days_past_due'))[1] as bigint) as days_past_due
        from case_updates u
        where u.creditor_id = :creditor and cast(timezone(:zone, u.made_at) as date) > cast(:on{n} as date)
        group by u.case_id
    )
"""
_JOINS = """
    left join word{n} on word{n}.case_id = c.id
    left join paid{n} on paid{n}.case_id = c.id
    left join later{n} on later{n}.case_id = c.id
    cross join lateral (
        select case when later{n}.has_date then later{n}.delinquent_on else c.delinquent_on end as delinquent_on,
               case when later{n}.has_days then later{n}.days_past_due else c.days_past_due end as days_past_due
    ) told{n}
    cross join lateral (
        select coalesce(word{n}.stated_minor, c.placed_minor) - coalesce(paid{n}.minor, 0) as minor,
               case when told{n}.delinquent_on is not null or told{n}.days_past_due is not null then greatest(coalesce(
                   cast(:on{n} as date) - told{n}.delinquent_on,
                   told{n}.days_past_due + (cast(:on{n} as date) - book.uploaded_on)
               ), 0) end as age
    ) known{n}
    cross join lateral (select {place} as place) at{n}
"""


def _place(n: int) -> str:
    bands = " ".join(f"when known{n}.age <= {last} then '{place}'" for place, last in LAST_DAYS.items())
    return (
        f"case when book.uploaded_on > cast(:on{n} as date) then '{Place.ABSENT}' "
        f"when known{n}.minor <= 0 then '{Place.PAID}' "
        f"when closed.closed_on <= cast(:on{n} as date) then '{Place.CLOSED}' "
        f"when known{n}.age is null then '{Place.UNKNOWN}' {bands} else '{Place.OLDER}' end"
    )


def _statement(days: int, asked: str) -> str:
    """Every case of the book with where it stood on each day, grouped as asked."""
    known = ",".join([_BOOK, *(_DAY.format(n=n) for n in range(1, days + 1))])
    joins = "".join(_JOINS.format(n=n, place=_place(n)) for n in range(1, days + 1))
    return f"""
        with {known}
        {
        asked.format(
            cases=f'''
            from cases c
            join book on book.id = c.portfolio_id
            left join closed on closed.case_id = c.id
            {joins}
            where c.creditor_id = :creditor
        '''
        )
    }
    """


#: Currency, place, number of cases and what they owe on the day `on1`.
AGEING = _statement(
    1,
    """
    select c.currency, at1.place, count(*) as cases, sum(known1.minor)::bigint as minor
    {cases}
    group by c.currency, at1.place
    """,
)
#: Currency, place on `on1` and on `on2`, number of cases and what they owe on either day.
MOVES = _statement(
    2,
    """
    select c.currency, at1.place as before, at2.place as after, count(*) as cases,
           sum(known1.minor)::bigint as before_minor, sum(known2.minor)::bigint as after_minor
    {cases}
    group by c.currency, at1.place, at2.place
    """,
)
