"""An applicant fills in the draft, attaches documents, and hands it in or takes it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from agencies.applications import content
from agencies.applications.lifecycle import WRITABLE, ApplicationMovedOn, Mover, take
from agencies.applications.links import visited
from agencies.applications.models import Application, ApplicationFile, ApplicationState, ApplicationStep
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.files import StoredFile
from agencies.organisations.models import Organisation
from agencies.standing.models import DocumentKind

MOST_FILES, MOST_BYTES = 30, 100 * 1024 * 1024
_ONE_EACH = "uq_applications_open"


class StillMissing(Invalid):
    """What is asked has to be there before it is looked at."""

    text = msg("Something is still missing. The list below says what.")


class KnownAlready(Conflict):
    """One organisation, one application per country and tax number."""

    text = msg(
        "An organisation with this tax number is on the portal already or has applied. Ask its manager or director to "
        "invite you, or write to the operator."
    )


class TooManyDocuments(Invalid):
    """An application is no archive."""

    text = msg("No more files fit: up to 30 files and 100 MB are taken with one application.")


def write(session: Session, token: str, code: str, given: Mapping[str, Any], *, now: datetime) -> Application:
    """Keep one part of the draft, or add a row to a list; raises what does not fit."""
    row = _writable(session, token, now)
    section = content.section_of(row, code)
    answers = content.checked(section, row.country, given)
    known = content.opened(session, row)
    put = content.with_row if section.is_list else content.with_part
    content.seal(session, row, put(known, section, answers))
    row.updated_at = now
    _keep_apart(session)
    return row


def drop_row(session: Session, token: str, code: str, name: str, *, now: datetime) -> Application:
    """Take a row off a list of the draft; a second time changes nothing."""
    row = _writable(session, token, now)
    known = content.opened(session, row)
    content.seal(session, row, content.without_row(known, content.section_of(row, code), name))
    row.updated_at = now
    return row


def attach(session: Session, token: str, kind: DocumentKind, file: StoredFile, *, now: datetime) -> ApplicationFile:
    """Add a file to the draft; the same bytes twice are one file. Raises `TooManyDocuments`."""
    row = _writable(session, token, now)
    files = files_of(session, row)
    for known in files:
        if (known.sha256, known.kind) == (file.sha256, kind):
            return known
    if len(files) >= MOST_FILES or sum(one.size_bytes for one in files) + file.size > MOST_BYTES:
        raise TooManyDocuments
    added = ApplicationFile(
        organisation_id=row.organisation_id,
        handle=row.handle,
        kind=kind,
        storage_key=file.key,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size,
        sha256=file.sha256,
        created_at=now,
    )
    session.add(added)
    row.updated_at = now
    session.flush()
    return added


def own_file(session: Session, token: str, file_id: int, *, now: datetime) -> ApplicationFile:
    """A file of one's own application; raises `NotFound`."""
    for file in files_of(session, visited(session, token, now=now)):
        if file.id == file_id:
            return file
    raise NotFound


def detach(session: Session, token: str, file_id: int, *, now: datetime) -> str:
    """Take a file off the draft and return its storage key, to be deleted once that is durable."""
    row = _writable(session, token, now)
    for file in files_of(session, row):
        if file.id == file_id:
            session.delete(file)
            session.flush()
            return file.storage_key
    raise NotFound


def submit(session: Session, token: str, *, now: datetime) -> Application:
    """Hand the application in; a second press changes nothing. Raises `StillMissing` or `KnownAlready`."""
    row = visited(session, token, now=now, lock=True)
    if row.state is ApplicationState.SUBMITTED:
        return row
    if row.state not in WRITABLE:
        raise ApplicationMovedOn
    said, attached = content.opened(session, row), {file.kind for file in files_of(session, row)}
    if content.missing(row.kind, row.country, said, attached):
        raise StillMissing
    if session.scalar(select(Organisation.id).where(_same(row))) is not None:
        raise KnownAlready
    take(session, row, ApplicationState.SUBMITTED, Mover.APPLICANT, now)
    row.submitted_at = now
    _keep_apart(session)
    return row


def withdraw(session: Session, token: str, *, now: datetime) -> Application:
    """Take the application back for good; a second press changes nothing."""
    row = visited(session, token, now=now, lock=True)
    if row.state is not ApplicationState.WITHDRAWN:
        take(session, row, ApplicationState.WITHDRAWN, Mover.APPLICANT, now)
        row.decided_at = now
    return row


def files_of(session: Session, row: Application) -> list[ApplicationFile]:
    """The files of an application, by kind."""
    statement = select(ApplicationFile).where(
        ApplicationFile.organisation_id == row.organisation_id, ApplicationFile.handle == row.handle
    )
    return list(session.scalars(statement.order_by(ApplicationFile.kind, ApplicationFile.id)))


def steps_of(session: Session, row: Application) -> list[ApplicationStep]:
    """What happened to an application, newest first."""
    statement = select(ApplicationStep).where(
        ApplicationStep.organisation_id == row.organisation_id, ApplicationStep.handle == row.handle
    )
    return list(session.scalars(statement.order_by(ApplicationStep.id.desc())))


def _same(row: Application) -> ColumnElement[bool]:
    return (Organisation.country == row.country) & (Organisation.tax_id == row.tax_id)


def _keep_apart(session: Session) -> None:
    """Write it down, unless another application of the same organisation is being looked at."""
    try:
        session.flush()
    except IntegrityError as known:
        if getattr(getattr(known.orig, "diag", None), "constraint_name", None) != _ONE_EACH:
            raise
        raise KnownAlready from known


def _writable(session: Session, token: str, now: datetime) -> Application:
    row = visited(session, token, now=now, lock=True)
    if row.state not in WRITABLE:
        raise ApplicationMovedOn
    return row
