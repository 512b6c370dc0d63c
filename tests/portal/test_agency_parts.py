"""The parts of an agency's file as pages: principals, documents, disclosures, the account; and a panel with states."""

from __future__ import annotations

import io
import re

import pytest

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from tests import standings

PERSON = {"name": "Perla", "role": "partner", "document_type": "CC", "document": "1012345678", "share_bp": "60"}
ACCOUNT = {"bank": "Inventado", "account_kind": "savings", "number": "999 888 777 66", "currency": "COP",
           "holder_name": "Otra", "holder_tax_id": "900777333-7"}  # fmt: skip


@pytest.fixture
def manager(sign_in):
    return sign_in(Role.MANAGER, language="en")


@pytest.fixture
def director(sign_in):
    return sign_in(Role.DIRECTOR, language="en")


@pytest.fixture
def agency(world):
    return world.actor(Role.MANAGER).tenant


def ref(world, kind, number):
    return world.ports.references.encode(kind, number)


def attach(browser, data=b"politica", name="politica.txt"):
    form = {"csrf_token": browser.token(), "kind": "policy", "file": (io.BytesIO(data), name)}
    return browser.client.post("/agency-file/documents", data=form, content_type="multipart/form-data")


def test_a_principal_is_added_shown_by_the_end_of_the_document_and_taken_off(manager):
    assert manager.post("/agency-file/principals", PERSON).status_code == 303
    page = manager.get("/agency-file/principals").text
    assert "1012345678" not in page
    assert "678" in page
    address = re.search(r'action="(/agency-file/principals/[a-z2-7]{26}/remove)"', page)[1]
    assert [manager.post(address).status_code for _ in range(2)] == [303, 303]
    assert "Perla" not in manager.get("/agency-file/").text


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"role": "king"}, {"share_bp": "101"}, {"background_checked_on": "2999-01-01"}]
)
def test_a_principal_that_does_not_fit_stays_on_the_form(manager, changes):
    answer = manager.post("/agency-file/principals", {**PERSON, **changes})

    assert answer.status_code == 400
    assert 'value="1012345678"' in answer.text


@pytest.mark.parametrize(
    ("data", "name"), [(b"<svg onload=1>", "a.txt"), (b"MZ", "a.pdf"), (b"x", "a.html"), (b"", "a.txt")]
)
def test_a_hostile_document_is_refused(manager, data, name):
    attach(manager, data, name)

    page = manager.get("/agency-file/").text
    assert 'class="notice notice-error"' in page
    assert "No file is attached." in page


def test_a_document_is_read_by_creditors_of_the_panel_alone(manager, director, sign_in, world, agency):
    attach(manager)
    address = re.search(
        r'href="(/agency-file/[a-z2-7]{26}/documents/[a-z2-7]{26})"', manager.get("/agency-file/").text
    )[1]
    assert director.get(address).status_code == 404
    director.post(f"/panel/{ref(world, 'organisation', agency)}")

    answer = director.get(address)

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for stranger in (sign_in(Role.DIRECTOR, organisation=1), sign_in(Role.MANAGER, organisation=1)):
        assert stranger.get(address).status_code == 404


def test_registers_and_disclosures_are_kept(manager):
    given = {"answer_register_number": "00-9", "answer_litigation": "yes", "answer_litigation_facts": "Una tutela"}
    assert manager.post("/agency-file/disclosures", given).status_code == 303

    page = manager.get("/agency-file/").text

    assert "00-9" in page
    assert "Una tutela" in page
    assert manager.post("/agency-file/disclosures", {"answer_litigation": "maybe"}).status_code == 400


def test_the_only_manager_is_told_to_invite_another_one(manager):
    page = manager.get("/agency-file/account").text

    assert "Invite another manager" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"number": "12"}, "This is not a valid account number"), ({"bank": ""}, "This field is required.")],
)
def test_an_account_that_does_not_fit_is_explained(manager, changes, said):
    answer = manager.post("/agency-file/account", {**ACCOUNT, **changes})

    assert answer.status_code == 400
    assert said in answer.text


def test_an_account_waits_for_a_second_person_with_four_digits_on_the_page(manager):
    asked = manager.post("/agency-file/account", ACCOUNT)

    assert asked.status_code == 303
    page = manager.get(asked.location).text
    assert "7766" in page
    assert "99988877766" not in page
    assert "No bank account yet" in manager.get("/agency-file/account").text


@pytest.mark.parametrize("role", [Role.AGENT, Role.INVESTIGATOR, Role.DIRECTOR, Role.COMPLIANCE])
def test_nobody_else_writes_an_agency_s_file(sign_in, role):
    browser = sign_in(role)

    for address in ("/agency-file/principals", "/agency-file/disclosures", "/agency-file/account"):
        assert browser.get(address).status_code == 403
        # A director may change a creditor's own accounts, and of an agency's there is none to be found.
        assert browser.post(address).status_code in {403, 404}


def test_a_creditor_invites_reads_and_decides_and_the_agency_sees_why(director, manager, world, agency):
    standings.introduce(world.ports, world.actor(Role.MANAGER), "Ficha", now=utc_now())
    page = f"/panel/{ref(world, 'counterpart', agency)}"
    assert director.post(f"/panel/{ref(world, 'organisation', agency)}/invite").status_code == 303
    assert "Ficha Perla" in director.get(f"/agency-file/{ref(world, 'counterpart', agency)}").text
    assert director.post(f"{page}/decide", {"state": "on_panel"}).status_code == 303
    assert director.post(f"{page}/decide", {"state": "suspended"}).status_code == 400
    assert director.post(f"{page}/decide", {"state": "nonsense"}).status_code == 400
    assert director.post(f"{page}/decide", {"state": "suspended", "reason": "Tres quejas"}).status_code == 303
    assert director.post(f"{page}/decide", {"state": "candidate"}).status_code == 409

    listed = manager.get("/panel/creditors").text
    assert "Tres quejas" in listed
    assert "Banco 0" in listed


def test_an_agency_declines_an_invitation(director, manager, world, agency):
    director.post(f"/panel/{ref(world, 'organisation', agency)}/invite")
    page = f"/panel/{ref(world, 'counterpart', world.actor(Role.DIRECTOR).tenant)}"

    assert manager.post(f"{page}/decline", {"reason": ""}).status_code == 400
    assert manager.post(f"{page}/decline", {"reason": "Sin capacidad"}).status_code == 303
    assert "Sin capacidad" in director.get(f"/panel/{ref(world, 'counterpart', agency)}").text


def test_two_who_have_nothing_to_do_with_each_other_see_no_page(director, manager, world, agency):
    for browser, other in ((director, agency), (manager, world.actor(Role.DIRECTOR).tenant)):
        address = f"/panel/{ref(world, 'counterpart', other)}"
        assert browser.get(address).status_code == 404
    assert director.post(f"/panel/{ref(world, 'counterpart', agency)}/decide", {"state": "on_panel"}).status_code == 404
