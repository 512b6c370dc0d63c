"""An agency's cases in the order in which they want to be worked: not worked yet, or promised to be taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission


class Turn(StrEnum):
    """Why a case is on the list."""

    #: Nothing was done on it yet.
    FRESH = "fresh"
    #: The last thing said on it asks for another word.
    FOLLOW_UP = "follow_up"


#: Results after which the debtor waits for the agency, or the agency for the debtor.
FOLLOWED_UP = ("promise", "promise_in_part", "agreement", "asks_callback", "asks_information", "negotiating")
#: What is older than this is taken up with everything else.
RECENT = timedelta(days=45)


@dataclass(frozen=True)
class Task:
    """One case to be worked."""

    case_id: int
    creditor_id: int
    account_ref: str
    creditor_name: str
    debtor_name: str | None
    currency: str
    balance_minor: int
    days_past_due: int | None
    #: Until when the first activity is promised, if it is.
    due_at: datetime | None
    is_paused: bool
    #: Its creditor wants nobody to work it now.
    is_held: bool
    #: What was done last, and what came of it.
    last_at: datetime | None
    last_result: str | None
    cursor: int


_CASE = """
    c.id as case_id, c.creditor_id, c.account_ref, o.name as creditor_name, d.name as debtor_name, c.currency,
    c.balance_minor, c.days_past_due, c.held_since is not null as is_held
"""
_JOINS = """
    join cases c on c.creditor_id = l.creditor_id and c.id = l.case_id
    join debtors d on d.creditor_id = c.creditor_id and d.id = c.debtor_id
    join organisations o on o.id = c.creditor_id
"""

# In the order of placement, so that what was promised first comes first, and the page costs what it shows.
_FRESH = f"""
    select {_CASE}, coalesce(x.due_at, k.due_at) as due_at, coalesce(x.is_paused, false) as is_paused,
           null::timestamptz as last_at, null::text as last_result, l.id as cursor
    from placements l
    {_JOINS}
    left join sla_clocks k on k.creditor_id = l.creditor_id and k.agency_id = l.agency_id
                          and k.consignment_id = l.consignment_id
    left join sla_extensions x on x.creditor_id = l.creditor_id and x.agency_id = l.agency_id and x.placement_id = l.id
    where l.agency_id = :agency and l.ended_at is null and l.service = 'collect' and l.id > :after
      and not c.is_stopped
      and not exists (
          select from activities a where a.creditor_id = l.creditor_id and a.case_id = l.case_id
                                     and a.agency_id = l.agency_id and a.placement_id = l.id
      )
    order by l.id limit :limit
"""  # noqa: S608  put together from constants

_FOLLOW_UP = f"""
    select {_CASE}, null::timestamptz as due_at, false as is_paused, a.happened_at as last_at, a.result as last_result,
           a.id as cursor
    from activities a
    join placements l on l.creditor_id = a.creditor_id and l.agency_id = a.agency_id and l.id = a.placement_id
                     and l.ended_at is null
    {_JOINS}
    where a.agency_id = :agency and a.result = any(:results) and a.happened_at > :since and a.id > :after
      and not c.is_stopped
      and not exists (
          select from activities b where b.creditor_id = a.creditor_id and b.case_id = a.case_id
                                     and b.agency_id = a.agency_id
                                     and (b.happened_at, b.id) > (a.happened_at, a.id)
      )
    order by a.id limit :limit
"""  # noqa: S608  put together from constants


def list_tasks(
    session: Session, actor: Actor, turn: Turn, *, after: int | None = None, limit: int = PAGE, now: datetime
) -> Page[Task]:
    """A page of what an agency has to work, what waits longest first."""
    require(actor, Permission.ACTIVITY_RECORD)
    key = {"agency": require_side(actor, Side.AGENCY), "after": after or 0, "limit": limit + 1}
    if turn is Turn.FRESH:
        rows = session.execute(text(_FRESH), key)
    else:
        rows = session.execute(text(_FOLLOW_UP), {**key, "results": list(FOLLOWED_UP), "since": now - RECENT})
    return cut([Task(**row._asdict()) for row in rows], limit, lambda row: row.cursor)
