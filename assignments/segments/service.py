"""A creditor saves, changes and puts away segments, and says by which rules they are cut."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.selection import Selection
from assignments.segments.decision import Rule
from assignments.segments.models import DecisionRule, DecisionTable, Segment, SegmentRevision

MOST_RULES = 40


class NameTaken(Conflict):
    """Two segments of one name would be taken for one another."""

    text = msg("There is a segment of this name already. Choose another name.")


class Unnamed(Invalid):
    """A segment and a rule are known by their names."""

    text = msg("Give it a name.")


class NotKept(Invalid):
    """A selection that names single accounts or a micro-segment is not kept as a segment."""

    text = msg("A segment is not made of an account number or of a micro-segment; take this condition away.")


class TooManyRules(Invalid):
    """Nobody reads a longer table."""

    text = msg("A decision table has at most %(most)s rules.")


def save(session: Session, actor: Actor, *, name: str, selection: Selection, now: datetime) -> Segment:
    """Keep a selection under a name; raises `NameTaken`."""
    creditor_id = _planner(session, actor)
    name = _checked(session, creditor_id, name, selection)
    segment = Segment(creditor_id=creditor_id, name=name, revision=1, made_at=now, made_by=actor.user_id)
    session.add(segment)
    session.flush()
    _write_revision(session, actor, segment, selection, now)
    audit.record(session, actor, "segment.saved", now=now, segment_id=segment.id)
    return segment


def change(
    session: Session, actor: Actor, segment_id: int, *, name: str, selection: Selection, revision: int, now: datetime
) -> Segment:
    """Let a segment select something else from now on; raises `Conflict` unless `revision` is the one that stands.

    What was made from it keeps the selection it was made from.
    """
    creditor_id = _planner(session, actor)
    segment = _standing(session, creditor_id, segment_id)
    if segment.revision != revision:
        raise Conflict
    segment.name = _checked(session, creditor_id, name, selection, but=segment_id)
    segment.revision += 1
    _write_revision(session, actor, segment, selection, now)
    audit.record(session, actor, "segment.changed", now=now, segment_id=segment.id, revision=segment.revision)
    return segment


def archive(session: Session, actor: Actor, segment_id: int, *, now: datetime) -> Segment:
    """Put a segment away: it is listed no more and its name is free; once is as good as twice."""
    creditor_id = _planner(session, actor)
    segment = session.get(Segment, (creditor_id, segment_id))
    if segment is None:
        raise NotFound
    if segment.archived_at is None:
        segment.archived_at, segment.archived_by = now, actor.user_id
        audit.record(session, actor, "segment.archived", now=now, segment_id=segment.id)
    return segment


def decide(
    session: Session, actor: Actor, segment_id: int | None, rules: Sequence[Rule], *, revision: int, now: datetime
) -> DecisionTable:
    """Cut a segment, or the whole book, by these rules from now on; `revision` is the one that was looked at, from 0.

    What no rule takes is kept as a last part without a name. Raises `Conflict` when the table has moved on.
    """
    creditor_id = _planner(session, actor)
    if segment_id is not None:
        _standing(session, creditor_id, segment_id)
    if len(rules) > MOST_RULES:
        raise TooManyRules(most=MOST_RULES)
    if not all(rule.label.strip() for rule in rules):
        raise Unnamed
    for rule in rules:
        _check_kept(rule.selection)
    latest = session.scalar(
        select(func.max(DecisionTable.revision)).where(
            DecisionTable.creditor_id == creditor_id, DecisionTable.segment_id.is_not_distinct_from(segment_id)
        )
    )
    if (latest or 0) != revision:
        raise Conflict
    table = DecisionTable(
        creditor_id=creditor_id, segment_id=segment_id, revision=revision + 1, made_at=now, made_by=actor.user_id
    )
    session.add(table)
    session.flush()
    session.add_all(
        DecisionRule(
            creditor_id=creditor_id,
            table_id=table.id,
            position=position,
            label=rule.label,
            selection=rule.selection.to_dict(),
        )
        for position, rule in enumerate([*rules, Rule("", Selection())], start=1)
    )
    audit.record(session, actor, "segment.table_changed", now=now, segment_id=segment_id, rules=len(rules))
    return table


def _planner(session: Session, actor: Actor) -> int:
    require(actor, Permission.PLACEMENT_PLAN)
    creditor_id = require_side(actor, Side.CREDITOR)
    # Names and revisions are looked at before they are written: one planner of a creditor at a time.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('segments', :creditor))"), {"creditor": creditor_id}
    )
    return creditor_id


def _standing(session: Session, creditor_id: int, segment_id: int) -> Segment:
    segment = session.get(Segment, (creditor_id, segment_id), populate_existing=True)
    if segment is None or segment.archived_at is not None:
        raise NotFound
    return segment


def _checked(session: Session, creditor_id: int, name: str, selection: Selection, *, but: int | None = None) -> str:
    name = " ".join(name.split())
    if not name:
        raise Unnamed
    _check_kept(selection)
    taken = exists().where(
        Segment.creditor_id == creditor_id,
        Segment.archived_at.is_(None),
        func.lower(Segment.name) == func.lower(name),
        Segment.id != (but or 0),
    )
    if session.scalar(select(taken)):
        raise NameTaken
    return name


def _check_kept(selection: Selection) -> None:
    """An account names somebody, and a part of a part could come to hold itself."""
    if selection.search or selection.part or selection.lot_id is not None:
        raise NotKept


def _write_revision(session: Session, actor: Actor, segment: Segment, selection: Selection, now: datetime) -> None:
    session.add(
        SegmentRevision(
            creditor_id=segment.creditor_id,
            segment_id=segment.id,
            revision=segment.revision,
            name=segment.name,
            selection=selection.to_dict(),
            made_at=now,
            made_by=actor.user_id,
        )
    )
    session.flush()
