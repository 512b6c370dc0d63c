"""From checked files to the business: which rows may not go on, and what the others become, by kind of file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import audit, work
from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor, require
from assignments.cases.service import load_portfolio, screen_portfolio
from assignments.conduct import service as conduct
from assignments.flags.writing import settle_upload
from assignments.inventories.service import reconcile, screen_inventory, undo_inventory
from assignments.locates.filing import ingest_findings, screen_findings
from assignments.matches import finding as matches
from assignments.placements.closures import apply_closures, screen_closures
from assignments.placements.recall_lists import (
    load_recall_list,
    refuse_answered_recalls,
    screen_recall_list,
    undo_recall_list,
)
from assignments.placements.updating import load_update, refuse_used_update, screen_update, undo_update
from assignments.promises.service import ingest_promises, refuse_retold_promises, screen_promises, undo_promises
from assignments.reports import recording
from assignments.reports.crediting import (
    load_creditor_payments,
    refuse_used_payments,
    screen_creditor_payments,
    undo_creditor_payments,
)
from assignments.reports.models import Activity
from assignments.reports.service import ingest_activities, ingest_payments, screen_activities, screen_payments
from assignments.sla import service as sla
from assignments.subjects.tombstones import refuse_erased
from assignments.undoing import KEPT, NOT_TAKEN_BACK, UNDO, refuse_used_portfolio, undo_portfolio
from uploads import lifecycle
from uploads.checking.rejecting import drop_refused
from uploads.kinds import SENDERS_PERMISSION
from uploads.lifecycle import CannotBeUndone
from uploads.models import Upload, UploadKind, UploadState
from uploads.rows import Loaded
from uploads.service import forget_staged, recount

_SCREEN: dict[UploadKind, Callable[[Session, Actor, Upload], int]] = {
    UploadKind.PORTFOLIO: screen_portfolio,
    UploadKind.PORTFOLIO_UPDATE: screen_update,
    UploadKind.CREDITOR_PAYMENTS: screen_creditor_payments,
    UploadKind.RECALL_LIST: screen_recall_list,
    UploadKind.PAYMENTS: screen_payments,
    UploadKind.ACTIVITIES: screen_activities,
    UploadKind.PROMISES: screen_promises,
    UploadKind.CLOSURES: screen_closures,
    UploadKind.INVENTORY: screen_inventory,
    UploadKind.FINDINGS: screen_findings,
}
_LOAD: dict[UploadKind, Callable[..., Loaded]] = {
    UploadKind.PORTFOLIO: load_portfolio,
    UploadKind.PORTFOLIO_UPDATE: load_update,
    UploadKind.CREDITOR_PAYMENTS: load_creditor_payments,
    UploadKind.RECALL_LIST: load_recall_list,
    UploadKind.PAYMENTS: ingest_payments,
    UploadKind.ACTIVITIES: ingest_activities,
    UploadKind.PROMISES: ingest_promises,
    UploadKind.CLOSURES: apply_closures,
    UploadKind.INVENTORY: reconcile,
    UploadKind.FINDINGS: ingest_findings,
}
#: Kinds whose rows another connection reads while the transaction that applies them only writes.
_READ_BESIDE = {UploadKind.PORTFOLIO}
#: Kind -> how what a file made is taken back: a count of what went, by name; raises `CannotBeUndone`.
_UNDO: dict[UploadKind, Callable[..., dict[str, int]]] = {
    UploadKind.PORTFOLIO: undo_portfolio,
    UploadKind.PORTFOLIO_UPDATE: undo_update,
    UploadKind.CREDITOR_PAYMENTS: undo_creditor_payments,
    UploadKind.RECALL_LIST: undo_recall_list,
    UploadKind.PROMISES: undo_promises,
    UploadKind.INVENTORY: undo_inventory,
}
#: Kind -> what is asked before the work of undoing begins, so that a refusal is told at once.
_REFUSE: dict[UploadKind, Callable[[Session, Actor, Upload], None]] = {
    UploadKind.PORTFOLIO: refuse_used_portfolio,
    UploadKind.PORTFOLIO_UPDATE: refuse_used_update,
    UploadKind.CREDITOR_PAYMENTS: refuse_used_payments,
    UploadKind.RECALL_LIST: refuse_answered_recalls,
    UploadKind.PROMISES: refuse_retold_promises,
}


def screen(session: Session, actor: Actor, upload_id: int) -> int:
    """Turn away staged rows that the business as it stands does not admit; returns how many.

    Does nothing unless the upload is being checked.
    """
    upload = _locked(session, actor, upload_id)
    if upload.state is not UploadState.CHECKING:
        return 0
    return _screen(session, actor, upload)


def load(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Loaded | None:
    """Apply an upload in this transaction; run again, it gives the first result.

    Rows that have turned bad since they were checked are rejected. When all or nothing was asked for, nothing is
    applied then, and the upload goes back to its user. None when that has to be durable before the rest is applied: to
    be called again, in a transaction of its own.
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
        if upload.kind in _READ_BESIDE:
            return None
    loaded = _LOAD[upload.kind](session, actor, upload, now=now)
    upload.rows_applied, upload.rows_unchanged, upload.rows_rejected = (
        loaded.applied,
        loaded.unchanged,
        loaded.rejected,
    )
    upload.applied_at = now
    if upload.kind is UploadKind.PORTFOLIO:
        settle_upload(session, actor.tenant, upload_id)
        matches.ask(session, actor, upload_id, now=now)
    if upload.kind is UploadKind.ACTIVITIES:
        sla.count_upload(session, actor, upload_id)
        if loaded.applied and upload.creditor_id is not None:
            conduct.ask(session, actor, upload.creditor_id, upload_id=upload_id, now=now)
    lifecycle.move(upload, UploadState.APPLIED)
    _record(session, actor, "upload.applied", upload, now, applied=loaded.applied, unchanged=loaded.unchanged)
    return loaded


def can_be_undone(kind: UploadKind) -> bool:
    """Whether files of a kind can be taken back at all."""
    return kind in _UNDO


def ask_undo(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Upload:
    """Ask for an applied file to be taken back; raises `CannotBeUndone` with its reason."""
    upload = _locked(session, actor, upload_id)
    require(actor, SENDERS_PERMISSION[upload.kind])
    _check_undo(upload)
    _REFUSE.get(upload.kind, _ask_nothing)(session, actor, upload)
    before = work.find(session, actor, UNDO, str(upload.id))
    key = str(upload.id) if before is None else f"{upload.id}:{now.timestamp()}"
    work.request(session, actor, UNDO, key, {"upload_id": upload.id}, now=now)
    _record(session, actor, "upload.undo_requested", upload, now)
    return upload


def undo(session: Session, actor: Actor, upload_id: int, now: datetime) -> Upload:
    """Take back what an applied file made, in this transaction; run again, it does nothing.

    Raises `CannotBeUndone` when something has come of it. The same bytes may be sent again afterwards.
    """
    upload = _locked(session, actor, upload_id)
    if upload.state is UploadState.UNDONE:
        return upload
    require(actor, SENDERS_PERMISSION[upload.kind])
    _check_undo(upload)
    gone = _UNDO[upload.kind](session, actor, upload, now)
    lifecycle.move(upload, UploadState.UNDONE)
    upload.undone_at, upload.undone_by = now, actor.user_id
    forget_staged(session, upload)
    _record(session, actor, "upload.undone", upload, now, **gone)
    return upload


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
    refuse_erased(session, actor, upload)
    # A topic may turn rows away by telling their fault alone; they leave staging here.
    drop_refused(session, upload)
    return upload.rows_rejected - before


def _check_undo(upload: Upload) -> None:
    if upload.state is not UploadState.APPLIED:
        raise lifecycle.UploadMovedOn
    if upload.kind not in _UNDO:
        raise CannotBeUndone(KEPT.get(upload.kind, NOT_TAKEN_BACK))


def _ask_nothing(_session: Session, _actor: Actor, _upload: Upload) -> None:
    """Nothing needs to be asked before."""


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
