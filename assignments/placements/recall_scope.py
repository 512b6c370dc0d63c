"""What a recall would take back: the placed cases that are meant, agency by agency, as they are shown before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Select, and_, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.cases.queries import Selection, selected
from assignments.placements.allocation import digest
from assignments.placements.lifecycle import RECALLED
from assignments.placements.models import Placement


@dataclass(frozen=True)
class Scope:
    """Which placed cases are meant: those a filter selects, of one consignment, or named one by one."""

    selection: Selection | None = None
    consignment_id: int | None = None
    case_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class AgencyPart:
    """What would be taken back from one agency in one currency."""

    agency_id: int
    agency_name: str
    currency: str
    cases: int
    balance_minor: int


@dataclass(frozen=True)
class RecallPreview:
    """What a recall would take back, and what it would leave to a recall made before."""

    parts: tuple[AgencyPart, ...]
    #: Cases of the scope that wait for their day in another recall.
    pending: int
    #: Of exactly these placements.
    digest: str

    @property
    def cases(self) -> int:
        """How many cases would be taken back."""
        return sum(one.cases for one in self.parts)


@dataclass(frozen=True)
class Held:
    """Placed cases of the scope that are alike: of one agency, mandate version and currency."""

    agency_id: int
    agency_name: str
    mandate_version_id: int
    currency: str
    #: Whether they wait for their day in another recall.
    is_waiting: bool
    cases: int
    balance_minor: int
    placement_ids: list[int]


def preview(session: Session, actor: Actor, scope: Scope, *, effective_on: date, now: datetime) -> RecallPreview:
    """What would be taken back from whom; nothing is done yet."""
    held = held_in(session, actor, scope)
    free = free_of(held, is_at_once=effective_on <= today_of(session, actor.tenant, now))
    key = attrgetter("agency_name", "agency_id", "currency")
    parts = []
    for (name, agency_id, currency), alike in groupby(sorted(free, key=key), key=key):
        of_one = list(alike)
        cases, balance = sum(one.cases for one in of_one), sum(one.balance_minor for one in of_one)
        parts.append(AgencyPart(agency_id, name, currency, cases, balance))
    pending = sum(one.cases for one in held) - sum(one.cases for one in free)
    return RecallPreview(tuple(parts), pending, digest_of(free))


def today_of(session: Session, creditor_id: int, now: datetime) -> date:
    """The date where the creditor is."""
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    return local_date(now, zone)


def held_in(session: Session, actor: Actor, scope: Scope) -> list[Held]:
    """The cases of the scope that are with an agency, in a few groups: 200,000 cases never stand as so many rows."""
    require(actor, Permission.RECALL_MAKE)
    require_side(actor, Side.CREDITOR)
    is_waiting = Placement.state.in_(sorted(RECALLED))
    alike: tuple[Any, ...] = (
        Placement.agency_id,
        Organisation.name,
        Placement.mandate_version_id,
        Placement.currency,
        is_waiting,
    )
    # Count, amount and ids from one statement: what is shown is what the digest is of.
    figures: tuple[Any, ...] = (
        func.count(),
        cast(func.sum(Case.balance_minor), BigInteger),
        func.array_agg(Placement.id),
    )
    rows = session.execute(
        _cases(actor, scope)
        .join(
            Placement,
            and_(
                Placement.creditor_id == Case.creditor_id,
                Placement.case_id == Case.id,
                Placement.agency_id == Case.agency_id,
                Placement.ended_at.is_(None),
            ),
        )
        .join(Organisation, Organisation.id == Placement.agency_id)
        .with_only_columns(*alike, *figures)
        .group_by(*alike)
    )
    return [Held(*row) for row in rows]


def free_of(held: Sequence[Held], *, is_at_once: bool) -> list[Held]:
    """Without those that wait in another recall, unless this one takes effect at once."""
    return [one for one in held if is_at_once or not one.is_waiting]


def digest_of(held: Sequence[Held]) -> str:
    """Equal only where every placement is, however they fall into groups."""
    return digest(np.sort(np.array(ids_of(held), dtype=np.int64)))


def ids_of(held: Sequence[Held]) -> list[int]:
    """The placements of all the groups."""
    return [one for alike in held for one in alike.placement_ids]


def _cases(actor: Actor, scope: Scope) -> Select[Any]:
    statement: Select[Any] = selected(actor, scope.selection or Selection())
    if scope.consignment_id is not None:
        statement = statement.where(Placement.consignment_id == scope.consignment_id)
    if scope.selection is None and scope.consignment_id is None:
        # One array: a list of cases may be longer than a statement has room for parameters.
        statement = statement.where(Case.id == any_(cast(list(scope.case_ids), ARRAY(BigInteger))))
    return statement
