"""The statements that make debtors, cases and contact points from staged rows, a whole portfolio at a time.

Rows are written in the order of the index that would otherwise cost most, and joins are by hash: in the transaction
that fills a table nobody knows its size yet. Each portfolio is sorted once; what is made of it reads the sorted rows.
"""

from __future__ import annotations

#: A million rows are sorted and hashed in memory, and none looked up by itself for want of statistics; a few rows, or
#: rows that meet a table of any size, are better looked up.
SETTINGS = """
    select set_config('work_mem', '192MB', true), set_config('jit', 'off', true),
           set_config('enable_nestloop', :look_up, true)
"""

#: What makes two rows one debtor; the check has brought type and number to one spelling.
IDENTITY = """coalesce('id:' || :country || ':' || coalesce(s.id_type, '') || ':' || s.national_id,
                       'ref:' || s.debtor_ref, 'account:' || s.account_ref)"""

#: The rows of the portfolio debtor by debtor, each one's first row first.
SORTED = """
    create temporary table sorted_rows (
        like staged_portfolio, identity text, known bigint, is_first boolean, debtor_id bigint
    )
"""
DROP_SORTED = "drop table sorted_rows"

#: One sort for everything that follows, so that the indexes of debtors grow at their ends; by the number first, for
#: identities begin alike and take long to compare. The rows come to the numbering one after the other as sorted: the
#: first row of a new debtor draws its number, and those behind it have the number drawn last.
SORT = f"""
    insert into sorted_rows
    select n.*, coalesce(n.known, case when n.is_first then nextval('debtors_id_seq')
                                       else currval('debtors_id_seq') end)
    from (
        select r.*, lag(r.identity) over (order by r.national_id collate "C", r.identity, r.line)
                    is distinct from r.identity as is_first
        from (
            select s.*, {IDENTITY} collate "C" as identity, coalesce(d.merged_into, d.id) as known
            from staged_portfolio s
            left join debtors d on d.creditor_id = :creditor and d.identity = {IDENTITY}
            where s.organisation_id = :creditor and s.upload_id = :upload
        ) r
    ) n
"""  # noqa: S608  put together from constants

#: A debtor's first row says how to reach it.
ADD_DEBTORS = """
    insert into debtors (creditor_id, id, identity, country, id_type, id_number, name, person_type, birth_date, phone,
                         phone_e164, phone_2, phone_2_e164, email, address, address_normal)
    select :creditor, n.debtor_id, n.identity, :country, n.id_type, n.national_id,
           coalesce(n.full_name, nullif(concat_ws(' ', n.first_name, n.last_name), '')),
           n.person_type, n.birth_date, n.phone, n.phone_e164,
           case when n.is_other then n.phone_2 end, case when n.is_other then n.phone_2_e164 end,
           n.email, n.address, n.address_normal
    from (
        select coalesce(s.phone_2_e164, s.phone_2) is distinct from coalesce(s.phone_e164, s.phone) as is_other, s.*
        from sorted_rows s
        where s.is_first and s.known is null
    ) n
"""

ADD_CASES = """
    insert into cases (creditor_id, portfolio_id, debtor_id, line, account_ref, state, product, currency, placed_minor,
                       balance_minor, principal_minor, interest_minor, late_interest_minor, fees_minor, opened_on,
                       due_on, delinquent_on, charged_off_on, last_payment_on, days_past_due, stage, segment, region,
                       city)
    select :creditor, p.id, s.debtor_id, s.line, s.account_ref, 'open', s.product, s.currency,
           s.balance_total, s.balance_total, s.principal, s.interest, s.late_interest, s.fees, s.open_date, s.due_date,
           s.delinquency_date, s.charge_off_date, s.last_payment_date, s.days_past_due, s.stage, s.segment, s.region,
           s.city
    from sorted_rows s
    join portfolios p on p.creditor_id = :creditor and p.upload_id = :upload and p.currency = s.currency
"""

#: What the other rows of a debtor add to what is known of it. What the agency that works a debtor now may see, it sees
#: at once.
ADD_LATER_CONTACTS = """
    insert into contact_points (creditor_id, agency_id, debtor_id, portfolio_id, kind, value, normal)
    select distinct on (d.id, v.kind, v.form) :creditor, d.agency_id, d.id, o.id, v.kind, v.value, v.normal
    from sorted_rows s
    join debtors d on d.creditor_id = :creditor and d.id = s.debtor_id
    join portfolios o on o.creditor_id = :creditor and o.upload_id = :upload and o.currency = s.currency
    cross join lateral (
        values ('phone', s.phone, s.phone_e164, coalesce(s.phone_e164, s.phone), coalesce(d.phone_e164, d.phone),
                coalesce(d.phone_2_e164, d.phone_2)),
               ('phone', s.phone_2, s.phone_2_e164, coalesce(s.phone_2_e164, s.phone_2),
                coalesce(d.phone_e164, d.phone), coalesce(d.phone_2_e164, d.phone_2)),
               ('email', s.email, null, s.email, d.email, null),
               ('address', s.address, s.address_normal, coalesce(s.address_normal, s.address),
                coalesce(d.address_normal, d.address), null)
    ) v (kind, value, normal, form, stands, stands_too)
    where (s.known is not null or not s.is_first)
      and v.form is not null and v.form is distinct from v.stands and v.form is distinct from v.stands_too
      and not exists (
          select from contact_points p
          where p.creditor_id = :creditor and p.debtor_id = d.id and p.kind = v.kind
            and coalesce(p.normal, p.value) = v.form
      )
    order by d.id, v.kind, v.form, s.line
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
