"""What a command tells of a file, in the language of whoever it acts for."""

from __future__ import annotations

import click
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from portal.filters import money, number
from portal.i18n import say
from portal.presenters import uploads as presenter
from uploads import queries
from uploads.mapping import Proposal
from uploads.models import Upload, UploadState

_WIDEST = 28


def received(upload: Upload, *, is_repeat: bool) -> None:
    """That the file is in, or was before."""
    click.echo(f"{upload.filename}: {say(presenter.KINDS[upload.kind])}, {number(upload.size_bytes)} bytes")
    if is_repeat:
        click.echo(_("The same file was sent before. It goes on from where it stands: %(state)s.", state=state(upload)))


def state(upload: Upload) -> str:
    """Where the file stands."""
    return say(presenter.STATES[upload.state])


def proposal(proposed: Proposal, mapping: dict[int, str]) -> None:
    """What each column is taken for, how sure that is, and what stands in it."""
    click.echo(_("Columns:"))
    for one in proposed.columns:
        name = mapping.get(one.position)
        sure = "" if name != one.field or not name else f"{one.confidence} %"
        samples = ", ".join(one.samples)
        click.echo(f"  {one.header[:_WIDEST]:<{_WIDEST}}  {name or '-':<20}  {sure:>5}  {samples}".rstrip())


def outcome(session: Session, actor: Actor, upload: Upload) -> None:
    """What became of the file: its rows, its value, and what was wrong, by kind and with examples."""
    if upload.state is UploadState.REJECTED:
        click.echo(f"{state(upload)}: {say(presenter.fault(upload), presenter.fault_words(upload) or None)}")
        return
    click.echo(
        _(
            "Rows read: %(read)s. Good: %(good)s. Rejected: %(rejected)s.",
            read=number(upload.rows_read),
            good=number(upload.rows_good),
            rejected=number(upload.rows_rejected),
        )
    )
    if upload.totals:
        amounts = ", ".join(money(minor, code) for code, minor in sorted(upload.totals.items()))
        click.echo(_("Value of the good rows: %(amounts)s.", amounts=amounts))
    for is_warning, heading in ((False, _("What is wrong:")), (True, _("Remarks; these rows stay good:"))):
        groups = queries.error_groups(session, actor, upload.id, is_warning=is_warning)
        if groups:
            examples = queries.list_errors(session, actor, upload.id, is_warning=is_warning).rows
            click.echo(heading)
            for line in presenter.grouped(upload.kind, groups, examples, say):
                found = "; ".join(
                    _("line %(line)s: %(value)s", line=one.line, value=one.value) for one in line.examples
                )
                click.echo(f"  {number(line.count):>9}  {say(line.label)}: {line.message}".rstrip())
                if found:
                    click.echo(f"             {found}")
    if upload.state is UploadState.APPLIED:
        click.echo(
            _(
                "Applied: %(applied)s rows, and %(unchanged)s that said nothing new.",
                applied=number(upload.rows_applied),
                unchanged=number(upload.rows_unchanged),
            )
        )
