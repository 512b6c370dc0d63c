"""The comparison of agencies: real figures, their explanations, and nothing where there is not enough."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from agencies.organisations.permissions import Role
from portal.app import ports_of
from tests import loop


@pytest.fixture
def compared(world) -> None:
    """Two agencies with twenty cases of 1,000.00 each, placed in January; one has twelve payers, the other three."""
    creditor = world.actor(Role.DIRECTOR)
    for number, payers in enumerate((12, 3)):
        agency = world.actor(Role.MANAGER, organisation=number)
        cases = [loop.NewCase(f"{number}-{one}", 100_000) for one in range(20)]
        loop.place_with(world.ports, creditor, agency, cases, commission_bp=2500)
        paid = [
            {"account_ref": case.account_ref, "paid_on": "2026-02-01", "amount": 50_000, "received_by": "agency"}
            for case in cases[:payers]
        ]
        loop.report_payments(world.ports, agency, creditor, paid)


def data(page: str, name: str) -> dict:
    return json.loads(re.search(rf'id="{name}"[^>]*>(.*?)</script>', page, re.DOTALL)[1])


def test_a_director_compares_agencies_side_by_side(compared, sign_in) -> None:
    page = sign_in(Role.DIRECTOR).get("/scorecards/").text
    bars = data(page, "recovery-data")
    assert bars["categories"] == ["Cobranzas 0", "Cobranzas 1"]
    assert [one["values"] for one in bars["series"]] == [[0.3, None], [0.225, None]]
    assert "30,00 %" in page
    assert "COP 6.000,00" in page
    assert "22,50 %" in page


def test_too_few_payers_have_no_rate_and_the_page_says_why(compared, sign_in) -> None:
    page = sign_in(Role.DIRECTOR, language="en").get("/scorecards/").text
    assert "Not enough data" in page
    assert "Fewer than 10 cases have paid." in page
    assert "10.00 %" not in page


def test_the_curve_counts_from_the_month_of_placement(compared, sign_in) -> None:
    curve = data(sign_in(Role.DIRECTOR).get("/scorecards/").text, "curve-data")
    assert curve["categories"][:2] == ["0", "1"]
    assert curve["series"][0]["values"][:2] == [None, 0.3]
    assert set(curve["series"][1]["values"]) == {None}


@pytest.mark.parametrize(
    "query",
    [
        "?months=3",
        "?months=7",
        "?months=viele",
        "?currency=USD",
        "?first=2026-01&last=2026-01",
        "?first=2026-13&band=9/9&sort=__class__&order=sideways",
        "?sort=cost&order=up",
    ],
)
def test_the_choice_of_age_and_currency_cannot_break_the_page(compared, sign_in, query) -> None:
    assert sign_in(Role.DIRECTOR).get(f"/scorecards/{query}").status_code == 200


def test_an_agency_sees_itself_and_no_competitor(compared, sign_in) -> None:
    page = sign_in(Role.MANAGER).get("/scorecards/").text
    assert data(page, "recovery-data")["categories"] == ["Banco 0"]
    assert "Cobranzas 1" not in page


def test_heads_of_columns_sort_and_say_so(compared, sign_in) -> None:
    browser = sign_in(Role.DIRECTOR)
    page = browser.get("/scorecards/?sort=collected&order=up").text
    assert data(page, "recovery-data")["categories"] == ["Cobranzas 1", "Cobranzas 0"]
    assert 'aria-sort="ascending"' in page
    assert "order=down" in page


def test_only_months_in_which_something_was_placed_are_offered(compared, sign_in) -> None:
    page = sign_in(Role.DIRECTOR, language="en").get("/scorecards/?first=2026-01&last=2026-01").text
    assert "COP 6,000.00" in page
    assert "2026-02" not in re.findall(r'<option[^>]*value="([^"]*)"', page)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_page_can_be_taken_along_as_it_is_and_the_trail_knows(compared, sign_in, kind) -> None:
    browser = sign_in(Role.DIRECTOR, language="en")
    answer = browser.get(f"/scorecards/listing.{kind}?sort=collected&order=up")
    assert f".{kind}" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert [row["Agency"] for row in rows] == ["Cobranzas 1", "Cobranzas 0"]
        assert float(rows[1]["Gross recovery"]) == 0.3
        assert rows[0]["Gross recovery"] == ""
    else:
        assert answer.data.startswith(b"PK")
    assert "downloaded the comparison of agencies" in browser.get("/audit/").text


def test_an_agency_is_looked_at_by_month_of_placement(compared, sign_in) -> None:
    browser = sign_in(Role.DIRECTOR, language="en")
    [address, _] = dict.fromkeys(re.findall(r'href="(/scorecards/[a-z2-7]{26})', browser.get("/scorecards/").text))
    page = browser.get(address).text
    assert "By month of placement" in page
    assert "Jan 2026" in page
    assert "30.00 %" in page
    assert "AT-02" in page
    # Its share is of what all agencies were given, also where it stands alone.
    assert "50.0 %" in page
    assert "100.0 %" not in page


def test_nobody_looks_at_an_agency_that_is_not_on_the_panel(compared, sign_in, app) -> None:
    for role, organisation in ((Role.DIRECTOR, 1), (Role.MANAGER, 0)):
        browser = sign_in(role, organisation=organisation)
        stranger = ports_of(app).references.encode("counterpart", browser.person.actor.tenant + 1)
        assert browser.get(f"/scorecards/{stranger}").status_code == 404, role


def test_finance_sees_recovery_and_cost_and_no_attestation(compared, sign_in) -> None:
    page = sign_in(Role.FINANCE, language="en").get("/scorecards/").text
    assert "30.00 %" in page
    assert ">Conduct" not in page
    assert "Blocked:" not in page


def test_an_agency_is_told_why_there_is_no_panel(compared, sign_in) -> None:
    page = sign_in(Role.MANAGER, language="en").get("/scorecards/").text
    assert "at least three of them have enough data" in page
    assert "Another agency" not in page


def test_strangers_see_nothing_and_other_roles_are_refused(compared, sign_in) -> None:
    assert "empty-state" in sign_in(Role.DIRECTOR, organisation=1).get("/scorecards/").text
    for role in (Role.AGENT, Role.OPERATOR):
        assert sign_in(role).get("/scorecards/").status_code == 403


def test_scripts_and_data_pass_the_policy(compared, sign_in) -> None:
    answer = sign_in(Role.DIRECTOR).get("/scorecards/")
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])[1]
    for tag in re.findall(r"<script[^>]*>", answer.text):
        assert f'nonce="{nonce}"' in tag or 'src="/static/' in tag
    assert " style=" not in answer.text
