"""Requests for approval in tests: plain functions over the services."""

from __future__ import annotations

from datetime import datetime

from agencies.approvals import limits, service
from agencies.approvals.models import Approval, ApprovalKind
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from portal.carriers import CARRIERS
from portal.ports import Ports


def ask_for_limit(
    ports: Ports,
    actor: Actor,
    value: int,
    *,
    now: datetime,
    kind: ApprovalKind = ApprovalKind.EXPORT,
    currency: str = "",
) -> Approval:
    """Ask a second person for another limit."""
    with ports.session(actor) as session, transaction(session):
        return limits.ask_for_limit(session, actor, kind, value, currency=currency, now=now)


def approve(ports: Ports, actor: Actor, asked: Approval, *, now: datetime, seen: bytes | None = None) -> Approval:
    """Approve what was asked, as it was seen."""
    with ports.session(actor) as session, transaction(session):
        digest = asked.subject_sha256 if seen is None else seen
        return service.approve(session, actor, asked.id, seen=digest, carriers=CARRIERS, now=now)


def limit_of(ports: Ports, actor: Actor, kind: ApprovalKind = ApprovalKind.EXPORT, currency: str = "") -> int | None:
    """The limit as it stands."""
    with ports.session(actor) as session:
        return limits.limit_of(session, actor, kind, currency).value
