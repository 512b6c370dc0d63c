"""The statements of a portfolio update: which rows it may not hold, and what the others change, a whole file at a time.

What a row changes is written down first, field by field with what stood there before; cases follow what is written
down, when a file is applied and when it is taken back.
"""

from __future__ import annotations

from assignments.placements.codes import CONSEQUENCES, Disposition

_CASE = """
    from staged_portfolio_update s
    join cases c on c.creditor_id = :creditor and c.account_ref = s.account_ref
    where s.organisation_id = :creditor and s.upload_id = :upload
"""

#: In the order in which payments lock them, so that a report that comes in meanwhile waits and does not deadlock.
LOCK_CASES = """
    select count(*) from (
        select c.id from cases c where c.creditor_id = :creditor and c.account_ref in (
            select s.account_ref from staged_portfolio_update s
            where s.organisation_id = :creditor and s.upload_id = :upload
        )
        order by c.creditor_id, c.id for update
    ) locked
"""

_HAS_AMOUNT = "coalesce(s.balance_total, s.principal, s.interest, s.late_interest, s.fees) is not null"

#: The creditor's latest word on a balance that stands; it may speak of a later day than the row.
_LATEST = """
    left join lateral (
        select a.cut_off_date, a.stated_minor from balance_adjustments a
        where a.creditor_id = c.creditor_id and a.case_id = c.id and not a.takes_back and not exists (
            select from balance_adjustments b
            where b.creditor_id = a.creditor_id and b.upload_id = a.upload_id and b.case_id = a.case_id and b.takes_back
        )
        order by a.cut_off_date desc, a.id desc limit 1
    ) latest on true
"""

#: The first thing that is wrong with a row.
FAULTS = f"""
    select distinct on (s.line) s.line, f.field, f.code, f.value
    from staged_portfolio_update s
    left join cases c on c.creditor_id = :creditor and c.account_ref = s.account_ref
    {_LATEST}
    cross join lateral (values
        (1, 'account_ref', 'not_handed_over', s.account_ref, c.id is null),
        (2, 'account_ref', 'case_closed', s.account_ref, c.state = 'closed'),
        (3, 'currency', 'wrong_currency', s.currency, s.currency <> c.currency and {_HAS_AMOUNT}),
        (4, 'cut_off_date', 'in_future', to_char(s.cut_off_date, 'YYYY-MM-DD'), s.cut_off_date > :today),
        (5, 'cut_off_date', 'older_update', to_char(s.cut_off_date, 'YYYY-MM-DD'), s.cut_off_date < latest.cut_off_date)
    ) f (place, field, code, value, is_so)
    where s.organisation_id = :creditor and s.upload_id = :upload and f.is_so
    order by s.line, f.place
"""  # noqa: S608  put together from constants

#: What was paid after the day whose balance a row tells, by whomever it is told, each payment once.
_PAID_SINCE = """
    cross join lateral (
        select coalesce(s.cut_off_date, greatest(:today, latest.cut_off_date)) as cut_off_date
    ) word
    cross join lateral (
        select coalesce(sum(l.amount_minor), 0)::bigint as minor, max(l.paid_on) as last_on from (
            select p.amount_minor, p.paid_on from payments p
            where p.creditor_id = c.creditor_id and p.case_id = c.id and p.paid_on > word.cut_off_date and not exists (
                select from payment_reversals r
                where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
            )
            union all
            select m.amount_minor, m.paid_on from creditor_payments m
            where m.creditor_id = c.creditor_id and m.case_id = c.id and m.paid_on > word.cut_off_date
              and m.matched_payment_id is null and m.taken_back_at is null
        ) l
    ) since
"""

_WITH_PAID_SINCE = f"""
    from staged_portfolio_update s
    join cases c on c.creditor_id = :creditor and c.account_ref = s.account_ref
    {_LATEST}
    {_PAID_SINCE}
    where s.organisation_id = :creditor and s.upload_id = :upload and s.balance_total is not null
"""

REMARKS = f"""
    select s.line, 'balance_total' as field, 'paid_since' as code, to_char(since.last_on, 'YYYY-MM-DD') as value
    {_WITH_PAID_SINCE} and since.minor > 0
"""

#: Column of the case -> column of the file.
_PLAIN = {
    "product": "product",
    "segment": "segment",
    "region": "region",
    "city": "city",
    "days_past_due": "days_past_due",
    "delinquent_on": "delinquency_date",
    "last_payment_on": "last_payment_date",
    "principal_minor": "principal",
    "interest_minor": "interest",
    "late_interest_minor": "late_interest",
    "fees_minor": "fees",
}
_PLAIN_FIELDS = ",\n        ".join(
    f"('{column}', s.{field} is not null and s.{field} is distinct from c.{column}, to_jsonb(c.{column}), "
    f"to_jsonb(s.{field}))"
    for column, field in _PLAIN.items()
)

#: Writes down what each row changes besides the balance; a row that says nothing new writes nothing.
WRITE_DOWN = f"""
    insert into case_updates (creditor_id, agency_id, case_id, upload_id, line, takes_back, before, after, made_at)
    select :creditor, c.agency_id, c.id, :upload, s.line, false, changed.before,
           changed.after || case when added.n is null then '{{}}' else jsonb_build_object('contacts', added.n) end, :now
    from staged_portfolio_update s
    join cases c on c.creditor_id = :creditor and c.account_ref = s.account_ref
    cross join lateral (
        select coalesce(jsonb_object_agg(f.name, f.before) filter (where f.is_new), '{{}}') as before,
               coalesce(jsonb_object_agg(f.name, f.after) filter (where f.is_new), '{{}}') as after
        from (values
        {_PLAIN_FIELDS},
        ('held_since', (s.hold = 'yes') = (c.held_since is null), to_jsonb(extract(epoch from c.held_since)),
         case s.hold when 'yes' then to_jsonb(extract(epoch from cast(:now as timestamptz))) end),
        ('hold_reason', case s.hold when 'yes' then s.hold_reason <> coalesce(c.hold_reason, '')
                                    when 'no' then c.hold_reason is not null end,
         to_jsonb(c.hold_reason), case s.hold when 'yes' then to_jsonb(s.hold_reason) end)
        ) f (name, is_new, before, after)
    ) changed
    left join unnest(cast(:lines as bigint[]), cast(:added as bigint[])) added (line, n) on added.line = s.line
    where s.organisation_id = :creditor and s.upload_id = :upload and (changed.after <> '{{}}' or added.n is not null)
    order by c.id
"""  # noqa: S608  put together from constants


def _taken(column: str, kind: str = "text") -> str:
    return f"{column} = case when u.after ? '{column}' then cast(u.after ->> '{column}' as {kind}) else c.{column} end"


_BIGINTS = ("days_past_due", "principal_minor", "interest_minor", "late_interest_minor", "fees_minor")
_DATES = ("delinquent_on", "last_payment_on")
_KINDS = dict.fromkeys(_BIGINTS, "bigint") | dict.fromkeys(_DATES, "date")

#: Lets the cases follow what was written down, or taken back.
FOLLOW = f"""
    update cases c
    set {", ".join(_taken(column, _KINDS.get(column, "text")) for column in (*_PLAIN, "hold_reason"))},
        held_since = case when u.after ? 'held_since'
                          then to_timestamp(cast(u.after ->> 'held_since' as double precision)) else c.held_since end
    from case_updates u
    where u.creditor_id = :creditor and u.upload_id = :upload and u.takes_back = :takes_back
      and c.creditor_id = u.creditor_id and c.id = u.case_id
"""  # noqa: S608  put together from constants

_FREE = ", ".join(f"'{code.value}'" for code, one in CONSEQUENCES.items() if one.disposition is Disposition.PLACE_AGAIN)

#: A free case that is held is on hold; a case that only its creditor held is free again. One that an agency gave back
#: for a reason stays on hold until somebody releases it.
SETTLE_STATES = f"""
    update cases c set state = case when c.held_since is null then 'open' else 'on_hold' end
    from case_updates u
    where u.creditor_id = :creditor and u.upload_id = :upload and u.takes_back = :takes_back
      and c.creditor_id = u.creditor_id and c.id = u.case_id and u.after ? 'held_since'
      and ((c.held_since is not null and c.state = 'open')
           or (c.held_since is null and c.state = 'on_hold'
               and (c.return_code is null or c.return_code in ({_FREE}))))
"""  # noqa: S608  put together from constants

#: The creditor's word, less what was paid since the day it speaks of, against our books; written down also where it is
#: what our books say, because a payment of before that day may still be told.
ADJUST = f"""
    insert into balance_adjustments (creditor_id, agency_id, case_id, upload_id, line, takes_back, before_minor,
                                     after_minor, delta_minor, cut_off_date, stated_minor, made_at)
    select :creditor, c.agency_id, c.id, :upload, s.line, false, c.balance_minor, s.balance_total - since.minor,
           s.balance_total - since.minor - c.balance_minor, word.cut_off_date, s.balance_total, :now
    {_WITH_PAID_SINCE}
      and (word.cut_off_date, s.balance_total) is distinct from (latest.cut_off_date, latest.stated_minor)
    order by c.id
"""  # noqa: S608  put together from constants

#: What a file tells of the ways to reach debtors, sealed for its row.
TOLD_CONTACTS = f"""
    select s.line, c.debtor_id, c.city, s.sealed {_CASE} and s.sealed is not null order by s.line
"""

#: Agency -> how many of its cases changed, were put on hold, and were set free again.
CONCERNED = """
    select agency_id, count(distinct case_id) as cases, count(*) filter (where is_held) as held,
           count(*) filter (where is_freed) as freed
    from (
        select agency_id, case_id, after ? 'held_since' and after ->> 'held_since' is not null as is_held,
               after ? 'held_since' and after ->> 'held_since' is null as is_freed
        from case_updates where creditor_id = :creditor and upload_id = :upload and takes_back = :takes_back
        union all
        select agency_id, case_id, false, false
        from balance_adjustments
        where creditor_id = :creditor and upload_id = :upload and takes_back = :takes_back and delta_minor <> 0
    ) t
    group by agency_id order by agency_id
"""

_TOUCHED = """
    select case_id, id, 'u' as told from case_updates
    where creditor_id = :creditor and upload_id = :upload and not takes_back
    union all
    select case_id, id, 'a' from balance_adjustments
    where creditor_id = :creditor and upload_id = :upload and not takes_back
"""
TOUCHED_CASES = f"select coalesce(array_agg(distinct case_id), '{{}}') from ({_TOUCHED}) t"  # noqa: S608

#: Cases on which something rests by now: a later word of the creditor, or a placement.
BUILT_UPON = f"""
    select count(*) from (
        select t.case_id from ({_TOUCHED}) t
        where exists (select from case_updates o where t.told = 'u' and o.creditor_id = :creditor
                        and o.case_id = t.case_id and o.id > t.id)
           or exists (select from balance_adjustments o where t.told = 'a' and o.creditor_id = :creditor
                        and o.case_id = t.case_id and o.id > t.id)
           or exists (select from placements l where l.creditor_id = :creditor and l.case_id = t.case_id
                        and l.placed_at >= :applied_at)
           or exists (
               select from case_updates u join cases c on c.creditor_id = u.creditor_id and c.id = u.case_id
               where t.told = 'u' and u.creditor_id = :creditor and u.id = t.id and u.after ? 'held_since'
                 and (c.held_since is null) <> (u.after ->> 'held_since' is null))
    ) x
"""  # noqa: S608  put together from constants

UNWRITE = """
    insert into case_updates (creditor_id, agency_id, case_id, upload_id, line, takes_back, before, after, made_at)
    select u.creditor_id, c.agency_id, u.case_id, u.upload_id, u.line, true, u.after - 'contacts', u.before, :now
    from case_updates u join cases c on c.creditor_id = u.creditor_id and c.id = u.case_id
    where u.creditor_id = :creditor and u.upload_id = :upload and not u.takes_back
    order by u.id
"""
#: What would be owed without the file: payments that its word held count again.
UNADJUST = """
    insert into balance_adjustments (creditor_id, agency_id, case_id, upload_id, line, takes_back, before_minor,
                                     after_minor, delta_minor, cut_off_date, stated_minor, made_at)
    select a.creditor_id, c.agency_id, a.case_id, a.upload_id, a.line, true, c.balance_minor, o.owed_minor,
           o.owed_minor - c.balance_minor, a.cut_off_date, a.stated_minor, :now
    from balance_adjustments a
    join cases c on c.creditor_id = a.creditor_id and c.id = a.case_id
    join owed_on_cases(:creditor, cast(:touched as bigint[]), :upload) o on o.of_case = a.case_id
    where a.creditor_id = :creditor and a.upload_id = :upload and not a.takes_back
    order by a.id
"""
DROP_CONTACTS = """
    delete from contact_points
    where creditor_id = :creditor and upload_id = :upload and debtor_id in (
        select debtor_id from cases where creditor_id = :creditor and id = any(cast(:touched as bigint[]))
    )
"""
SETTLE = "select settle_cases(:creditor, cast(:touched as bigint[]))"
