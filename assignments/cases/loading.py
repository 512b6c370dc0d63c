"""The statements that make debtors, cases and contact points from staged rows, a whole portfolio at a time.

Rows are written in the order of the index that would otherwise cost most, and joins are by hash: in the transaction
that fills a table nobody knows its size yet.
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

#: Sorted by identity through `distinct on`, so that both indexes grow at their ends.
ADD_DEBTORS = f"""
    insert into debtors (creditor_id, identity, country, id_type, id_number, name, person_type, birth_date)
    select distinct on (n.identity) :creditor, n.identity, :country, n.id_type, n.national_id,
           coalesce(n.full_name, nullif(concat_ws(' ', n.first_name, n.last_name), '')),
           n.person_type, n.birth_date
    from (
        select {IDENTITY} collate "C" as identity, s.*
        from staged_portfolio s
        where s.organisation_id = :creditor and s.upload_id = :upload
    ) n
    where not exists (
        select from debtors d where d.creditor_id = :creditor and d.identity = n.identity collate "default"
    )
    order by n.identity, n.line
"""  # noqa: S608  put together from constants

ADD_CASES = f"""
    insert into cases (creditor_id, portfolio_id, debtor_id, line, account_ref, state, product, currency, placed_minor,
                       balance_minor, principal_minor, interest_minor, late_interest_minor, fees_minor, opened_on,
                       due_on, delinquent_on, charged_off_on, last_payment_on, days_past_due, stage, segment, region,
                       city)
    select :creditor, :portfolio, d.id, s.line, s.account_ref, 'open', s.product, s.currency, s.balance_total,
           s.balance_total, s.principal, s.interest, s.late_interest, s.fees, s.open_date, s.due_date,
           s.delinquency_date, s.charge_off_date, s.last_payment_date, s.days_past_due, s.stage, s.segment, s.region,
           s.city
    from staged_portfolio s
    join debtors d on d.creditor_id = :creditor and d.identity = {IDENTITY}
    where s.organisation_id = :creditor and s.upload_id = :upload
    order by d.id
"""  # noqa: S608  put together from constants

_POINTS = """(values ('phone', s.phone), ('phone', nullif(s.phone_2, s.phone)), ('email', s.email),
                       ('address', s.address)) v (kind, value)"""

#: Points of the first case of each debtor that had none: nothing to compare them with.
ADD_FIRST_CONTACTS = f"""
    insert into contact_points (creditor_id, debtor_id, portfolio_id, kind, value)
    select :creditor, s.debtor_id, :portfolio, v.kind, v.value
    from (
        select c.debtor_id, s.phone, s.phone_2, s.email, s.address
        from (
            select debtor_id, line, lag(debtor_id) over (order by debtor_id) as before
            from cases where creditor_id = :creditor and portfolio_id = :portfolio
        ) c
        join staged_portfolio s on s.organisation_id = :creditor and s.upload_id = :upload and s.line = c.line
        where c.debtor_id is distinct from c.before and c.debtor_id > :last_debtor
        order by c.debtor_id
    ) s
    cross join lateral {_POINTS}
    where v.value is not null
"""  # noqa: S608  put together from constants

#: Points of all other cases, where they are new. What the agency that works a debtor now may see, it sees at once.
ADD_OTHER_CONTACTS = f"""
    insert into contact_points (creditor_id, agency_id, debtor_id, portfolio_id, kind, value)
    select distinct :creditor, d.agency_id, d.id, :portfolio, v.kind, v.value
    from (
        select debtor_id, line, lag(debtor_id) over (order by debtor_id) as before
        from cases where creditor_id = :creditor and portfolio_id = :portfolio
    ) c
    join debtors d on d.creditor_id = :creditor and d.id = c.debtor_id
    join staged_portfolio s on s.organisation_id = :creditor and s.upload_id = :upload and s.line = c.line
    cross join lateral {_POINTS}
    where v.value is not null and (c.debtor_id = c.before or c.debtor_id <= :last_debtor)
      and not exists (
          select from contact_points p
          where p.creditor_id = :creditor and p.debtor_id = d.id and p.kind = v.kind and p.value = v.value
      )
    order by d.id
"""  # noqa: S608  put together from constants

#: The values by which cases are filtered, the frequent ones first; a column of very many values is no filter.
FACETS = """
    select product, region, segment, count(*) as cases
    from staged_portfolio
    where organisation_id = :creditor and upload_id = :upload
    group by grouping sets (product, region, segment)
    having grouping(product) + grouping(region) + grouping(segment) = 2
    order by cases desc
"""

GATHER_STATISTICS = "select gather_statistics(:name)"
