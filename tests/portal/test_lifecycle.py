"""The pages of a placement's life: answered with a no, seen by both sides, told move by move."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.clock import local_date, utc_now
from agencies.mandates.models import Clause
from agencies.mandates.terms import Promise
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.placements.models import Consignment, Placement, Recall, RecallReason
from portal.jobs import schedules, tasks
from tests import loop


@pytest.fixture
def sent(world):
    """Three cases that the first agency has not answered yet."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    cases = [loop.NewCase(f"LIF-{n}", 100_000 * n, name=f"Deudor {n}") for n in (1, 2, 3)]
    loop.place_with(world.ports, creditor, agency, cases, now=utc_now(), promises=(Promise(Clause.ACKNOWLEDGE, 48),))
    return world


def page(world, tail: str = "") -> str:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        number = session.scalars(select(Consignment.id)).one()
    return f"/placements/consignments/{world.ports.references.encode('consignment', number)}{tail}"


def ended(world) -> dict[str, str | None]:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        return dict(session.execute(select(Placement.account_ref, Placement.end_code)).all())


def no(**changed: str) -> dict[str, str]:
    return {"accounts": "", "reason": "no_capacity", "is_sure": "y", **changed}


def test_an_agency_rejects_some_cases_and_the_creditor_sees_why(sent, sign_in):
    manager = sign_in(Role.MANAGER)
    assert page(sent, "/reject") in manager.get(page(sent)).text
    answer = manager.post(page(sent, "/reject"), no(accounts="LIF-1\nLIF-2", reason="below_minimum", note="Muy poco"))
    assert (answer.status_code, answer.location) == (302, page(sent))
    assert ended(sent) == {"LIF-1": "below_minimum", "LIF-2": "below_minimum", "LIF-3": None}
    for person in (manager, sign_in(Role.DIRECTOR)):
        shown = person.get(page(sent)).text
        assert "Por debajo del monto mínimo que gestionamos" in shown
        assert "3.000,00" in shown


def test_both_sides_see_by_when_an_answer_is_due(sent, sign_in):
    for person in (sign_in(Role.MANAGER), sign_in(Role.DIRECTOR)):
        assert "Respuesta a más tardar" in person.get(page(sent)).text


def test_an_empty_list_rejects_all_and_a_second_click_nothing_more(sent, sign_in):
    manager = sign_in(Role.MANAGER)
    for _ in range(2):
        assert manager.post(page(sent, "/reject"), no()).status_code == 302
    assert set(ended(sent).values()) == {"no_capacity"}
    assert "/reject" not in manager.get(page(sent)).text


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"reason": ""}, 400, "field-error"),
        ({"reason": "because"}, 400, "field-error"),
        ({"is_sure": ""}, 400, "Marque la casilla"),
        ({"accounts": "LIF-9"}, 400, "LIF-9"),
        ({"note": "x" * 1_001}, 400, "field-error"),
    ],
)
def test_a_no_that_cannot_be_read_rejects_nothing_and_is_kept(sent, sign_in, changed, status, said):
    answer = sign_in(Role.MANAGER).post(page(sent, "/reject"), no(**changed))
    assert answer.status_code == status
    assert said in answer.text
    assert set(ended(sent).values()) == {None}


def test_what_was_taken_on_is_given_back_and_not_rejected(sent, sign_in):
    loop.acknowledge_all(sent.ports, sent.actor(Role.MANAGER))
    answer = sign_in(Role.MANAGER).post(page(sent, "/reject"), no())
    assert answer.status_code == 409
    assert "notice-error" in answer.text


@pytest.mark.parametrize(
    ("role", "number", "status"), [(Role.DIRECTOR, 0, 403), (Role.AGENT, 0, 403), (Role.MANAGER, 1, 404)]
)
def test_nobody_else_rejects_a_consignment(sent, sign_in, role, number, status):
    person = sign_in(role, organisation=number)
    assert person.get(page(sent, "/reject")).status_code == status
    assert person.post(page(sent, "/reject"), no()).status_code == status


def test_a_case_tells_every_move_of_its_placements(sent, sign_in):
    loop.acknowledge_all(sent.ports, sent.actor(Role.MANAGER))
    with sent.ports.session(sent.actor(Role.DIRECTOR)) as session:
        number = session.scalars(select(Case.id).where(Case.account_ref == "LIF-1")).one()
    director = sign_in(Role.DIRECTOR)
    shown = director.get(f"/cases/{sent.ports.references.encode('case', number)}").text
    assert "Todos los movimientos de estas asignaciones" in shown
    assert "la agencia" in shown


def test_the_calendar_recalls_by_the_terms_every_morning(world):
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, agency, [loop.NewCase("LIF-1", 100_000)], term_days=90)
    loop.acknowledge_all(world.ports, agency)
    now = world.ports.now()
    for run in schedules.due_runs(world.ports, now):
        if run.kind == "recall_by_terms":
            schedules.begin(world.ports, run, now)
    tasks.perform_due(world.ports)
    with world.ports.session(creditor) as session:
        [made] = session.scalars(select(Recall))
    # Nobody in person did it.
    assert (made.reason, made.requested_by) == (RecallReason.EXPIRED, None)


@pytest.fixture
def idle(world):
    """Three cases that were taken on eight days ago, of which one has been worked."""
    creditor, agency, taken = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER), utc_now() - timedelta(days=8)
    cases = [loop.NewCase(f"LIF-{n}", 100_000 * n) for n in (1, 2, 3)]
    loop.place_with(world.ports, creditor, agency, cases, now=taken)
    loop.acknowledge_all(world.ports, agency, now=taken)
    worked = [loop.worked("LIF-1", at=taken + timedelta(days=5))]
    loop.report_activities(world.ports, agency, creditor, worked, now=utc_now())
    return world


def test_both_sides_see_what_nobody_has_worked(idle, sign_in):
    number = page(idle).rsplit("/", 1)[1]
    for person in (sign_in(Role.DIRECTOR), sign_in(Role.MANAGER)):
        shown = person.get("/service-levels/idle").text
        assert "100,0" in shown
        assert "66,7" in shown
        assert f"/service-levels/idle/{number}?days=7" in shown
        listed = person.get(f"/service-levels/idle/{number}?days=7").text
        assert "LIF-2" in listed
        assert "LIF-1" not in listed
        assert person.get(f"/service-levels/idle/{number}?days=5").status_code == 404
        assert "/service-levels/idle" in person.get("/").text
    assert sign_in(Role.MANAGER, organisation=1).get(f"/service-levels/idle/{number}?days=7").status_code == 404


def test_what_nobody_has_worked_is_recalled_after_a_look_and_nothing_else(idle, sign_in):
    director, number = sign_in(Role.DIRECTOR), page(idle).rsplit("/", 1)[1]
    address = f"/recalls/new?consignment={number}&idle=7"
    shown = director.get(address).text
    assert 'value="no_activity"' in re.search(r"<option selected[^>]*>", shown)[0]
    digest = re.search(r'name="digest" [^>]*value="([^"]*)"', shown)[1]
    today = local_date(utc_now(), "America/Bogota")
    sure = {"reason": "no_activity", "effective_on": (today + timedelta(days=5)).isoformat(), "digest": digest}
    # Meanwhile the agency has begun with one of them.
    agency, creditor = idle.actor(Role.MANAGER), idle.actor(Role.DIRECTOR)
    loop.report_activities(idle.ports, agency, creditor, [loop.worked("LIF-2", at=utc_now())], now=utc_now())
    assert director.post(address, {**sure, "is_sure": "y"}).status_code == 409
    sure["digest"] = re.search(r'name="digest" [^>]*value="([^"]*)"', director.get(address).text)[1]
    assert director.post(address, {**sure, "is_sure": "y"}).status_code == 302
    with idle.ports.session(creditor) as session:
        placed = select(Placement.account_ref, Placement.state).order_by(Placement.account_ref)
        assert dict(session.execute(placed).all()) == {
            "LIF-1": "active",
            "LIF-2": "active",
            "LIF-3": "recall_pending",
        }
