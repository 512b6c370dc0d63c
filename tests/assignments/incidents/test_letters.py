"""Whoever must act on an incident is written to: once, in time, in their own house, and nobody in it is named."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.errors import Forbidden
from agencies.kernel.letters import SEND
from agencies.kernel.session import transaction
from agencies.kernel.work import Work
from agencies.organisations.permissions import Role
from assignments.incidents import clocks, letters, queries
from portal.jobs import tasks
from tests.incidents import FACTS, NOW, report
from tests.tenants import add_colleague


@pytest.fixture
def officer(ports, tenants):
    """The first creditor's compliance officer, beside its director, and an analyst who handles no incidents."""
    add_colleague(ports, tenants.creditor, Role.ANALYST)
    return add_colleague(ports, tenants.creditor, Role.COMPLIANCE)


def posted(ports, actor) -> list[tuple[str, int]]:
    """Every letter that was asked for in a house, with whom it goes to."""
    with ports.session(actor) as session:
        asked = session.scalars(select(Work.payload).where(Work.kind == SEND).order_by(Work.id)).all()
    return [(one["letter"], one["user_id"]) for one in asked if one["letter"].startswith("incident.")]


def write(ports, actor, now) -> int:
    with ports.session(actor) as session, transaction(session):
        return letters.write_people(session, actor, now=now)


def next_due(ports, actor):
    with ports.session(actor) as session:
        [part] = queries.list_incidents(session, actor, queries.Register()).rows
        return clocks.next_due(clocks.clocks(part, [], home="CO", time_zone=actor.time_zone))


def test_an_agency_s_report_writes_to_those_who_handle_it_in_each_house_and_to_nobody_else(ports, tenants, officer):
    report(ports, tenants.agency)
    tasks.perform_due(ports)

    ours = {user for kind, user in posted(ports, tenants.creditor) if kind == "incident.reported"}
    assert ours == {tenants.creditor.user_id, officer.user_id}
    theirs = {user for _, user in posted(ports, tenants.other_creditor)}
    assert theirs == {tenants.other_creditor.user_id}
    assert posted(ports, tenants.agency) == posted(ports, tenants.other_agency) == []


def test_a_report_sent_twice_and_a_day_that_begins_twice_write_once(ports, tenants, officer):
    for _ in range(2):
        report(ports, tenants.agency)
    tasks.perform_due(ports)
    before = posted(ports, tenants.creditor)
    for _ in range(2):
        write(ports, tenants.creditor, ports.now())

    assert posted(ports, tenants.creditor) == before
    assert len(before) == len(set(before))


def test_a_deadline_is_written_of_when_it_is_near_and_not_before(ports, tenants, officer):
    report(ports, tenants.agency)
    due = next_due(ports, tenants.creditor)
    assert due > NOW + letters.NEAR
    write(ports, tenants.creditor, due - letters.NEAR - timedelta(minutes=1))
    assert "incident.due" not in {kind for kind, _ in posted(ports, tenants.creditor)}
    for _ in range(2):
        write(ports, tenants.creditor, due - letters.NEAR)

    told = [user for kind, user in posted(ports, tenants.creditor) if kind == "incident.due"]
    assert sorted(told) == sorted([tenants.creditor.user_id, officer.user_id])


def test_no_letter_says_whose_data_or_what_happened(ports, tenants, officer):
    report(ports, tenants.agency)
    write(ports, tenants.creditor, next_due(ports, tenants.creditor))
    with ports.session(tenants.creditor) as session:
        asked = json.dumps(session.scalars(select(Work.payload).where(Work.kind == SEND)).all())

    assert "incident.due" in asked
    assert not any(one in asked for one in ("Deudor", "A-0", FACTS.cause, FACTS.systems, "Cobros"))


def test_an_agency_asks_for_no_letters_of_a_creditor(ports, tenants):
    with ports.session(tenants.agency) as session, pytest.raises(Forbidden):
        letters.write_people(session, tenants.agency, now=NOW)
