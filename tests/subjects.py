"""Requests of data subjects for tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from assignments.cases.models import Case
from assignments.subjects import handling, service
from assignments.subjects.models import RequestChannel, RequestKind, SubjectRequest
from portal.ports import Ports

NOW = datetime(2026, 3, 12, 17, tzinfo=UTC)
ASKS = service.Requester("Rosa Inventada", "52000111", "rosa@correo.example", "Quiero saber qué tienen de mí")


def ask(ports: Ports, creditor: Actor, kind: RequestKind, *, key: str = "one") -> SubjectRequest:
    """A person asks by letter."""
    told = {"kind": kind, "channel": RequestChannel.LETTER, "country": "CO", "received_at": NOW, "key": key}
    with ports.session(creditor) as session, transaction(session):
        return service.register(session, creditor, ASKS, now=NOW, **told)  # type: ignore[arg-type]


def do(ports: Ports, actor: Actor, verb: Callable[..., Any], request_id: int, **how: Any) -> Any:
    """One verb on a request, in a transaction of its own."""
    with ports.session(actor) as session, transaction(session):
        return verb(session, actor, request_id, **{"now": NOW, **how})


def identified(ports: Ports, creditor: Actor, request: SubjectRequest) -> SubjectRequest:
    """Who asks is known."""
    do(ports, creditor, service.identify, request.id, accepted=True, shown="Cédula, en persona")
    return request


def matched(ports: Ports, creditor: Actor, request: SubjectRequest, account: str) -> SubjectRequest:
    """It is known whose data it is about."""
    do(ports, creditor, handling.match, request.id, debtor_ids=[debtor_of(ports, creditor, account)])
    return request


def debtor_of(ports: Ports, creditor: Actor, account: str) -> int:
    """Who owes on an account."""
    with ports.session(creditor) as session:
        return session.scalars(select(Case.debtor_id).where(Case.account_ref == account)).one()
