"""Judges the rows of a file of promises: which case each speaks of, whether it is known, and why it is refused.

An account is looked up among the agency's own placements, so that somebody else's account and one that does not exist
cannot be told apart. The look-up is a lateral join, as for payments: a staging table has no statistics yet.
"""

from __future__ import annotations

#: One row per staged promise: what is stored of it, what is known of it, and `fault` with its field and value, or null.
#: Without a reference of the agency's a promise is known by account, day, amount and currency. The parts of a key stand
#: apart by a character that no cell may hold.
PROMISES = """
with staged as materialized (
    select t.*, coalesce(t.made_on, :today) as on_day, coalesce(t.currency, :currency) as stated_currency,
           case
               when t.promise_ref is not null then 'ref:' || t.promise_ref || coalesce(chr(31) || t.instalment, '')
               when t.plan_ref is not null and t.instalment is not null
                   then concat_ws(chr(31), 'plan:' || t.account_ref, t.plan_ref, t.instalment)
               else 'fp:' || encode(sha256(convert_to(concat_ws(chr(31), t.account_ref,
                   to_char(t.promised_on, 'YYYY-MM-DD'), t.amount, coalesce(t.currency, :currency)), 'UTF8')), 'hex')
           end as natural_key,
           -- 0,3 may mean a third of a percent or thirty percent: only a sign settles it.
           case when t.discount_percent ~ ('^\\s*(0|[1-9][0-9]{0,2})([.,][0-9]{1,2})?\\s*' || chr(37) || '?\\s*$')
                     and (t.discount_percent !~ '^\\s*0[.,]' or strpos(t.discount_percent, chr(37)) > 0)
               then round(translate(t.discount_percent, ', ' || chr(37), '.')::numeric * 100)::bigint end as percent_bp
    from staged_promises t
    where t.organisation_id = :agency and t.upload_id = :upload
), placed as materialized (
    select s.*, l.id as placement_id, l.case_id, l.placed_currency, l.placed_on, l.ended_on, l.authority_bp,
           coalesce(s.percent_bp, round(s.discount_amount * 10000.0 / nullif(l.owed_minor, 0))::bigint) as discount_bp,
           row_number() over (partition by s.natural_key order by s.line) as times
    from staged s
    left join lateral (
        select p.id, p.case_id, p.currency as placed_currency, (p.placed_at at time zone :zone)::date as placed_on,
               (p.ended_at at time zone :zone)::date as ended_on, v.settlement_discount_bp as authority_bp,
               coalesce(nullif(c.balance_minor, 0), p.placed_minor) as owed_minor
        from placements p
        join mandate_versions v on v.creditor_id = p.creditor_id and v.agency_id = p.agency_id
                               and v.id = p.mandate_version_id
        left join cases c on c.creditor_id = p.creditor_id and c.id = p.case_id
        where p.agency_id = :agency and p.creditor_id = :creditor and p.account_ref = s.account_ref
          and p.service = 'collect'
        order by (p.placed_at at time zone :zone)::date <= s.on_day
                 and (p.ended_at is null or s.on_day <= (p.ended_at at time zone :zone)::date) desc,
                 p.placed_at desc
        limit 1
    ) l on true
), judged as materialized (
    select s.*, known.id as known_id, known.stated_state as known_state, known.stated_at as known_at,
           s.discount_bp > s.authority_bp
               or (coalesce(s.is_settlement = 'yes', false) and s.discount_bp is null and s.authority_bp = 0)
               as is_beyond,
           case
               when s.made_on > :today then 'in_future'
               when s.placement_id is null or s.ended_on < s.on_day then 'not_your_case'
               when s.on_day < s.placed_on then 'before_placement'
               when s.made_on > s.promised_on then 'promised_before_made'
               when s.stated_currency <> s.placed_currency then 'wrong_currency'
               when s.amount = 0 then 'nothing_promised'
               when s.instalment < 1 or s.instalments < 1 or s.instalment > s.instalments
                    then 'instalment_out_of_range'
               when s.discount_percent is not null and (s.percent_bp is null or s.percent_bp > 10000)
                    then 'unreadable_percent'
               when s.times > 1 then 'promise_repeated'
               when known.id is not null and (
                   (known.case_id, known.promised_on, known.amount_minor)
                       <> (s.case_id, s.promised_on, s.amount)
                   or known.discount_bp <> s.percent_bp or known.settlement_minor <> s.discount_amount
                   or known.made_on <> s.made_on
               ) then 'promise_changed'
           end as fault
    from placed s
    left join promises known on known.creditor_id = :creditor and known.agency_id = :agency
                            and known.natural_key = s.natural_key and known.withdrawn_at is null
), refusals as (
    select j.line, j.fault as code, f.field, f.value from judged j
    cross join lateral (
        select case j.fault when 'in_future' then 'made_on' when 'before_placement' then 'made_on'
                            when 'promised_before_made' then 'promised_on' when 'wrong_currency' then 'currency'
                            when 'nothing_promised' then 'amount' when 'instalment_out_of_range' then 'instalment'
                            when 'unreadable_percent' then 'discount_percent'
                            when 'promise_repeated' then 'promise_ref' when 'promise_changed' then 'promise_ref'
                            else 'account_ref' end as field,
               case j.fault when 'in_future' then to_char(j.made_on, 'YYYY-MM-DD')
                            when 'before_placement' then to_char(j.on_day, 'YYYY-MM-DD')
                            when 'promised_before_made' then to_char(j.promised_on, 'YYYY-MM-DD')
                            when 'wrong_currency' then j.stated_currency when 'nothing_promised' then '0'
                            when 'instalment_out_of_range' then concat_ws('/', j.instalment, j.instalments)
                            when 'unreadable_percent' then j.discount_percent
                            when 'promise_repeated' then coalesce(j.promise_ref, j.plan_ref, j.account_ref)
                            when 'promise_changed' then coalesce(j.promise_ref, j.plan_ref, j.account_ref)
                            else j.account_ref end as value
    ) f
    where j.fault is not null
)
"""

_REFUSE = """
    insert into upload_errors (organisation_id, upload_id, line, field, code, value)
    select :agency, :upload, line, field, code, left(value, 80) from refusals
    on conflict do nothing
"""

SCREEN = f"{PROMISES} {_REFUSE} returning line"

#: What is remarked on and stays good: a discount larger than the terms of the placement allow.
REMARK = f"""{PROMISES}
    insert into upload_errors (organisation_id, upload_id, line, field, code, value, is_warning)
    select :agency, :upload, line, 'discount_percent', 'beyond_authority',
           coalesce(discount_percent, (discount_bp / 100.0)::numeric(12, 2)::text, ''), true
    from judged where fault is null and is_beyond
    on conflict do nothing returning line
"""  # noqa: S608  put together from constants

#: Adds what is new, writes down what is newly said of what is known, and counts.
TAKE_IN = f"""{PROMISES}, refused as ({_REFUSE}), added as (
    insert into promises (creditor_id, agency_id, case_id, placement_id, natural_key, made_on, promised_on, currency,
                          amount_minor, plan_ref, instalment, instalments, is_settlement, discount_bp,
                          settlement_minor, authority_bp, is_beyond, stated_state, stated_at, upload_id, line,
                          reported_at)
    select :creditor, :agency, case_id, placement_id, natural_key, coalesce(made_on, least(promised_on, :today)),
           promised_on, placed_currency, amount, plan_ref, instalment, instalments,
           coalesce(is_settlement = 'yes', discount_bp > 0, false), discount_bp, discount_amount, authority_bp,
           coalesce(is_beyond, false), coalesce(state, 'pending'), :told_at, :upload, line, :now
    from judged where fault is null and known_id is null order by line
    on conflict (creditor_id, agency_id, natural_key) where withdrawn_at is null do nothing
    returning id, stated_state, line, is_beyond
), said as materialized (
    select known_id as id, state, line, :told_at >= known_at as is_latest
    from judged where fault is null and known_id is not null and state is not null and state <> known_state
), told as (
    insert into promise_statements (creditor_id, agency_id, promise_id, state, told_at, upload_id, line)
    select :creditor, :agency, id, stated_state, :told_at, :upload, line from added
    union all
    select :creditor, :agency, id, state, :told_at, :upload, line from said
    on conflict (creditor_id, agency_id, promise_id, upload_id) do nothing
), moved as (
    update promises p set stated_state = s.state, stated_at = :told_at
    from said s where p.creditor_id = :creditor and p.agency_id = :agency and p.id = s.id and s.is_latest
)
select (select count(*) from judged where fault is null) as good, (select count(*) from added) as added,
       (select count(*) from said) as said, (select count(*) from added where is_beyond) as beyond
"""  # noqa: S608  put together from constants
