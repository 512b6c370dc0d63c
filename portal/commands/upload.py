"""`flask upload`: a file sent, settled, checked and applied without a browser, in the name of somebody who may."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from agencies.kernel.errors import DomainError
from portal.commands.base import acting_as, instance, refuse
from portal.commands.reading import Said
from portal.commands.sending import Sending
from portal.i18n import refusal
from uploads.models import UploadKind
from uploads.schemas.registry import SCHEMAS
from uploads.storage import StorageUnavailable


@click.command("upload")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", required=True, type=click.Choice(sorted(kind.value for kind in SCHEMAS)))
@click.option("--as", "email", required=True, metavar="EMAIL", help="In whose name, with that person's rights.")
@click.option("--creditor", metavar="NAME_OR_REF", help="Whose cases an agency's file speaks of, if it serves several.")
@click.option("--report", metavar="REF", help="The report an agency's file is for, as its address shows it.")
@click.option("--map", "columns", multiple=True, metavar="HEADER=FIELD", help="What a column is; no FIELD: nothing.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="date_order, decimal, currency ...")
@click.option("--code", "codes", multiple=True, metavar="FIELD:VALUE=CODE", help="What a code of the sender's means.")
@click.option("--apply", "how", type=click.Choice(["all", "good"]), help="All rows or nothing, or the good rows only.")
@click.option("--wait", is_flag=True, help="Leave the work to the running workers and wait for them.")
@with_appcontext
def upload(
    *,
    file: Path,
    kind: str,
    email: str,
    creditor: str | None,
    report: str | None,
    columns: tuple[str, ...],
    options: tuple[str, ...],
    codes: tuple[str, ...],
    how: str | None,
    wait: bool,
) -> None:
    """Send FILE, have it checked and, if asked for, applied; ends with 0 only when that is done."""
    ports = instance()
    try:
        with acting_as(ports, email) as actor:
            try:
                sending = Sending(ports, actor, Said.of(columns, options, codes), wait)
                sending.send(file, UploadKind(kind), creditor, report)
                sending.settle()
                sending.finish(how)
            except DomainError as refused:
                refuse(refusal(refused))
    except DomainError as nobody:
        refuse(str(nobody))
    except StorageUnavailable as outage:
        refuse(str(outage))
