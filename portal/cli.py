"""Commands for who runs the product: `flask --app wsgi <command>`; each ends with 0 only when all is well."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import TextIO

import click
from flask import Flask
from flask.cli import with_appcontext

from agencies.kernel import audit
from agencies.kernel.audit import Anchor, BrokenLink
from agencies.kernel.errors import DomainError
from agencies.kernel.session import transaction
from agencies.organisations import service as organisations
from portal import invariants
from portal.anchors import newest
from portal.commands.base import PLATFORM, instance, refuse
from portal.commands.files import scan_files, sweep_files, verify_files
from portal.commands.keys import rotate_keys
from portal.commands.protecting import breach_export, erasures, reapply_erasures
from portal.commands.upload import upload
from portal.demo.commands import demo_accounts_command, demo_code_command, demo_letter_command, load_demo_command
from portal.i18n import LANGUAGE_NAMES
from portal.jobs.progress import standing
from portal.jobs.sweep import Sweep, sweep_forever
from portal.jobs.worker import listen
from portal.migrations import runner


def register(app: Flask) -> None:
    """Give the app its commands."""
    own = (db_upgrade, create_operator, work, sweep, queue, verify, verify_audit, heads, rotate_keys)
    for command in (
        *own,
        upload,
        verify_files,
        scan_files,
        sweep_files,
        load_demo_command,
        demo_accounts_command,
        demo_code_command,
        demo_letter_command,
        breach_export,
        erasures,
        reapply_erasures,
    ):
        app.cli.add_command(command)


@click.command("db-upgrade")
@with_appcontext
def db_upgrade() -> None:
    """Bring the database to the newest revision, as its owner (DATABASE_OWNER_URL)."""
    owner_url = instance().settings.database_owner_url
    if owner_url is None:
        refuse("DATABASE_OWNER_URL is not set: migrations sign in as the owner of the tables.")
    runner.upgrade(owner_url, instance().keyring)
    click.echo("The database is at the newest revision.")


@click.command("create-operator")
@click.option("--email", prompt=True, envvar="OPERATOR_EMAIL")
@click.option("--name", prompt=True, envvar="OPERATOR_NAME")
@click.option("--language", type=click.Choice(list(LANGUAGE_NAMES)), default="es", show_default=True)
@click.password_option(envvar="OPERATOR_PASSWORD", help="Asked for when it is not in OPERATOR_PASSWORD.")
@with_appcontext
def create_operator(email: str, name: str, language: str, password: str) -> None:
    """Make somebody an operator of the platform: the one account that no invitation leads to."""
    ports = instance()
    try:
        with ports.session(PLATFORM) as session, transaction(session):
            organisations.create_operator(
                session, email=email, name=name, password=password, now=ports.now(), language=language
            )
    except DomainError as refusal:
        refuse(str(refusal))
    click.echo(f"{email} can sign in as operator.")


@click.command("work")
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
@with_appcontext
def work(*, burst: bool) -> None:
    """Do queued work, one piece at a time, until told to stop."""
    listen(instance(), burst=burst)


@click.command("sweep")
@click.option("--forever", is_flag=True, help="Every few seconds (SWEEP_SECONDS) until told to stop.")
@with_appcontext
def sweep(*, forever: bool) -> None:
    """Ring again for what got lost, and begin what the calendar says."""
    ports = instance()
    if forever:
        sweep_forever(ports)
    else:
        click.echo(f"{Sweep(ports).once(ports.now())} put right.")


@click.command("queue")
@with_appcontext
def queue() -> None:
    """Print how the queue stands as JSON: work by state, and how long the oldest has waited."""
    click.echo(json.dumps(dataclasses.asdict(standing(instance()))))


@click.command("verify")
@with_appcontext
def verify() -> None:
    """Check every invariant of every organisation and every audit chain; each row found is printed."""
    ports = instance()
    found = [
        f"{one.invariant} organisation={one.organisation_id or '-'} {one.subject}"
        for one in invariants.violations(ports)
    ]
    _report([*found, *map(_told, invariants.broken_links(ports))], "Every invariant holds.")


@click.command("verify-audit")
@click.option("--anchors", type=click.File(), help="What `heads` printed before, kept outside the database.")
@with_appcontext
def verify_audit(anchors: TextIO | None) -> None:
    """Walk every audit chain, and compare it with the newest heads that were kept, and with others kept outside."""
    ports = instance()
    links = list(invariants.broken_links(ports))
    if (kept := newest(ports)) is not None:
        with ports.session(PLATFORM) as session:
            links += [link for anchor in kept.heads.values() if (link := audit.verify_anchor(session, anchor))]
    if anchors is not None:
        with ports.session(PLATFORM) as session:
            links += [link for anchor in _read(anchors) if (link := audit.verify_anchor(session, anchor))]
    _report(map(_told, links), "Every audit chain holds.")


@click.command("heads")
@with_appcontext
def heads() -> None:
    """Print the end of every audit chain as JSON lines, to be kept where nobody who can write here can write."""
    ports = instance()
    with ports.session(PLATFORM) as session:
        for anchor in audit.heads(session):
            line = {
                "organisation_id": anchor.organisation_id,
                "seq": anchor.seq,
                "hash": anchor.hash.hex(),
                "at": ports.now().isoformat(),
            }
            click.echo(json.dumps(line))


def _read(anchors: TextIO) -> Iterable[Anchor]:
    for line in filter(None, map(str.strip, anchors)):
        told = json.loads(line)
        yield Anchor(told["organisation_id"], told["seq"], bytes.fromhex(told["hash"]))


def _told(link: BrokenLink) -> str:
    return f"audit_{link.reason} organisation={link.organisation_id} seq={link.seq}"


def _report(found: Iterable[str], all_well: str) -> None:
    lines = list(found)
    for line in lines:
        click.echo(line)
    if lines:
        refuse(f"{len(lines)} found.")
    click.echo(all_well)
