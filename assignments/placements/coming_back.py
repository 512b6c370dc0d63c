"""Cases that come back by the terms of their mandate: their time is over, nobody works them, or nobody pays.

Once a day, in one statement for all of a creditor's placements; what it finds is recalled like anything else, with days
of notice in which the agency may object. A case that is held, or is being recalled, is left alone, and its days begin
anew when it is set free: whoever withdraws such a recall has decided, and is not asked again the next morning.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.placements import recalls
from assignments.placements.ending import one_at_a_time
from assignments.placements.models import Recall, RecallReason
from assignments.placements.recall_scope import Scope

#: Between the word that cases go back and the day on which they do.
NOTICE_DAYS = 5
#: Something paid in so many days, or the creditor's leaving the case there, gives a case more time.
PAYING_DAYS = 30

# Rules in the order of their weight; a case is recalled for the first one. What is live and may be worked counts its
# days since it was taken on, or since it was last set free. Only placements whose terms have such a rule are looked up.
_DUE = text("""
with agreed as materialized (
    select l.agency_id, l.id, l.case_id, v.term_days, v.no_work_days, v.no_payment_days,
           (k.acknowledged_at at time zone :zone)::date as taken_on,
           coalesce((select max(m.moved_at at time zone :zone)::date from placement_moves m
                     where m.creditor_id = l.creditor_id and m.agency_id = l.agency_id and m.placement_id = l.id
                       and m.from_state in ('on_hold', 'recall_pending', 'recall_objected')), '-infinity') as set_free
    from placements l
    join mandate_versions v on v.creditor_id = l.creditor_id and v.agency_id = l.agency_id
                           and v.id = l.mandate_version_id
    join consignments k on k.creditor_id = l.creditor_id and k.agency_id = l.agency_id and k.id = l.consignment_id
    where l.creditor_id = :creditor and l.ended_at is null and l.service = 'collect'
      and l.state in ('acknowledged', 'active') and k.acknowledged_at is not null
      and ((v.term_days > 0 and (k.acknowledged_at at time zone :zone)::date + v.term_days::integer <= :today)
           or (v.no_work_days > 0 and (k.acknowledged_at at time zone :zone)::date + v.no_work_days::integer <= :today)
           or (v.no_payment_days > 0
               and (k.acknowledged_at at time zone :zone)::date + v.no_payment_days::integer <= :today))
), known as (
    select a.*, greatest(a.taken_on, a.set_free) as since,
           coalesce(greatest(
               paid.last_on,
               (select max(c.happened_at at time zone :zone)::date from activities c
                where c.creditor_id = :creditor and c.case_id = a.case_id and c.agency_id = a.agency_id
                  and c.placement_id = a.id)), '-infinity') as told_on,
           coalesce(paid.last_on, '-infinity') as paid_on,
           coalesce(promised.is_to_come, false) as is_promised,
           coalesce(promised.last_made_on, '-infinity') as promised_on
    from agreed a
    cross join lateral (
        select max(p.paid_on) as last_on from payments p
        where p.creditor_id = :creditor and p.case_id = a.case_id and p.agency_id = a.agency_id
          and p.placement_id = a.id and not exists (
              select from payment_reversals r
              where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id)
    ) paid
    cross join lateral (
        select bool_or(q.promised_on >= :today) as is_to_come, max(q.made_on) as last_made_on from promises q
        where q.creditor_id = :creditor and q.case_id = a.case_id and q.agency_id = a.agency_id
          and q.placement_id = a.id and q.withdrawn_at is null and q.stated_state in ('pending', 'kept')
    ) promised
), judged as (
    select case_id, case
        when is_promised then null
        when term_days > 0 and taken_on + term_days::integer <= :today
             and greatest(paid_on, promised_on, set_free) <= cast(:today as date) - :paying then 'expired'
        when no_work_days > 0 and greatest(since, told_on) + no_work_days::integer <= :today then 'no_activity'
        when no_payment_days > 0 and greatest(since, paid_on) + no_payment_days::integer <= :today then 'performance'
    end as reason
    from known
)
select reason, array_agg(case_id) as case_ids from judged where reason is not null group by reason order by reason
""")


def recall_by_terms(session: Session, actor: Actor, *, now: datetime) -> list[Recall]:
    """Recall what the terms bring back today, one recall for each agency and reason; again finds nothing new."""
    require(actor, Permission.RECALL_MAKE)
    creditor_id = require_side(actor, Side.CREDITOR)
    one_at_a_time(session, creditor_id)
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    today = local_date(now, zone)
    keys = {"creditor": creditor_id, "zone": zone, "today": today, "paying": PAYING_DAYS}
    made: list[Recall] = []
    for reason, case_ids in session.execute(_DUE, keys).all():
        made += recalls.request(
            session,
            actor,
            Scope(case_ids=tuple(case_ids)),
            reason=RecallReason(reason),
            effective_on=today + timedelta(days=NOTICE_DAYS),
            now=now,
        )
    if made:
        cases = sum(one.cases for one in made)
        audit.record(session, actor, "recall.made_by_terms", now=now, cases=cases, recalls=len(made))
        notify(
            session,
            creditor_id,
            "recall.made_by_terms",
            key=f"recall.made_by_terms:{made[0].id}",
            permission=Permission.RECALL_MAKE,
            now=now,
            cases=cases,
        )
    return made
