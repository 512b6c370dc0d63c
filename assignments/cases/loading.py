"""The statements that make debtors, cases and contact points from staged rows, a whole portfolio at a time.

One connection numbers the rows and reads them in the order in which they are cheapest to write; the other one, whose
transaction counts, writes them as they come. What the reader is asked has its values as `%(name)s`.
"""

from __future__ import annotations

from agencies.kernel.streams import Stream

#: A million rows are sorted and hashed in memory, and none looked up by itself for want of statistics; a few rows, or
#: rows that meet a table of any size, are better looked up.
SETTINGS = """
    select set_config('work_mem', '192MB', true), set_config('jit', 'off', true),
           set_config('enable_nestloop', :look_up, true)
"""

#: Where each row stands, and the number of its debtor, by the identity that the check gave it as a blind index. The
#: rows come to the numbering debtor by debtor, each one's first row first: that row of a new debtor draws its number,
#: and those behind it have the number drawn last. A debtor put together with another one is known as that one.
NUMBER = """
    create temporary table numbered_rows on commit drop as
    select n.*, coalesce(n.known, case when n.is_first then nextval('debtors_id_seq')
                                       else currval('debtors_id_seq') end) as debtor_id
    from (
        select r.place, r.account_ref, r.known, r.is_merged,
               lag(r.identity) over (order by r.identity, r.line) is distinct from r.identity as is_first
        from (
            select s.ctid as place, s.line, s.identity, s.account_ref collate "C" as account_ref,
                   coalesce(d.merged_into, d.id) as known, d.merged_into is not null as is_merged
            from staged_portfolio s
            left join debtors d on d.creditor_id = :creditor and d.identity = s.identity
            where s.organisation_id = :creditor and s.upload_id = :upload
        ) r
    ) n
"""
COUNT_NUMBERED = "analyze numbered_rows"


# `offset 0` has each staged row fetched by where it stands, in the order of who asks; a planner would not look it up by
# itself, for nobody knows how large a table is that was filled just now.

#: A debtor's first row says how to reach it. The indexes of debtors grow at their ends. An identity that begins with a
#: one is that of a document, whose own index stands in it.
DEBTORS = Stream(
    "debtors",
    "id, identity, country, id_type, document_index, name, person_type, birth_date, sealed, phone_index, "
    "phone_2_index, email_index, address_index",
    """
    select n.debtor_id, s.identity, %(country)s::text, s.id_type,
           case when get_byte(s.identity, 0) = 1 then substring(s.identity from 2 for 16) end,
           coalesce(s.full_name, nullif(concat_ws(' ', s.first_name, s.last_name), '')),
           s.person_type, s.birth_date, s.sealed, s.phone_index, nullif(s.phone_2_index, s.phone_index),
           s.email_index, s.address_index
    from (select place, debtor_id from numbered_rows where is_first and known is null) n
    cross join lateral (select * from staged_portfolio where ctid = n.place offset 0) s
    """,
)

#: One index of cases is ordered by account, another by debtor: in blocks of debtors, ordered by account within each,
#: what is written next to each other lies near in both.
CASES = Stream(
    "cases",
    "portfolio_id, debtor_id, line, account_ref, state, product, currency, placed_minor, balance_minor, "
    "principal_minor, interest_minor, late_interest_minor, fees_minor, opened_on, due_on, delinquent_on, "
    "charged_off_on, last_payment_on, days_past_due, stage, segment, region, city",
    """
    select p.id, n.debtor_id, s.line, s.account_ref, 'open'::text, s.product, s.currency,
           s.balance_total, s.balance_total, s.principal, s.interest, s.late_interest, s.fees, s.open_date, s.due_date,
           s.delinquency_date, s.charge_off_date, s.last_payment_date, s.days_past_due, s.stage, s.segment, s.region,
           s.city
    from (select place, debtor_id from numbered_rows order by debtor_id / 32768, account_ref) n
    cross join lateral (select * from staged_portfolio where ctid = n.place offset 0) s
    join unnest(%(currencies)s::text[], %(portfolios)s::bigint[]) p (currency, id) on p.currency = s.currency
    """,
)

#: What the other rows of a debtor add to what is known of it, each point with all that its row told, sealed. What the
#: agency that works a debtor now may see, it sees at once. Rows of a debtor that was put together with another one are
#: sealed for the one that went; they are told one by one (`MERGED_ROWS`).
LATER_CONTACTS = Stream(
    "contact_points",
    "agency_id, debtor_id, portfolio_id, kind, part, form, sealed",
    """
    with later as (
        select n.debtor_id, s.line, p.id as portfolio_id, d.agency_id, s.sealed, s.phone_index, s.phone_2_index,
               s.email_index, s.address_index,
               case when n.known is null then f.phone_index else d.phone_index end as known_phone,
               case when n.known is null then f.phone_2_index else d.phone_2_index end as known_phone_2,
               case when n.known is null then f.email_index else d.email_index end as known_email,
               case when n.known is null then f.address_index else d.address_index end as known_address
        from (
            select r.place, r.debtor_id, r.known, o.place as first_place
            from numbered_rows r
            left join numbered_rows o on o.debtor_id = r.debtor_id and o.is_first and o.known is null
            where (r.known is not null or not r.is_first) and not r.is_merged
        ) n
        cross join lateral (select * from staged_portfolio where ctid = n.place offset 0) s
        join unnest(%(currencies)s::text[], %(portfolios)s::bigint[]) p (currency, id) on p.currency = s.currency
        left join lateral (select * from staged_portfolio where ctid = n.first_place offset 0) f on true
        left join debtors d on d.creditor_id = %(creditor)s and d.id = n.known
    )
    select distinct on (l.debtor_id, v.kind, v.form)
           l.agency_id, l.debtor_id, l.portfolio_id, v.kind, v.part, v.form, l.sealed
    from later l
    cross join lateral (
        values ('phone', 'phone', l.phone_index, l.known_phone, l.known_phone_2),
               ('phone', 'phone_2', l.phone_2_index, l.known_phone, l.known_phone_2),
               ('email', 'email', l.email_index, l.known_email, null),
               ('address', 'address', l.address_index, l.known_address, null)
    ) v (kind, part, form, stands, stands_too)
    where v.form is not null and v.form is distinct from v.stands and v.form is distinct from v.stands_too
      and not exists (
          select from contact_points p
          where p.creditor_id = %(creditor)s and p.debtor_id = l.debtor_id and p.kind = v.kind and p.form = v.form
      )
    order by l.debtor_id, v.kind, v.form, l.line
    """,
)

#: Rows of debtors that were put together with others, with the one they are known as.
MERGED_ROWS = """
    select n.debtor_id, s.line, s.identity, s.sealed, p.id as portfolio_id
    from (select place, debtor_id from numbered_rows where is_merged) n
    cross join lateral (select * from staged_portfolio where ctid = n.place offset 0) s
    join unnest(cast(:currencies as text[]), cast(:portfolios as bigint[])) p (currency, id) on p.currency = s.currency
    order by n.debtor_id, s.line
"""

#: In one scan, what the portfolio of each currency comes to, and the values by which its cases are filtered, the
#: frequent ones first.
PORTFOLIOS = """
    select currency, product, region, segment, count(*) as cases, sum(balance_total)::bigint as placed_minor,
           grouping(product, region, segment) as level
    from staged_portfolio
    where organisation_id = :creditor and upload_id = :upload
    group by grouping sets (currency, (currency, product), (currency, region), (currency, segment))
    order by cases desc, currency
"""

GATHER_STATISTICS = "select gather_statistics(:name)"
