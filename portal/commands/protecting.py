"""Commands for data protection: whom a stolen user was shown, and the tombstones of those who were erased."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import User
from agencies.organisations.permissions import Permission
from assignments.incidents import breach
from assignments.reads import service as reads
from assignments.reads.models import Purpose, ReadKind
from assignments.subjects import keeping
from portal import invariants
from portal.commands.base import PLATFORM, instance, refuse
from portal.ports import Ports

_HEAD = ("debtor", "name", "country", "id_type", "id_number", "phone", "email", "accounts", "cases", "why")
_MAY = frozenset({Permission.REQUEST_HANDLE})


@click.command("breach-export")
@click.option("--user", "email", required=True, help="The e-mail address of the user whose access was stolen.")
@click.option("--from", "begins", type=click.DateTime(), required=True, help="UTC.")
@click.option("--to", "ends", type=click.DateTime(), help="UTC; now when it is left out.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), required=True)
@with_appcontext
def breach_export(email: str, begins: datetime, ends: datetime | None, folder: Path) -> None:
    """Write for each creditor whom a user was shown in a window: one CSV each, and a line of JSON that sums it up.

    Each creditor finds in its log of reads that these people's data left.
    """
    ports = instance()
    with ports.session(PLATFORM) as session:
        user_id = session.scalar(select(User.id).where(User.email == email.lower()))
    if user_id is None:
        refuse("Nobody has this address.")
    since, until = begins.replace(tzinfo=UTC), ends.replace(tzinfo=UTC) if ends else ports.now()
    folder.mkdir(parents=True, exist_ok=True)
    for actor in _creditors(ports):
        with ports.session(actor) as session, transaction(session):
            told = breach.summary(session, actor, user_id, since, until)
            if told is None:
                continue
            people: list[int] = []
            file = folder / f"creditor-{actor.tenant}.csv"
            with file.open("wb") as out:
                out.write(csv_bytes([_HEAD]))
                for one in breach.subjects(session, actor, user_id, since, until):
                    out.write(csv_bytes([dataclasses.astuple(one)]))
                    people.append(one.debtor_id)
            why: dict[str, Any] = {"fields": reads.CONTACTS, "purpose": Purpose.LEGAL}
            reads.note_people(session, actor, ReadKind.FULL_EXPORT, people, **why, now=ports.now())
        click.echo(json.dumps({**dataclasses.asdict(told), "subjects": len(people), "file": file.name}, default=str))


@click.command("erasures")
@with_appcontext
def erasures() -> None:
    """Print every tombstone as a line of JSON, to be kept where a restore does not reach: it names nobody."""
    ports = instance()
    for actor in _creditors(ports):
        with ports.session(actor) as session:
            for one in keeping.marks(session, actor):
                line = {"creditor_id": one.creditor_id, "mark": one.mark.hex(), "erased_at": one.erased_at.isoformat()}
                click.echo(json.dumps(line))


@click.command("reapply-erasures")
@click.argument("kept", type=click.File())
@with_appcontext
def reapply_erasures(kept: TextIO) -> None:
    """Erase again, after a restore, whoever `erasures` had named; holds win and are counted."""
    ports, marks = instance(), dict[int, list[bytes]]()
    for line in filter(None, map(str.strip, kept)):
        told = json.loads(line)
        marks.setdefault(told["creditor_id"], []).append(bytes.fromhex(told["mark"]))
    for actor in _creditors(ports):
        if own := marks.get(actor.tenant):
            with ports.session(actor) as session, transaction(session):
                erased, held = keeping.reapply(session, actor, own, now=ports.now())
            click.echo(f"organisation={actor.tenant} erased={erased} held={held}")


def _creditors(ports: Ports) -> list[Actor]:
    return [
        Actor(side=side, organisation_id=number, permissions=_MAY)
        for number, side in invariants.organisations(ports)
        if side is Side.CREDITOR
    ]
