"""Whether the agencies of a wave may receive cases: their attestations, and what their own files say they can take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from agencies.attestations.gates import Act, Blocked, GateClosed, obstacles
from agencies.attestations.snapshots import take
from agencies.kernel.tenancy import Actor
from agencies.standing.eligibility import capacities, with_capacity
from assignments.cases.models import Case
from assignments.placements.allocation import Room
from assignments.placements.models import Consignment, Wave
from assignments.placements.preview import Preview, preview_of
from assignments.placements.strategy import Limit, Strategy


def admission(session: Session, actor: Actor, wave: Wave, *, now: datetime) -> dict[int, tuple[Blocked, ...]]:
    """Why agencies of a previewed wave may not receive it; nothing when all may."""
    return _obstacles(session, actor, wave.creditor_id, preview_of(wave), now)


def admit(session: Session, actor: Actor, creditor_id: int, drawn: Preview, *, now: datetime) -> None:
    """Go on when every agency of a drawn split may receive its part; raises `GateClosed`."""
    found = _obstacles(session, actor, creditor_id, drawn, now)
    if found:
        raise GateClosed(found)


def keep_standing(session: Session, actor: Actor, wave: Wave, drawn: Preview, *, now: datetime) -> None:
    """Keep what each receiving agency's attestations were, one row each, and refer to it from its consignment."""
    receiving = [one.agency_id for one in drawn.agencies if one.cases]
    for agency_id, snapshot_id in take(
        session, actor, Act.PLACE, creditor_id=wave.creditor_id, agency_ids=receiving, now=now
    ).items():
        session.execute(
            update(Consignment)
            .where(
                Consignment.creditor_id == wave.creditor_id,
                Consignment.agency_id == agency_id,
                Consignment.wave_id == wave.id,
            )
            .values(snapshot_id=snapshot_id)
        )


def rooms_for(session: Session, creditor_id: int, strategy: Strategy, agency_ids: Sequence[int]) -> dict[int, Room]:
    """How much each agency can take: by the wave's own limits, and by what its file says it can hold."""
    stated = capacities(session, agency_ids) if strategy.keeps_capacity else {}
    held = _held(session, creditor_id, stated)
    rooms = {}
    for agency_id in agency_ids:
        limit = strategy.limits.get(agency_id, Limit())
        free = [max(stated[agency_id] - held.get(agency_id, 0), 0)] if agency_id in stated else []
        cases = min([*free, *([] if limit.cases is None else [limit.cases])], default=None)
        rooms[agency_id] = Room(cases, limit.value_minor)
    return rooms


def _obstacles(
    session: Session, actor: Actor, creditor_id: int, drawn: Preview, now: datetime
) -> dict[int, tuple[Blocked, ...]]:
    # Whoever the draw gave nothing receives nothing, and is not asked.
    receiving = {one.agency_id: one.cases for one in drawn.agencies if one.cases}
    held = _held(session, creditor_id, with_capacity(session, receiving))
    return obstacles(
        session,
        actor,
        Act.PLACE,
        creditor_id=creditor_id,
        agency_ids=list(receiving),
        now=now,
        cases={agency_id: cases + held.get(agency_id, 0) for agency_id, cases in receiving.items()},
    )


def _held(session: Session, creditor_id: int, agency_ids: Iterable[int]) -> dict[int, int]:
    wanted = list(agency_ids)
    if not wanted:
        return {}
    rows = session.execute(
        select(Case.agency_id, func.count())
        .where(Case.creditor_id == creditor_id, Case.agency_id.in_(wanted))
        .group_by(Case.agency_id)
    )
    return {agency_id: cases for agency_id, cases in rows if agency_id is not None}
