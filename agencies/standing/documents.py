"""Files an agency shows on its file: taken in by their content, handed out as attachments, kept when taken off."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.files import StoredFile
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from agencies.standing.filing import check_reader
from agencies.standing.models import AgencyDocument, DocumentKind

#: On the file at a time.
MOST_FILES, MOST_BYTES = 60, 300 * 1024 * 1024


class TooManyFiles(Invalid):
    """A file of an agency is no archive."""

    text = msg("No more files fit on the agency's file: up to 60 files and 300 MB. Take off what is out of date.")


def documents_of(session: Session, actor: Actor, agency_id: int) -> list[AgencyDocument]:
    """The files on an agency's file, by kind; raises `NotFound`."""
    check_reader(session, actor, agency_id)
    statement = select(AgencyDocument).where(AgencyDocument.agency_id == agency_id, AgencyDocument.removed_at.is_(None))
    return list(session.scalars(statement.order_by(AgencyDocument.kind, AgencyDocument.id.desc())))


def add_document(
    session: Session, actor: Actor, kind: DocumentKind, file: StoredFile, *, now: datetime
) -> AgencyDocument:
    """Put a file on the agency's file; the same bytes twice are one file. Raises `TooManyFiles`."""
    require(actor, Permission.STANDING_EDIT)
    agency_id = require_side(actor, Side.AGENCY)
    files = documents_of(session, actor, agency_id)
    for known in files:
        if (known.sha256, known.kind) == (file.sha256, kind):
            return known
    if len(files) >= MOST_FILES or sum(one.size_bytes for one in files) + file.size > MOST_BYTES:
        raise TooManyFiles
    added = keep_document(session, agency_id, kind, file, by=actor.user_id, now=now)
    audit.record(session, actor, "document.added", now=now, document_id=added.id, kind=kind.value)
    return added


def keep_document(
    session: Session, agency_id: int, kind: DocumentKind, file: StoredFile, *, by: int | None, now: datetime
) -> AgencyDocument:
    """Write a file down as it is."""
    added = AgencyDocument(
        agency_id=agency_id,
        kind=kind,
        storage_key=file.key,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size,
        sha256=file.sha256,
        created_at=now,
        created_by=by,
    )
    session.add(added)
    session.flush()
    return added


def remove_document(session: Session, actor: Actor, document_id: int, *, now: datetime) -> None:
    """Take a file off; it stays kept, because somebody may have relied on it. A second time changes nothing."""
    require(actor, Permission.STANDING_EDIT)
    found = _find(session, require_side(actor, Side.AGENCY), document_id)
    if found.removed_at is None:
        found.removed_at = now
        audit.record(session, actor, "document.removed", now=now, document_id=document_id)


def open_document(session: Session, actor: Actor, agency_id: int, document_id: int, *, now: datetime) -> AgencyDocument:
    """A file that somebody is about to read, and the trace of it on both sides; raises `NotFound`."""
    check_reader(session, actor, agency_id)
    found = _find(session, agency_id, document_id)
    if found.removed_at is not None and actor.side is not Side.AGENCY:
        raise NotFound
    audit.record(
        session,
        actor,
        "document.downloaded",
        now=now,
        organisations=[actor.tenant, agency_id],
        document_id=document_id,
        organisation_id=agency_id,
    )
    return found


def _find(session: Session, agency_id: int, document_id: int) -> AgencyDocument:
    found = session.scalar(
        select(AgencyDocument).where(AgencyDocument.agency_id == agency_id, AgencyDocument.id == document_id)
    )
    if found is None:
        raise NotFound
    return found
