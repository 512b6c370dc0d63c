"""Orders handed in to the creditor: by the investigator one by one, or many by a file; and the creditor is told.

An order is handed in anew only when something came to it: who sends the same file twice has done nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel import notices
from agencies.kernel.statistics import gather_statistics
from agencies.organisations.permissions import Permission
from assignments.locates.models import OrderOutcome, OrderState


@dataclass(frozen=True)
class HandedIn:
    """What a file did to whole orders."""

    orders: int
    none_found: int
    #: Drafts that were typed before and went along.
    drafts: int


#: What the rows say of whole orders. Each is looked up by itself and held: statistics of a table that was filled a
#: moment ago may be off by any factor, and this shape needs none.
_NAMED = """
with said as materialized (
    select s.account_ref, case when bool_and(s.kind = 'none') then 'none_found' else 'found' end as outcome,
           string_agg(distinct coalesce(s.evidence, s.source_ref, s.source_class), '; ') as searched
    from staged_findings s where s.organisation_id = :agency and s.upload_id = :upload
    group by s.account_ref
)
select o.id, o.batch_id, o.state, said.outcome, said.searched
from said
cross join lateral (
    select o.id, o.batch_id, o.state from locate_orders o
    where o.agency_id = :agency and o.creditor_id = :creditor and o.account_ref = said.account_ref
      and o.state in ('acknowledged', 'submitted')
      and not exists (
          select from debtors d
          where d.creditor_id = o.creditor_id and d.id = o.debtor_id and d.agency_id = o.agency_id
      )
    limit 1 for update
) o
"""

_DRAFTS = """
update findings set state = 'submitted', submitted_at = :now
where creditor_id = :creditor and agency_id = :agency and state = 'draft'
  and order_id = any(cast(:orders as bigint[]))
returning order_id
"""

#: The orders are held and their states known, so that nothing is asked here that the planner could misjudge.
_ORDERS = """
update locate_orders o
set state = 'submitted', submitted_at = :now, submitted_by = :user, outcome = said.outcome,
    searched = coalesce(said.searched, o.searched)
from unnest(cast(:orders as bigint[]), cast(:outcomes as text[]), cast(:searched as text[]))
    as said (id, outcome, searched)
where o.creditor_id = :creditor and o.agency_id = :agency and o.id = said.id
  and o.id = any(cast(:orders as bigint[]))
"""


def hand_in_file(
    session: Session,
    *,
    creditor_id: int,
    agency_id: int,
    upload_id: int,
    gained: Collection[int],
    user_id: int | None,
    today: date,
    now: datetime,
) -> HandedIn:
    """Hand in the orders that an upload's rows name, with their drafts, and tell the creditor.

    `gained` are the orders to which the rows brought findings. An order that is handed in already and gains nothing
    stays as it is.
    """
    mine = {"agency": agency_id, "creditor": creditor_id, "now": now}
    named = session.execute(text(_NAMED), {**mine, "upload": upload_id}).all()
    gather_statistics(session, len(named), "locate_orders", "findings")
    found = [one.id for one in named if one.outcome == OrderOutcome.FOUND]
    drafts = session.scalars(text(_DRAFTS), {**mine, "orders": found}).all() if found else []
    enriched = {*gained, *drafts}
    changed = [one for one in named if one.state == OrderState.ACKNOWLEDGED or one.id in enriched]
    if changed:
        columns = {
            "orders": [one.id for one in changed],
            "outcomes": [one.outcome for one in changed],
            "searched": [one.searched for one in changed],
        }
        session.execute(text(_ORDERS), {**mine, **columns, "user": user_id})
    for batch_id in sorted({one.batch_id for one in changed}):
        tell_creditor(session, creditor_id, agency_id, batch_id, today=today, now=now)
    none_found = sum(one.outcome == OrderOutcome.NONE_FOUND for one in changed)
    return HandedIn(len(changed), none_found, len(drafts))


def tell_creditor(
    session: Session, creditor_id: int, agency_id: int, batch_id: int, *, today: date, now: datetime
) -> None:
    """Tell the creditor that there is something to verify: one word a day and batch, the desk shows the rest."""
    notices.notify(
        session,
        creditor_id,
        "finding.submitted",
        key=f"finding.submitted:{batch_id}:{today}",
        permission=Permission.LOCATE_VERIFY,
        now=now,
        batch_id=batch_id,
        agency_id=agency_id,
    )
