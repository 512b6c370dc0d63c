"""Remarks on staged rows by what the business knows: told once, while a file is checked; the rows stay good."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, TextualSelect, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from uploads.checking.rejecting import count_remarks
from uploads.models import Upload, UploadError, UploadState

_SHOWN = 80
#: As many are listed; all are counted.
_LISTED = 10_000


def remark_rows(session: Session, upload: Upload, remarks: Select[Any] | TextualSelect) -> None:
    """Tell the remarks that `remarks` selects as `line, field, code, value`; at any other time than the check, none."""
    if upload.state is not UploadState.CHECKING:
        return
    found = remarks.cte("found")
    told = (
        insert(UploadError)
        .from_select(
            ["organisation_id", "upload_id", "line", "field", "code", "value", "is_warning"],
            select(
                literal(upload.organisation_id),
                literal(upload.id),
                found.c.line,
                found.c.field,
                found.c.code,
                func.left(func.coalesce(found.c.value, ""), _SHOWN),
                literal(value=True),
            )
            .order_by(found.c.line)
            .limit(_LISTED),
        )
        .on_conflict_do_nothing()
        .cte("told")
    )
    counted = select(found.c.field, found.c.code, func.count()).group_by(found.c.field, found.c.code).add_cte(told)
    count_remarks(upload, {(field, code): count for field, code, count in session.execute(counted)})
