"""What nobody has worked: of each consignment, the cases without an activity 3, 7 and 14 days after they were taken on.

The trade looks after a week (market reference, 3, row 5). One statement counts; the list of the cases behind a figure
is the same condition in pages. A case that its creditor holds, or owes an answer on, is not idle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.permissions import Permission
from assignments.placements.models import Consignment

#: Days after a case was taken on at which it is looked at.
DAYS = (3, 7, 14)


@dataclass(frozen=True)
class Untouched:
    """Of the cases old enough, how many nobody had worked by that day, and how many nobody has worked yet."""

    days: int
    #: Cases taken on at least so many days ago: the denominator.
    cases: int
    untouched: int
    #: Of those, still with the agency and still without an activity: what a recall would take back.
    still: int

    @property
    def share(self) -> float | None:
        """What was untouched of what was old enough; nothing where nothing was."""
        return self.untouched / self.cases if self.cases else None


@dataclass(frozen=True)
class IdleRow:
    """How a consignment was begun."""

    consignment_id: int
    name: str
    other_id: int
    #: The agency, for the creditor; the creditor, for the agency.
    other_name: str
    taken_on: date
    cases: int
    marks: tuple[Untouched, ...]
    currency: str
    #: What the cases are worth that nobody has worked yet, after the first of the days.
    still_minor: int


@dataclass(frozen=True)
class IdleCase:
    """A live case that nobody has worked."""

    placement_id: int
    case_id: int
    account_ref: str
    currency: str
    placed_minor: int
    taken_at: datetime


# A case counts on a day when it was still with the agency then: one taken back before could not be touched any more.
_MARKS = """
with begun as (
    select k.creditor_id, k.agency_id, k.id, k.name, k.acknowledged_at, o.id as other_id, o.name as other_name
    from consignments k
    join organisations o on o.id = k.{theirs}
    where k.{mine} = :tenant and k.acknowledged_at is not null and k.acknowledged_at > :since
      and (cast(:other as bigint) is null or k.{theirs} = :other)
), worked as (
    select b.id as consignment_id, b.acknowledged_at, l.state, l.ended_at, l.placed_minor, l.currency,
           (select min(a.happened_at) from activities a
            where a.creditor_id = l.creditor_id and a.case_id = l.case_id and a.agency_id = l.agency_id
              and a.placement_id = l.id) as first_at,
           exists (select from enquiries e
                   where e.creditor_id = l.creditor_id and e.agency_id = l.agency_id and e.placement_id = l.id
                     and e.answered_at is null) as is_waiting
    from begun b
    join placements l on l.creditor_id = b.creditor_id and l.agency_id = b.agency_id and l.consignment_id = b.id
    where l.state <> 'rejected'
)
select b.id, b.name, b.other_id, b.other_name, b.acknowledged_at, d.days, min(w.currency) as currency,
       count(*) as cases,
       count(*) filter (where w.reached and w.counts) as old_enough,
       count(*) filter (where w.reached and w.counts and w.is_untouched) as untouched,
       count(*) filter (where w.reached and w.is_idle) as still,
       coalesce(sum(w.placed_minor) filter (where w.reached and w.is_idle), 0)::bigint as still_minor
from begun b
cross join unnest(cast(:days as int[])) as d (days)
join lateral (
    select w.currency, w.placed_minor, m.at <= :now as reached,
           (w.ended_at is null or w.ended_at > m.at) and not w.is_held as counts,
           coalesce(w.first_at > m.at, true) as is_untouched,
           -- Taken on, and nothing reported since: neither an activity nor a payment.
           w.state = 'acknowledged' and w.first_at is null and not w.is_waiting as is_idle
    from (select *, state = 'on_hold' or is_waiting as is_held from worked) w
    cross join lateral (select w.acknowledged_at + d.days * interval '1 day' as at) m
    where w.consignment_id = b.id
) w on true
group by 1, 2, 3, 4, 5, 6
order by b.acknowledged_at desc, b.id desc, d.days
"""

_CASES = """
select l.id as placement_id, l.case_id, l.account_ref, l.currency, l.placed_minor, k.acknowledged_at as taken_at
from consignments k
join placements l on l.creditor_id = k.creditor_id and l.agency_id = k.agency_id and l.consignment_id = k.id
where k.{mine} = :tenant and k.id = :consignment and k.acknowledged_at <= :before and l.id > :after
  and l.ended_at is null and l.state = 'acknowledged'
  and not exists (
      select from activities a where a.creditor_id = l.creditor_id and a.case_id = l.case_id
                                 and a.agency_id = l.agency_id and a.placement_id = l.id)
  and not exists (
      select from enquiries e where e.creditor_id = l.creditor_id and e.agency_id = l.agency_id
                                and e.placement_id = l.id and e.answered_at is null)
order by l.id limit :limit
"""


def idle_watch(
    session: Session, actor: Actor, *, other_id: int | None = None, within: int = 180, now: datetime
) -> list[IdleRow]:
    """How the consignments of the last days were begun, the latest first; of one counterpart if it is named."""
    require(actor, Permission.SLA_VIEW)
    since = now - timedelta(days=within)
    keys = {"tenant": actor.tenant, "other": other_id, "since": since, "now": now, "days": list(DAYS)}
    lines: dict[int, list[Any]] = defaultdict(list)
    for line in session.execute(text(_MARKS.format(**_columns(actor))), keys):
        lines[line.id].append(line)
    return [_row(of_one, actor) for of_one in lines.values()]


def idle_cases(
    session: Session,
    actor: Actor,
    consignment_id: int,
    *,
    days: int,
    after: int | None = None,
    limit: int = PAGE,
    now: datetime,
) -> Page[IdleCase]:
    """The live cases of a consignment that nobody has worked so many days after they were taken on; `NotFound`."""
    require(actor, Permission.SLA_VIEW)
    if days not in DAYS:
        raise NotFound
    keys = {"tenant": actor.tenant, "consignment": consignment_id, "before": now - timedelta(days=days)}
    rows = session.execute(text(_CASES.format(**_columns(actor))), {**keys, "after": after or 0, "limit": limit + 1})
    return cut([IdleCase(**row._asdict()) for row in rows], limit, lambda row: row.placement_id)


def idle_case_ids(session: Session, actor: Actor, consignment_id: int, *, days: int, now: datetime) -> tuple[int, ...]:
    """All of them, for a recall."""
    page = idle_cases(session, actor, consignment_id, days=days, limit=10**7, now=now)
    return tuple(one.case_id for one in page.rows)


def _row(lines: Sequence[Any], actor: Actor) -> IdleRow:
    first = lines[0]
    marks = tuple(Untouched(one.days, one.old_enough, one.untouched, one.still) for one in lines)
    return IdleRow(
        first.id,
        first.name,
        first.other_id,
        first.other_name,
        local_date(first.acknowledged_at, actor.time_zone),
        first.cases,
        marks,
        first.currency,
        first.still_minor,
    )


def _columns(actor: Actor) -> dict[str, str]:
    # Refuses other sides.
    owned_by(actor, Consignment.creditor_id, Consignment.agency_id)
    mine, theirs = ("creditor_id", "agency_id") if actor.side is Side.CREDITOR else ("agency_id", "creditor_id")
    return {"mine": mine, "theirs": theirs}
