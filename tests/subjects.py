"""Requests of data subjects for tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from assignments.cases.models import Case
from assignments.cases.reaching import EVERY
from assignments.subjects import dossier, erasing, handling, holds, lookup, service, stopping
from assignments.subjects.models import Outcome, RequestChannel, RequestKind, SubjectRequest
from portal.ports import Ports
from tests import loop

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


def sought(ports: Ports, creditor: Actor, *, key: str = "sought", **by: str) -> list[lookup.Hit]:
    """Who is found for a request, by what is given."""
    request = ask(ports, creditor, RequestKind.ACCESS, key=key)
    found: list[lookup.Hit] = do(ports, creditor, lookup.search, request.id, sought=lookup.Sought(**by))
    return found


def settle(ports: Ports, creditor: Actor, account: str, mark: str) -> None:
    """A request that was answered, a hold, a stop, and somebody who was erased; everything said carries the mark."""
    paid, quiet = loop.NewCase(f"{mark}-PAGADA", 0, name=f"{mark} Pagada"), loop.NewCase(f"{mark}-QUIETA", 5_000)
    loop.add_cases(ports, creditor, [paid, quiet])
    asks = service.Requester(f"{mark} Rosa", "52000111", "rosa@correo.example", mark)
    told_of = {
        RequestKind.ERASURE: paid.account_ref,
        RequestKind.REVOCATION: quiet.account_ref,
        RequestKind.ACCESS: account,
    }
    for kind, whose in told_of.items():
        told = {"kind": kind, "channel": RequestChannel.LETTER, "country": "CO", "received_at": NOW}
        with ports.session(creditor) as session, transaction(session):
            request = service.register(session, creditor, asks, key=f"{mark}-{kind}", now=NOW, **told)  # type: ignore[arg-type]
        matched(ports, creditor, identified(ports, creditor, request), whose)
        if kind is RequestKind.ERASURE:
            do(ports, creditor, erasing.erase, request.id)
        elif kind is RequestKind.REVOCATION:
            do(ports, creditor, stopping.stop, request.id, forms=[EVERY])
        else:
            do(ports, creditor, dossier.gather, request.id)
            do(ports, creditor, handling.answer, request.id, outcome=Outcome.GRANTED, document=mark)
    with ports.session(creditor) as session, transaction(session):
        case_id = session.scalars(select(Case.id).where(Case.account_ref == account)).one()
        holds.place(session, creditor, case_id, reason=mark, until=None, now=NOW)
