"""From checked files to the business: which rows may not go on, and what the others become, by kind of file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor
from assignments.cases.service import load_portfolio, screen_portfolio
from assignments.conduct import service as conduct
from assignments.locates.filing import ingest_findings, screen_findings
from assignments.reports import recording
from assignments.reports.models import Activity
from assignments.reports.service import ingest_activities, ingest_payments, screen_activities, screen_payments
from assignments.sla import service as sla
from uploads import lifecycle
from uploads.models import Upload, UploadKind, UploadState
from uploads.rejecting import drop_refused
from uploads.rows import Loaded
from uploads.service import recount

_SCREEN: dict[UploadKind, Callable[[Session, Actor, Upload], int]] = {
    UploadKind.PORTFOLIO: screen_portfolio,
    UploadKind.PAYMENTS: screen_payments,
    UploadKind.ACTIVITIES: screen_activities,
    UploadKind.FINDINGS: screen_findings,
}
_LOAD: dict[UploadKind, Callable[..., Loaded]] = {
    UploadKind.PORTFOLIO: load_portfolio,
    UploadKind.PAYMENTS: ingest_payments,
    UploadKind.ACTIVITIES: ingest_activities,
    UploadKind.FINDINGS: ingest_findings,
}


def screen(session: Session, actor: Actor, upload_id: int) -> int:
    """Turn away staged rows that the business as it stands does not admit; returns how many.

    Does nothing unless the upload is being checked.
    """
    upload = _locked(session, actor, upload_id)
    if upload.state is not UploadState.CHECKING:
        return 0
    return _screen(session, actor, upload)


def load(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Loaded:
    """Apply an upload in this transaction; run again, it gives the first result.

    Rows that have turned bad since they were checked are rejected. When all or nothing was asked for, nothing is
    applied then, and the upload goes back to its user.
    """
    upload = _locked(session, actor, upload_id)
    if upload.state is not UploadState.APPLYING:
        return Loaded(upload.rows_applied, upload.rows_unchanged, upload.rows_rejected)
    if _screen(session, actor, upload):
        recount(session, upload)
        if not upload.good_rows_only or not upload.rows_good:
            lifecycle.move(upload, UploadState.CHECKED)
            _record(session, actor, "upload.sent_back", upload, now, good=upload.rows_good)
            return Loaded(0, 0, upload.rows_rejected)
    loaded = _LOAD[upload.kind](session, actor, upload, now=now)
    upload.rows_applied, upload.rows_unchanged, upload.rows_rejected = (
        loaded.applied,
        loaded.unchanged,
        loaded.rejected,
    )
    upload.applied_at = now
    if upload.kind is UploadKind.ACTIVITIES:
        sla.count_upload(session, actor, upload_id)
        if loaded.applied and upload.creditor_id is not None:
            conduct.ask(session, actor, upload.creditor_id, upload_id=upload_id, now=now)
    lifecycle.move(upload, UploadState.APPLIED)
    _record(session, actor, "upload.applied", upload, now, applied=loaded.applied, unchanged=loaded.unchanged)
    return loaded


def record_activity(session: Session, actor: Actor, case_id: int, *, now: datetime, **what: Any) -> Activity:
    """Take in what an agent records on a page, with all that follows from an activity; again changes nothing."""
    activity, is_new = recording.record(session, actor, case_id, now=now, **what)
    if is_new:
        sla.count_activity(session, actor, activity.id)
        conduct.ask(session, actor, activity.creditor_id, activity_ids=[activity.id], now=now)
    return activity


def _screen(session: Session, actor: Actor, upload: Upload) -> int:
    before = upload.rows_rejected
    _SCREEN[upload.kind](session, actor, upload)
    # A topic may turn rows away by telling their fault alone; they leave staging here.
    drop_refused(session, upload)
    return upload.rows_rejected - before


def _locked(session: Session, actor: Actor, upload_id: int) -> Upload:
    upload = session.scalar(
        select(Upload)
        .where(Upload.organisation_id == actor.tenant, Upload.id == upload_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if upload is None:
        raise NotFound
    return upload


def _record(session: Session, actor: Actor, action: str, upload: Upload, now: datetime, **counts: Any) -> None:
    audit.record(
        session,
        actor,
        action,
        now=now,
        upload_id=upload.id,
        kind=upload.kind.value,
        rejected=upload.rows_rejected,
        **counts,
    )
