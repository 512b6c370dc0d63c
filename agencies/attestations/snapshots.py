"""What held at the moment of an act, kept once for each agency however many cases it is about."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, insert, select
from sqlalchemy.orm import Session

from agencies.attestations.catalogue import catalogue
from agencies.attestations.models import Attestation, AttestationSignature, AttestationSnapshot, AttestationState
from agencies.attestations.rules import Standing, stand
from agencies.attestations.templates import Act
from agencies.kernel.clock import local_date
from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission


@dataclass(frozen=True)
class Held:
    """One template as it stood at the moment."""

    code: str
    state: Standing
    version: int | None
    attestation_id: int | None
    valid_until: date | None
    #: SHA-256 of the text that was signed, in hexadecimal.
    text_sha256: str | None


@dataclass(frozen=True)
class Snapshot:
    """What was kept."""

    id: int
    creditor_id: int
    agency_id: int
    act: Act
    taken_at: datetime
    sha256: bytes
    held: tuple[Held, ...]
    #: Whether what was kept still has the fingerprint it was kept with.
    is_intact: bool


def take(
    session: Session, actor: Actor, act: Act, *, creditor_id: int, agency_ids: Collection[int], now: datetime
) -> dict[int, int]:
    """Keep what holds between the creditor and each agency, in one row each; returns agency -> snapshot."""
    if require_side(actor, Side.CREDITOR) != creditor_id:
        raise NotFound
    home = session.scalars(select(Organisation).where(Organisation.id == creditor_id)).one()
    today = local_date(now, home.time_zone)
    asked = catalogue(session, creditor_id, home.country, today)
    rows = _rows(session, creditor_id, agency_ids)
    hashes = _hashes(session, creditor_id, agency_ids)
    made = []
    for agency_id in sorted(set(agency_ids)):
        versions = {row.id: row.template_version for row in rows[agency_id]}
        held = [
            {
                "code": one.code,
                "state": one.state.value,
                "version": versions.get(one.attestation_id or 0),
                "attestation_id": one.attestation_id,
                "valid_until": one.valid_until.isoformat() if one.valid_until else None,
                "text_sha256": hashes.get(one.attestation_id or 0),
            }
            for one in stand(asked, rows[agency_id], today)
        ]
        made.append(
            {
                "creditor_id": creditor_id,
                "agency_id": agency_id,
                "act": act,
                "taken_at": now,
                "held": held,
                "sha256": _digest(held),
            }
        )
    if not made:
        return {}
    kept = insert(AttestationSnapshot).returning(AttestationSnapshot.agency_id, AttestationSnapshot.id)
    return {row.agency_id: row.id for row in session.execute(kept, made)}


def get_snapshot(session: Session, actor: Actor, snapshot_id: int) -> Snapshot:
    """What was kept, for either side; raises `NotFound`."""
    require(actor, Permission.ATTESTATION_VIEW)
    row = session.scalar(
        select(AttestationSnapshot).where(
            owned_by(actor, AttestationSnapshot.creditor_id, AttestationSnapshot.agency_id),
            AttestationSnapshot.id == snapshot_id,
        )
    )
    if row is None:
        raise NotFound
    return Snapshot(
        row.id,
        row.creditor_id,
        row.agency_id,
        row.act,
        row.taken_at,
        row.sha256,
        tuple(_held(one) for one in row.held),
        _digest(row.held) == row.sha256,
    )


def _held(told: dict[str, Any]) -> Held:
    until = told["valid_until"]
    return Held(
        told["code"],
        Standing(told["state"]),
        told["version"],
        told["attestation_id"],
        date.fromisoformat(until) if until else None,
        told["text_sha256"],
    )


def _digest(held: list[Any]) -> bytes:
    return hashlib.sha256(json.dumps(held, sort_keys=True, separators=(",", ":")).encode()).digest()


def _rows(session: Session, creditor_id: int, agency_ids: Collection[int]) -> dict[int, list[Attestation]]:
    found: dict[int, list[Attestation]] = defaultdict(list)
    for row in session.scalars(
        select(Attestation)
        .where(
            Attestation.creditor_id == creditor_id,
            Attestation.agency_id.in_(agency_ids),
            Attestation.state.not_in([AttestationState.DRAFT, AttestationState.SUPERSEDED]),
            Attestation.recall_id.is_(None),
        )
        .execution_options(populate_existing=True)
    ):
        found[row.agency_id].append(row)
    return found


def _hashes(session: Session, creditor_id: int, agency_ids: Collection[int]) -> dict[int, str]:
    """Attestation -> the digest of its newest signature."""
    newest = (
        select(func.max(AttestationSignature.id).label("id"))
        .where(AttestationSignature.creditor_id == creditor_id, AttestationSignature.agency_id.in_(agency_ids))
        .group_by(AttestationSignature.attestation_id)
        .subquery()
    )
    rows = session.execute(
        select(AttestationSignature.attestation_id, AttestationSignature.text_sha256).join(
            newest, and_(newest.c.id == AttestationSignature.id, AttestationSignature.creditor_id == creditor_id)
        )
    )
    return {attestation_id: digest.hex() for attestation_id, digest in rows}
