"""The store of files from the command line: whether it has what the rows say, and away with what no row needs."""

from __future__ import annotations

from datetime import timedelta

import click
from flask.cli import with_appcontext

from portal import keeping, scanning
from portal.commands.base import instance, refuse
from uploads.storage import StorageUnavailable


@click.command("verify-files")
@with_appcontext
def verify_files() -> None:
    """Compare the store of files with the rows that name them; ends with 1 when a file is missing or changed."""
    ports = instance()
    try:
        found = keeping.verify(ports, now=ports.now())
    except StorageUnavailable as outage:
        refuse(str(outage))
    for one in found.missing:
        click.echo(f"missing organisation={one.organisation_id} key={one.key}")
    for one in found.changed:
        click.echo(f"changed organisation={one.organisation_id} key={one.key} bytes_received={one.size}")
    for orphan in found.orphans:
        click.echo(f"orphan key={orphan.key} bytes={orphan.size} since={orphan.modified_at:%Y-%m-%dT%H:%MZ}")
    click.echo(
        f"{found.files} files: {len(found.missing)} missing, {len(found.changed)} changed, "
        f"{len(found.orphans)} orphaned."
    )
    _tell_foreign(found.foreign)
    if found.missing or found.changed:
        raise SystemExit(1)


@click.command("sweep-files")
@click.option(
    "--older-than",
    type=click.IntRange(min=1),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="Younger files may be on their way in.",
)
@with_appcontext
def sweep_files(*, older_than: int) -> None:
    """Remove files no row names, what was begun and never kept, and the bytes of files rejected or undone long ago."""
    ports = instance()
    try:
        swept = keeping.sweep(ports, older_than=timedelta(hours=older_than), now=ports.now())
    except StorageUnavailable as outage:
        refuse(str(outage))
    click.echo(
        f"{swept.orphans} orphans removed, {swept.abandoned} abandoned arrivals removed, "
        f"{swept.purged} rejected or undone files emptied."
    )
    _tell_foreign(swept.foreign)


@click.command("scan-files")
@with_appcontext
def scan_files() -> None:
    """Have every file scanned that no scanner has looked through; until that is done they are held back."""
    ports = instance()
    if ports.scanner is None:
        refuse("No scanner is set: name one in SCANNER_URL.")
    try:
        asked, gone = scanning.ask_for_all(ports)
    except StorageUnavailable as outage:
        refuse(str(outage))
    click.echo(f"{asked} files wait for the scanner now, {gone} that rows name are not in the store.")


def _tell_foreign(count: int) -> None:
    if count:
        click.echo(f"{count} files are not ours by their names and are left alone.")
