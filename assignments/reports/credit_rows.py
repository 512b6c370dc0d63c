"""The statements of a creditor's file of payments: which rows it may not hold, what is remarked on, what is added."""

from __future__ import annotations

LOCK_CASES = """
    select count(*) from (
        select c.id from cases c where c.creditor_id = :creditor and c.account_ref in (
            select s.account_ref from staged_creditor_payments s
            where s.organisation_id = :creditor and s.upload_id = :upload
        )
        order by c.creditor_id, c.id for update
    ) locked
"""

#: One row per staged payment with its case and its key. Without a reference a payment is known by account, day and
#: amount, and by how many such rows the file has before it, so that the same list in other bytes names the same ones.
_KEYED = """
    with keyed as materialized (
        select s.*, c.id as case_id, c.currency as case_currency, c.balance_minor,
               coalesce('ref:' || s.payment_ref, 'fp:' || encode(sha256(convert_to(concat_ws('|', s.account_ref,
                   to_char(s.paid_on, 'YYYY-MM-DD'), s.amount,
                   row_number() over (partition by s.payment_ref, s.account_ref, s.paid_on, s.amount order by s.line)
               ), 'UTF8')), 'hex')) as natural_key,
               first_value(s.line) over same_ref as first_line,
               row_number() over (partition by s.account_ref, s.paid_on, s.amount order by s.line) as turn,
               first_value(s.account_ref) over same_ref as first_account,
               first_value(s.paid_on) over same_ref as first_paid_on,
               first_value(s.amount) over same_ref as first_amount
        from staged_creditor_payments s
        left join cases c on c.creditor_id = :creditor and c.account_ref = s.account_ref
        where s.organisation_id = :creditor and s.upload_id = :upload
        window same_ref as (partition by s.payment_ref order by s.line)
    )
"""

FAULTS = f"""
    {_KEYED}
    select distinct on (k.line) k.line, f.field, f.code, f.value
    from keyed k
    left join creditor_payments known on known.creditor_id = :creditor and known.natural_key = k.natural_key
                                     and known.taken_back_at is null
    cross join lateral (values
        (1, 'account_ref', 'not_handed_over', k.account_ref, k.case_id is null),
        (2, 'currency', 'wrong_currency', k.currency, k.currency <> k.case_currency),
        (3, 'paid_on', 'in_future', to_char(k.paid_on, 'YYYY-MM-DD'), k.paid_on > :today),
        (4, 'amount', 'nothing_paid', '0', k.amount = 0),
        (5, 'payment_ref', 'reference_reused', k.payment_ref, k.payment_ref is not null and (
            (k.account_ref, k.paid_on, k.amount) <> (k.first_account, k.first_paid_on, k.first_amount)
            or (known.case_id, known.paid_on, known.amount_minor) <> (k.case_id, k.paid_on, k.amount)))
    ) f (place, field, code, value, is_so)
    where f.is_so
    order by k.line, f.place
"""  # noqa: S608  put together from constants

_STANDS = """not exists (
            select from payment_reversals r
            where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
        )"""

#: What an agency has told of the same money, whether the creditor seems to have told it before, and of what is new and
#: told by nobody, whether its own word on the balance holds it already, or it is more than is owed.
REMARKS = f"""
    {_KEYED}
    select distinct on (k.line) k.line, f.field, f.code, f.value
    from keyed k
    left join lateral (
        select p.paid_on, p.amount_minor from payments p
        where p.creditor_id = :creditor and p.case_id = k.case_id and {_STANDS}
          and regexp_replace(p.natural_key, '^cor:[0-9]+:', '') = 'ref:' || k.payment_ref
        order by p.amount_minor = k.amount desc, p.paid_on = k.paid_on desc limit 1
    ) named on true
    left join lateral (
        select p.received_by from payments p
        where p.creditor_id = :creditor and p.case_id = k.case_id and {_STANDS}
          and p.paid_on = k.paid_on and p.amount_minor = k.amount
        order by p.received_by = 'creditor' desc limit 1
    ) alike on true
    cross join lateral (
        select (k.payment_ref is null or k.line = k.first_line) and not exists (
                   select from creditor_payments known where known.creditor_id = :creditor
                     and known.natural_key = k.natural_key and known.taken_back_at is null
               ) as is_new,
               k.turn > 1 or exists (
                   select from creditor_payments own where own.creditor_id = :creditor and own.case_id = k.case_id
                     and own.paid_on = k.paid_on and own.amount_minor = k.amount and own.taken_back_at is null
               ) as is_again,
               exists (
                   select from balance_adjustments a where a.creditor_id = :creditor and a.case_id = k.case_id
                     and a.cut_off_date >= k.paid_on and not a.takes_back and not exists (
                         select from balance_adjustments b where b.creditor_id = a.creditor_id
                           and b.upload_id = a.upload_id and b.case_id = a.case_id and b.takes_back)
               ) as is_within
    ) own
    cross join lateral (values
        (1, 'payment_ref', 'reference_differs', k.payment_ref, named.amount_minor <> k.amount),
        (2, 'payment_ref', 'told_otherwise', k.payment_ref, named.paid_on <> k.paid_on),
        (3, 'row', 'told_by_agency', k.account_ref, named.paid_on is not null),
        (4, 'row', 'perhaps_twice', k.account_ref, own.is_new and own.is_again),
        (5, 'row', 'told_by_agency', k.account_ref, alike.received_by = 'creditor'),
        (6, 'paid_on', 'within_balance', to_char(k.paid_on, 'YYYY-MM-DD'), own.is_new and own.is_within),
        (7, 'row', 'perhaps_told', k.account_ref, alike.received_by is not null),
        (8, 'amount', 'more_than_owed', k.account_ref, k.amount > k.balance_minor and own.is_new)
    ) f (place, field, code, value, is_so)
    where f.is_so
    order by k.line, f.place
"""  # noqa: S608  put together from constants

#: Each with whoever held the case on that day, and by which placement.
ADD = f"""
    {_KEYED}
    insert into creditor_payments (creditor_id, agency_id, case_id, placement_id, natural_key, reference, paid_on,
                                   currency, amount_minor, method, upload_id, line, reported_at)
    select :creditor, held.agency_id, k.case_id, held.id, k.natural_key, k.payment_ref, k.paid_on, k.case_currency,
           k.amount, k.method, :upload, k.line, :now
    from keyed k
    left join lateral (
        select l.agency_id, l.id from placements l
        where l.creditor_id = :creditor and l.case_id = k.case_id and l.service = 'collect'
          and (l.placed_at at time zone :zone)::date <= k.paid_on
          and (l.ended_at is null or k.paid_on <= (l.ended_at at time zone :zone)::date)
        order by l.placed_at desc limit 1
    ) held on true
    order by k.case_id, k.line
    on conflict (creditor_id, natural_key) where taken_back_at is null do nothing
    returning id
"""  # noqa: S608  put together from constants

TOUCHED_CASES = """
    select coalesce(array_agg(distinct case_id), '{}') from creditor_payments
    where creditor_id = :creditor and upload_id = :upload
"""
SETTLE = "select settle_cases(:creditor, cast(:touched as bigint[]))"
TOTALS = """
    select currency, sum(amount_minor) as minor from creditor_payments
    where creditor_id = :creditor and upload_id = :upload group by currency order by currency
"""
HOLDERS = """
    select agency_id, count(*) as cases from cases
    where creditor_id = :creditor and id = any(cast(:touched as bigint[])) and agency_id is not null
    group by agency_id order by agency_id
"""

#: Cases on which something rests by now: an agency's word on the same payment, a later balance, or a placement.
BUILT_UPON = """
    select count(distinct m.case_id) from creditor_payments m
    where m.creditor_id = :creditor and m.upload_id = :upload and (
        m.matched_payment_id is not null
        or exists (select from balance_adjustments a where a.creditor_id = m.creditor_id and a.case_id = m.case_id
                     and a.made_at >= :applied_at)
        or exists (select from placements l where l.creditor_id = m.creditor_id and l.case_id = m.case_id
                     and l.placed_at >= :applied_at)
    )
"""
