"""Legal holds: why a debtor's data stay; a hold wins over erasure and over retention."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, Debtor
from assignments.subjects.models import LegalHold

LONGEST = 1_000


class HoldNeedsAReason(Invalid):
    """A hold says why."""

    text = msg("Write why the data must stay, with up to 1,000 characters.")


class HoldIsOver(Invalid):
    """A hold that ended before it begins."""

    text = msg("A hold ends today or later.")


class HoldLifted(Conflict):
    """It was lifted before."""

    text = msg("This hold has been lifted already.")


def place(session: Session, actor: Actor, case_id: int, *, reason: str, until: date | None, now: datetime) -> LegalHold:
    """Hold the data of a case's debtor fast; raises `NotFound`, `HoldNeedsAReason` or `HoldIsOver`."""
    require(actor, Permission.REQUEST_HANDLE)
    creditor_id = require_side(actor, Side.CREDITOR)
    # Nobody erases the person, or puts it together with another one, meanwhile.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("placing", creditor_id))))
    case = session.get(Case, (creditor_id, case_id), populate_existing=True)
    if case is None:
        raise NotFound
    if until is not None and until < local_date(now, actor.time_zone):
        raise HoldIsOver
    hold = LegalHold(
        creditor_id=creditor_id,
        debtor_id=case.debtor_id,
        case_id=case_id,
        reason=_said(reason),
        until=until,
        placed_at=now,
        placed_by=actor.user_id,
    )
    session.add(hold)
    session.flush()
    audit.record(session, actor, "hold.placed", now=now, hold_id=hold.id, case_id=case_id)
    return hold


def lift(session: Session, actor: Actor, hold_id: int, *, reason: str, now: datetime) -> LegalHold:
    """End a hold before its day, with a reason; raises `NotFound`, `HoldLifted` or `HoldNeedsAReason`."""
    require(actor, Permission.REQUEST_HANDLE)
    hold = session.scalar(
        select(LegalHold)
        .where(LegalHold.creditor_id == require_side(actor, Side.CREDITOR), LegalHold.id == hold_id)
        .with_for_update()
    )
    if hold is None:
        raise NotFound
    if hold.lifted_at is not None:
        raise HoldLifted
    hold.lifted_at, hold.lifted_by, hold.lift_reason = now, actor.user_id, _said(reason)
    audit.record(session, actor, "hold.lifted", now=now, hold_id=hold_id)
    return hold


def list_holds(session: Session, actor: Actor, *, now: datetime) -> list[LegalHold]:
    """What is held fast now, the latest first."""
    require(actor, Permission.REQUEST_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    rows = select(LegalHold).where(LegalHold.creditor_id == creditor_id, stands(local_date(now, actor.time_zone)))
    return list(session.scalars(rows.order_by(LegalHold.id.desc()).limit(500)))


def holds_of(session: Session, actor: Actor, debtor_id: int, *, now: datetime) -> list[LegalHold]:
    """What holds one debtor's data fast now, or those of whoever it was put together with."""
    creditor_id = require_side(actor, Side.CREDITOR)
    of_creditor, stayed = Debtor.creditor_id == creditor_id, func.coalesce(Debtor.merged_into, Debtor.id)
    person = select(stayed).where(of_creditor, Debtor.id == debtor_id).scalar_subquery()
    whole = select(Debtor.id).where(of_creditor, stayed == person)
    own = (LegalHold.creditor_id == creditor_id, LegalHold.debtor_id.in_(whole))
    return list(session.scalars(select(LegalHold).where(*own, stands(local_date(now, actor.time_zone)))))


def stands(today: date) -> ColumnElement[bool]:
    """Whether a hold is in force on a day."""
    return LegalHold.lifted_at.is_(None) & or_(LegalHold.until.is_(None), LegalHold.until >= today)


def _said(words: str) -> str:
    said = words.strip()
    if not said or len(said) > LONGEST:
        raise HoldNeedsAReason
    return said
