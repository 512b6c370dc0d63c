"""Promises as the two sides see them: what the agency says, and beside it what the payments say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, Integer, Select, and_, cast, func, literal, or_, select, true
from sqlalchemy.orm import Session, aliased

from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.placements.models import Placement
from assignments.promises.keeping import GRACE_DAYS, Outcome, outcome
from assignments.promises.models import Promise, PromiseState, PromiseStatement
from assignments.reports.models import Payment, PaymentReversal

#: What "due this week" looks at: today and the six days after it.
WEEK = timedelta(days=6)

_creditor, _agency = aliased(Organisation), aliased(Organisation)
_other = aliased(Promise)


@dataclass(frozen=True)
class PromiseFilter:
    """Which promises; what is left empty lets everything through."""

    outcome: Outcome | None = None
    stated: PromiseState | None = None
    #: The other side: an agency for a creditor, a creditor for an agency.
    partner_id: int | None = None
    is_due_this_week: bool = False
    is_beyond: bool = False


@dataclass(frozen=True)
class PromiseRow:
    """One promise with both words on it."""

    id: int
    creditor_name: str
    agency_name: str
    account_ref: str
    #: The case, where the reader may open it.
    case_id: int | None
    made_on: date
    promised_on: date
    currency: str
    amount_minor: int
    plan_ref: str | None
    instalment: int | None
    instalments: int | None
    is_settlement: bool
    discount_bp: int | None
    authority_bp: int
    is_beyond: bool
    stated: PromiseState
    stated_at: datetime
    #: What came in by its grace, the instalments before it included, and what was needed for them and it.
    paid_minor: int
    needed_minor: int
    outcome: Outcome

    @property
    def paid_on_it_minor(self) -> int:
        """What came in beyond the instalments before it, at most what was promised."""
        return max(0, min(self.amount_minor, self.paid_minor - self.needed_minor + self.amount_minor))

    @property
    def is_contradicted(self) -> bool:
        """Whether the payments say otherwise than the agency."""
        said = {PromiseState.KEPT: {Outcome.KEPT}, PromiseState.BROKEN: {Outcome.BROKEN, Outcome.PARTLY_KEPT}}
        return self.outcome not in said.get(self.stated, {self.outcome})


@dataclass(frozen=True)
class Statement:
    """What one file said became of a promise."""

    promise_id: int
    state: PromiseState
    told_at: datetime


def list_promises(
    session: Session,
    actor: Actor,
    asked: PromiseFilter,
    *,
    today: date,
    after: tuple[date, int] | None = None,
    limit: int = PAGE,
) -> Page[PromiseRow]:
    """The promises made to the creditor's agencies, or to the agency; the one due last comes first."""
    require(actor, Permission.REPORT_VIEW)
    statement = _narrowed(_rows(actor, today), actor, asked, today)
    if after is not None:
        statement = statement.where(
            or_(Promise.promised_on < after[0], and_(Promise.promised_on == after[0], Promise.id < after[1]))
        )
    found = session.execute(statement.limit(limit + 1)).mappings()
    return cut([_row(one) for one in found], limit, lambda row: (row.promised_on, row.id))


def promises_of_case(session: Session, actor: Actor, case_id: int, *, today: date) -> list[PromiseRow]:
    """The promises on one case, the one due last first; an agency sees its own."""
    require(actor, Permission.CASE_VIEW)
    return [_row(one) for one in session.execute(_rows(actor, today).where(Promise.case_id == case_id)).mappings()]


def statements_of(session: Session, actor: Actor, promise_ids: Sequence[int]) -> list[Statement]:
    """All that files ever said of these promises, the first word first."""
    require(actor, Permission.CASE_VIEW)
    rows = session.execute(
        select(PromiseStatement.promise_id, PromiseStatement.state, PromiseStatement.told_at)
        .where(
            owned_by(actor, PromiseStatement.creditor_id, PromiseStatement.agency_id),
            PromiseStatement.promise_id.in_(promise_ids),
        )
        .order_by(PromiseStatement.told_at, PromiseStatement.id)
    )
    return [Statement(*row) for row in rows]


def _rows(actor: Actor, today: date) -> Select[*tuple[Any, ...]]:
    plan = _plan_so_far()
    paid = _paid_by_grace(plan.c.since)
    word = outcome(
        amount=Promise.amount_minor,
        needed=plan.c.needed,
        paid=paid.c.minor,
        promised_on=Promise.promised_on,
        today=literal(today, Date),
    )
    return (
        select(
            Promise.id,
            _creditor.name.label("creditor_name"),
            _agency.name.label("agency_name"),
            Placement.account_ref,
            Case.id.label("case_id"),
            Promise.made_on,
            Promise.promised_on,
            Promise.currency,
            Promise.amount_minor,
            Promise.plan_ref,
            Promise.instalment,
            Promise.instalments,
            Promise.is_settlement,
            Promise.discount_bp,
            Promise.authority_bp,
            Promise.is_beyond,
            Promise.stated_state.label("stated"),
            Promise.stated_at,
            paid.c.minor.label("paid_minor"),
            plan.c.needed.label("needed_minor"),
            word.label("outcome"),
        )
        .join(
            Placement,
            and_(
                Placement.creditor_id == Promise.creditor_id,
                Placement.agency_id == Promise.agency_id,
                Placement.id == Promise.placement_id,
            ),
        )
        .join(_creditor, _creditor.id == Promise.creditor_id)
        .join(_agency, _agency.id == Promise.agency_id)
        # An agency may open the cases it holds; the others are hidden from it, and so is their id.
        .outerjoin(Case, and_(Case.creditor_id == Promise.creditor_id, Case.id == Promise.case_id))
        .join(plan, true())
        .join(paid, true())
        .where(owned_by(actor, Promise.creditor_id, Promise.agency_id), Promise.withdrawn_at.is_(None))
        .order_by(Promise.promised_on.desc(), Promise.id.desc())
    )


def _plan_so_far() -> Any:
    """What is needed for a promise and the instalments of its plan before it, and since when money counts."""
    same_plan = and_(
        _other.plan_ref == Promise.plan_ref,
        _other.stated_state != PromiseState.CANCELLED,
        or_(
            _other.promised_on < Promise.promised_on,
            and_(_other.promised_on == Promise.promised_on, _other.id <= Promise.id),
        ),
    )
    total = func.sum(_other.amount_minor)
    return (
        select(
            cast(func.coalesce(total, 0), Promise.amount_minor.type).label("needed"),
            func.min(_other.made_on).label("since"),
        )
        .where(
            _other.creditor_id == Promise.creditor_id,
            _other.agency_id == Promise.agency_id,
            _other.case_id == Promise.case_id,
            _other.withdrawn_at.is_(None),
            or_(_other.id == Promise.id, same_plan),
        )
        .correlate(Promise)
        .lateral("plan")
    )


def _paid_by_grace(since: Any) -> Any:
    """What the agency reported as paid on the case in the time that counts, without what a correction took back."""
    was_taken_back = (
        select(PaymentReversal.payment_id)
        .where(
            PaymentReversal.creditor_id == Payment.creditor_id,
            PaymentReversal.agency_id == Payment.agency_id,
            PaymentReversal.payment_id == Payment.id,
        )
        .exists()
    )
    return (
        select(cast(func.coalesce(func.sum(Payment.amount_minor), 0), Payment.amount_minor.type).label("minor"))
        .where(
            Payment.creditor_id == Promise.creditor_id,
            Payment.agency_id == Promise.agency_id,
            Payment.case_id == Promise.case_id,
            Payment.paid_on >= since,
            Payment.paid_on <= Promise.promised_on + cast(literal(GRACE_DAYS), Integer),
            ~was_taken_back,
        )
        .correlate(Promise, since.table)
        .lateral("paid")
    )


def _narrowed(
    statement: Select[*tuple[Any, ...]], actor: Actor, asked: PromiseFilter, today: date
) -> Select[*tuple[Any, ...]]:
    if asked.outcome is not None:
        [word] = [one for one in statement.selected_columns if one.key == "outcome"]
        statement = statement.where(word.element == asked.outcome.value)
    if asked.stated is not None:
        statement = statement.where(Promise.stated_state == asked.stated)
    if asked.partner_id is not None:
        partner = Promise.agency_id if actor.side is Side.CREDITOR else Promise.creditor_id
        statement = statement.where(partner == asked.partner_id)
    if asked.is_due_this_week:
        statement = statement.where(Promise.promised_on.between(today, today + WEEK))
    if asked.is_beyond:
        statement = statement.where(Promise.is_beyond)
    return statement


def _row(found: Any) -> PromiseRow:
    return PromiseRow(**{**found, "outcome": Outcome(found["outcome"])})
