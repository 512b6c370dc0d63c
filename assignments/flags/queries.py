"""Flags as the two sides see them: the creditor all of its own, an agency those it raised, whoever holds a case the
facts that stand on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, require
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.flags.models import Flag, FlagKind


@dataclass(frozen=True)
class Fact:
    """What stands on a case, as whoever holds it may know."""

    kind: FlagKind
    since: date
    stops_work: bool


@dataclass(frozen=True)
class FlagRow:
    """A flag with the names of its sides."""

    flag: Flag
    creditor_name: str
    #: Who raised it, when it was not the creditor.
    agency_name: str | None


def facts_of(case: Case) -> list[Fact]:
    """What stands on a case now, what stops work first."""
    told = [Fact(FlagKind(one["kind"]), date.fromisoformat(one["since"]), one["stops"]) for one in case.flags]
    return sorted(told, key=lambda one: (not one.stops_work, list(FlagKind).index(one.kind)))


def list_flags(
    session: Session,
    actor: Actor,
    *,
    kind: FlagKind | None = None,
    is_standing: bool | None = None,
    is_confirmed: bool | None = None,
    after: int | None = None,
) -> Page[FlagRow]:
    """The creditor's flags, or those that the agency raised, newest first."""
    require(actor, Permission.CASE_VIEW)
    statement = _flags(actor)
    if kind is not None:
        statement = statement.where(Flag.kind == kind)
    if is_standing is not None:
        statement = statement.where(Flag.ended_at.is_(None) if is_standing else Flag.ended_at.is_not(None))
    if is_confirmed is not None:
        statement = statement.where(Flag.confirmed_at.is_not(None) if is_confirmed else Flag.confirmed_at.is_(None))
    if after is not None:
        statement = statement.where(Flag.id < after)
    rows = session.execute(statement.order_by(Flag.id.desc()).limit(PAGE + 1)).all()
    return cut([FlagRow(*row) for row in rows], PAGE, lambda row: row.flag.id)


def get_flag(session: Session, actor: Actor, flag_id: int) -> Flag:
    """One flag of the creditor, or that the agency raised; raises `NotFound`."""
    require(actor, Permission.CASE_VIEW)
    row = session.execute(_flags(actor).where(Flag.id == flag_id)).one_or_none()
    if row is None:
        raise NotFound
    flag: Flag = row[0]
    return flag


def flags_of_case(session: Session, actor: Actor, case: Case) -> list[FlagRow]:
    """Every flag ever on a case or on its person, newest first; an agency sees those that it raised."""
    require(actor, Permission.CASE_VIEW)
    concerned = (Flag.creditor_id == case.creditor_id) & (Flag.debtor_id == case.debtor_id)
    statement = _flags(actor).where(concerned, Flag.is_of_person | (Flag.case_id == case.id))
    return [FlagRow(*row) for row in session.execute(statement.order_by(Flag.id.desc()).limit(PAGE)).all()]


def to_confirm(actor: Actor) -> ColumnElement[bool]:
    """What an agency has said and the creditor has not looked at."""
    return (Flag.creditor_id == actor.tenant) & Flag.ended_at.is_(None) & Flag.confirmed_at.is_(None)


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def _flags(actor: Actor) -> Select[Any, Any, Any]:
    own = Flag.creditor_id if actor.side is Side.CREDITOR else Flag.agency_id
    return (
        select(Flag, _creditor.name, _agency.name)
        .join(_creditor, _creditor.id == Flag.creditor_id)
        .outerjoin(_agency, _agency.id == Flag.agency_id)
        .where(own == actor.tenant)
    )
