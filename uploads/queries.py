"""Reads of uploads: one, the list, how far it is, and what was wrong with its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, defer

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor, require
from agencies.kernel.work import Work, WorkState
from agencies.organisations.permissions import Permission
from uploads.checking.staging import STAGED
from uploads.confirming import CHECK
from uploads.kinds import SENDERS_PERMISSION
from uploads.models import Upload, UploadError, UploadKind, UploadState
from uploads.opening import OPEN
from uploads.schemas.registry import SCHEMAS
from uploads.sealedrows import open_row
from uploads.service import APPLY

_WORKING = {UploadState.OPENING: OPEN, UploadState.CHECKING: CHECK, UploadState.APPLYING: APPLY}


@dataclass(frozen=True)
class Progress:
    """How far the work on an upload is, for whoever watches."""

    state: UploadState
    #: What is being done now: a stable code.
    stage: str
    done: int
    total: int
    rows_read: int
    rows_good: int
    rows_rejected: int
    rows_per_second: float | None
    seconds_left: float | None
    #: Since the work was asked for.
    seconds_passed: float | None
    #: The work gave up and waits for a person; `work_id` is what to retry.
    failed: bool
    #: The work waits for its turn or is being done.
    is_open: bool
    error: str | None
    work_id: int | None


@dataclass(frozen=True)
class ErrorGroup:
    """How often one fault was found in one column."""

    field: str
    code: str
    count: int


@dataclass(frozen=True)
class RowFault:
    """One fault of one row, as it is listed."""

    line: int
    field: str
    code: str
    value: str


def sent_upload(session: Session, actor: Actor, upload_id: int) -> Upload:
    """One upload, for who sends such files and nobody else; raises `NotFound`."""
    upload = get_upload(session, actor, upload_id)
    require(actor, SENDERS_PERMISSION[upload.kind])
    return upload


def get_upload(session: Session, actor: Actor, upload_id: int) -> Upload:
    """One upload of the actor's organisation, for who sends such files; raises `NotFound`.

    Who sees cases sees what file they came from, too.
    """
    upload = session.scalar(select(Upload).where(Upload.organisation_id == actor.tenant, Upload.id == upload_id))
    if upload is None:
        raise NotFound
    if upload.kind is not UploadKind.PORTFOLIO or not actor.may(Permission.CASE_VIEW):
        require(actor, SENDERS_PERMISSION[upload.kind])
    return upload


def list_uploads(
    session: Session,
    actor: Actor,
    kind: UploadKind | None = None,
    after: tuple[datetime, int] | None = None,
    *,
    creditor_id: int | None = None,
    state: UploadState | None = None,
    has_failed: bool = False,
    sent_by: int | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
    search: str | None = None,
    limit: int = PAGE,
) -> Page[Upload]:
    """The organisation's uploads of the kinds the actor sends, newest first.

    The cursor is the time and id of the last one shown. `has_failed` keeps those whose work gave up and waits for a
    person; `search` those whose name holds it.
    """
    kinds = [kind for kind, permission in SENDERS_PERMISSION.items() if actor.may(permission)]
    if not kinds:
        raise Forbidden
    query = select(Upload).where(Upload.organisation_id == actor.tenant, Upload.kind.in_(kinds))
    if kind is not None:
        query = query.where(Upload.kind == kind)
    if creditor_id is not None:
        query = query.where(Upload.creditor_id == creditor_id)
    if state is not None:
        query = query.where(Upload.state == state)
    if sent_by is not None:
        query = query.where(Upload.created_by == sent_by)
    if since is not None:
        query = query.where(Upload.created_at >= since)
    if before is not None:
        query = query.where(Upload.created_at < before)
    if search:
        query = query.where(Upload.filename.icontains(search, autoescape=True))
    if has_failed:
        query = query.where(work_failed())
    if after is not None:
        query = query.where(tuple_(Upload.created_at, Upload.id) < after)
    rows = session.scalars(
        query.options(defer(Upload.sealed_sample), defer(Upload.header))
        .order_by(Upload.created_at.desc(), Upload.id.desc())
        .limit(limit + 1)
    ).all()
    return cut(rows, limit, lambda row: (row.created_at, row.id))


def work_failed() -> ColumnElement[bool]:
    """Whether the work that an upload waits for gave up; what is over is not asked for its former failures."""
    return or_(
        *(
            and_(
                Upload.state == state,
                exists().where(
                    Work.organisation_id == Upload.organisation_id,
                    Work.kind == kind,
                    func.split_part(Work.key, ":", 1) == cast(Upload.id, Text),
                    Work.state == WorkState.FAILED,
                ),
            )
            for state, kind in _WORKING.items()
        )
    )


def list_senders(session: Session, actor: Actor) -> list[int]:
    """Whoever ever sent a file of the organisation."""
    senders = select(Upload.created_by).where(Upload.organisation_id == actor.tenant, Upload.created_by.is_not(None))
    return [one for one in session.scalars(senders.distinct()) if one is not None]


def progress(session: Session, actor: Actor, upload_id: int, *, work_kind: str | None = None) -> Progress:
    """How far the work is that the upload waits for, or its latest work of a kind."""
    upload = sent_upload(session, actor, upload_id)
    kind = work_kind or _WORKING.get(upload.state)
    if kind is None:
        return _progress(upload, None, None)
    seconds = func.extract("epoch", func.clock_timestamp() - Work.created_at)
    found = session.execute(
        select(Work, seconds)
        .where(
            Work.organisation_id == actor.tenant,
            Work.kind == kind,
            or_(Work.key == str(upload.id), Work.key.startswith(f"{upload.id}:", autoescape=True)),
        )
        .order_by(Work.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return _progress(upload, found[0], float(found[1])) if found else _progress(upload, None, None)


def error_groups(session: Session, actor: Actor, upload_id: int, *, is_warning: bool = False) -> list[ErrorGroup]:
    """Every kind of fault, or of remark, found in the upload with its count, the most frequent first."""
    upload = sent_upload(session, actor, upload_id)
    counts = upload.warning_counts if is_warning else upload.error_counts
    groups = [ErrorGroup(*key.partition(":")[::2], count) for key, count in counts.items()]
    return sorted(groups, key=lambda group: (-group.count, group.field, group.code))


def list_errors(
    session: Session,
    actor: Actor,
    upload_id: int,
    after: tuple[int, str, str] | None = None,
    *,
    code: str | None = None,
    is_warning: bool = False,
    limit: int = PAGE,
) -> Page[RowFault]:
    """Listed faults, or remarks, in the order of the file; the cursor is line, field and code of the last one shown."""
    sent_upload(session, actor, upload_id)
    key = (UploadError.line, UploadError.field, UploadError.code)
    query = select(UploadError).where(
        UploadError.organisation_id == actor.tenant,
        UploadError.upload_id == upload_id,
        UploadError.is_warning.is_(is_warning),
    )
    if code is not None:
        query = query.where(UploadError.code == code)
    if after is not None:
        query = query.where(tuple_(*key) > after)
    found = session.scalars(query.order_by(*key).limit(limit + 1))
    rows = [RowFault(one.line, one.field, one.code, one.stood) for one in found]
    return cut(rows, limit, lambda row: (row.line, row.field, row.code))


def find_staged_row(session: Session, actor: Actor, upload: Upload, line: int) -> dict[str, Any] | None:
    """One row of the actor's own upload as it was read, while it is kept: field -> value, without empty ones."""
    require(actor, Permission.CASE_VIEW)
    staged = STAGED[upload.kind]
    row = session.execute(
        select(staged).where(
            staged.c.organisation_id == actor.tenant, staged.c.upload_id == upload.id, staged.c.line == line
        )
    ).one_or_none()
    if row is None:
        return None
    cells = row._asdict()
    if (sealed := cells.get("sealed")) is not None:
        opened = open_row(
            keyring_of(session), actor.tenant, upload.kind, upload.id, line, sealed, cells.get("identity")
        )
        cells.update(opened)
    names = [field.name for field in SCHEMAS[upload.kind].fields]
    return {name: cells[name] for name in names if cells.get(name) is not None}


def _progress(upload: Upload, work: Work | None, seconds: float | None) -> Progress:
    done, total = (work.done, work.total) if work else (0, 0)
    speed = left = None
    if seconds and upload.state is UploadState.CHECKING and done and total:
        speed = upload.rows_read / seconds
        left = seconds * (total - done) / done
    return Progress(
        upload.state,
        work.stage if work else "",
        done,
        total,
        upload.rows_read,
        upload.rows_good,
        upload.rows_rejected,
        speed,
        left,
        seconds,
        work is not None and work.state == WorkState.FAILED,
        work is not None and work.state in {WorkState.QUEUED, WorkState.RUNNING},
        work.error if work else None,
        work.id if work else None,
    )
