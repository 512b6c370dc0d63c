"""A previewed split as plain values, and what may be done with a consignment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments.placements.models import PlacementState, WaveState
from assignments.placements.preview import (
    AgencyTotals,
    BandTotals,
    Cell,
    HeldBack,
    HeldBackCount,
    Preview,
    RateTotals,
)
from assignments.placements.queries import ConsignmentRow
from portal.presenters import placements

PREVIEW = Preview(
    currency="COP",
    cases=3,
    debtors=3,
    value_minor=900,
    bands=(BandTotals(1, "1/2", 100, 200, 2, 2, 300), BandTotals(2, "2/2", 600, 600, 1, 1, 600)),
    agencies=(AgencyTotals(7, "A", 1, "M", 1500, 2, 2, 700, 0), AgencyTotals(8, "B", 2, "N", 2000, 1, 1, 200, 0)),
    cells=(Cell(1, 7, 1, 1, 1, 100), Cell(1, 8, 1, 1, 1, 200), Cell(2, 7, 1, 1, 1, 600)),
    held_back=(HeldBackCount(HeldBack.CLOSED, 4),),
)


def consignment(state: PlacementState | None, name: str = "Marzo") -> ConsignmentRow:
    at = datetime(2026, 3, 11, tzinfo=UTC)
    return ConsignmentRow(
        id=1,
        name=name,
        creditor_id=1,
        creditor_name="Banco",
        agency_id=2,
        agency_name="Cobros",
        wave_id=3,
        mandate_id=4,
        mandate_name="Consumo",
        lowest_bp=1500,
        highest_bp=1500,
        state=state,
        currency="COP",
        cases=2,
        placed_minor=700,
        sent_at=at,
        acknowledged_at=None,
        manifest_downloaded_at=None,
    )


def actor(role: Role) -> Actor:
    return Actor(side=Side.AGENCY, organisation_id=2, user_id=1, role=role.value, permissions=PERMISSIONS[role])


def test_shares_are_parts_of_the_whole() -> None:
    shares = placements.shares(PREVIEW)
    assert [round(one.cases, 4) for one in shares] == [0.6667, 0.3333]
    assert [round(one.value, 4) for one in shares] == [0.7778, 0.2222]


def test_nothing_to_share_has_no_shares() -> None:
    empty = Preview("COP", 0, 0, 0, (), PREVIEW.agencies, (), ())
    assert [one.value for one in placements.shares(empty)] == [None, None]


def test_what_is_held_back_says_why() -> None:
    assert [(line.reason, line.cases) for line in placements.held_back(PREVIEW)] == [("The case is closed.", 4)]


@pytest.mark.parametrize(
    ("state", "role", "acknowledge", "download"),
    [
        (PlacementState.SENT, Role.MANAGER, True, False),
        (PlacementState.ACKNOWLEDGED, Role.MANAGER, False, True),
        (PlacementState.ENDED, Role.MANAGER, False, False),
        (PlacementState.SENT, Role.AGENT, False, False),
        (PlacementState.ACKNOWLEDGED, Role.AGENT, False, False),
    ],
)
def test_cases_are_taken_on_before_they_are_taken_away(state, role, acknowledge, download) -> None:
    row = consignment(state)
    assert placements.may_acknowledge(row, actor(role)) is acknowledge
    assert placements.may_download(row, actor(role)) is download


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Castigada, 2.ª entrega", "castigada-2-a-entrega-2026-03-11.csv"),
        ("../../etc/passwd", "etc-passwd-2026-03-11.csv"),
        ("漢字", "placement-2026-03-11.csv"),
    ],
)
def test_the_name_of_a_manifest_is_plain(name: str, file: str) -> None:
    assert placements.file_name(consignment(PlacementState.ACKNOWLEDGED, name)) == file


def test_every_state_has_words_and_a_tone() -> None:
    assert set(placements.STATES) == set(placements.TONES) == set(PlacementState)
    assert set(placements.WAVE_STATES) == set(placements.WAVE_TONES) == set(WaveState)


def test_one_commission_is_told_alone_and_several_with_their_cases(app) -> None:
    one = AgencyTotals(7, "A", 1, "M", 1500, 2, 2, 700, 0)
    several = replace(one, rates=(RateTotals(1500, 1, 100), RateTotals(2000, 1200, 600)))
    with app.test_request_context(headers={"Accept-Language": "es"}):
        assert placements.commission(one) == "15,00 %"
        assert placements.commission(replace(one, rates=several.rates[1:])) == "20,00 %"
        assert placements.commission(several) == "15,00 % (1) · 20,00 % (1.200)"
        assert placements.rates(consignment(None)) == "15,00 %"
        assert placements.rates(replace(consignment(None), highest_bp=2000)) == "15,00 % a 20,00 %"
