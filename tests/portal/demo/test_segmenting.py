"""The demo's segments and its decision table stand once, and every rule of the table can take a case."""

from __future__ import annotations

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from assignments.cases.selection import Selection
from assignments.segments import queries
from assignments.segments.decision import unreachable
from portal.demo import founding, segmenting
from portal.demo.cast import BANK, TELCO
from portal.demo.chronology import Chronology
from portal.demo.world import World
from tests.people import PASSWORD


def test_the_bank_keeps_three_segments_and_one_table_however_often_it_is_told(ports):
    now = utc_now()
    for _ in range(2):
        world = World(ports, Chronology(now), PASSWORD, {})
        founding.make_operator(world, now)
        founding.bring_in_organisations(world, now)
        segmenting.keep_segments(world, now)

    with world.acting(BANK.member(Role.DIRECTOR)) as (session, actor):
        kept = {row.name: row.revision for row in queries.list_segments(session, actor).rows}
        table = queries.get_table(session, actor, None)
    assert kept == dict.fromkeys([name for name, _ in segmenting.SEGMENTS], 1)
    assert (table.revision, table.rules) == (1, list(segmenting.RULES))
    with world.acting(TELCO.member(Role.DIRECTOR)) as (session, actor):
        assert not queries.list_segments(session, actor).rows


def test_no_rule_of_the_demo_is_hidden_by_an_earlier_one():
    assert unreachable(Selection(), segmenting.RULES) == []
