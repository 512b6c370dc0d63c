"""Portfolios for the pipeline's tests: seeded, invented, with a few rows that must be refused."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.kernel.work import Work
from portal.ports import Ports
from uploads import confirming, receiving, service
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options

HEADER = "numero_obligacion,tipo_documento,numero_documento,nombre,ciudad,producto,saldo_capital,intereses,saldo_total"
PRODUCTS = ("Tarjeta", "Consumo", "Vehículo", "Microcrédito")
CITIES = ("Bogotá", "Medellín", "Cali", "Ibagué")
OPTIONS = Options(date_order="ymd", decimal=".", currency="COP", time_zone="America/Bogota")


@dataclass(frozen=True)
class Sheet:
    """A file and what must become of it."""

    name: str
    data: bytes
    rows: int
    good: int
    placed_minor: int


def portfolio(seed: int, rows: int) -> Sheet:
    """A portfolio in which one row in a hundred has an unreadable amount and one in two hundred repeats an account."""
    drawn = random.Random(seed)
    lines, good, placed = [HEADER], 0, 0
    for number in range(rows):
        capital, interest = drawn.randrange(10_000, 90_000_000), drawn.randrange(0, 5_000_000)
        total = f"{(capital + interest) / 100:.2f}"
        account = f"S{seed}-{number:07}"
        if number % 100 == 50:
            total = "doscientos"
        elif number % 200 == 199:
            account = f"S{seed}-{number - 1:07}"
        lines.append(
            f"{account},CC,{drawn.randrange(10_000_000, 99_999_999)},Persona {drawn.randrange(10**6)},"
            f"{drawn.choice(CITIES)},{drawn.choice(PRODUCTS)},{capital / 100:.2f},{interest / 100:.2f},{total}"
        )
        is_good = number % 100 != 50 and number % 200 != 199
        good += is_good
        placed += (capital + interest) * is_good
    return Sheet(f"cartera-{seed}.csv", "\n".join(lines).encode() + b"\n", rows, good, placed)


def table(name: str, header: str, lines: Sequence[str]) -> Sheet:
    """A small file of which every row is good."""
    return Sheet(name, "\n".join([header, *lines]).encode() + b"\n", len(lines), len(lines), 0)


def receive(
    ports: Ports, actor: Actor, data: bytes, name: str, *, kind: UploadKind = UploadKind.PORTFOLIO, **about: int
) -> receiving.Received:
    """Send a file: a portfolio, or of another kind what it is about."""
    with ports.session(actor) as session, transaction(session):
        incoming = ports.storage.incoming()
        incoming.write(data)
        return receiving.receive(session, actor, incoming, kind=kind, filename=name, now=ports.now(), **about)


def send(ports: Ports, actor: Actor, sheet: Sheet, *, kind: UploadKind = UploadKind.PORTFOLIO, **about: int) -> int:
    """Send a file and confirm its columns as they are proposed."""
    upload = receive(ports, actor, sheet.data, sheet.name, kind=kind, **about).upload
    assert upload.fault is None, upload.fault
    with ports.session(actor) as session, transaction(session):
        proposed = confirming.proposal(session, actor, upload.id)
        mapping = {guess.position: guess.field for guess in proposed.columns if guess.field}
        confirming.confirm(session, actor, upload.id, mapping=mapping, options=OPTIONS, now=ports.now())
    return upload.id


def apply(ports: Ports, actor: Actor, upload_id: int) -> None:
    """Decide for the good rows of a checked file."""
    with ports.session(actor) as session, transaction(session):
        service.apply(session, actor, upload_id, good_rows_only=True, now=ports.now())


def look(ports: Ports, actor: Actor, upload_id: int) -> Upload:
    """The upload as it stands."""
    with ports.session(actor) as session:
        return session.get_one(Upload, (actor.tenant, upload_id))


def drive(ports: Ports, actor: Actor, upload_id: int) -> bool:
    """Do the person's part when it is their turn; says whether the file is applied."""
    state = look(ports, actor, upload_id).state
    if state is UploadState.CHECKED:
        apply(ports, actor, upload_id)
    return state is UploadState.APPLIED


def works(ports: Ports, actor: Actor) -> list[Work]:
    """Everything that was ever asked for in the organisation's name."""
    with ports.session(actor) as session:
        return list(session.scalars(select(Work).order_by(Work.id)))
