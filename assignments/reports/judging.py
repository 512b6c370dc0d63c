"""Judges the rows of a report against the agency's placements: which case each speaks of, or why it is refused.

A row is looked up by the creditor's account among the agency's own placements, ended ones included: a payment made
while a placement lived belongs to it for good. The look-up is a lateral join on purpose: a staging table has no
statistics in the transaction that fills it, and this shape needs none.
"""

from __future__ import annotations

_PLACEMENT = """
    left join lateral (
        select l.id, l.case_id, l.currency, (l.placed_at at time zone :zone)::date as placed_on, o.over_on as ended_on
        from placements l
        cross join lateral (select {over} as over_on) o
        where l.agency_id = :agency and l.creditor_id = :creditor and l.account_ref = s.account_ref
        order by (l.placed_at at time zone :zone)::date <= s.on_day
                 and (o.over_on is null or s.on_day <= o.over_on) desc,
                 l.placed_at desc
        limit 1
    ) l on true
"""
#: What an agency does ends with the placement; what comes in of its work counts on to the end of the tail.
_ENDED_ON = "(l.ended_at at time zone :zone)::date"
_WORKED = _PLACEMENT.format(over=_ENDED_ON)
_PAID = _PLACEMENT.format(over=f"greatest({_ENDED_ON}, l.tail_until)")

#: One row per staged payment: line, natural key, what is stored, and `fault` with its field and value, or null.
#: Without the agency's own reference a payment is known by account, day and amount, and by how many such rows
#: the file has before it, so that the same report in other bytes names the same payments.
PAYMENTS = f"""
with staged as materialized (
    select t.*, t.paid_on as on_day, coalesce(t.currency, :currency) as stated_currency,
           coalesce('ref:' || t.payment_ref, 'fp:' || encode(sha256(convert_to(concat_ws('|', t.account_ref,
               to_char(t.paid_on, 'YYYY-MM-DD'), t.amount,
               row_number() over (partition by t.payment_ref, t.account_ref, t.paid_on, t.amount order by t.line)
           ), 'UTF8')), 'hex')) as reference_key,
           first_value(t.account_ref) over same_ref as first_account,
           first_value(t.paid_on) over same_ref as first_paid_on,
           first_value(t.amount) over same_ref as first_amount
    from staged_payments t
    where t.organisation_id = :agency and t.upload_id = :upload
    window same_ref as (partition by t.payment_ref order by t.line)
), corrected as (
    select r.reference_key, max(r.revision) as revision, bool_or(r.upload_id = :upload) as is_here
    from payment_reversals r where r.creditor_id = :creditor and r.agency_id = :agency group by 1
), keyed as (
    -- What a correction put in a payment's place is known by a key of its own.
    select s.*, coalesce(c.revision, 0) as revision, coalesce(c.is_here, false) as is_reversed_here,
           coalesce('cor:' || c.revision || ':', '') || s.reference_key as natural_key
    from staged s left join corrected c on c.reference_key = s.reference_key
), elsewhere as materialized (
    -- The same debt paid on the same day with the same amount, which another agency told first.
    select line from payments_told_elsewhere(:creditor, :upload) told(line)
), compared as (
    select s.*, l.id as placement_id, l.case_id, l.currency as placed_currency,
           case
               when s.on_day > :today then 'in_future'
               when l.id is null or l.ended_on < s.on_day then 'not_your_case'
               when s.on_day < l.placed_on then 'before_placement'
               when s.stated_currency <> l.currency then 'wrong_currency'
               when s.payment_ref is not null
                    and (s.account_ref, s.paid_on, s.amount) <> (s.first_account, s.first_paid_on, s.first_amount)
                    then 'reference_reused'
           end as misfit,
           known.id as known_id,
           s.payment_ref is not null and (
               (known.case_id, known.paid_on, known.amount_minor) <> (l.case_id, s.paid_on, s.amount)
               or (:correcting and known.received_by <> coalesce(s.received_by, 'agency'))
           ) as differs,
           -- A correction puts right what its own report said, never what another one did.
           :correcting and not exists (
               select from report_files f where f.creditor_id = :creditor and f.agency_id = :agency
                                            and f.upload_id = known.upload_id and f.report_id <> :report
           ) as may_correct
    from keyed s
    {_PAID}
    left join payments known on known.creditor_id = :creditor and known.agency_id = :agency
                            and known.natural_key = s.natural_key
), judged as materialized (
    select c.*, c.misfit is null and c.known_id is not null and c.differs and c.may_correct as replaces,
           case
               when c.misfit is not null then c.misfit
               when c.amount = 0 and not (:correcting and c.payment_ref is not null
                                          and (c.is_reversed_here or (c.known_id is not null and c.may_correct)))
                   then 'nothing_paid'
               when c.known_id is not null and c.differs and not c.may_correct then 'reference_reused'
               when (c.known_id is null or c.differs) and c.line in (select e.line from elsewhere e)
                   then 'told_elsewhere'
           end as fault
    from compared c
), refusals as (
    select j.line, j.fault as code, f.field, f.value from judged j
    cross join lateral (
        select case j.fault when 'in_future' then 'paid_on' when 'before_placement' then 'paid_on'
                            when 'not_your_case' then 'account_ref' when 'told_elsewhere' then 'account_ref'
                            when 'wrong_currency' then 'currency'
                            when 'nothing_paid' then 'amount' else 'payment_ref' end as field,
               case j.fault when 'in_future' then to_char(j.paid_on, 'YYYY-MM-DD')
                            when 'before_placement' then to_char(j.paid_on, 'YYYY-MM-DD')
                            when 'not_your_case' then j.account_ref when 'told_elsewhere' then j.account_ref
                            when 'wrong_currency' then j.stated_currency
                            when 'nothing_paid' then '0' else j.payment_ref end as value
    ) f
    where j.fault is not null
)
"""  # noqa: S608  put together from constants

#: The same for activities.
ACTIVITIES = f"""
with staged as materialized (
    select t.*, (t.happened_at at time zone :zone)::date as on_day,
           coalesce('ref:' || t.activity_ref, 'fp:' || encode(sha256(convert_to(concat_ws('|', t.account_ref,
               extract(epoch from t.happened_at), t.channel, t.result,
               row_number() over (partition by t.activity_ref, t.account_ref, t.happened_at, t.channel, t.result
                                  order by t.line)
           ), 'UTF8')), 'hex')) as natural_key
    from staged_activities t
    where t.organisation_id = :agency and t.upload_id = :upload
), judged as materialized (
    select s.*, l.id as placement_id, l.case_id,
           case
               when s.on_day > :today then 'in_future'
               when l.id is null or l.ended_on < s.on_day then 'not_your_case'
               when s.on_day < l.placed_on then 'before_placement'
           end as fault
    from staged s
    {_WORKED}
), refusals as (
    select j.line, j.fault as code,
           case j.fault when 'not_your_case' then 'account_ref' else 'happened_at' end as field,
           case j.fault when 'not_your_case' then j.account_ref else to_char(j.on_day, 'YYYY-MM-DD') end as value
    from judged j
    where j.fault is not null
)
"""  # noqa: S608  put together from constants

_REFUSE = """
    insert into upload_errors (organisation_id, upload_id, line, field, code, value)
    select :agency, :upload, line, field, code, left(value, 80) from refusals
    on conflict do nothing
"""

_IS_GOOD = """not exists (
        select from upload_errors e where e.organisation_id = :agency and e.upload_id = :upload and e.line = t.line
          and not e.is_warning
    )"""


def _repeated(table: str, reference: str, *same: str) -> str:
    """Good rows without a reference of their own that say what a row above them says: two events, or one told twice."""
    return f"""
    select t.line, 'row' as field, 'perhaps_repeated' as code, t.account_ref as value
    from (
        select r.line, r.account_ref, row_number() over (partition by {", ".join(same)} order by r.line) n
        from {table} r
        where r.organisation_id = :agency and r.upload_id = :upload and r.{reference} is null
    ) t
    where t.n > 1 and {_IS_GOOD}
"""  # noqa: S608  put together from constants


#: Good rows whose reference the creditor has under another amount: two payments, or one told wrongly.
REMARKS_ON_PAYMENTS = f"""
    select t.line, 'payment_ref' as field, 'creditor_differs' as code, t.payment_ref as value
    from references_told_by_creditor(:creditor, :upload) told (line)
    join staged_payments t on t.organisation_id = :agency and t.upload_id = :upload and t.line = told.line
    where {_IS_GOOD}
    union all {_repeated("staged_payments", "payment_ref", "r.account_ref", "r.paid_on", "r.amount")}
"""  # noqa: S608  put together from constants
REMARKS_ON_ACTIVITIES = _repeated(
    "staged_activities", "activity_ref", "r.account_ref", "r.happened_at", "r.channel", "r.result"
)

SCREEN_PAYMENTS = f"{PAYMENTS} {_REFUSE}"
SCREEN_ACTIVITIES = f"{ACTIVITIES} {_REFUSE}"

#: Takes back what a correction says otherwise; what is right is added afterwards, as any new payment.
REVERSE_PAYMENTS = f"""{PAYMENTS}
    insert into payment_reversals (creditor_id, agency_id, payment_id, reference_key, revision, upload_id, line,
                                   reversed_at)
    select distinct on (known_id) :creditor, :agency, known_id, reference_key, revision + 1, :upload, line, :now
    from judged where fault is null and replaces order by known_id, line
    returning payment_id
"""  # noqa: S608  put together from constants

#: Adds what is new, refuses what does not fit by now, and says how many rows were good and how many of them new.
ADD_PAYMENTS = f"""{PAYMENTS}, refused as ({_REFUSE}), added as (
    insert into payments (creditor_id, agency_id, case_id, placement_id, natural_key, paid_on, currency, amount_minor,
                          received_by, method, upload_id, line, reported_at)
    select :creditor, :agency, case_id, placement_id, natural_key, paid_on, placed_currency, amount,
           coalesce(received_by, 'agency'), method, :upload, line, :now
    from judged where fault is null and amount > 0 order by line
    on conflict (creditor_id, agency_id, natural_key) do nothing
    returning 1
)
select (select count(*) from judged where fault is null) as good, (select count(*) from added) as added,
       (select count(distinct reference_key) from judged where fault is null and amount = 0) as withdrawn
"""  # noqa: S608  put together from constants

ADD_ACTIVITIES = f"""{ACTIVITIES}, refused as ({_REFUSE}), added as (
    insert into activities (creditor_id, agency_id, case_id, placement_id, natural_key, happened_at, channel, result,
                            counterpart, direction, agent, note, upload_id, line, reported_at)
    select :creditor, :agency, case_id, placement_id, natural_key, happened_at, channel, result, counterpart, direction,
           agent, note, :upload, line, :now
    from judged where fault is null order by line
    on conflict (creditor_id, agency_id, natural_key) do nothing
    returning 1
)
select (select count(*) from judged where fault is null) as good, (select count(*) from added) as added
"""  # noqa: S608  put together from constants
