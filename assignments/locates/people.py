"""Whom to look for: which of the selected cases can be ordered, why the others are held back, and what it may cost.

One person is looked for once: of a debtor's cases the largest stands for all, and whoever is looked for already is
held back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Subquery, and_, case, exists, func, literal, null, select, text
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.errors import Invalid, msg
from agencies.kernel.money import Money
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.models import FeeClass, Mandate, Service
from agencies.mandates.queries import terms_of, version_in_force
from agencies.organisations.models import Organisation, OrganisationState
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, CaseState, Debtor
from assignments.cases.queries import Selection, selected
from assignments.locates.lifecycle import highest_fee
from assignments.locates.models import LocateOrder

#: From so many ended orders on, their average tells something about the next ones.
ENOUGH = 20


class HeldBack(StrEnum):
    """Why a selected case is not ordered; the first that applies counts."""

    CLOSED = "closed"
    NOTHING_OWED = "nothing_owed"
    LOOKED_FOR = "looked_for"
    #: What it finds would reach the collector before the creditor has released it.
    COLLECTED_BY_IT = "collected_by_it"
    SAME_PERSON = "same_person"


class NotALocateMandate(Invalid):
    """To find somebody is another service than to collect."""

    text = msg("This mandate is not for locating people.")


class AgencyMayNotWork(Invalid):
    """Only approved agencies receive anybody's data."""

    text = msg("%(name)s is suspended and may not receive orders.")


@dataclass(frozen=True)
class People:
    """Whom to look for: a filter over cases, or one case."""

    selection: Selection
    case_id: int | None = None


@dataclass(frozen=True)
class Estimate:
    """How many would be ordered and what they may cost; nobody is ordered yet."""

    orders: int
    held_back: tuple[tuple[HeldBack, int], ...]
    #: The most one accepted finding earns, and that much for one finding of each person.
    highest: Money
    most: Money
    #: Orders of this agency that ended, and what they earned on average; nothing where there are too few.
    ended: int
    expected: Money | None


@dataclass(frozen=True)
class Terms:
    """What an order is made under."""

    agency_id: int
    version_id: int
    highest: Money


def estimate(
    session: Session, actor: Actor, people: People, *, mandate_id: int, fee_class: FeeClass, now: datetime
) -> Estimate:
    """What an order would hold and cost; raises `NotALocateMandate`, `FeesMissing` and what a mandate refuses."""
    creditor_id = orderer(actor)
    terms = terms_for(session, actor, mandate_id, fee_class, now)
    judged = judged_people(actor, people, terms.agency_id)
    rows = session.execute(select(judged.c.reason, func.count()).group_by(judged.c.reason))
    counts: dict[str | None, int] = dict(rows.all())
    orders = counts.pop(None, 0)
    ended, earned = session.execute(
        text(
            """
            select count(distinct o.id), coalesce(sum(f.fee_minor), 0)::bigint
            from locate_orders o
            left join findings f on f.creditor_id = o.creditor_id and f.agency_id = o.agency_id and f.order_id = o.id
                                and f.fee_currency = :currency
            where o.creditor_id = :creditor and o.agency_id = :agency and o.ended_as in ('verified', 'none_found')
            """
        ),
        {"creditor": creditor_id, "agency": terms.agency_id, "currency": terms.highest.currency},
    ).one()
    expected = Money((2 * earned * orders + ended) // (2 * ended), terms.highest.currency) if ended >= ENOUGH else None
    return Estimate(
        orders,
        tuple((one, counts[one]) for one in HeldBack if counts.get(one)),
        terms.highest,
        Money(terms.highest.minor * orders, terms.highest.currency),
        ended,
        expected,
    )


def orderer(actor: Actor) -> int:
    """The creditor, if the actor may order; raises `Forbidden`."""
    require(actor, Permission.LOCATE_ORDER)
    return require_side(actor, Side.CREDITOR)


def today_of(session: Session, creditor_id: int, now: datetime) -> date:
    """The creditor's own date."""
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    return local_date(now, zone)


def terms_for(session: Session, actor: Actor, mandate_id: int, fee_class: FeeClass, now: datetime) -> Terms:
    """What an order under a mandate is made under; raises what a mandate refuses."""
    version = version_in_force(session, actor, mandate_id, today_of(session, actor.tenant, now))
    service, agency, state, currency = session.execute(
        select(
            Mandate.service,
            Organisation.name,
            Organisation.state,
            select(Organisation.currency).where(Organisation.id == actor.tenant).scalar_subquery(),
        )
        .join(Organisation, Organisation.id == Mandate.agency_id)
        .where(Mandate.creditor_id == actor.tenant, Mandate.id == mandate_id)
    ).one()
    if service is not Service.LOCATE:
        raise NotALocateMandate
    if state is not OrganisationState.APPROVED:
        raise AgencyMayNotWork(name=agency)
    sheet = terms_of(session, actor, [version.id])[version.id]
    return Terms(version.agency_id, version.id, highest_fee(sheet, fee_class, currency))


def judged_people(actor: Actor, people: People, agency_id: int) -> Subquery:
    """The selected cases with the reason why they are held back, or none."""
    is_looked_for = exists().where(
        LocateOrder.creditor_id == Case.creditor_id,
        LocateOrder.debtor_id == Case.debtor_id,
        LocateOrder.closed_at.is_(None),
    )
    is_collected = exists().where(
        Debtor.creditor_id == Case.creditor_id, Debtor.id == Case.debtor_id, Debtor.agency_id == agency_id
    )
    reason = case(
        (Case.state == CaseState.CLOSED, literal(HeldBack.CLOSED.value)),
        (Case.balance_minor <= 0, literal(HeldBack.NOTHING_OWED.value)),
        (is_looked_for, literal(HeldBack.LOOKED_FOR.value)),
        (is_collected, literal(HeldBack.COLLECTED_BY_IT.value)),
        else_=null(),
    )
    statement = selected(actor, people.selection)
    if people.case_id is not None:
        statement = statement.where(Case.id == people.case_id)
    found = statement.with_only_columns(Case.id, Case.debtor_id, Case.balance_minor, reason.label("reason")).subquery()
    place = func.row_number().over(
        partition_by=(found.c.debtor_id, found.c.reason), order_by=(found.c.balance_minor.desc(), found.c.id)
    )
    return select(
        found.c.id,
        case(
            (and_(found.c.reason.is_(None), place > 1), literal(HeldBack.SAME_PERSON.value)), else_=found.c.reason
        ).label("reason"),
    ).subquery()
