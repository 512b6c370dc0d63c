"""The operator's directory and the list of people, as pages: what works, every refusal, the other tenant."""

from __future__ import annotations

import re

import pytest

from agencies.organisations.permissions import Role
from tests.people import PASSWORD

LINK = re.compile(r'value="http://127\.0\.0\.1:8080(/invitations/[^"]+)"')
FORM = {
    "kind": "agency",
    "name": "Cobra Lima",
    "legal_name": "Cobra Lima S.A.C.",
    "country": "PE",
    "tax_id": "20512333797",
    "language": "es",
    "email": "gerente@cobralima.example",
}


@pytest.fixture
def operator(sign_in):
    return sign_in(Role.OPERATOR, language="en")


def address_of(app_ports, kind, number):
    return app_ports.references.encode(kind, number)


def accept(client, link):
    page = client.get(link).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    given = {"csrf_token": token, "name": "Nuevo", "password": PASSWORD, "repeated": PASSWORD}
    return client.post(link, data=given)


def test_an_organisation_is_registered_and_its_first_user_comes_in(operator, app):
    page = operator.post("/organisations/register", FORM)
    assert page.status_code == 200
    assert "Manager" in page.text
    assert accept(app.test_client(), LINK.search(page.text)[1]).status_code == 303
    listed = operator.get("/organisations/?kind=agency&state=active").text
    assert "Cobra Lima" in listed
    assert "RUC 20512333797" in listed
    assert "Cobra Lima" not in operator.get("/organisations/?kind=creditor").text


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"tax_id": "20512333790"}, 400, "This is not a valid RUC"),
        ({"tax_id": ""}, 400, "This field is required."),
        ({"country": "CO", "tax_id": "900.123.456-8"}, 409, "registered already"),
        ({"email": "nobody"}, 400, "This is not a valid e-mail address."),
        ({"email": "operadora@encargo.example"}, 409, "it is in use already"),
        ({"kind": "platform"}, 400, "Not a valid choice"),
        ({"country": "US"}, 400, "Not a valid choice"),
        ({"name": "   "}, 400, "This field is required."),
    ],
)
def test_what_cannot_be_registered_is_explained_and_nothing_is_half_written(operator, given, status, said):
    page = operator.post("/organisations/register", {**FORM, **given})
    assert page.status_code == status
    assert said in page.text
    assert given.get("legal_name", FORM["legal_name"]) in page.text
    assert "Cobra Lima" not in operator.get("/organisations/").text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_nobody_else_reaches_the_directory(sign_in, world, app_ports, role):
    browser = sign_in(role)
    one = address_of(app_ports, "organisation", world.creditors[0].id)
    assert browser.get("/organisations/").status_code == 403
    assert browser.post("/organisations/register", FORM).status_code == 403
    for path in (f"/organisations/{one}/suspend", f"/organisations/{one}/invite", f"/organisations/{one}/approve"):
        assert browser.post(path).status_code == 403


def test_an_organisation_is_suspended_and_let_in_again(operator, world, app_ports, sign_in):
    director = sign_in(Role.DIRECTOR)
    address = f"/organisations/{address_of(app_ports, 'organisation', world.creditors[0].id)}"
    assert operator.post(f"{address}/suspend").status_code == 303
    assert director.get("/").status_code == 303
    assert operator.post(f"{address}/suspend").status_code == 409
    assert "Suspended" in operator.get("/organisations/?state=suspended").text
    assert operator.post(f"{address}/approve").status_code == 303


def test_the_operator_invites_into_an_organisation_only_roles_of_its_side(operator, world, app_ports):
    address = f"/organisations/{address_of(app_ports, 'organisation', world.agencies[0].id)}"
    refused = operator.post(f"{address}/invite", {"email": "a@b.example", "role": "director"})
    assert refused.status_code == 400
    made = operator.post(f"{address}/invite", {"email": "a@b.example", "role": "agent"})
    assert LINK.search(made.text)
    assert "a@b.example" in operator.get(address).text


def test_a_director_invites_a_colleague_and_the_link_is_shown_once(sign_in):
    director = sign_in(Role.DIRECTOR, language="en")
    page = director.post("/users/invite", {"email": "n@b.example", "name": "Nora", "role": "finance"})
    assert len(LINK.findall(page.text)) == 1
    listed = director.get("/users/").text
    assert "n@b.example" in listed
    assert "/invitations/" not in listed


@pytest.mark.parametrize("role", ["manager", "operator", "", "root"])
def test_a_role_that_is_not_offered_is_refused(sign_in, role):
    answer = sign_in(Role.DIRECTOR).post("/users/invite", {"email": "n@b.example", "role": role})
    assert answer.status_code == 400


def test_fields_that_are_not_on_the_form_change_nothing(sign_in, world):
    director = sign_in(Role.DIRECTOR)
    answer = director.post(
        "/users/invite",
        {"email": "n@b.example", "role": "finance", "organisation_id": str(world.creditors[1].id), "state": "active"},
    )
    assert answer.status_code == 200
    assert "n@b.example" in director.get("/users/").text
    assert "n@b.example" not in sign_in(Role.DIRECTOR, organisation=1).get("/users/").text


@pytest.mark.parametrize("action", ["disable", "enable", "invite-again"])
def test_people_of_another_organisation_are_not_found(sign_in, world, app_ports, action):
    stranger = world.actor(Role.ANALYST, organisation=1)
    director = sign_in(Role.DIRECTOR)
    path = f"/users/{address_of(app_ports, 'user', stranger.user_id)}/{action}"
    assert director.post(path).status_code == 404
    assert sign_in(Role.ANALYST, organisation=1).get("/").status_code == 200


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.COMPLIANCE, Role.AGENT, Role.INVESTIGATOR])
def test_who_may_not_invite_may_not_disable_either(sign_in, world, app_ports, role):
    browser = sign_in(role)
    other = world.actor(Role.DIRECTOR)
    path = f"/users/{address_of(app_ports, 'user', other.user_id)}"
    for action in ("disable", "enable", "invite-again"):
        assert browser.post(f"{path}/{action}").status_code == 403
    assert browser.get("/users/").status_code == (200 if role is Role.COMPLIANCE else 403)


def test_a_colleague_is_disabled_and_enabled_again(sign_in, world, app_ports):
    analyst, director = sign_in(Role.ANALYST), sign_in(Role.DIRECTOR, language="en")
    path = f"/users/{address_of(app_ports, 'user', world.actor(Role.ANALYST).user_id)}"
    assert director.post(f"{path}/disable").status_code == 303
    assert analyst.get("/").status_code == 303
    assert "Disabled" in director.get("/users/").text
    assert director.post(f"{path}/enable").status_code == 303
    assert director.post(f"{path}/enable").status_code == 409


def test_nobody_disables_themselves(sign_in, world, app_ports):
    director = sign_in(Role.DIRECTOR, language="en")
    path = f"/users/{address_of(app_ports, 'user', world.actor(Role.DIRECTOR).user_id)}/disable"
    refused = director.post(path)
    assert refused.status_code == 409
    assert "You cannot disable your own access." in refused.text


def test_a_new_link_ends_the_former(sign_in, app, app_ports):
    director = sign_in(Role.DIRECTOR)
    first = LINK.search(director.post("/users/invite", {"email": "n@b.example", "role": "analyst"}).text)[1]
    path = re.search(r'action="(/users/[a-z2-7]+/invite-again)"', director.get("/users/").text)[1]
    second = LINK.search(director.post(path).text)[1]
    assert app.test_client().get(first).status_code == 404
    assert accept(app.test_client(), second).status_code == 303


def test_what_people_type_is_shown_as_text(operator):
    name = '<script>alert("x")</script>'
    operator.post("/organisations/register", {**FORM, "name": name})
    page = operator.get("/organisations/").text
    assert name not in page
    assert "&lt;script&gt;" in page
