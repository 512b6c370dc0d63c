"""The register of requests, one of them whole, and the numbers an authority asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.contacts import masking
from assignments.subjects import handling, lookup, marking
from assignments.subjects.models import (
    RequestAnswer,
    RequestKind,
    RequestState,
    RequestStep,
    SubjectRequest,
)
from assignments.subjects.service import Requester, opened, requester_of


@dataclass(frozen=True)
class Register:
    """What part of the register is looked at."""

    kind: RequestKind | None = None
    state: RequestState | None = None
    is_open: bool = False
    is_late: bool = False


@dataclass(frozen=True)
class Detail:
    """One request with its story; what a person wrote and is answered is opened for whoever handles it and no other."""

    request: SubjectRequest
    person: Requester
    is_covered: bool
    steps: list[RequestStep]
    people: list[lookup.Hit]
    #: What was mended, before and after; nothing where it is covered.
    mended: list[dict[str, Any]]
    #: The answer as it was given, empty where it is covered, with its proof.
    document: tuple[str, RequestAnswer] | None


@dataclass(frozen=True)
class Statistics:
    """The requests of one kind in a period."""

    kind: RequestKind
    received: int
    answered: int
    in_time: int
    refused: int
    still_open: int


def list_requests(
    session: Session, actor: Actor, register: Register, *, now: datetime, after: int | None = None, limit: int = PAGE
) -> Page[SubjectRequest]:
    """A creditor's requests, the latest first."""
    statement = _register(actor, register, now).limit(limit + 1)
    if after is not None:
        statement = statement.where(SubjectRequest.id < after)
    return cut(session.scalars(statement).all(), limit, lambda row: row.id)


def list_forwarded(session: Session, actor: Actor, *, after: int | None = None) -> Page[SubjectRequest]:
    """What an agency passed on, the latest first; how it stands and no more."""
    require(actor, Permission.REQUEST_FORWARD)
    rows = select(SubjectRequest).where(SubjectRequest.agency_id == require_side(actor, Side.AGENCY))
    if after is not None:
        rows = rows.where(SubjectRequest.id < after)
    found = session.scalars(rows.order_by(SubjectRequest.id.desc()).limit(PAGE + 1)).all()
    return cut(found, PAGE, lambda row: row.id)


def whole_register(session: Session, actor: Actor, register: Register, *, now: datetime) -> list[SubjectRequest]:
    """All of the register that fits, to be handed out; recorded."""
    audit.record(session, actor, "request.register_exported", now=now)
    return list(session.scalars(_register(actor, register, now)))


def get_request(session: Session, actor: Actor, request_id: int) -> Detail:
    """One request of the creditor, covered for those who only look; raises `NotFound`."""
    require(actor, Permission.REQUEST_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    request = session.get(SubjectRequest, (creditor_id, request_id))
    if request is None:
        raise NotFound
    done = select(RequestStep).where(RequestStep.creditor_id == creditor_id, RequestStep.request_id == request_id)
    steps = list(session.scalars(done.order_by(RequestStep.id)))
    is_covered = not actor.may(Permission.REQUEST_HANDLE)
    person, document = requester_of(session, request), handling.document_of(session, request)
    return Detail(
        request,
        _covered(person) if is_covered else person,
        is_covered,
        steps,
        lookup.hits(session, creditor_id, marking.debtors_of(session, request)),
        [] if is_covered else [opened(session, request, step) for step in steps if step.sealed],
        ("", document[1]) if document and is_covered else document,
    )


def statistics(session: Session, actor: Actor, begins: datetime, ends: datetime) -> list[Statistics]:
    """Per kind, what came in a period and what became of it: what the half-yearly report of claims asks for."""
    require(actor, Permission.REQUEST_VIEW)
    request = SubjectRequest
    answered = request.state == RequestState.ANSWERED
    rows = session.execute(
        select(
            request.kind,
            func.count(),
            func.count().filter(answered),
            func.count().filter(answered, request.answered_at <= request.due_at),
            func.count().filter(or_(request.state == RequestState.REFUSED, request.outcome == "refused")),
            func.count().filter(request.state.in_(marking.OPEN)),
        )
        .where(
            request.creditor_id == require_side(actor, Side.CREDITOR),
            request.received_at >= begins,
            request.received_at < ends,
        )
        .group_by(request.kind)
    ).all()
    found = {row[0]: Statistics(*row) for row in rows}
    return [found.get(kind, Statistics(kind, 0, 0, 0, 0, 0)) for kind in RequestKind]


def _covered(person: Requester) -> Requester:
    """Enough to tell who asks apart; the words may name anybody and anything."""
    contact = masking.email(person.contact) if "@" in person.contact else masking.COVER
    return Requester(masking.name(person.name), masking.document(person.id_number), contact, "")


def _register(actor: Actor, register: Register, now: datetime) -> Select[Any]:
    require(actor, Permission.REQUEST_VIEW)
    request = SubjectRequest
    statement = select(request).where(request.creditor_id == require_side(actor, Side.CREDITOR))
    if register.kind is not None:
        statement = statement.where(request.kind == register.kind)
    if register.state is not None:
        statement = statement.where(request.state == register.state)
    if register.is_open:
        statement = statement.where(request.state.in_(marking.OPEN))
    if register.is_late:
        statement = statement.where(func.coalesce(request.answered_at, now) > request.due_at)
    return statement.order_by(request.id.desc())
