"""Reasons why something is stopped, for the pages on which it would be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from agencies.attestations.gates import Act, Blocked, obstacles
from agencies.attestations.snapshots import Snapshot, get_snapshot
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from portal.presenters.attestations import Reason, reasons
from portal.views import choices


def told(session: Session, found: Mapping[int, tuple[Blocked, ...]]) -> list[Reason]:
    """Obstacles in words, with the names of the agencies."""
    if not found:
        return []
    return reasons(found, choices.organisations(session, found))


def kept(session: Session, actor: Actor, snapshot_id: int | None) -> Snapshot | None:
    """What an agency's attestations were at an earlier moment, if it was kept and the reader may know."""
    if snapshot_id is None or not actor.may(Permission.ATTESTATION_VIEW):
        return None
    return get_snapshot(session, actor, snapshot_id)


def on_download(session: Session, actor: Actor, creditor_id: int, now: datetime) -> list[Reason]:
    """Why an agency may not download case files of a creditor now."""
    return stopping(session, actor, Act.DOWNLOAD, creditor_id, [actor.tenant], now)


def stopping(
    session: Session,
    actor: Actor,
    act: Act,
    creditor_id: int,
    agency_ids: list[int],
    now: datetime,
    *,
    recall_id: int | None = None,
) -> list[Reason]:
    """Why agencies may not do something for a creditor now, in words; any page may ask."""
    found = obstacles(session, actor, act, creditor_id=creditor_id, agency_ids=agency_ids, now=now, recall_id=recall_id)
    return told(session, found)
