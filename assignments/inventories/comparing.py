"""Holds an agency's list against the placements, in one statement that sees both at one moment.

A list describes the evening of its day: what was placed later need not be on it, and what ended by then must not be.
Only the agency's own placements are looked at, so that the account of another agency and one that does not exist look
the same; and balances are compared only where the agency may still read the case.
"""

from __future__ import annotations

_COMPARED = """
with day as materialized (
    select coalesce(max(as_of), :today) as as_of from staged_inventory
    where organisation_id = :agency and upload_id = :upload
), listed as materialized (
    select s.line, s.account_ref, s.balance, coalesce(s.currency, :currency) as stated_currency, s.status, s.case_ref,
           l.id as placement_id, l.case_id, l.currency, l.balance_minor,
           case
               when l.id is null then 'never_yours'
               when not l.is_held then 'no_longer_yours'
               when (s.balance is not null or s.currency is not null)
                    and coalesce(s.currency, :currency) <> l.currency then 'currency_differs'
               when s.balance <> l.balance_minor then 'balance_differs'
           end as kind
    from staged_inventory s
    cross join day d
    left join lateral (
        select p.id, p.case_id, p.currency, c.balance_minor,
               p.ended_at is null or (p.ended_at at time zone :zone)::date > d.as_of as is_held
        from placements p
        left join cases c on c.creditor_id = p.creditor_id and c.id = p.case_id
        where p.agency_id = :agency and p.creditor_id = :creditor and p.account_ref = s.account_ref
          and p.service = 'collect'
        order by p.ended_at is null desc, p.placed_at desc
        limit 1
    ) l on true
    where s.organisation_id = :agency and s.upload_id = :upload
), held as materialized (
    select distinct on (p.account_ref) p.id as placement_id, p.case_id, p.account_ref, p.currency, c.balance_minor
    from placements p
    cross join day d
    left join cases c on c.creditor_id = p.creditor_id and c.id = p.case_id
    where p.agency_id = :agency and p.creditor_id = :creditor and p.service = 'collect'
      and (p.placed_at at time zone :zone)::date <= d.as_of
      and (p.ended_at is null or (p.ended_at at time zone :zone)::date > d.as_of)
    order by p.account_ref, p.ended_at is null desc, p.placed_at desc
), differing as materialized (
    select kind, account_ref, placement_id, case_id, line,
           case when balance is not null then stated_currency end as their_currency, balance as theirs_minor,
           -- What is not with the agency any more is not shown to it either.
           case when kind <> 'no_longer_yours' then currency end as our_currency,
           case when kind <> 'no_longer_yours' then balance_minor end as ours_minor,
           status as stated_status, case_ref as stated_ref
    from listed where kind is not null
    union all
    select 'not_listed', h.account_ref, h.placement_id, h.case_id, null, null, null, h.currency, h.balance_minor,
           null, null
    from held h where not exists (select from listed l where l.account_ref = h.account_ref)
)
"""

#: Writes down how the list came out, with every difference; returns its id and its figures.
RECONCILE = f"""{_COMPARED}, amounts as (
    select currency, sum(theirs) as theirs, sum(ours) as ours from (
        select stated_currency as currency, balance as theirs, 0::bigint as ours from listed where balance is not null
        union all
        select currency, 0, balance_minor from held where balance_minor is not null
    ) one group by currency
), made as (
    insert into inventories (creditor_id, agency_id, upload_id, as_of, listed, held, matched, counts, sums, made_at,
                             made_by)
    select :creditor, :agency, :upload, d.as_of, (select count(*) from listed), (select count(*) from held),
           (select count(*) from listed where kind is null),
           coalesce((select jsonb_object_agg(kind, many)
                     from (select kind, count(*) as many from differing group by kind) k), '{{}}'),
           coalesce((select jsonb_object_agg(currency, jsonb_build_object('theirs', theirs, 'ours', ours))
                     from amounts), '{{}}'),
           :now, :user
    from day d
    returning id, listed, matched, as_of
), told as (
    insert into inventory_differences (creditor_id, agency_id, inventory_id, kind, account_ref, placement_id, case_id,
                                       line, their_currency, theirs_minor, our_currency, ours_minor, stated_status,
                                       stated_ref)
    select :creditor, :agency, made.id, d.kind, d.account_ref, d.placement_id, d.case_id, d.line, d.their_currency,
           d.theirs_minor, d.our_currency, d.ours_minor, d.stated_status, d.stated_ref
    from differing d cross join made order by d.kind, d.account_ref
    returning 1
)
select made.id, made.listed, made.matched, made.as_of, (select count(*) from told) as differences from made
"""  # noqa: S608  put together from constants

#: The list may be wrong in anything but its day, which is what most rows say, so that a slip in one moves no other.
REFUSE = """
with day as materialized (
    select coalesce(as_of, :today) as as_of from staged_inventory
    where organisation_id = :agency and upload_id = :upload and coalesce(as_of, :today) <= :today
    group by 1 order by count(*) desc, 1 desc limit 1
)
insert into upload_errors (organisation_id, upload_id, line, field, code, value)
select :agency, :upload, s.line, 'as_of', case when s.as_of > :today then 'in_future' else 'other_day' end,
       to_char(s.as_of, 'YYYY-MM-DD')
from staged_inventory s
left join day d on true
where s.organisation_id = :agency and s.upload_id = :upload and (s.as_of > :today or s.as_of <> d.as_of)
on conflict do nothing returning line
"""
