"""Segments with what they come to now, and decision tables with what each rule takes; all in one statement each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, case, desc, func, literal, select, true, union_all
from sqlalchemy.orm import Session

from agencies.kernel.errors import NotFound
from agencies.kernel.pages import Page, cut
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.cases.queries import Amounts, Totals, selected
from assignments.cases.selecting import passes
from assignments.cases.selection import Part, Selection
from assignments.segments.decision import Rule
from assignments.segments.models import DecisionRule, DecisionTable, Segment, SegmentRevision

#: All of a page are counted by one statement.
PAGE = 20


@dataclass(frozen=True)
class SegmentRow:
    """A segment with its selection as it stands."""

    id: int
    name: str
    revision: int
    selection: Selection
    #: Of the revision that stands.
    made_at: datetime
    made_by: int | None
    archived_at: datetime | None


@dataclass(frozen=True)
class Micro:
    """One rule of a decision table as a part of what it cuts."""

    part: Part
    #: The rule as it was written; what is left over has none.
    rule: Rule | None


@dataclass(frozen=True)
class Table:
    """The decision table that stands, its parts in the order in which they take cases."""

    #: 0 before there is one.
    revision: int
    made_at: datetime | None
    made_by: int | None
    micros: tuple[Micro, ...]

    @property
    def rules(self) -> list[Rule]:
        """What was written, without what is left over."""
        return [one.rule for one in self.micros if one.rule is not None]


def list_segments(session: Session, actor: Actor, *, after: int | None = None, limit: int = PAGE) -> Page[SegmentRow]:
    """A page of the creditor's segments that stand, the newest first."""
    creditor_id = _reader(actor)
    statement = _segments(creditor_id).where(Segment.archived_at.is_(None))
    if after is not None:
        statement = statement.where(Segment.id < after)
    rows = [
        _row(segment, stands)
        for segment, stands in session.execute(statement.order_by(Segment.id.desc()).limit(limit + 1))
    ]
    return cut(rows, limit, lambda row: row.id)


def get_segment(session: Session, actor: Actor, segment_id: int) -> SegmentRow:
    """One segment, put away or not; raises `NotFound`."""
    found = session.execute(_segments(_reader(actor)).where(Segment.id == segment_id)).one_or_none()
    if found is None:
        raise NotFound
    return _row(found[0], found[1])


def list_revisions(session: Session, actor: Actor, segment_id: int) -> list[SegmentRevision]:
    """What a segment selected before and selects now, the latest first."""
    statement = select(SegmentRevision).where(
        SegmentRevision.creditor_id == _reader(actor), SegmentRevision.segment_id == segment_id
    )
    return list(session.scalars(statement.order_by(SegmentRevision.revision.desc()).limit(50)))


def totals_of(session: Session, actor: Actor, selections: Sequence[Selection]) -> list[Totals]:
    """What each of these selects now, by one statement for all of them."""
    _reader(actor)
    if not selections:
        return []
    # Each is planned by itself: as a filter of one common sum its conditions would be asked case by case.
    each = [
        selected(actor, one)
        .with_only_columns(
            literal(at).label("place"),
            Case.currency,
            func.count().label("cases"),
            func.sum(Case.placed_minor),
            func.sum(Case.balance_minor),
        )
        .group_by(Case.currency)
        for at, one in enumerate(selections)
    ]
    statement = union_all(*each).order_by("place", desc("cases"), "currency")
    return _by_place(session.execute(statement), len(selections))


def get_table(session: Session, actor: Actor, segment_id: int | None) -> Table:
    """The decision table of a segment, or of the whole book; one without rules before there is any."""
    creditor_id = _reader(actor)
    whole = Selection() if segment_id is None else get_segment(session, actor, segment_id).selection
    table = session.scalar(
        select(DecisionTable)
        .where(DecisionTable.creditor_id == creditor_id, DecisionTable.segment_id.is_not_distinct_from(segment_id))
        .order_by(DecisionTable.revision.desc())
        .limit(1)
    )
    if table is None:
        return Table(0, None, None, ())
    micros = _micros(whole, _rules(session, creditor_id, table.id))
    return Table(table.revision, table.made_at, table.made_by, micros)


def get_part(session: Session, actor: Actor, rule_id: int) -> Part:
    """The micro-segment of a rule, also of a table that was replaced since; raises `NotFound`."""
    creditor_id = _reader(actor)
    found = session.execute(
        select(DecisionTable.id, DecisionTable.segment_id)
        .join(
            DecisionRule,
            and_(DecisionRule.creditor_id == DecisionTable.creditor_id, DecisionRule.table_id == DecisionTable.id),
        )
        .where(DecisionRule.creditor_id == creditor_id, DecisionRule.id == rule_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    table_id, segment_id = found
    whole = Selection() if segment_id is None else get_segment(session, actor, segment_id).selection
    micros = _micros(whole, _rules(session, creditor_id, table_id))
    return next(one.part for one in micros if one.part.rule_id == rule_id)


def totals_by_rule(session: Session, actor: Actor, whole: Selection, rules: Sequence[Rule]) -> list[Totals]:
    """What each rule takes of the whole, and at the end what is left over: every case is counted once."""
    _reader(actor)
    places = [(passes(actor, rule.selection), place) for place, rule in enumerate(rules)]
    taken = case(*places, else_=len(rules)) if places else case((true(), 0))
    decided = (
        selected(actor, whole)
        .with_only_columns(taken.label("place"), Case.currency, Case.placed_minor, Case.balance_minor)
        .subquery()
    )
    statement = (
        select(
            decided.c.place,
            decided.c.currency,
            func.count(),
            func.sum(decided.c.placed_minor),
            func.sum(decided.c.balance_minor),
        )
        .group_by(decided.c.place, decided.c.currency)
        .order_by(decided.c.place, func.count().desc(), decided.c.currency)
    )
    return _by_place(session.execute(statement), len(rules) + 1)


def _by_place(rows: Iterable[Row[*tuple[Any, ...]]], places: int) -> list[Totals]:
    """Rows of place, currency, cases, value handed over and balance, as the totals of each place."""
    found: list[list[Amounts]] = [[] for _ in range(places)]
    for place, currency, cases, placed, balance in rows:
        found[place].append(Amounts(currency, cases, int(placed), int(balance)))
    return [Totals(tuple(one)) for one in found]


def _reader(actor: Actor) -> int:
    require(actor, Permission.CASE_VIEW)
    return require_side(actor, Side.CREDITOR)


def _segments(creditor_id: int) -> Select[Segment, SegmentRevision]:
    return (
        select(Segment, SegmentRevision)
        .join(
            SegmentRevision,
            and_(
                SegmentRevision.creditor_id == Segment.creditor_id,
                SegmentRevision.segment_id == Segment.id,
                SegmentRevision.revision == Segment.revision,
            ),
        )
        .where(Segment.creditor_id == creditor_id)
    )


def _row(segment: Segment, stands: SegmentRevision) -> SegmentRow:
    selection = Selection.from_dict(stands.selection)
    return SegmentRow(
        segment.id, segment.name, segment.revision, selection, stands.made_at, stands.made_by, segment.archived_at
    )


def _rules(session: Session, creditor_id: int, table_id: int) -> list[DecisionRule]:
    statement = select(DecisionRule).where(DecisionRule.creditor_id == creditor_id, DecisionRule.table_id == table_id)
    return list(session.scalars(statement.order_by(DecisionRule.position)))


def _micros(whole: Selection, rules: Sequence[DecisionRule]) -> tuple[Micro, ...]:
    asked = [Selection.from_dict(one.selection) for one in rules]
    return tuple(
        Micro(
            Part(row.id, row.label, whole, asked[at], tuple(asked[:at])),
            Rule(row.label, asked[at]) if row.label else None,
        )
        for at, row in enumerate(rules)
    )
