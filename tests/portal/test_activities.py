"""What an agent writes down on a case, and the list of cases that wait."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from agencies.kernel.clock import utc_now
from agencies.mandates.models import Clause
from agencies.mandates.terms import Promise
from agencies.organisations.permissions import Role
from assignments import performance
from assignments.cases.models import Case
from assignments.reports.models import Activity
from assignments.sla import service as sla
from assignments.sla.queries import compliance
from tests import loop


@pytest.fixture
def case(world) -> str:
    """A case placed and taken on an hour ago, with a promise of a first activity; its reference."""
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    at = utc_now() - timedelta(hours=1)
    promises = (Promise(Clause.FIRST_ACTIVITY, 72),)
    loop.place_with(world.ports, creditor, manager, [loop.NewCase("A-1", 100_000)], now=at, promises=promises)
    loop.acknowledge_all(world.ports, manager, now=at)
    with world.ports.session(creditor) as session:
        return world.ports.references.encode("case", session.scalars(select(Case.id)).one())


def written(**others: object) -> dict[str, object]:
    local = utc_now().astimezone(ZoneInfo("America/Bogota"))
    return {
        "key": str(uuid.uuid4()),
        "channel": "call",
        "result": "promise",
        "counterpart": "debtor",
        "direction": "outbound",
        "happened_at": f"{local:%Y-%m-%dT%H:%M}",
        "note": "Paga el viernes.",
        **others,
    }


def recorded(world) -> int:
    actor = world.actor(Role.MANAGER)
    with world.ports.session(actor) as session:
        return session.scalar(select(func.count()).select_from(Activity))


def test_an_activity_is_written_down_counted_and_told(world, case, sign_in) -> None:
    agent = sign_in(Role.AGENT, language="en")
    assert "A-1" in agent.get("/worklist/").text
    assert 'name="key"' in agent.get(f"/cases/{case}").text
    assert agent.post(f"/cases/{case}/activities", written()).status_code == 303
    assert "Paga el viernes." in agent.get(f"/cases/{case}").text
    assert "A-1" not in agent.get("/worklist/").text
    assert "A-1" in agent.get("/worklist/?turn=follow_up").text
    assert "Paga el viernes." in sign_in(Role.ANALYST).get(f"/cases/{case}").text
    director = world.actor(Role.DIRECTOR)
    with world.ports.session(director) as session:
        [one] = [one for one in compliance(session, director, now=utc_now()) if one.clause is Clause.FIRST_ACTIVITY]
        assert (one.not_due, one.ahead) == (1, 1)
        assert sla.differing(session, director) == 0
        assert performance.differing(session, director) == 0


def test_a_double_click_writes_it_down_once(world, case, sign_in) -> None:
    agent, form = sign_in(Role.AGENT), written()
    assert [agent.post(f"/cases/{case}/activities", form).status_code for _ in range(2)] == [303, 303]
    assert recorded(world) == 1
    assert agent.post(f"/cases/{case}/activities", written()).status_code == 303
    assert recorded(world) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "pigeon"},
        {"result": ""},
        {"key": "not a key"},
        {"happened_at": "2099-01-01T10:00"},
        {"happened_at": "2020-01-01T10:00"},
        {"happened_at": "yesterday"},
        {"note": "x" * 1_501},
        {"counterpart": "the Pope"},
    ],
    ids=["channel", "result", "key", "future", "before it was placed", "no time", "long note", "counterpart"],
)
def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(world, case, sign_in, wrong) -> None:
    refused = sign_in(Role.AGENT).post(f"/cases/{case}/activities", written(**{"note": "Lo escrito", **wrong}))
    assert refused.status_code == 400
    assert "Lo escrito" in refused.text or "note" in wrong
    assert recorded(world) == 0


def test_the_time_is_the_agent_s_own(world, case, sign_in) -> None:
    local = (utc_now() - timedelta(minutes=30)).astimezone(ZoneInfo("America/Bogota")).replace(second=0, microsecond=0)
    sign_in(Role.AGENT).post(f"/cases/{case}/activities", written(happened_at=f"{local:%Y-%m-%dT%H:%M}"))
    actor = world.actor(Role.MANAGER)
    with world.ports.session(actor) as session:
        assert session.scalars(select(Activity.happened_at)).one() == local


def test_nobody_writes_on_a_case_they_do_not_hold(world, case, sign_in) -> None:
    address = f"/cases/{case}/activities"
    assert sign_in(Role.MANAGER, organisation=1).post(address, written()).status_code == 404
    assert sign_in(Role.DIRECTOR).post(address, written()).status_code == 403
    assert sign_in(Role.INVESTIGATOR).post(address, written()).status_code == 403
    loop.end_placement(world.ports, world.actor(Role.DIRECTOR), "A-1", utc_now())
    assert sign_in(Role.AGENT).post(address, written()).status_code == 404
    assert recorded(world) == 0


def test_a_creditor_has_no_form_and_no_work_list(case, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    assert not re.search(r'action="/cases/[a-z2-7]+/activities"', director.get(f"/cases/{case}").text)
    assert director.get("/worklist/").status_code == 403


def test_the_list_of_one_agency_holds_nothing_of_another(case, sign_in) -> None:
    stranger = sign_in(Role.AGENT, organisation=1)
    assert "A-1" not in stranger.get("/worklist/").text
    assert "empty-state" in stranger.get("/worklist/?turn=follow_up").text
