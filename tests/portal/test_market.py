"""The pages of the market: a lot is prepared, listed, bid on under seal, compared and awarded."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from agencies.attestations.models import Attestation, AttestationState
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.marketplace.models import Bid, Lot, LotOffer, LotState, OpenedBid, Outcome
from assignments.marketplace.service import Timetable
from tests import loop, market

BOGOTA = ZoneInfo("America/Bogota")


@pytest.fixture
def panel(world):
    """Sixty cases and two agencies on the panel with everything attested."""
    creditor = world.actor(Role.DIRECTOR)
    market.attest(world.ports, creditor, [world.actor(Role.MANAGER, organisation=number) for number in (0, 1)])
    market.add_portfolio(world.ports, creditor)
    return creditor


@pytest.fixture
def closed(world, panel):
    """A lot of March whose bids wait to be opened by whoever looks first."""
    lot = _listed(world, panel)
    market.bid(world.ports, world.actor(Role.MANAGER), lot, 1_800, valid_until=utc_now().date() + timedelta(days=9))
    market.bid(
        world.ports,
        world.actor(Role.MANAGER, organisation=1),
        lot,
        2_345,
        promise_6_bp=9_000,
        note="=2+3",
        valid_until=utc_now().date() + timedelta(days=9),
    )
    return lot


def _listed(world, creditor, **options):
    """Listed a moment ago, with bids until a moment ago by the page's clock."""
    now = utc_now() - timedelta(hours=2)
    timetable = Timetable(now + timedelta(hours=1, minutes=59), now + timedelta(days=9))
    return market.offer(world.ports, creditor, now=now, **{"is_split": True, "timetable": timetable, **options})


def local(moment) -> str:
    return moment.astimezone(BOGOTA).strftime("%Y-%m-%dT%H:%M")


def form(**changed: object) -> dict[str, object]:
    now = utc_now()
    return {
        "name": "Cartera de marzo",
        "bids_until": local(now + timedelta(days=2)),
        "decision_until": local(now + timedelta(days=5)),
        "report_frequency": "monthly",
        "report_due_days": "5",
        "tail_days": "30",
        **changed,
    }


def bid_form(**changed: object) -> dict[str, object]:
    day = utc_now().date()
    return {
        "commission": "18,5",
        "from_181": "25",
        "starts_on": day.isoformat(),
        "valid_until": (day + timedelta(days=30)).isoformat(),
        "data_country": "Colombia",
        **changed,
    }


def lots(world) -> list[Lot]:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        return list(session.scalars(select(Lot).order_by(Lot.id)))


def page_of(world, lot: Lot) -> str:
    return f"/market/lots/{world.ports.references.encode('lot', lot.id)}"


def test_a_lot_is_shown_before_it_is_listed_and_then_stands_on_the_boards(world, panel, sign_in) -> None:
    analyst, agency = sign_in(Role.ANALYST), sign_in(Role.MANAGER)
    first = world.ports.references.encode("organisation", world.agencies[0].id)
    page = analyst.post("/market/new", form(invited=[first])).location
    shown = analyst.get(page).text
    assert "Días de mora" in shown
    assert "Tarjeta" in shown
    assert "Cartera de marzo" not in agency.get("/market/").text
    assert agency.get(page).status_code == 404
    assert analyst.post(f"{page}/list").status_code == 303
    assert "Cartera de marzo" in agency.get("/market/").text
    assert "Tarjeta" in agency.get(page).text
    assert sign_in(Role.MANAGER, organisation=1).get(page).status_code == 404
    [lot] = lots(world)
    assert lot.state is LotState.LISTED
    told = (lot.bids_until - lot.listed_at).total_seconds()
    assert 86_400 < told <= 2 * 86_400


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "field-error"),
        ({"bids_until": ""}, "field-error"),
        ({"bids_until": "2026-01-01T10:00"}, "notice-error"),
        ({"decision_until": "2026-01-01T10:00"}, "notice-error"),
        ({"reserve": "120"}, "notice-error"),
        ({"invited": ["x"]}, "field-error"),
        ({"min_dpd": "399"}, "notice-error"),
    ],
)
def test_a_lot_that_makes_no_sense_is_refused_and_nothing_typed_is_lost(world, panel, sign_in, changed, said) -> None:
    answer = sign_in(Role.DIRECTOR).post("/market/new", form(**changed))
    assert answer.status_code == 400
    assert said in answer.text
    assert 'value="30"' in answer.text
    assert lots(world) == []


def test_a_name_is_taken_once(world, panel, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    assert director.post("/market/new", form()).status_code == 303
    assert director.post("/market/new", form()).status_code == 409


def test_an_agency_bids_changes_and_withdraws_by_its_own_clock(world, panel, sign_in) -> None:
    director, agency = sign_in(Role.DIRECTOR), sign_in(Role.MANAGER)
    page = director.post("/market/new", form()).location
    director.post(f"{page}/list")
    assert agency.get(f"{page}/bid").status_code == 200
    assert agency.post(f"{page}/bid", bid_form()).status_code == 303
    shown = agency.get(page).text
    assert "18,50 %" in shown
    assert "25,00 %" in shown
    assert 'value="18,50"' in agency.get(f"{page}/bid").text
    assert agency.post(f"{page}/bid", bid_form(commission="19")).status_code == 303
    assert agency.post(f"{page}/bid/withdraw").status_code == 303
    assert agency.post(f"{page}/bid/withdraw").status_code == 409
    assert agency.post(f"{page}/bid", bid_form(commission="17")).status_code == 303
    with world.ports.session(agency.person.actor) as session:
        assert session.scalars(select(Bid.commission_bp)).all() == [1_700]


@pytest.mark.parametrize(
    "changed",
    [
        {"commission": ""},
        {"commission": "101"},
        {"commission": "1.000,001"},
        {"from_91": "-1"},
        {"capacity": "0"},
        {"promise_6": "50", "promise_12": "40"},
        {"valid_until": "2026-01-01"},
        {"first_contact_hours": "9999"},
        {"data_country": ""},
    ],
)
def test_a_bid_that_makes_no_sense_is_refused_and_nothing_typed_is_lost(world, panel, sign_in, changed) -> None:
    director, agency = sign_in(Role.DIRECTOR), sign_in(Role.MANAGER)
    page = director.post("/market/new", form()).location
    director.post(f"{page}/list")
    answer = agency.post(f"{page}/bid", bid_form(note="Se conserva", **changed))
    assert answer.status_code == 400
    assert "Se conserva" in answer.text
    with world.ports.session(agency.person.actor) as session:
        assert session.scalars(select(Bid)).all() == []


def test_a_bid_after_the_closing_second_is_refused_whatever_the_page_showed(world, panel, sign_in) -> None:
    agency = sign_in(Role.MANAGER)
    lot = _listed(world, panel)
    answer = agency.post(f"{page_of(world, lot)}/bid", bid_form())
    assert answer.status_code == 409
    assert "notice-error" in answer.text
    assert "/bid" not in agency.get(page_of(world, lot)).text


def test_an_agency_that_may_not_bid_sees_what_is_missing_and_not_the_figures(world, panel, sign_in) -> None:
    director, agency = sign_in(Role.DIRECTOR), sign_in(Role.MANAGER)
    page = director.post("/market/new", form()).location
    director.post(f"{page}/list")
    with world.ports.session(panel) as session, transaction(session):
        for row in session.scalars(select(Attestation).where(Attestation.agency_id == agency.person.actor.tenant)):
            if row.code == "AT-01":
                row.state, row.revoked_at, row.revocation_reason = AttestationState.REVOKED, utc_now(), "prueba"
    shown = agency.get(page).text
    assert "AT-01" in shown
    assert "/attestations/with/" in shown
    assert "Antioquia" not in shown
    assert "data-chart" not in shown
    assert agency.get(f"{page}/bid").status_code == 409
    assert agency.post(f"{page}/bid", bid_form()).status_code == 409
    with world.ports.session(agency.person.actor) as session:
        assert session.scalars(select(LotOffer.seen_at)).one() is None


def test_bids_are_compared_after_the_time_and_the_lot_is_awarded(world, closed, sign_in) -> None:
    director, page = sign_in(Role.DIRECTOR), page_of(world, closed)
    shown = director.get(f"{page}/bids").text
    assert "18,00 %" in shown
    assert "23,45 %" in shown
    assert "Cobranzas 0" in shown
    names = re.findall(r'name="(share_[a-z2-7]{26})"', shown)
    assert len(names) == 2
    preview = director.get(f"{page}/award", query_string={names[0]: "100", names[1]: ""})
    assert preview.status_code == 200
    hidden = dict(re.findall(r'<input type="hidden" name="([a-z_2-7]+)" value="([^"]*)"', preview.text))
    assert director.post(f"{page}/award", hidden).status_code == 400
    assert director.post(f"{page}/award", hidden | {"is_sure": "y"}).status_code == 303
    assert director.post(f"{page}/award", hidden | {"is_sure": "y"}).status_code == 409
    assert lots(world)[0].state is LotState.AWARDED
    outcomes = {}
    for number in (0, 1):
        agency = sign_in(Role.MANAGER, organisation=number)
        text = agency.get(page).text
        outcomes[number] = text
        assert "data-chart" not in text
    assert sum("/placements/?state=sent" in text for text in outcomes.values()) == 1
    assert sum(one is not None for one in loop.holders(world.ports, director.person.actor).values()) == 60


def test_an_award_that_cannot_be_is_said_on_the_comparison(world, closed, sign_in) -> None:
    director, page = sign_in(Role.DIRECTOR), page_of(world, closed)
    names = re.findall(r'name="(share_[a-z2-7]{26})"', director.get(f"{page}/bids").text)
    assert director.get(f"{page}/award").status_code == 200
    for shares in ({names[0]: ""}, {names[0]: "50"}, {names[0]: "60", names[1]: "60"}, {names[0]: "x"}):
        answer = director.get(f"{page}/award", query_string=shares)
        assert answer.status_code in {400, 409}
        assert "notice-error" in answer.text
    assert lots(world)[0].state is LotState.CLOSED


def test_the_comparison_can_be_taken_along_and_runs_no_formula(world, closed, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    answer = director.get(f"{page_of(world, closed)}/bids.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == ["Cobranzas 0", "Cobranzas 1"]
    assert [row[1] for row in rows[1:]] == ["18.0", "23.45"]
    assert "attachment" in answer.headers["Content-Disposition"]
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_without_a_sweep_looking_opens_what_is_due_and_nothing_before(world, panel, closed, sign_in) -> None:
    open_lot = _listed(
        world,
        panel,
        timetable=Timetable(utc_now() + timedelta(hours=1), utc_now() + timedelta(days=3)),
    )
    director = sign_in(Role.DIRECTOR)
    director.get("/market/")
    assert {lot.id: lot.state for lot in lots(world)} == {closed.id: LotState.CLOSED, open_lot.id: LotState.LISTED}
    sealed = director.get(f"{page_of(world, open_lot)}/bids")
    assert sealed.status_code == 200
    assert "share_" not in sealed.text
    with world.ports.session(panel) as session:
        assert len(session.scalars(select(OpenedBid)).all()) == 2


def test_a_withdrawn_lot_ends_for_everybody(world, closed, sign_in) -> None:
    director, page = sign_in(Role.DIRECTOR), page_of(world, closed)
    assert director.post(f"{page}/withdraw").status_code == 303
    assert director.post(f"{page}/withdraw").status_code == 409
    assert "data-chart" not in sign_in(Role.MANAGER).get(page).text
    with world.ports.session(director.person.actor) as session:
        assert set(session.scalars(select(LotOffer.outcome))) == {None}
        assert Outcome.WON not in set(session.scalars(select(LotOffer.outcome)))


@pytest.mark.parametrize("role", [Role.FINANCE, Role.COMPLIANCE, Role.AGENT, Role.INVESTIGATOR, Role.OPERATOR])
def test_the_market_is_not_for_other_roles(world, closed, sign_in, role) -> None:
    browser, page = sign_in(role), page_of(world, closed)
    for address in ("/market/", "/market/new", page, f"{page}/bids", f"{page}/award", f"{page}/bid"):
        assert browser.get(address).status_code == 403, address


def test_an_analyst_offers_but_does_not_award_and_an_agency_does_neither(world, closed, sign_in) -> None:
    page = page_of(world, closed)
    analyst, agency = sign_in(Role.ANALYST), sign_in(Role.MANAGER)
    assert analyst.get(f"{page}/bids").status_code == 200
    assert analyst.get(f"{page}/award").status_code == 403
    assert analyst.post(f"{page}/award").status_code == 403
    assert "share_" not in analyst.get(f"{page}/bids").text
    for address in (f"{page}/bids", f"{page}/bids.csv"):
        assert agency.get(address).status_code == 403
    assert agency.post(f"{page}/list").status_code == 403
    assert sign_in(Role.DIRECTOR, organisation=1).get(page).status_code == 404


def test_home_leads_to_lots_that_wait(world, panel, closed, sign_in) -> None:
    _listed(
        world,
        panel,
        timetable=Timetable(utc_now() + timedelta(hours=1), utc_now() + timedelta(days=3)),
    )
    agency = sign_in(Role.MANAGER, language="en")
    assert "Lots you can bid on" in agency.get("/").text
    director = sign_in(Role.DIRECTOR, language="en")
    assert "Lots to decide" not in director.get("/").text
    director.get("/market/")
    assert "Lots to decide" in director.get("/").text
