"""What a selection means in the database: the conditions on cases that it stands for.

Each is a condition of its own on one case, so that the same ones select a list, add up its totals and decide which rule
of a decision table takes a case.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    column,
    exists,
    false,
    func,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.orm import aliased

from agencies.kernel.tenancy import Actor, Side, owned_by
from assignments.cases.ages import days_past_due_on, today, uploaded_on
from assignments.cases.models import Case, CaseState, Debtor, LotCase, Portfolio
from assignments.cases.selection import CREDITOR_S_OWN, Mark, Part, Reach, Selection

_LAST_CHARACTER = "\U0010ffff"
#: Columns of a case that a selection asks for as they stand.
_EQUAL = ("portfolio_id", "product", "region", "segment", "state", "agency_id", "return_code", "currency")

# What stands to the right of cases is known here by its columns only.
_placements = table("placements", *map(column, ("creditor_id", "case_id", "agency_id", "service", "ended_at")))
_payments = table("payments", *map(column, ("creditor_id", "agency_id", "case_id", "id", "paid_on")))
_reversals = table("payment_reversals", *map(column, ("creditor_id", "agency_id", "payment_id")))
_told = table("creditor_payments", *map(column, ("creditor_id", "case_id", "paid_on", "taken_back_at")))
_points = table("contact_points", *map(column, ("creditor_id", "debtor_id", "kind")))
_other = aliased(Case)

_INDEXES: dict[Reach, tuple[Any, ...]] = {
    Reach.PHONE: (Debtor.phone_index, Debtor.phone_2_index),
    Reach.EMAIL: (Debtor.email_index,),
    Reach.ADDRESS: (Debtor.address_index,),
}


def selected(actor: Actor, selection: Selection, *, without: Collection[int] = ()) -> Select[Case]:
    """The cases of the actor's organisation that pass the filter, for other statements to build on.

    Those of the creditors `without` are left out.
    """
    statement = select(Case).where(owned_by(actor, Case.creditor_id, Case.agency_id), *conditions(actor, selection))
    return statement.where(Case.creditor_id.not_in(without)) if without else statement


def conditions(actor: Actor, selection: Selection) -> list[ColumnElement[bool]]:
    """What a case has to be for the filter to let it through; an agency asks nothing that is the creditor's only."""
    if actor.side is not Side.CREDITOR and any(name in CREDITOR_S_OWN for name, _ in selection.set_fields()):
        return [false()]
    found = [getattr(Case, name) == value for name in _EQUAL if (value := getattr(selection, name)) is not None]
    for name, spelt in (("stage", selection.stage), ("city", selection.city)):
        found += [func.lower(getattr(Case, name)) == func.lower(spelt)] if spelt else []
    for name, value_of in _RANGES.items():
        least, most = getattr(selection, f"min_{name}"), getattr(selection, f"max_{name}")
        if least is not None or most is not None:
            found += _between(least, value_of(actor), most)
    found += _aged(actor, selection.min_age, selection.max_age)
    found += _unpaid(actor, selection.min_unpaid, selection.max_unpaid)
    found += _of_debtor(selection)
    found += _placed_before(selection)
    if selection.mark is not None:
        found.append(_MARKS[selection.mark])
    if selection.lot_id is not None:
        listed = select(LotCase.case_id).where(LotCase.creditor_id == actor.tenant, LotCase.lot_id == selection.lot_id)
        found.append(Case.id.in_(listed))
    if selection.search:
        # A range and not LIKE: row-level security lets only the former use the index.
        first, last = selection.search, selection.search + _LAST_CHARACTER
        found += [Case.account_ref >= first, Case.account_ref < last]
    return found + (_of_part(actor, selection.part) if selection.part else [])


def passes(actor: Actor, selection: Selection) -> ColumnElement[bool]:
    """All conditions of a selection as one, for a case among others."""
    return and_(true(), *conditions(actor, selection))


def _of_part(actor: Actor, part: Part) -> list[ColumnElement[bool]]:
    # What is unknown of a case does not let an earlier rule take it, and must not keep it from this one.
    taken = [passes(actor, one).is_not(true()) for one in part.earlier]
    return [*conditions(actor, part.whole), *conditions(actor, part.rule), *taken]


def _between(least: int | None, value: Any, most: int | None) -> Iterator[ColumnElement[bool]]:
    if least is not None:
        yield value >= least
    if most is not None:
        yield value <= most


def _aged(actor: Actor, least: int | None, most: int | None) -> list[ColumnElement[bool]]:
    """A range of the age, asked beside the few portfolios and not of each case's own."""
    if least is None and most is None:
        return []
    age = days_past_due_on(today(actor), uploaded_on(actor.tenant))
    is_its = (Portfolio.creditor_id == Case.creditor_id, Portfolio.id == Case.portfolio_id)
    return [exists().where(*is_its, *_between(least, age, most)).correlate(Case)]


def _unpaid(actor: Actor, least: int | None, most: int | None) -> list[ColumnElement[bool]]:
    """A range of days since the latest payment, told by anybody and neither reversed nor taken back."""
    found: list[ColumnElement[bool]] = []
    if most is not None:
        found.append(_was_paid(lambda paid_on: paid_on >= today(actor) - most))
    if least is not None:
        until = today(actor) - least
        found.append(_was_paid(lambda paid_on: paid_on <= until))
        found.append(_was_paid(lambda paid_on: paid_on > until).is_not(true()))
    return found


def _was_paid(is_then: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    is_reversed = exists().where(
        _reversals.c.creditor_id == _payments.c.creditor_id,
        _reversals.c.agency_id == _payments.c.agency_id,
        _reversals.c.payment_id == _payments.c.id,
    )
    of_agencies = exists().where(
        _payments.c.creditor_id == Case.creditor_id,
        _payments.c.case_id == Case.id,
        is_then(_payments.c.paid_on),
        ~is_reversed,
    )
    of_creditor = exists().where(
        _told.c.creditor_id == Case.creditor_id,
        _told.c.case_id == Case.id,
        is_then(_told.c.paid_on),
        _told.c.taken_back_at.is_(None),
    )
    return or_(is_then(Case.last_payment_on), of_agencies.correlate(Case), of_creditor.correlate(Case))


def _debts(actor: Actor, figure: Any, *more: ColumnElement[bool]) -> Any:
    """A figure of the debtor's debts that are not closed, as far as they are the actor's."""
    return (
        select(figure)
        .where(
            owned_by(actor, _other.creditor_id, _other.agency_id),
            _other.creditor_id == Case.creditor_id,
            _other.debtor_id == Case.debtor_id,
            _other.state != CaseState.CLOSED,
            *more,
        )
        .correlate(Case)
        .scalar_subquery()
    )


#: Name of a range -> what lies in it, both ends included.
_RANGES: dict[str, Callable[[Actor], Any]] = {
    "minor": lambda _: Case.balance_minor,
    "dpd": lambda _: Case.days_past_due,
    "debts": lambda actor: _debts(actor, func.count()),
    "debtor_minor": lambda actor: _debts(
        actor, func.coalesce(func.sum(_other.balance_minor), 0), _other.currency == Case.currency
    ),
}
_MARKS: dict[Mark, ColumnElement[bool]] = {
    Mark.HELD: or_(Case.held_since.is_not(None), Case.is_stopped),
    Mark.CLAIM: Case.claim_since.is_not(None),
    Mark.FREE: and_(Case.held_since.is_(None), Case.claim_since.is_(None), ~Case.is_stopped),
}


def _of_debtor(selection: Selection) -> list[ColumnElement[bool]]:
    """What the debtor has to be, asked of its row once."""
    asked: list[Any] = []
    if selection.person_type is not None:
        asked.append(Debtor.person_type == selection.person_type)
    if selection.has_document is not None:
        asked.append(Debtor.document_index.is_not(None) == selection.has_document)
    if selection.reach is not None:
        ways = (selection.reach,) if selection.reach in _INDEXES else tuple(_INDEXES)
        can = or_(*(_has(way) for way in ways))
        asked.append(~can if selection.reach is Reach.NONE else can)
    if not asked:
        return []
    is_this = (Debtor.creditor_id == Case.creditor_id, Debtor.id == Case.debtor_id)
    return [exists().where(*is_this, *asked).correlate(Case)]


def _has(way: Reach) -> ColumnElement[bool]:
    """Whether a debtor has this way, with its own row or among those that came or were released later."""
    added = exists().where(
        _points.c.creditor_id == Debtor.creditor_id, _points.c.debtor_id == Debtor.id, _points.c.kind == way.value
    )
    return or_(*(index.is_not(None) for index in _INDEXES[way]), added.correlate(Debtor))


def _placed_before(selection: Selection) -> list[ColumnElement[bool]]:
    """How often a case was placed for collection and came back, and with whom."""
    ended = (
        _placements.c.creditor_id == Case.creditor_id,
        _placements.c.case_id == Case.id,
        _placements.c.service == "collect",
        _placements.c.ended_at.is_not(None),
    )
    found: list[ColumnElement[bool]] = []
    least, most = selection.min_placed or 0, selection.max_placed
    if least == 1 or most == 0:
        # Whether there is one at all is found without counting.
        was = exists().where(*ended).correlate(Case)
        found += [was] if least == 1 else []
        found += [~was] if most == 0 else []
    if least > 1 or most:
        times = select(func.count()).select_from(_placements).where(*ended).correlate(Case).scalar_subquery()
        found += _between(least or None, times, most)
    if selection.placed_with is not None:
        found.append(exists().where(*ended, _placements.c.agency_id == selection.placed_with).correlate(Case))
    return found
