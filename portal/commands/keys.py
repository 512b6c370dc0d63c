"""Commands for whoever keeps the keys."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from agencies.kernel import work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import Organisation, OrganisationState
from portal import rotation
from portal.commands.base import PLATFORM, instance, refuse
from portal.invariants import organisations
from portal.ports import Ports


@click.command("rotate-keys")
@click.option("--check", is_flag=True, help="Change nothing; say what is still under an older key, and end with 1.")
@with_appcontext
def rotate_keys(*, check: bool) -> None:
    """Have everything sealed under an older key sealed with the newest one of DATA_KEYS.

    It is work of each organisation like any other: it goes on where it stopped, and may be asked for again.
    """
    ports = instance()
    left = _older(ports)
    if check:
        for (organisation_id, _), tables in left.items():
            for table, rows in tables.items():
                click.echo(f"organisation={organisation_id} table={table} rows={rows}")
        if left:
            refuse("An older key is still needed.")
        click.echo("Everything is sealed with the newest key.")
        return
    active = _active(ports)
    for organisation_id, side in left:
        if organisation_id in active:
            _ask(ports, organisation_id)
        else:
            # Nobody's work is done in the name of an organisation that is not active, yet its rows need the key too.
            _do(ports, Actor(side=side, organisation_id=organisation_id))
    click.echo(f"{len(left)} organisations have something to be sealed anew.")


def _older(ports: Ports) -> dict[tuple[int, Side], dict[str, int]]:
    found = {}
    for organisation_id, side in organisations(ports):
        if tables := rotation.left(ports, Actor(side=side, organisation_id=organisation_id)):
            found[organisation_id, side] = tables
    return found


def _active(ports: Ports) -> set[int]:
    with ports.session(PLATFORM) as session:
        return set(session.scalars(select(Organisation.id).where(Organisation.state == OrganisationState.APPROVED)))


def _ask(ports: Ports, organisation_id: int) -> None:
    owner, now = Actor(side=Side.WORKER, organisation_id=organisation_id), ports.now()
    with ports.session(owner) as session, transaction(session):
        work.request(session, owner, rotation.ROTATE, f"{ports.keyring.newest}:{now.isoformat()}", {}, now=now)


def _do(ports: Ports, actor: Actor) -> None:
    for whoever in (actor, rotation.at_the_door(actor)):
        for _rows in rotation.turn_by_itself(ports, whoever):
            pass
