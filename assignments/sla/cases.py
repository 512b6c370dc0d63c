"""The cases behind the figures of first activities: a page of those of one agency that stand in one way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.mandates.models import Mandate
from agencies.organisations.permissions import Permission
from assignments.sla.clocks import Outcome


@dataclass(frozen=True)
class ClockedCase:
    """A case of an acknowledged consignment with its time and its first activity."""

    placement_id: int
    case_id: int
    account_ref: str
    consignment_id: int
    consignment_name: str
    started_at: datetime
    due_at: datetime
    first_at: datetime | None
    is_paused: bool
    #: Whether whoever looks may open the case: an agency only while it holds it.
    is_held: bool


_KEPT = {
    Outcome.PAUSED: "is_paused",
    Outcome.NOT_DUE: "not is_paused and due_at >= :now",
    Outcome.MET: "not is_paused and due_at < :now and first_at <= due_at",
    Outcome.MISSED: "not is_paused and due_at < :now and (first_at is null or first_at > due_at)",
}

#: The same of cells, so that only consignments are read that have such cases.
_HELD = {
    Outcome.PAUSED: "s.is_paused and s.cases > 0",
    Outcome.NOT_DUE: "not s.is_paused and s.due_at >= :now and s.cases > 0",
    Outcome.MET: "not s.is_paused and s.due_at < :now and s.met > 0",
    Outcome.MISSED: "not s.is_paused and s.due_at < :now and s.cases > s.met",
}

# Placement by placement in the order of their ids, until the page is full: what is asked of each is one look-up.
_PAGE = """
    select t.* from (
        select l.id as placement_id, l.case_id, l.account_ref, l.consignment_id, c.name as consignment_name,
               k.started_at, coalesce(x.due_at, k.due_at) as due_at, f.first_at,
               coalesce(x.is_paused, false) as is_paused, l.ended_at is null as is_held, l.ended_at
        from placements l
        join sla_clocks k on k.creditor_id = l.creditor_id and k.agency_id = l.agency_id
                         and k.consignment_id = l.consignment_id
        join consignments c on c.creditor_id = l.creditor_id and c.agency_id = l.agency_id and c.id = l.consignment_id
        left join sla_extensions x on x.creditor_id = l.creditor_id and x.agency_id = l.agency_id
                                  and x.placement_id = l.id
        left join lateral (
            select min(a.happened_at) as first_at from activities a
            where a.creditor_id = l.creditor_id and a.case_id = l.case_id and a.agency_id = l.agency_id
              and a.placement_id = l.id
        ) f on true
        where l.agency_id = :agency and l.creditor_id = :creditor and l.id > :after and l.consignment_id in (
            select s.consignment_id from sla_cells s
            where s.creditor_id = :creditor and s.agency_id = :agency and {held}
        )
    ) t
    where {kept} and (first_at is not null or ended_at is null or (not is_paused and ended_at > due_at))
    order by placement_id limit :limit
"""


def cases_of(
    session: Session,
    actor: Actor,
    other_id: int,
    *,
    stands: Outcome,
    after: int | None = None,
    limit: int = PAGE,
    now: datetime,
) -> Page[ClockedCase]:
    """The cases between the actor's organisation and another one that stand in one way."""
    require(actor, Permission.SLA_VIEW)
    owned_by(actor, Mandate.creditor_id, Mandate.agency_id)
    is_creditor = actor.side is Side.CREDITOR
    creditor_id, agency_id = (actor.tenant, other_id) if is_creditor else (other_id, actor.tenant)
    rows = session.execute(
        text(_PAGE.format(kept=_KEPT[stands], held=_HELD[stands])),
        {"creditor": creditor_id, "agency": agency_id, "after": after or 0, "now": now, "limit": limit + 1},
    )
    found = [
        ClockedCase(**{name: value for name, value in row._asdict().items() if name != "ended_at"}) for row in rows
    ]
    return cut(found, limit, lambda row: row.placement_id)
