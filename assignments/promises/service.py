"""Takes in what debtors promised, each promise once; a later file may change what is said of it, never its facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, text, update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.promises import judging
from assignments.promises.models import Promise, PromiseStatement
from assignments.reports.locking import one_report_at_a_time
from uploads.checking.rejecting import count_remarks
from uploads.lifecycle import CannotBeUndone
from uploads.models import Upload
from uploads.rows import Loaded

_SPOKEN_OF = msg("another file speaks of the same promises; send one that says what holds now")


def screen_promises(session: Session, actor: Actor, upload: Upload) -> int:
    """Refuse, row by row, staged promises that are not the agency's to report; returns how many.

    A discount beyond the agency's authority is a fact its creditor must see: it is remarked on, and the row stays.
    """
    parameters = _parameters(session, actor, upload)
    refused = session.execute(text(judging.SCREEN), parameters).all()
    remarks = session.execute(text(judging.REMARK), parameters).all()
    if remarks:
        count_remarks(upload, {("discount_percent", "beyond_authority"): len(remarks)})
    return len(refused)


def ingest_promises(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Take in an upload's promises: new ones, and what is newly said of known ones; the rest counts as unchanged."""
    parameters = _parameters(session, actor, upload)
    row = session.execute(text(judging.TAKE_IN), {**parameters, "now": now, "told_at": upload.created_at}).one()
    gather_statistics(session, row.added, "promises")
    creditor_id, agency_id = parameters["creditor"], parameters["agency"]
    audit.record(
        session,
        actor,
        "promises.reported",
        now=now,
        organisations=[creditor_id, agency_id],
        upload_id=upload.id,
        new=row.added,
        changed=row.said,
        beyond=row.beyond,
    )
    if row.beyond:
        notify(
            session,
            creditor_id,
            "promise.beyond_authority",
            key=f"promise.beyond_authority:{agency_id}:{upload.id}",
            permission=Permission.REPORT_VIEW,
            now=now,
            agency_id=agency_id,
            promises=row.beyond,
        )
    applied = row.added + row.said
    return Loaded(applied, row.good - applied, upload.rows_read - row.good)


def refuse_retold_promises(session: Session, actor: Actor, upload: Upload) -> None:
    """Raise `CannotBeUndone` when another file speaks of a file's promises, or it speaks of another's."""
    told = select(PromiseStatement.id).where(
        PromiseStatement.creditor_id == upload.creditor_id, PromiseStatement.agency_id == actor.tenant
    )
    made = select(Promise.id).where(*_of(actor, upload))
    others_speak = told.where(PromiseStatement.promise_id.in_(made), PromiseStatement.upload_id != upload.id)
    speaks_of_others = told.where(PromiseStatement.upload_id == upload.id, PromiseStatement.promise_id.not_in(made))
    if session.scalar(select(or_(others_speak.exists(), speaks_of_others.exists()))):
        raise CannotBeUndone(_SPOKEN_OF)


def undo_promises(session: Session, actor: Actor, upload: Upload, now: datetime) -> dict[str, int]:
    """Take back the promises a file told, which may then be told anew; says how many. Raises `CannotBeUndone`."""
    require(actor, Permission.REPORT_SUBMIT)
    agency_id = require_side(actor, Side.AGENCY)
    if upload.organisation_id != agency_id or upload.creditor_id is None:
        raise NotFound
    one_report_at_a_time(session, upload.creditor_id, agency_id)
    refuse_retold_promises(session, actor, upload)
    taken_back = session.scalars(
        update(Promise)
        .where(*_of(actor, upload), Promise.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .returning(Promise.id)
    ).all()
    audit.record(
        session,
        actor,
        "promises.withdrawn",
        now=now,
        organisations=[upload.creditor_id, agency_id],
        upload_id=upload.id,
        promises=len(taken_back),
    )
    return {"promises": len(taken_back)}


def _of(actor: Actor, upload: Upload) -> tuple[ColumnElement[bool], ...]:
    return (
        Promise.creditor_id == upload.creditor_id,
        Promise.agency_id == actor.tenant,
        Promise.upload_id == upload.id,
    )


def _parameters(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    require(actor, Permission.REPORT_SUBMIT)
    agency_id = require_side(actor, Side.AGENCY)
    # The agency sees the organisation only if it has a mandate with it.
    zone = session.scalar(select(Organisation.time_zone).where(Organisation.id == upload.creditor_id))
    if upload.organisation_id != agency_id or upload.creditor_id is None or zone is None:
        raise NotFound
    gather_statistics(session, upload.rows_good or upload.rows_read, "staged_promises")
    # What two files say is taken in one after the other, so that new means new.
    one_report_at_a_time(session, upload.creditor_id, agency_id)
    return {
        "agency": agency_id,
        "creditor": upload.creditor_id,
        "upload": upload.id,
        "zone": zone,
        "today": local_date(upload.created_at, zone),
        "currency": upload.currency,
    }
