"""Day by day: agents record what they did on a case and ask the creditor; the creditor answers, but not everything."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.organisations.permissions import Role
from assignments import intake
from assignments.placements.models import Placement, PlacementState
from assignments.sla import enquiries
from assignments.sla.models import Enquiry, EnquirySubject
from portal.demo.agencies import GUADUVIO, MARIMONDE, OCARIMBA, TINTALUZ, AgencyProfile
from portal.demo.cast import BANK, TELCO, CreditorProfile, agency_members
from portal.demo.chronology import Chronology
from portal.demo.steps import Step
from portal.demo.world import World

_KEYS = uuid.UUID("5f0c1b7e-2300-4d1a-9d52-0e2c9a7f1c11")


@dataclass(frozen=True)
class PlannedEnquiry:
    """A question about the newest case an agency holds of the creditor, and the answer, if there is one."""

    creditor: CreditorProfile
    agency: AgencyProfile
    at: datetime
    subject: EnquirySubject
    question: str
    answer: str | None = None
    answered_at: datetime | None = None


def planned_enquiries(chronology: Chronology) -> tuple[PlannedEnquiry, ...]:
    """The questions, in order of time; the last two wait."""
    days, ago = chronology.business_day, chronology.days_ago
    return (
        PlannedEnquiry(
            BANK, TINTALUZ, days(4, 7, 9), EnquirySubject.DOCUMENT, "¿Nos envían el pagaré? El titular lo pide.",
            "Se adjuntó a la obligación; número 4471.", days(4, 8, 15),
        ),
        PlannedEnquiry(
            TELCO, MARIMONDE, days(3, 8, 11), EnquirySubject.BALANCE, "El titular dice que el equipo fue devuelto.",
            "La devolución se registró; el saldo es el informado.", days(3, 12, 10),
        ),
        PlannedEnquiry(
            BANK, GUADUVIO, ago(7, 10), EnquirySubject.PAYMENT, "¿Ingresó un pago en oficina el lunes pasado?",
            "No hay pagos posteriores a la asignación.", ago(6, 9),
        ),
        PlannedEnquiry(
            TELCO, TINTALUZ, ago(1, 12), EnquirySubject.BALANCE, "El saldo informado no coincide con la factura.",
        ),
        PlannedEnquiry(
            BANK, MARIMONDE, ago(1, 14), EnquirySubject.DEBTOR, "El titular informa otra cédula. ¿Es correcta?",
        ),
    )  # fmt: skip


def steps(world: World) -> Iterator[Step]:
    """Every question and answer, and an agent's afternoon."""
    for planned in planned_enquiries(world.chronology):
        yield Step(planned.at, partial(_ask, world, planned))
        if planned.answered_at is not None:
            yield Step(planned.answered_at, partial(_answer, world, planned))
    yield Step(world.chronology.days_ago(1, 15, 30), partial(_work, world))


def _ask(world: World, planned: PlannedEnquiry, now: datetime) -> None:
    creditor_id = world.actor(planned.creditor.members[0]).tenant
    with world.acting(agency_members(planned.agency)[1]) as (session, actor):
        if session.scalar(select(Enquiry.id).where(Enquiry.agency_id == actor.tenant, Enquiry.asked_at == now)) is None:
            [case_id] = _held(session, actor.tenant, creditor_id, 1)
            enquiries.ask(session, actor, case_id, subject=planned.subject, question=planned.question, now=now)


def _answer(world: World, planned: PlannedEnquiry, now: datetime) -> None:
    with world.acting(planned.creditor.member(Role.ANALYST)) as (session, actor):
        asked = select(Enquiry).where(Enquiry.creditor_id == actor.tenant, Enquiry.asked_at == planned.at)
        row = session.scalars(asked).one()
        if row.answered_at is None and planned.answer is not None:
            enquiries.answer(session, actor, row.id, text=planned.answer, now=now)


def _work(world: World, now: datetime) -> None:
    """An agent records some calls on the pages of the cases; the same ones again change nothing."""
    creditor_id = world.actor(BANK.members[0]).tenant
    results = ("no_answer", "negotiating", "voicemail", "asks_callback")
    for agency in (MARIMONDE, OCARIMBA):
        with world.acting(agency_members(agency)[1]) as (session, actor):
            # Not the newest case, of which somebody has just asked.
            for turn, case_id in enumerate(_held(session, actor.tenant, creditor_id, 1 + len(results))[1:]):
                intake.record_activity(
                    session,
                    actor,
                    case_id,
                    key=uuid.uuid5(_KEYS, f"{agency.key}/{turn}"),
                    happened_at=now - timedelta(minutes=12 * (turn + 1)),
                    channel="call",
                    result=results[turn],
                    now=now,
                )
    world.let_work_happen(now)


def _held(session: Session, agency_id: int, creditor_id: int, count: int) -> list[int]:
    """The newest cases an agency holds of a creditor and has taken on."""
    held = (
        select(Placement.case_id)
        .where(Placement.agency_id == agency_id, Placement.creditor_id == creditor_id, Placement.ended_at.is_(None))
        .where(Placement.state.in_((PlacementState.ACKNOWLEDGED, PlacementState.ACTIVE)))
        .order_by(Placement.id.desc())
        .limit(count)
    )
    return list(session.scalars(held))
