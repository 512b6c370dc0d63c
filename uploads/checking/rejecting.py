"""Turns staged rows away by a rule that needs more than one row: the row leaves staging and its fault is told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, TextualSelect, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from uploads.checking.staging import STAGED
from uploads.models import Upload, UploadError
from uploads.schemas.registry import SCHEMAS

_SHOWN = 80


def reject_rows(session: Session, upload: Upload, faulty: Select[Any] | TextualSelect) -> int:
    """Turn away the rows that `faulty` selects as `line, field, code, value`; returns how many were."""
    found = faulty.cte("faulty")
    staged = STAGED[upload.kind]
    gone = (
        delete(staged)
        .where(
            staged.c.organisation_id == upload.organisation_id,
            staged.c.upload_id == upload.id,
            staged.c.line == found.c.line,
        )
        .returning(staged.c.line)
        .cte("gone")
    )
    told = (
        insert(UploadError)
        .from_select(
            ["organisation_id", "upload_id", "line", "field", "code", "value"],
            select(
                literal(upload.organisation_id),
                literal(upload.id),
                found.c.line,
                found.c.field,
                found.c.code,
                func.left(func.coalesce(found.c.value, ""), _SHOWN),
            ).where(found.c.line.in_(select(gone.c.line))),
        )
        .returning(UploadError.field, UploadError.code)
        .cte("told")
    )
    rows = session.execute(
        select(
            told.c.field, told.c.code, func.count(), select(func.count()).select_from(gone).scalar_subquery()
        ).group_by(told.c.field, told.c.code)
    ).all()
    count_faults(upload, {(field, code): count for field, code, count, _ in rows})
    rejected = rows[0][3] if rows else 0
    upload.rows_rejected += rejected
    return rejected


def reject_repeated(session: Session, upload: Upload) -> int:
    """Of rows that name the same thing where the schema allows it once, keep the first; returns how many went."""
    field = SCHEMAS[upload.kind].unique
    if field is None:
        return 0
    staged = STAGED[upload.kind]
    mine = (staged.c.organisation_id == upload.organisation_id, staged.c.upload_id == upload.id)
    named = staged.c[field]
    firsts = (
        select(named.label("named"), func.min(staged.c.line).label("line"))
        .where(*mine)
        .group_by(named)
        .having(func.count() > 1)
        .cte("firsts")
    )
    return reject_rows(
        session,
        upload,
        select(staged.c.line, literal(field).label("field"), literal("duplicate").label("code"), named.label("value"))
        .join(firsts, named == firsts.c.named)
        .where(*mine, staged.c.line > firsts.c.line),
    )


def drop_refused(session: Session, upload: Upload) -> int:
    """Take rows out of staging that have been given a fault while they stood there; returns how many went."""
    staged = STAGED[upload.kind]
    mine = (staged.c.organisation_id == upload.organisation_id, staged.c.upload_id == upload.id)
    told = (
        UploadError.organisation_id == upload.organisation_id,
        UploadError.upload_id == upload.id,
        UploadError.is_warning.is_(other=False),
    )
    standing = select(staged.c.line).where(*mine)
    rows = session.execute(
        select(UploadError.field, UploadError.code, func.count())
        .where(*told, UploadError.line.in_(standing))
        .group_by(UploadError.field, UploadError.code)
    ).all()
    if not rows:
        return 0
    count_faults(upload, {(field, code): count for field, code, count in rows})
    gone = session.execute(
        delete(staged).where(*mine, staged.c.line.in_(select(UploadError.line).where(*told))).returning(staged.c.line)
    ).all()
    upload.rows_rejected += len(gone)
    return len(gone)


def count_faults(upload: Upload, faults: dict[tuple[str, str], int]) -> None:
    """Add to the upload's counts per field and fault."""
    upload.error_counts = _added(upload.error_counts, faults)
    upload.errors_found += sum(faults.values())


def count_remarks(upload: Upload, remarks: dict[tuple[str, str], int]) -> None:
    """Add to the upload's counts per field and remark."""
    upload.warning_counts = _added(upload.warning_counts, remarks)


def _added(counts: dict[str, int], found: dict[tuple[str, str], int]) -> dict[str, int]:
    added = dict(counts)
    for (field, code), count in found.items():
        key = f"{field}:{code}"
        added[key] = added.get(key, 0) + count
    return added
