"""A request comes in, who asks is checked, time runs, and in the end there is an answer; nothing leaves before that."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.sealing import Place, keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.standing.models import PanelMember
from assignments.deadlines import rules
from assignments.deadlines.rules import Duty
from assignments.subjects import marking
from assignments.subjects.models import (
    RequestChannel,
    RequestKind,
    RequestState,
    RequestStep,
    RequestStepKind,
    SubjectRequest,
)

LONGEST = 4_000
_TABLE = "subject_requests"


class NothingAsked(Invalid):
    """A request without a person or without words."""

    text = msg("Write who asks and what is asked, with up to 4,000 characters.")


class ReceivedInTheFuture(Invalid):
    """A request is received before it is registered."""

    text = msg("The request was received before now: check the date.")


class NotAPartner(Invalid):
    """A request is forwarded to a creditor the agency works for."""

    text = msg("Choose one of the creditors you work for.")


class RequestMovedOn(Conflict):
    """It is not in the state this can be done in."""

    text = msg("This request has moved on in the meantime. Reload the page and look at it again.")


class NotIdentified(Conflict):
    """Who asks comes first."""

    text = msg("First record how the person proved who they are. Until then nothing is done and nothing leaves.")


class NoExtension(Conflict):
    """The law gives no more time, or gave it already."""

    text = msg("This deadline cannot be extended: the law gives no more time, or it was extended before.")


@dataclass(frozen=True)
class Requester:
    """Who asks, as they say it."""

    name: str
    id_number: str
    #: Where the answer goes.
    contact: str
    #: What they ask, in their words.
    words: str


def register(
    session: Session,
    actor: Actor,
    person: Requester,
    *,
    kind: RequestKind,
    channel: RequestChannel,
    country: str,
    received_at: datetime,
    key: str,
    now: datetime,
) -> SubjectRequest:
    """Take a request in; the same key again is no second one. Raises `NothingAsked` and `ReceivedInTheFuture`."""
    require(actor, Permission.REQUEST_HANDLE)
    creditor_id = require_side(actor, Side.CREDITOR)
    home = session.get_one(Organisation, creditor_id)
    told = {"kind": kind, "channel": channel, "country": country or home.country, "received_at": received_at}
    return _take_in(session, actor, creditor_id, None, person, told, actor.time_zone, key, now)


def forward(
    session: Session,
    actor: Actor,
    person: Requester,
    *,
    creditor_id: int,
    kind: RequestKind,
    channel: RequestChannel,
    country: str,
    received_at: datetime,
    key: str,
    now: datetime,
) -> SubjectRequest:
    """Pass on, as an agency, what a person asked of it; the creditor's time has run since the agency received it.

    Raises `NotAPartner` and what `register` raises.
    """
    require(actor, Permission.REQUEST_FORWARD)
    agency_id = require_side(actor, Side.AGENCY)
    creditor = session.get(Organisation, creditor_id)
    if creditor is None or session.get(PanelMember, (creditor_id, agency_id)) is None:
        raise NotAPartner
    told = {"kind": kind, "channel": channel, "country": country or creditor.country, "received_at": received_at}
    request = _take_in(session, actor, creditor_id, agency_id, person, told, creditor.time_zone, key, now)
    notify(
        session,
        creditor_id,
        "request.forwarded",
        key=f"request.forwarded:{request.id}",
        permission=Permission.REQUEST_VIEW,
        now=now,
        request_id=request.id,
        about=agency_id,
    )
    return request


def identify(session: Session, actor: Actor, request_id: int, *, accepted: bool, shown: str, now: datetime) -> None:
    """Record what was shown to prove identity, and whether it did; a claim of nobody known marks no case any more.

    Raises `RequestMovedOn` or `NothingAsked`.
    """
    request = locked(session, actor, request_id)
    if request.state is not RequestState.RECEIVED:
        raise RequestMovedOn
    request.identity_shown, request.identity_at, request.identity_by = _said(shown), now, actor.user_id
    request.state = RequestState.IDENTIFIED if accepted else RequestState.REFUSED
    kind = RequestStepKind.IDENTITY_ACCEPTED if accepted else RequestStepKind.IDENTITY_REFUSED
    write(session, actor, request, kind, now=now)
    if not accepted:
        marking.unmark(session, request, now=now)


def extend(session: Session, actor: Actor, request_id: int, *, reason: str, now: datetime) -> SubjectRequest:
    """Take the time the law gives beyond the first, with a reason, before that is over; raises `NoExtension`."""
    request = locked(session, actor, request_id)
    if request.state not in {RequestState.RECEIVED, RequestState.IDENTIFIED}:
        raise RequestMovedOn
    rule = _rule(request, actor.time_zone)
    if rule.extension is None or request.extended_at is not None or now > request.due_at:
        raise NoExtension
    request.extension_reason, request.extended_at = _said(reason), now
    request.due_at = rules.extended(rule, request.due_at, time_zone=actor.time_zone, country=request.country)
    write(session, actor, request, RequestStepKind.EXTENDED, now=now)
    return request


def requester_of(session: Session, request: SubjectRequest) -> Requester:
    """Who asks, opened."""
    opened = keyring_of(session).open(request.person, place_of_person(request.creditor_id, request.token))
    return Requester(**json.loads(opened))


def write(
    session: Session,
    actor: Actor,
    request: SubjectRequest,
    kind: RequestStepKind,
    *,
    now: datetime,
    sealed: dict[str, Any] | None = None,
    **details: Any,
) -> None:
    """Write down what was done: in the request's story and, without personal data, in the audit trail."""
    blob = None
    if sealed is not None:
        place = place_of_step(request.creditor_id, kind.value, request.token)
        blob = keyring_of(session).seal(json.dumps(sealed, ensure_ascii=False, default=str), place)
    step = {"creditor_id": request.creditor_id, "request_id": request.id, "kind": kind, "details": details}
    session.add(RequestStep(**step, sealed=blob, at=now, by=actor.user_id))
    session.flush()
    audit.record(session, actor, f"request.{kind.value}", now=now, request_id=request.id, **details)


def opened(session: Session, request: SubjectRequest, step: RequestStep) -> dict[str, Any]:
    """What a step says of the person, opened; nothing where it says nothing."""
    if step.sealed is None:
        return {}
    place = place_of_step(request.creditor_id, step.kind.value, request.token)
    found: dict[str, Any] = json.loads(keyring_of(session).open(step.sealed, place))
    return found


def locked(session: Session, actor: Actor, request_id: int, *, identified: bool = False) -> SubjectRequest:
    """A request of the actor's organisation, held; raises `NotFound`, or `NotIdentified` where that is asked."""
    require(actor, Permission.REQUEST_HANDLE)
    request = session.scalar(
        select(SubjectRequest)
        .where(SubjectRequest.creditor_id == require_side(actor, Side.CREDITOR), SubjectRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if request is None:
        raise NotFound
    if identified and request.state is RequestState.RECEIVED:
        raise NotIdentified
    if identified and request.state is not RequestState.IDENTIFIED:
        raise RequestMovedOn
    return request


def forwarded_late(request: SubjectRequest) -> bool:
    """Whether an agency took longer than a day to pass it on."""
    return request.agency_id is not None and request.registered_at > request.received_at + timedelta(days=1)


def can_be_extended(request: SubjectRequest, time_zone: str, *, now: datetime) -> bool:
    """Whether the law gives more time that nobody has taken."""
    is_open = request.state in {RequestState.RECEIVED, RequestState.IDENTIFIED}
    has_more = _rule(request, time_zone).extension is not None
    return is_open and has_more and request.extended_at is None and now <= request.due_at


def _take_in(
    session: Session,
    actor: Actor,
    creditor_id: int,
    agency_id: int | None,
    person: Requester,
    told: dict[str, Any],
    time_zone: str,
    key: str,
    now: datetime,
) -> SubjectRequest:
    if told["received_at"] > now:
        raise ReceivedInTheFuture
    _said(person.name)
    _said(person.words)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"request:{key}", creditor_id))))
    known = session.scalar(
        select(SubjectRequest).where(SubjectRequest.creditor_id == creditor_id, SubjectRequest.request_key == key)
    )
    if known is not None:
        return known
    begins, country = told["received_at"], told["country"]
    on = local_date(begins, time_zone)
    rule = rules.answer_rule(country, Duty(told["kind"].value), on=on)
    due = rules.due_at(rule, begins, time_zone=time_zone, country=country)
    if due is None:
        raise AssertionError("an answer always has a term, the law's or our own")
    mark = None
    if told["kind"] is not RequestKind.ACCESS:
        mark = rules.due_at(rules.rule_of(country, Duty.MARK_IN_PROCESS, on=on), begins, time_zone=time_zone)
    token = secrets.token_hex(16)
    place = place_of_person(creditor_id, token)
    request = SubjectRequest(
        creditor_id=creditor_id,
        agency_id=agency_id,
        request_key=key,
        token=token,
        person=keyring_of(session).seal(json.dumps(asdict(person), ensure_ascii=False), place),
        state=RequestState.RECEIVED,
        registered_at=now,
        registered_by=actor.user_id,
        term={"law": rule.law, "source": rule.source, "confidence": rule.confidence, "n": rule.span and rule.span.n},
        due_at=due,
        mark_due_at=mark,
        **told,
    )
    session.add(request)
    session.flush()
    both = [creditor_id, *([agency_id] if agency_id else [])]
    action = "request.forwarded" if agency_id else "request.registered"
    audit.record(session, actor, action, now=now, organisations=both, request_id=request.id)
    return request


def _rule(request: SubjectRequest, time_zone: str) -> rules.Rule:
    on = local_date(request.received_at, time_zone)
    return rules.answer_rule(request.country, Duty(request.kind.value), on=on)


def place_of_person(creditor_id: int, token: str) -> Place:
    """Where who asks, and what for, stands."""
    return Place(creditor_id, _TABLE, "person", token)


def place_of_step(creditor_id: int, kind: str, token: str) -> Place:
    """Where what was said of the person in a step of a request stands."""
    return Place(creditor_id, "subject_steps", kind, token)


def _said(words: str) -> str:
    said = words.strip()
    if not said or len(said) > LONGEST:
        raise NothingAsked
    return said
