"""The pages of approvals: read what exactly, approve what was read, or say why not."""

from __future__ import annotations

import re

import pytest

from agencies.approvals.models import ApprovalKind
from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from portal.carriers import CARRIERS
from portal.presenters.approvals import KINDS, LIMITS, TELLERS
from tests.approving import ask_for_limit, limit_of


@pytest.fixture
def asked(app_ports, world):
    return ask_for_limit(app_ports, world.actor(Role.DIRECTOR), 50, now=utc_now())


def address(app, asked, verb: str = "") -> str:
    with app.test_request_context():
        return app.url_map.bind("").build(f"approvals.{verb or 'show'}", {"approval_id": asked.id})


def test_a_director_asks_and_finance_approves_what_the_page_shows(app, app_ports, world, sign_in):
    director, finance = sign_in(Role.DIRECTOR, language="en"), sign_in(Role.FINANCE, language="en")

    answer = director.post("/approvals/limits/", {"limit": "award:COP", "value": "1,000,000"})
    assert answer.status_code == 303
    home = finance.get("/").text
    assert "Requests that need you as the second person" in home
    page = finance.get(answer.location).text
    assert all(told in page for told in ("COP 500,000,000.00", "COP 1,000,000.00", "Director 0"))
    [seen] = set(re.findall(r'name="seen" value="([0-9a-f]{64})"', page))
    done = finance.post(f"{answer.location}/approve", {"seen": seen})

    assert done.status_code == 303
    assert limit_of(app_ports, world.actor(Role.FINANCE), ApprovalKind.AWARD, "COP") == 100_000_000
    assert "COP 1,000,000.00" in director.get("/approvals/limits/").text
    assert "Requests that need you" not in finance.get("/").text
    assert "What you asked for was approved" in director.get("/notices/").text


def test_whoever_asked_has_no_button_and_posting_it_by_hand_is_refused(app, app_ports, world, sign_in, asked):
    director = sign_in(Role.DIRECTOR, language="en")

    page = director.get(address(app, asked)).text
    assert address(app, asked, "approve") not in page
    assert "Withdraw the request" in page
    answer = director.post(address(app, asked, "approve"), {"seen": asked.subject_sha256.hex()})

    assert answer.status_code == 409
    assert "You asked for this yourself" in answer.text
    assert limit_of(app_ports, world.actor(Role.DIRECTOR)) == 500


@pytest.mark.parametrize("seen", ["", "nothing", "00" * 32])
def test_a_page_that_showed_something_else_approves_nothing(app, app_ports, world, sign_in, asked, seen):
    answer = sign_in(Role.FINANCE, language="en").post(address(app, asked, "approve"), {"seen": seen})

    assert answer.status_code == 409
    assert "What you saw is not what would be approved" in answer.text
    assert limit_of(app_ports, world.actor(Role.DIRECTOR)) == 500


def test_a_reason_is_asked_for_and_kept_when_missing(app, sign_in, asked):
    finance, hash_ = sign_in(Role.FINANCE, language="en"), asked.subject_sha256.hex()

    assert finance.post(address(app, asked, "decline"), {"seen": hash_, "reason": ""}).status_code == 400
    assert finance.post(address(app, asked, "decline"), {"seen": hash_, "reason": "Zu niedrig"}).status_code == 303
    assert "Zu niedrig" in sign_in(Role.DIRECTOR).get(address(app, asked)).text
    again = finance.post(address(app, asked, "approve"), {"seen": hash_})
    assert again.status_code == 409


def test_a_request_is_withdrawn_by_who_asked_only(app, sign_in, asked):
    assert sign_in(Role.FINANCE).post(address(app, asked, "withdraw")).status_code in {403, 404}
    assert sign_in(Role.DIRECTOR).post(address(app, asked, "withdraw")).status_code == 303
    assert "Retirada" in sign_in(Role.DIRECTOR).get("/approvals/").text


def test_another_tenant_finds_nothing(app, sign_in, asked):
    for role, organisation in ((Role.DIRECTOR, 1), (Role.MANAGER, 0)):
        stranger = sign_in(role, organisation=organisation)
        assert stranger.get(address(app, asked)).status_code == 404
        assert stranger.post(address(app, asked, "approve"), {"seen": asked.subject_sha256.hex()}).status_code == 404


def test_a_limit_that_cannot_be_is_refused_with_what_was_typed(sign_in):
    director = sign_in(Role.DIRECTOR, language="en")

    for value in ("-5", "many"):
        answer = director.post("/approvals/limits/", {"limit": "export:", "value": value})
        assert answer.status_code == 400
        assert f'value="{value}"' in answer.text
    assert sign_in(Role.ANALYST).post("/approvals/limits/", {"limit": "export:", "value": "5"}).status_code == 403


def test_every_kind_that_is_asked_has_its_words_and_its_carrier():
    assert set(KINDS) == set(ApprovalKind)
    assert set(TELLERS) == set(CARRIERS)
    assert set(LIMITS) == {ApprovalKind.AWARD, ApprovalKind.EXPORT}
