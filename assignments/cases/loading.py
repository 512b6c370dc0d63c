"""The statements that make debtors, cases and contact points from staged rows, a whole portfolio at a time.

Rows are written in the order of the index that would otherwise cost most, and joins are by hash: in the transaction
that fills a table nobody knows its size yet.
"""

from __future__ import annotations

#: A million rows are sorted and hashed in memory; no plan may look rows up one by one for want of statistics.
SETTINGS = """
    select set_config('work_mem', '192MB', true), set_config('enable_nestloop', 'off', true),
           set_config('jit', 'off', true)
"""

_NUMBER = "nullif(translate(upper(s.national_id), ' .,-/_''', ''), '')"

#: What makes two rows one debtor. A number of a spreadsheet that turned it into a float ends in `.0`.
IDENTITY = f"""coalesce(
    'id:' || :country || ':' || coalesce(translate(upper(s.id_type), ' .-', ''), '') || ':'
          || case when s.national_id like '%.0' then left(s.national_id, -2) else {_NUMBER} end,
    'ref:' || s.debtor_ref,
    'account:' || s.account_ref)"""

ADD_DEBTORS = f"""
    insert into debtors (creditor_id, identity, country, id_type, id_number, name, person_type, birth_date)
    select :creditor, n.identity, :country, translate(upper(n.id_type), ' .-', ''), n.national_id,
           coalesce(n.full_name, nullif(concat_ws(' ', n.first_name, n.last_name), '')), n.person_type, n.birth_date
    from (
        select distinct on (i.identity) i.*
        from (
            select {IDENTITY} collate "C" as identity, s.*
            from staged_portfolio s
            where s.organisation_id = :creditor and s.upload_id = :upload
        ) i
        order by i.identity, i.line
    ) n
    where not exists (select from debtors d where d.creditor_id = :creditor and d.identity = n.identity collate "default")
    order by n.identity
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
    order by s.account_ref collate "C"
"""  # noqa: S608  put together from constants

#: A debtor's contact points are visible to the agency that works the debtor now.
ADD_CONTACTS = """
    insert into contact_points (creditor_id, agency_id, debtor_id, portfolio_id, kind, value)
    select :creditor, d.agency_id, d.id, :portfolio, n.kind, n.value
    from (
        select distinct c.debtor_id, v.kind, v.value
        from staged_portfolio s
        join cases c on c.creditor_id = :creditor and c.portfolio_id = :portfolio and c.line = s.line
        cross join lateral (values ('phone', s.phone), ('phone', s.phone_2), ('email', s.email),
                                   ('address', s.address)) v (kind, value)
        where s.organisation_id = :creditor and s.upload_id = :upload and v.value is not null
    ) n
    join debtors d on d.creditor_id = :creditor and d.id = n.debtor_id
    where not exists (
        select from contact_points p
        where p.creditor_id = :creditor and p.debtor_id = n.debtor_id and p.kind = n.kind and p.value = n.value
    )
    order by d.id
"""

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
