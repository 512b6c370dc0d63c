"""Segments and decision tables: who keeps them, what they come to, and that each case is in one part only."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Conflict, DomainError, Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments.cases.queries import Selection, list_cases, totals
from assignments.placements.queries import get_wave
from assignments.segments import queries, service
from assignments.segments.decision import Rule
from assignments.segments.models import Segment, SegmentRevision
from portal.ports import Ports
from tests.loop import NewCase, add_cases, add_mandate, draft, place
from tests.people import World

NOW = datetime(2026, 2, 10, 17, tzinfo=UTC)
CASES = (
    NewCase("A-1", 1_000, days_past_due=10),
    NewCase("A-2", 2_000, days_past_due=100),
    NewCase("A-3", 4_000),
    NewCase("A-4", 8_000, delinquent_on=date(2020, 1, 1)),
)
RULES = [Rule("Antiguas", Selection(min_age=1_000)), Rule("Grandes", Selection(min_minor=2_000))]


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def director(ports: Ports, world: World) -> Actor:
    actor = world.actor(Role.DIRECTOR)
    add_cases(ports, actor, CASES)
    return actor


def do(ports: Ports, actor: Actor, verb: Any, *arguments: Any, **options: Any) -> Any:
    with ports.session(actor) as session, transaction(session):
        return verb(session, actor, *arguments, **{"now": NOW, **options})


def read(ports: Ports, actor: Actor, query: Any, *arguments: Any) -> Any:
    with ports.session(actor) as session:
        return query(session, actor, *arguments)


def save(ports: Ports, actor: Actor, name: str = "Grandes", **chosen: Any) -> Segment:
    return do(ports, actor, service.save, name=name, selection=Selection(**chosen))


def cut(ports: Ports, actor: Actor, segment_id: int | None, rules: list[Rule] = RULES, revision: int = 0) -> Any:
    return do(ports, actor, service.decide, segment_id, rules, revision=revision)


def test_a_segment_is_kept_with_what_it_selects(ports: Ports, director: Actor) -> None:
    made = save(ports, director, "  Saldos   grandes ", min_minor=2_000)
    (row,) = read(ports, director, queries.list_segments).rows
    assert (row.id, row.name, row.revision, row.selection) == (made.id, "Saldos grandes", 1, Selection(min_minor=2_000))
    with ports.session(director) as session:
        assert session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq.desc())).first() == "segment.saved"


def test_a_name_is_taken_however_it_is_written_and_for_this_creditor_only(
    ports: Ports, world: World, director: Actor
) -> None:
    save(ports, director)
    with pytest.raises(service.NameTaken):
        save(ports, director, "GRANDES")
    save(ports, world.actor(Role.DIRECTOR, organisation=1))
    with pytest.raises(service.Unnamed):
        save(ports, director, "  ")


def test_a_changed_segment_keeps_what_it_was_and_a_second_click_changes_nothing(ports: Ports, director: Actor) -> None:
    made = save(ports, director, min_minor=2_000)
    changed = {"name": "Más grandes", "selection": Selection(min_minor=4_000), "revision": 1}
    do(ports, director, service.change, made.id, **changed)
    with pytest.raises(Conflict):
        do(ports, director, service.change, made.id, **changed)
    found = read(ports, director, queries.list_revisions, made.id)
    assert [(one.revision, one.name, one.selection) for one in found] == [
        (2, "Más grandes", {"min_minor": 4_000}),
        (1, "Grandes", {"min_minor": 2_000}),
    ]


def test_a_segment_put_away_frees_its_name_and_is_changed_no_more(ports: Ports, director: Actor) -> None:
    made = save(ports, director)
    for _ in range(2):
        do(ports, director, service.archive, made.id)
    assert read(ports, director, queries.list_segments).rows == ()
    save(ports, director)
    with pytest.raises(NotFound):
        do(ports, director, service.change, made.id, name="x", selection=Selection(), revision=1)
    with ports.session(director) as session:
        written = session.scalars(select(AuditEvent.action).where(AuditEvent.action == "segment.archived")).all()
    assert written == ["segment.archived"]


@pytest.mark.parametrize("chosen", [{"search": "A-1"}, {"lot_id": 1}])
def test_no_account_and_no_lot_is_kept_in_a_segment(ports: Ports, director: Actor, chosen: dict[str, Any]) -> None:
    with pytest.raises(service.NotKept):
        save(ports, director, **chosen)
    with pytest.raises(service.NotKept):
        cut(ports, director, None, [Rule("x", Selection(**chosen))])


@pytest.mark.parametrize(
    ("role", "may_read"),
    [(Role.ANALYST, True), (Role.AUDITOR, True), (Role.COMPLIANCE, True), (Role.FINANCE, False), (Role.MANAGER, False)],
)
def test_planners_make_segments_and_who_sees_cases_reads_them(
    ports: Ports, world: World, director: Actor, role: Role, may_read: bool
) -> None:
    save(ports, director)
    actor = world.actor(role)
    if may_read:
        assert len(read(ports, actor, queries.list_segments).rows) == 1
    else:
        with pytest.raises(Forbidden):
            read(ports, actor, queries.list_segments)
    if role is not Role.ANALYST:
        with pytest.raises(Forbidden):
            save(ports, actor, "Otro")
        with pytest.raises(Forbidden):
            cut(ports, actor, None)


def test_another_creditor_has_none_of_it(ports: Ports, world: World, director: Actor) -> None:
    made = save(ports, director)
    table = cut(ports, director, made.id)
    rule_id = read(ports, director, queries.get_table, made.id).micros[0].part.rule_id
    other = world.actor(Role.DIRECTOR, organisation=1)
    for refused in (
        lambda: read(ports, other, queries.get_segment, made.id),
        lambda: read(ports, other, queries.get_table, made.id),
        lambda: read(ports, other, queries.get_part, rule_id),
        lambda: do(ports, other, service.archive, made.id),
        lambda: cut(ports, other, made.id),
        lambda: do(ports, other, service.change, made.id, name="x", selection=Selection(), revision=1),
    ):
        with pytest.raises(NotFound):
            refused()
    assert read(ports, other, queries.list_segments).rows == ()
    assert table.revision == 1


def test_what_was_said_is_never_edited(ports: Ports, director: Actor) -> None:
    cut(ports, director, save(ports, director).id)
    for table in ("segment_revisions", "decision_tables", "decision_rules"):
        for act in (f"update {table} set creditor_id = creditor_id", f"delete from {table}"):
            with ports.session(director) as session, pytest.raises(DBAPIError):
                session.execute(text(act))


def test_all_segments_are_counted_by_one_statement_and_agree_with_the_list(ports: Ports, director: Actor) -> None:
    add_cases(ports, director, [NewCase("U-1", 5, currency="USD")])
    chosen = [
        Selection(),
        Selection(min_minor=2_000),
        Selection(min_age=1_000),
        Selection(currency="USD"),
        Selection(product="none"),
        Selection(min_debts=1, max_placed=0),
    ]
    statements: list[str] = []
    with ports.session(director) as session:
        session.execute(text("select 1"))
        event.listen(session.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
        found = queries.totals_of(session, director, chosen)
        assert len(statements) == 1
        assert found == [totals(session, director, one) for one in chosen]
    assert [one.cases for one in found] == [5, 3, 1, 1, 0, 5]
    assert queries.totals_of(session, director, []) == []


def accounts(ports: Ports, actor: Actor, selection: Selection) -> list[str]:
    with ports.session(actor) as session:
        return [row.account_ref for row in list_cases(session, actor, selection).rows]


def test_every_case_is_in_the_first_part_that_fits_and_in_no_other(ports: Ports, director: Actor) -> None:
    cut(ports, director, None)
    table = read(ports, director, queries.get_table, None)
    found = [accounts(ports, director, Selection(part=one.part)) for one in table.micros]
    assert found == [["A-4"], ["A-2", "A-3"], ["A-1"]]
    counted = read(ports, director, queries.totals_by_rule, Selection(), table.rules)
    assert [one.cases for one in counted] == [1, 2, 1]
    with ports.session(director) as session:
        assert counted == [totals(session, director, Selection(part=one.part)) for one in table.micros]
    assert [one.rule for one in table.micros] == [*RULES, None]


def test_a_table_cuts_its_segment_only(ports: Ports, director: Actor) -> None:
    made = save(ports, director, "Con mora conocida", min_dpd=0)
    cut(ports, director, made.id)
    table = read(ports, director, queries.get_table, made.id)
    counted = read(ports, director, queries.totals_by_rule, Selection(min_dpd=0), table.rules)
    assert [one.cases for one in counted] == [0, 1, 1]
    assert [accounts(ports, director, Selection(part=one.part)) for one in table.micros] == [[], ["A-2"], ["A-1"]]
    assert read(ports, director, queries.get_table, None).micros == ()


def test_a_table_that_moved_on_is_not_overwritten(ports: Ports, director: Actor) -> None:
    cut(ports, director, None)
    with pytest.raises(Conflict):
        cut(ports, director, None)
    cut(ports, director, None, RULES[:1], revision=1)
    assert read(ports, director, queries.get_table, None).rules == RULES[:1]


def test_a_replaced_rule_still_means_what_it_said(ports: Ports, director: Actor) -> None:
    cut(ports, director, None)
    old = read(ports, director, queries.get_table, None).micros[1].part
    cut(ports, director, None, [], revision=1)
    assert read(ports, director, queries.get_part, old.rule_id) == old


def test_a_wave_of_a_part_places_its_cases_and_keeps_the_rules_of_that_day(
    ports: Ports, world: World, director: Actor
) -> None:
    made = save(ports, director, "Todo")
    cut(ports, director, made.id)
    part = read(ports, director, queries.get_table, made.id).micros[1].part
    mandate = add_mandate(ports, director, world.actor(Role.MANAGER))
    wave = draft(ports, director, [mandate], selection=Selection(part=part))
    do(ports, director, service.change, made.id, name="Nada", selection=Selection(product="none"), revision=1)
    cut(ports, director, made.id, [], revision=1)
    with ports.session(director) as session:
        kept = Selection.from_dict(get_wave(session, director, wave.id).selection)
    assert kept == Selection(part=part)
    place(ports, director, wave)
    with ports.session(director) as session:
        placed = session.execute(text("select account_ref from placements order by 1")).scalars().all()
    assert placed == ["A-2", "A-3"]


@pytest.mark.parametrize(
    ("rules", "refusal"),
    [([Rule(" ", Selection())], service.Unnamed), ([Rule("x", Selection())] * 41, service.TooManyRules)],
)
def test_a_table_is_named_and_short(
    ports: Ports, director: Actor, rules: list[Rule], refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal):
        cut(ports, director, None, rules)


def test_one_revision_stands_for_each_segment(ports: Ports, director: Actor) -> None:
    made = save(ports, director)
    do(ports, director, service.change, made.id, name="B", selection=Selection(), revision=1)
    (row,) = read(ports, director, queries.list_segments).rows
    with ports.session(director) as session:
        assert len(session.scalars(select(SegmentRevision)).all()) == 2
    assert (row.name, row.revision) == ("B", 2)
