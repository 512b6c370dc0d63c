"""The pages of placements: planned, looked at and committed by the creditor, taken on by the agencies."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.mandates import service as mandates
from agencies.organisations.permissions import Role
from assignments.placements.models import Consignment, Wave, WaveState
from tests import loop


@pytest.fixture
def panel(world):
    """Forty cases and a mandate with each of two agencies."""
    creditor = world.actor(Role.DIRECTOR)
    loop.add_cases(
        world.ports,
        creditor,
        [loop.NewCase(f"A-{number}", 10_000 + 1_000 * number, phones=("3001234567",)) for number in range(40)],
    )
    return [
        loop.add_mandate(world.ports, creditor, world.actor(Role.MANAGER, organisation=number)) for number in (0, 1)
    ]


def form(world, panel, **changed: object) -> dict[str, object]:
    named = [world.ports.references.encode("mandate", one.id) for one in panel]
    return {"name": "Primera entrega", "mandates": named, "bands": "4", **changed}


def waves(world) -> list[Wave]:
    creditor = world.actor(Role.DIRECTOR)
    with world.ports.session(creditor) as session:
        return list(session.scalars(select(Wave).order_by(Wave.id)))


def digest(page: str) -> str:
    return re.search(r'name="digest" value="([^"]*)"', page)[1]


@pytest.fixture
def drafted(world, panel, sign_in):
    """A director looking at a draft."""
    director = sign_in(Role.DIRECTOR)
    return director, director.post("/placements/new", form(world, panel)).location


@pytest.fixture
def sent(world, drafted):
    """The address of what the first agency received."""
    director, page = drafted
    answer = director.post(f"{page}/place", {"digest": digest(director.get(page).text), "is_sure": "y"})
    assert answer.status_code == 302
    agency = world.actor(Role.MANAGER)
    with world.ports.session(agency) as session:
        number = session.scalars(select(Consignment.id)).one()
    return f"/placements/consignments/{world.ports.references.encode('consignment', number)}"


def test_a_split_is_shown_before_anything_is_placed(world, drafted) -> None:
    director, page = drafted
    shown = director.get(page).text
    assert "Cobranzas 0" in shown
    assert "Cobranzas 1" in shown
    assert shown.count("50,00 %") == 2
    [wave] = waves(world)
    assert wave.state is WaveState.DRAFT
    assert str(wave.seed) in shown


def test_what_was_shown_is_placed_once(world, drafted) -> None:
    director, page = drafted
    sure = {"digest": digest(director.get(page).text), "is_sure": "y"}
    assert director.post(f"{page}/place", sure).status_code == 302
    assert director.post(f"{page}/place", sure).status_code == 302
    assert waves(world)[0].state is WaveState.COMMITTED
    shown = director.get(page).text
    assert 'name="digest"' not in shown
    assert shown.count("/placements/consignments/") == 2
    with world.ports.session(director.person.actor) as session:
        assert sum(session.scalars(select(Consignment.cases))) == 40


@pytest.mark.parametrize("missing", ["digest", "is_sure"])
def test_nothing_is_placed_without_a_yes_to_what_was_shown(world, drafted, missing) -> None:
    director, page = drafted
    sure = {"digest": digest(director.get(page).text), "is_sure": "y"}
    answer = director.post(f"{page}/place", {name: value for name, value in sure.items() if name != missing})
    assert answer.status_code == 400
    assert "notice-error" in answer.text
    assert waves(world)[0].state is WaveState.DRAFT


def test_a_selection_that_has_moved_must_be_looked_at_again(world, drafted) -> None:
    director, page = drafted
    seen = digest(director.get(page).text)
    loop.add_cases(world.ports, director.person.actor, [loop.NewCase("new", 5_000)])
    answer = director.post(f"{page}/place", {"digest": seen, "is_sure": "y"})
    assert answer.status_code == 409
    assert "notice-error" in answer.text
    assert director.post(f"{page}/redraw", {"seed": "same"}).status_code == 302
    fresh = digest(director.get(page).text)
    assert fresh != seen
    assert director.post(f"{page}/place", {"digest": fresh, "is_sure": "y"}).status_code == 302


def test_another_seed_draws_another_split(world, drafted) -> None:
    director, page = drafted
    before = (waves(world)[0].seed, waves(world)[0].digest)
    assert director.post(f"{page}/redraw", {"seed": "new"}).status_code == 302
    after = (waves(world)[0].seed, waves(world)[0].digest)
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "field-error"),
        ({"mandates": []}, "field-error"),
        ({"bands": "0"}, "field-error"),
        ({"bands": "muchos"}, "muchos"),
        ({"min_balance": "1.5.0"}, "1.5.0"),
    ],
)
def test_a_plan_that_cannot_be_read_is_refused_and_kept(world, panel, sign_in, changed, said) -> None:
    answer = sign_in(Role.DIRECTOR).post("/placements/new", form(world, panel, **changed))
    assert answer.status_code == 400
    assert said in answer.text
    assert "checked" in answer.text or changed == {"mandates": []}
    assert waves(world) == []


def test_two_mandates_of_one_agency_are_refused(world, panel, sign_in) -> None:
    second = loop.add_mandate(world.ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER))
    answer = sign_in(Role.DIRECTOR).post("/placements/new", form(world, [*panel, second]))
    assert answer.status_code == 400
    assert "notice-error" in answer.text
    assert "Primera entrega" in answer.text


def test_the_filter_counts_while_it_is_set(panel, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    assert "40" in director.get("/placements/selected").text
    assert "COP 460,00" in director.get("/placements/selected?max_balance=139").text
    assert "is-unreadable" in director.get("/placements/selected?max_balance=1.3.9").text
    assert 'value="139"' in director.get("/placements/new?max_balance=139").text


def test_an_agency_acknowledges_then_downloads(world, sent, sign_in) -> None:
    agency = sign_in(Role.MANAGER)
    assert "Primera entrega" in agency.get("/placements/").text
    assert f"{sent}/acknowledge" in agency.get(sent).text
    assert agency.get(f"{sent}/manifest.csv").status_code == 409
    assert agency.post(f"{sent}/acknowledge").status_code == 302
    answer = agency.get(f"{sent}/manifest.csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=primera-entrega-")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    answer.close()
    assert len(rows) == 21
    assert {row["account_ref"] for row in rows} >= {rows[0]["account_ref"]}
    with world.ports.session(agency.person.actor) as session:
        assert session.scalars(select(Consignment.manifest_downloaded_at)).one() is not None


def test_an_agent_reads_and_does_not_decide(sent, sign_in) -> None:
    agent = sign_in(Role.AGENT)
    assert agent.get(sent).status_code == 200
    assert f"{sent}/acknowledge" not in agent.get(sent).text
    assert agent.post(f"{sent}/acknowledge").status_code == 403
    assert agent.get(f"{sent}/manifest.csv").status_code == 403


def test_no_other_agency_and_no_other_creditor_comes_near(world, drafted, sent, sign_in) -> None:
    _, page = drafted
    for stranger in (sign_in(Role.MANAGER, organisation=1), sign_in(Role.DIRECTOR, organisation=1)):
        assert stranger.get(sent).status_code == 404
    other = sign_in(Role.MANAGER, organisation=1)
    assert other.post(f"{sent}/acknowledge").status_code == 404
    assert other.get(f"{sent}/manifest.csv").status_code == 404
    stranger = sign_in(Role.DIRECTOR, organisation=1)
    assert stranger.get(page).status_code == 404
    assert stranger.post(f"{page}/redraw").status_code == 404
    assert stranger.post(f"{page}/place", {"digest": "x", "is_sure": "y"}).status_code == 404


def test_an_agency_does_not_see_how_a_wave_was_shared(drafted, sent, sign_in) -> None:
    _, page = drafted
    agency = sign_in(Role.MANAGER)
    assert agency.get(page).status_code == 403
    assert "Cobranzas 1" not in agency.get(sent).text


@pytest.mark.parametrize("role", [Role.FINANCE, Role.COMPLIANCE])
def test_only_planners_place(world, panel, drafted, sign_in, role) -> None:
    _, page = drafted
    person = sign_in(role)
    assert person.get("/placements/new").status_code == 403
    assert person.post("/placements/new", form(world, panel)).status_code == 403
    assert person.post(f"{page}/place", {"digest": "x", "is_sure": "y"}).status_code == 403


def test_without_a_mandate_the_page_says_what_is_missing(world, sign_in) -> None:
    assert "/mandates/new" in sign_in(Role.DIRECTOR).get("/placements/new").text


def test_an_ended_mandate_is_not_offered(world, panel, sign_in) -> None:
    director = world.actor(Role.DIRECTOR)
    with world.ports.session(director) as session, transaction(session):
        mandates.end(session, director, panel[0].id, now=loop.PLACED_AT)
    named = form(world, panel)["mandates"]
    page = sign_in(Role.DIRECTOR).get("/placements/new").text
    assert named[0] not in page
    assert named[1] in page
