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
from uploads.mapping.proposals import Proposal
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
    _faults(session, actor, upload, is_warning=False, headings={False: _("What is wrong:")})
    # A total is a remark of the check, but no row of it stays good.
    remarks = {False: _("Remarks; these rows stay good:"), True: _("Left out, and compared with what was read:")}
    _faults(session, actor, upload, is_warning=True, headings=remarks)
    if upload.state is UploadState.APPLIED:
        click.echo(
            _(
                "Applied: %(applied)s rows, and %(unchanged)s that said nothing new.",
                applied=number(upload.rows_applied),
                unchanged=number(upload.rows_unchanged),
            )
        )


def _faults(session: Session, actor: Actor, upload: Upload, *, is_warning: bool, headings: dict[bool, str]) -> None:
    groups = queries.error_groups(session, actor, upload.id, is_warning=is_warning)
    if not groups:
        return
    examples = queries.list_errors(session, actor, upload.id, is_warning=is_warning).rows
    lines = presenter.grouped(upload.kind, groups, examples, say)
    for is_total, heading in headings.items():
        if told := [line for line in lines if (line.code == presenter.TOTAL) is is_total]:
            click.echo(heading)
        for line in told:
            found = "; ".join(_("row %(line)s: %(value)s", line=one.line, value=one.value) for one in line.examples)
            click.echo(f"  {number(line.count):>9}  {say(line.label)}: {line.message}".rstrip())
            if found:
                click.echo(f"             {found}")
