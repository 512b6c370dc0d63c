"""What an agency says it loaded of a manifest, held against what it was handed.

Market practice is strict here: a receiver that does not find the count and the sum of the trailer processes nothing. So
the agency states its figures, a difference is told to both sides with both figures and kept, and only what is the same
counts as loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.permissions import Permission
from assignments.manifests.models import Manifest


class NewerManifest(Conflict):
    """The lines have changed since, and the agency has taken the newer ones."""

    text = msg("There is a newer manifest of this placement. State the figures of that one.")


class AlreadyLoaded(Conflict):
    """What was loaded is known, and other figures come too late."""

    text = msg("This manifest was confirmed as loaded with other figures.")


@dataclass(frozen=True)
class Stated:
    """What the agency found in its system."""

    lines: int
    #: Currency -> sum of the balances.
    totals: Mapping[str, int]


def list_manifests(session: Session, actor: Actor, consignment_id: int, *, limit: int = 20) -> list[Manifest]:
    """What was handed out of a consignment of the actor's organisation, the newest first."""
    require(actor, Permission.PLACEMENT_VIEW)
    statement = select(Manifest).where(
        owned_by(actor, Manifest.creditor_id, Manifest.agency_id), Manifest.consignment_id == consignment_id
    )
    return list(session.scalars(statement.order_by(Manifest.number.desc()).limit(limit)))


def state_loaded(
    session: Session, actor: Actor, consignment_id: int, number: int, stated: Stated, *, now: datetime
) -> Manifest:
    """Say what was loaded; raises `NotFound`, `NewerManifest` or `AlreadyLoaded`. The same again changes nothing.

    Whether it matches stands on the manifest that is returned: figures that differ are no refusal, for they are kept.
    """
    require(actor, Permission.PLACEMENT_ACKNOWLEDGE)
    agency_id = require_side(actor, Side.AGENCY)
    of_consignment = select(Manifest).where(Manifest.agency_id == agency_id, Manifest.consignment_id == consignment_id)
    row = session.scalar(
        of_consignment.where(Manifest.number == number).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    totals = dict(stated.totals)
    if row.stated_at is not None and (row.stated_lines, row.stated_totals) == (stated.lines, totals):
        return row
    if row.loaded_at is not None:
        raise AlreadyLoaded
    if session.scalar(of_consignment.where(Manifest.number > number).with_only_columns(Manifest.id).limit(1)):
        raise NewerManifest
    row.stated_lines, row.stated_totals, row.stated_at, row.stated_by = stated.lines, totals, now, actor.user_id
    figures = {"lines": row.lines, "totals": row.totals, "stated_lines": stated.lines, "stated_totals": totals}
    told = {"consignment_id": consignment_id, "manifest": row.number, **figures}
    organisations = [row.creditor_id, agency_id]
    if is_same(row, stated):
        row.loaded_at = now
        audit.record(session, actor, "manifest.loaded", now=now, organisations=organisations, **told)
    else:
        audit.record(session, actor, "manifest.mismatched", now=now, organisations=organisations, **told)
        notify(
            session,
            row.creditor_id,
            "manifest.mismatched",
            key=f"manifest:{row.id}:mismatched",
            permission=Permission.PLACEMENT_PLAN,
            now=now,
            agency_id=agency_id,
            consignment_id=consignment_id,
        )
    session.flush()
    return row


def is_same(row: Manifest, stated: Stated) -> bool:
    """Whether count and every sum are what was handed out; a currency of nothing is no currency."""
    ours = {currency: minor for currency, minor in row.totals.items() if minor}
    theirs = {currency: minor for currency, minor in stated.totals.items() if minor}
    return row.lines == stated.lines and ours == theirs
