"""What the agencies give back, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select

from assignments.cases.models import ReturnCode
from assignments.placements import returns
from assignments.placements.models import Return
from portal.demo.agencies import GUADUVIO, MARIMONDE, OCARIMBA, TINTALUZ, AgencyProfile
from portal.demo.cast import BANK, TELCO, CreditorProfile, agency_members
from portal.demo.chronology import Chronology
from portal.demo.holdings import hopeless, take_from
from portal.demo.steps import Step
from portal.demo.world import World

_MANAGER, _AGENT = 0, 1


@dataclass(frozen=True)
class PlannedReturn:
    """Cases that an agency gives back: how many of a hundred it holds, and at least so many."""

    creditor: CreditorProfile
    agency: AgencyProfile
    at: datetime
    code: ReturnCode
    percent: float
    least: int = 1
    note: str | None = None
    by: int = _MANAGER


def planned_returns(chronology: Chronology) -> tuple[PlannedReturn, ...]:
    """What is given back, in order of time; the last untraceable ones wait for a locate order."""
    days, ago = chronology.business_day, chronology.days_ago
    gone, disputed = ReturnCode.UNTRACEABLE, ReturnCode.DISPUTED
    return (
        PlannedReturn(BANK, GUADUVIO, days(3, 10, 16), gone, 1.2, 4, "Ningún teléfono ni dirección vigente."),
        PlannedReturn(BANK, GUADUVIO, days(3, 10, 17), disputed, 0.2, 1, "Reclamo por cobro no reconocido."),
        PlannedReturn(BANK, MARIMONDE, days(3, 11, 16), gone, 2.0, 6),
        PlannedReturn(BANK, MARIMONDE, days(3, 11, 17), ReturnCode.EXHAUSTED, 1.5, 3, "Meses sin respuesta."),
        PlannedReturn(BANK, OCARIMBA, days(2, 4, 16), gone, 1.2, 4),
        PlannedReturn(BANK, OCARIMBA, days(2, 4, 17), ReturnCode.DECEASED, 0.1),
        PlannedReturn(TELCO, TINTALUZ, days(2, 6, 16), gone, 0.6, 3),
        PlannedReturn(BANK, TINTALUZ, days(1, 3, 16), gone, 0.8, 3),
        PlannedReturn(BANK, TINTALUZ, days(1, 3, 17), ReturnCode.INSOLVENT, 0.1),
        PlannedReturn(BANK, MARIMONDE, ago(4, 16), gone, 0.6, 4, "Se agotaron los datos conocidos.", by=_AGENT),
        PlannedReturn(BANK, MARIMONDE, ago(3, 11), disputed, 0.1, 1, "Dice que no firmó el pagaré.", by=_AGENT),
    )


def steps(world: World) -> Iterator[Step]:
    """Each return."""
    for planned in planned_returns(world.chronology):
        yield Step(planned.at, partial(give_back, world, planned))


def give_back(world: World, planned: PlannedReturn, now: datetime) -> None:
    """The agency gives back what it cannot collect."""
    creditor_id = world.actor(planned.creditor.members[0]).tenant
    with world.acting(agency_members(planned.agency)[planned.by]) as (session, actor):
        done = select(Return.case_id).where(Return.agency_id == actor.tenant, Return.returned_at == now)
        if session.scalar(done.limit(1)) is None:
            accounts = hopeless(world, planned.creditor, planned.agency, planned.percent, planned.least, now)
            case_ids = returns.find_held(session, actor, creditor_id, accounts)
            returns.give_back(session, actor, case_ids=case_ids, code=planned.code, note=planned.note, now=now)
    take_from(world, planned.creditor, planned.agency, now)
