"""The waves: which cases the creditors give to whom and when, and how soon the agencies take them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import select

from agencies.kernel import clock
from agencies.kernel.errors import NotFound
from agencies.mandates.queries import list_mandates
from agencies.organisations.permissions import Role
from assignments.cases.models import Portfolio, ReturnCode
from assignments.cases.queries import Selection
from assignments.manifests.handing import manifest
from assignments.placements import service as placements
from assignments.placements.models import Wave, WaveState
from assignments.placements.queries import list_consignments, list_placements
from assignments.sla import service as sla
from portal.demo.agencies import AGENCIES, GUADUVIO, MARIMONDE, OCARIMBA, PIRANDELA, TINTALUZ, AgencyProfile
from portal.demo.cast import BANK, TELCO, CreditorProfile, agency_members
from portal.demo.chronology import COUNTRY, ZONE, Chronology, at_local
from portal.demo.founding import find_mandate
from portal.demo.handovers import SEED
from portal.demo.steps import Step
from portal.demo.world import Held, World
from uploads.models import Upload


@dataclass(frozen=True)
class PlannedWave:
    """One wave of the story."""

    key: str
    creditor: CreditorProfile
    at: datetime
    name: str
    handover: str
    agencies: tuple[AgencyProfile, ...]
    #: The rest of the selection.
    selection: Callable[[int], Selection]
    #: Agencies that have not taken their cases on by the end of the story.
    waiting: tuple[AgencyProfile, ...] = ()
    is_draft: bool = False
    #: Accounts whose debtors will speak to the agency on its first day.
    spoken_to: Callable[[World], frozenset[str]] = lambda _world: frozenset()


def planned_waves(chronology: Chronology) -> tuple[PlannedWave, ...]:
    """The waves in order of time."""
    days, ago = chronology.business_day, chronology.days_ago
    return (
        PlannedWave(
            "bank-1", BANK, days(8, 2, 10), "Castigada, primera entrega", "bank-1", AGENCIES,
            lambda portfolio: Selection(portfolio_id=portfolio),
        ),
        PlannedWave(
            "telco-1", TELCO, days(8, 5, 11), "Servicios suspendidos", "telco-1", (TINTALUZ, MARIMONDE, PIRANDELA),
            lambda portfolio: Selection(portfolio_id=portfolio),
        ),
        PlannedWave(
            "bank-2", BANK, days(4, 4, 9), "Castigada, segunda entrega", "bank-2",
            (GUADUVIO, TINTALUZ, OCARIMBA, MARIMONDE),
            lambda portfolio: Selection(portfolio_id=portfolio, min_dpd=91),
        ),
        PlannedWave(
            "telco-2", TELCO, days(3, 6, 14), "Mora hasta un año", "telco-2", (TINTALUZ, MARIMONDE, PIRANDELA),
            lambda portfolio: Selection(portfolio_id=portfolio, max_dpd=360),
        ),
        PlannedWave(
            "bank-5", BANK, at_local(chronology.crossing_days()[2], 9), "Retomados de otra agencia", "bank-1",
            (GUADUVIO, OCARIMBA), lambda portfolio: Selection(portfolio_id=portfolio),
            spoken_to=lambda world: world.crossed,
        ),
        PlannedWave(
            "bank-6", BANK, days(1, 2, 10), "Localizados", "bank-2", (GUADUVIO, TINTALUZ),
            lambda _portfolio: Selection(return_code=ReturnCode.UNTRACEABLE),
        ),
        PlannedWave(
            "bank-3", BANK, ago(9, 10), "Mora de 61 a 90 días", "bank-2", (GUADUVIO, TINTALUZ),
            lambda portfolio: Selection(portfolio_id=portfolio, min_dpd=61, max_dpd=90),
        ),
        PlannedWave(
            "telco-3", TELCO, ago(2, 15), "Mora de uno a dos años", "telco-2", (TINTALUZ, MARIMONDE),
            lambda portfolio: Selection(portfolio_id=portfolio, min_dpd=361, max_dpd=720), waiting=(MARIMONDE,),
        ),
        PlannedWave(
            "bank-4", BANK, ago(1, 17), "Mora temprana (en estudio)", "bank-2",
            (GUADUVIO, OCARIMBA, PIRANDELA),
            lambda portfolio: Selection(portfolio_id=portfolio, max_dpd=60), is_draft=True,
        ),
    )  # fmt: skip


def steps(world: World) -> Iterator[Step]:
    """Each wave, and each agency that takes its part on: the first the same afternoon, each other a day later."""
    for planned in planned_waves(world.chronology):
        yield Step(planned.at, partial(place, world, planned))
        if not planned.is_draft:
            for turn, agency in enumerate(one for one in planned.agencies if one not in planned.waiting):
                day = clock.add_business_days(clock.local_date(planned.at, ZONE), turn, COUNTRY)
                yield Step(at_local(day, 16, 10 * turn), partial(take_on, world, planned, agency))


def place(world: World, planned: PlannedWave, now: datetime) -> None:
    """The creditor's analyst draws the split, looks at it and, unless it stays a draft, commits it."""
    with world.acting(planned.creditor.member(Role.ANALYST)) as (session, actor):
        wave = session.scalar(select(Wave).where(Wave.creditor_id == actor.tenant, Wave.name == planned.name))
        if wave is None:
            rows = list_mandates(session, actor)
            wave = placements.draft(
                session,
                actor,
                name=planned.name,
                selection=planned.selection(portfolio_id(world, planned.creditor, planned.handover)),
                mandate_ids=[find_mandate(rows, planned.creditor, agency).id for agency in planned.agencies],
                seed=SEED,
                now=now,
            )
        if wave.state is WaveState.DRAFT and not planned.is_draft:
            placements.place(session, actor, wave.id, digest=str(wave.digest), now=now)


def take_on(world: World, planned: PlannedWave, agency: AgencyProfile, now: datetime) -> None:
    """The agency's manager acknowledges what a wave brought and downloads its cases."""
    taking = Taking(planned.key, planned.name, planned.creditor, agency, clock.local_date(planned.at, ZONE))
    receive(world, taking, now, spoken_to=planned.spoken_to(world))


@dataclass(frozen=True)
class Taking:
    """A consignment that an agency takes on: of which wave or lot, and since when it is placed."""

    key: str
    name: str
    creditor: CreditorProfile
    agency: AgencyProfile
    placed_on: date


def receive(world: World, taking: Taking, now: datetime, *, spoken_to: frozenset[str] = frozenset()) -> None:
    """Acknowledge a consignment, download its cases, and keep in mind what it holds."""
    with world.acting(agency_members(taking.agency)[0]) as (session, actor):
        creditor_id = world.actor(taking.creditor.members[0]).tenant
        consignment = next(
            row
            for row in list_consignments(session, actor).rows
            if (row.name, row.creditor_id) == (taking.name, creditor_id)
        )
        if consignment.acknowledged_at is None:
            sla.acknowledge(session, actor, consignment.id, now=now)
        if consignment.manifest_downloaded_at is None:
            for _piece in manifest(session, actor, consignment.id, world.ports.references, now=now):
                """The file is the agency's; what it says is read from the placements below, also once they ended."""
        accounts = [row.account_ref for row in list_placements(session, actor, consignment.id, limit=10**6).rows]
    held = Held(
        key=taking.key,
        mandate=consignment.mandate_name,
        placed_on=taking.placed_on,
        taken_on=clock.local_date(now, ZONE),
        debts=tuple(world.debts[account] for account in accounts),
        spoken_to=spoken_to,
    )
    world.held.setdefault((taking.creditor.key, taking.agency.key), []).append(held)


def portfolio_id(world: World, creditor: CreditorProfile, handover_key: str) -> int:
    """The portfolio that a hand-over has become."""
    handover = world.handovers[handover_key]
    with world.acting(creditor.member(Role.ANALYST)) as (session, actor):
        found = session.scalar(
            select(Portfolio.id)
            .join(
                Upload,
                (Upload.organisation_id == Portfolio.creditor_id) & (Upload.id == Portfolio.upload_id),
            )
            .where(Portfolio.creditor_id == actor.tenant, Upload.filename == handover.filename)
        )
    if found is None:
        raise NotFound
    return found
