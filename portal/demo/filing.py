"""A file's way through the product, taken as its sender takes it: send, confirm the columns, look, apply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.demo.cast import TELCO, Member
from portal.demo.exports import FileStyle
from portal.demo.handovers import Handover
from portal.demo.steps import Step
from portal.demo.world import World
from uploads import confirming, receiving
from uploads import service as uploads
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options

#: The hand-over that nobody has decided about by the end of the story.
UNDECIDED = "bank-3"


class WayPoint(StrEnum):
    """How far a sender takes a file."""

    SENT = "sent"
    CHECKED = "checked"
    APPLIED = "applied"


@dataclass(frozen=True)
class Letter:
    """One file with what its sender knows of it."""

    sender: Member
    kind: UploadKind
    filename: str
    data: bytes
    style: FileStyle
    creditor_id: int | None = None
    report_id: int | None = None


def steps(world: World) -> Iterator[Step]:
    """The hand-overs, and two files that wait at the end of the story."""
    for key, handover in world.handovers.items():
        yield Step(handover.at, partial(_hand_over, world, key, handover))
    yield Step(world.chronology.days_ago(1, 17, 40), partial(_send_unconfirmed, world))


def send(world: World, letter: Letter, *, to: WayPoint, now: datetime) -> None:
    """Take a file as far as asked, of the good rows only; what was done before is not done again."""
    with world.acting(letter.sender) as (session, actor):
        upload = _receive(world, session, actor, letter, now)
        state = upload.state
        if state is UploadState.RECEIVED and to is not WayPoint.SENT:
            _confirm(session, actor, letter, upload.id, now)
            state = UploadState.CHECKING
    if state is UploadState.CHECKING:
        world.let_work_happen(now)
        state = UploadState.CHECKED
    if state is UploadState.CHECKED and to is WayPoint.APPLIED:
        with world.acting(letter.sender) as (session, actor):
            uploads.apply(session, actor, upload.id, good_rows_only=True, now=now)
        state = UploadState.APPLYING
    if state is UploadState.APPLYING:
        world.let_work_happen(now)


def _hand_over(world: World, key: str, handover: Handover, now: datetime) -> None:
    debts = handover.debts()
    world.remember(key, debts)
    letter = Letter(
        handover.creditor.member(Role.ANALYST),
        UploadKind.PORTFOLIO,
        handover.filename,
        handover.file(debts),
        handover.creditor.exporter.style,
    )
    send(world, letter, to=WayPoint.CHECKED if key == UNDECIDED else WayPoint.APPLIED, now=now)


def _send_unconfirmed(world: World, now: datetime) -> None:
    """A small file of the telecom's whose columns nobody has confirmed yet."""
    debts = [world.debts[account] for account in world.accounts_of("telco-2")[:25]]
    header = ("cuenta", "cliente", "cedula", "valor", "mora", "municipio", "celular")
    style = TELCO.exporter.style
    rows = [
        (
            f"R{debt.account}",
            debt.debtor.full_name,
            debt.debtor.id_number,
            style.amount(debt.total // 4),
            str(debt.days_past_due),
            debt.debtor.place.city,
            debt.debtor.mobile,
        )
        for debt in debts
    ]
    letter = Letter(
        TELCO.member(Role.ANALYST), UploadKind.PORTFOLIO, "reconexiones.csv", style.table(header, rows), style
    )
    send(world, letter, to=WayPoint.SENT, now=now + timedelta(minutes=5))


def _receive(world: World, session: Session, actor: Actor, letter: Letter, now: datetime) -> Upload:
    """The upload of these bytes, of the first time they were sent."""
    incoming = world.ports.storage.incoming()
    incoming.write(letter.data)
    received = receiving.receive(
        session,
        actor,
        incoming,
        kind=letter.kind,
        filename=letter.filename,
        creditor_id=letter.creditor_id,
        report_id=letter.report_id,
        now=now,
    )
    return received.upload


def _confirm(session: Session, actor: Actor, letter: Letter, upload_id: int, now: datetime) -> None:
    """Agree to the columns as proposed, and say what the values leave open."""
    proposed = confirming.proposal(session, actor, upload_id)
    confirming.confirm(
        session,
        actor,
        upload_id,
        mapping={column.position: column.field for column in proposed.columns if column.field},
        options=Options(date_order="dmy" if "/" in letter.style.date_format else "ymd", decimal=letter.style.decimal),
        now=now,
    )
