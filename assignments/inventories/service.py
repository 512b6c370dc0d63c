"""Takes in what an agency believes it holds: a claim, of which nothing follows but that both see where it differs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import NotFound
from agencies.kernel.notices import notify
from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.inventories import comparing
from assignments.inventories.models import Inventory
from uploads.models import Upload
from uploads.rows import Loaded


def screen_inventory(session: Session, actor: Actor, upload: Upload) -> int:
    """Refuse rows of a day to come, or of another day than most; returns how many.

    What is not the agency's is a difference and no fault.
    """
    return len(session.execute(text(comparing.REFUSE), _parameters(session, actor, upload)).all())


def reconcile(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Compare a list with the placements and write down how it came out; the creditor is told of differences."""
    parameters = _parameters(session, actor, upload)
    made = session.execute(text(comparing.RECONCILE), {**parameters, "now": now, "user": actor.user_id}).one()
    creditor_id, agency_id = parameters["creditor"], parameters["agency"]
    facts = {
        "inventory_id": made.id,
        "agency_id": agency_id,
        "as_of": made.as_of.isoformat(),
        "differences": made.differences,
    }
    audit.record(
        session,
        actor,
        "inventory.compared",
        now=now,
        organisations=[creditor_id, agency_id],
        upload_id=upload.id,
        listed=made.listed,
        matched=made.matched,
        **facts,
    )
    if made.differences:
        notify(
            session,
            creditor_id,
            "inventory.differs",
            key=f"inventory.differs:{made.id}",
            permission=Permission.REPORT_VIEW,
            now=now,
            **facts,
        )
    return Loaded(made.listed, 0, upload.rows_read - made.listed)


def undo_inventory(session: Session, actor: Actor, upload: Upload, now: datetime) -> dict[str, int]:
    """Mark the list of an upload as taken back: nothing followed from it, and what was seen stays on record."""
    require(actor, Permission.REPORT_SUBMIT)
    agency_id = require_side(actor, Side.AGENCY)
    withdrawn = session.scalars(
        update(Inventory)
        .where(
            Inventory.creditor_id == upload.creditor_id,
            Inventory.agency_id == agency_id,
            Inventory.upload_id == upload.id,
            Inventory.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .returning(Inventory.id)
    ).all()
    if withdrawn:
        parties = [one for one in (upload.creditor_id, agency_id) if one]
        audit.record(session, actor, "inventory.withdrawn", now=now, organisations=parties, upload_id=upload.id)
    return {"lists": len(withdrawn)}


def _parameters(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    require(actor, Permission.REPORT_SUBMIT)
    agency_id = require_side(actor, Side.AGENCY)
    # The agency sees the organisation only if it has a mandate with it.
    zone = session.scalar(select(Organisation.time_zone).where(Organisation.id == upload.creditor_id))
    if upload.organisation_id != agency_id or upload.creditor_id is None or zone is None:
        raise NotFound
    gather_statistics(session, upload.rows_good or upload.rows_read, "staged_inventory")
    return {
        "agency": agency_id,
        "creditor": upload.creditor_id,
        "upload": upload.id,
        "zone": zone,
        "today": local_date(upload.created_at, zone),
        "currency": upload.currency,
    }
