"""A strategy from the form to the preview, its strata as a file, and who may have them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import select

from agencies.organisations.permissions import Role
from assignments.placements.models import Wave
from assignments.placements.preview import preview_of
from assignments.placements.service import strategy_of
from assignments.placements.strategy import Key, Limit, Method, Strategy
from tests import loop


@pytest.fixture
def panel(world):
    """Sixty cases and a mandate with each of two agencies."""
    creditor = world.actor(Role.DIRECTOR)
    loop.add_cases(world.ports, creditor, loop.some_cases(60))
    return [
        loop.add_mandate(world.ports, creditor, world.actor(Role.MANAGER, organisation=number)) for number in (0, 1)
    ]


def form(world, panel, **changed: object) -> dict[str, object]:
    named = [world.ports.references.encode("mandate", one.id) for one in panel]
    parts = {f"parts-{at}-mandate": one for at, one in enumerate(named)}
    return {"name": "Entrega", "mandates": named, "bands": "3", "age_bands": "2", **parts, **changed}


def drafted(world) -> Wave:
    creditor = world.actor(Role.DIRECTOR)
    with world.ports.session(creditor) as session:
        return session.scalars(select(Wave)).one()


def test_a_champion_is_set_in_the_form_with_limits_and_rules(world, panel, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    sent = form(
        world,
        panel,
        method="champion",
        champion=world.ports.references.encode("mandate", panel[0].id),
        champion_share="80",
        control="10",
        keys=["balance", "age"],
        excludes_previous="y",
        cooling_days="15",
        **{"parts-0-cases": "40", "parts-1-value": "90000"},
    )
    answer = director.post("/placements/new", sent)
    assert answer.status_code == 303, answer.text
    wave = drafted(world)
    assert strategy_of(wave) == Strategy(
        Method.CHAMPION,
        champion_id=panel[0].agency_id,
        champion_bp=8_000,
        control_bp=1_000,
        keys=(Key.BALANCE, Key.AGE),
        balance_bands=3,
        age_bands=2,
        limits={panel[0].agency_id: Limit(cases=40), panel[1].agency_id: Limit(value_minor=9_000_000)},
        excludes_previous=True,
        cooling_days=15,
    )
    assert "3/3" in director.get(answer.location).text


def test_shares_are_typed_beside_the_mandates_and_come_to_the_whole(world, panel, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    wrong = form(world, panel, method="shares", **{"parts-0-share": "70", "parts-1-share": "20"})
    refused = director.post("/placements/new", wrong)
    assert refused.status_code == 400
    assert 'value="70' in refused.text
    assert director.post("/placements/new", {**wrong, "parts-1-share": "30"}).status_code == 303
    assert strategy_of(drafted(world)).shares == {panel[0].agency_id: 7_000, panel[1].agency_id: 3_000}


def test_the_form_begins_with_the_rules_that_protect_also_where_a_filter_comes_along(world, panel, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    for address in ("/placements/new", "/placements/new?min_dpd=1"):
        page = director.get(address).text
        for name in ("excludes_previous", "keeps_capacity"):
            [box] = re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)
            assert "checked" in box


def test_the_strata_leave_as_a_file_that_adds_up(world, panel, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    page = director.post("/placements/new", form(world, panel)).location
    answer = director.get(f"{page}/strata.csv")
    assert answer.mimetype == "text/csv"
    head, *rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(head) == 12
    preview = preview_of(drafted(world))
    assert len(rows) == len(preview.cells) == 6
    assert sum(int(row[6]) for row in rows) == preview.cases == 60


def test_an_agency_and_another_creditor_have_no_strata(world, panel, sign_in) -> None:
    page = sign_in(Role.DIRECTOR).post("/placements/new", form(world, panel)).location
    assert sign_in(Role.DIRECTOR, organisation=1).get(f"{page}/strata.csv").status_code == 404
    assert sign_in(Role.MANAGER).get(f"{page}/strata.csv").status_code in {403, 404}
