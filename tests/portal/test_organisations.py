"""The operator's directory and the list of people, as pages: what works, every refusal, the other tenant."""

from __future__ import annotations

import re

import pytest

from agencies.organisations.permissions import Role
from tests import post
from tests.people import PASSWORD

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


def link_to(app_ports, email):
    """The path of the newest invitation that somebody got by letter."""
    return [post.path_in(one) for one in post.letters_to(app_ports, email) if "/invitations/" in one.as_string()][-1]


def accept(client, link):
    page = client.get(link).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    given = {"csrf_token": token, "name": "Nuevo", "password": PASSWORD, "repeated": PASSWORD}
    return client.post(link, data=given)


def test_an_organisation_is_registered_and_its_first_user_comes_in(operator, app, app_ports):
    page = operator.post("/organisations/register", FORM, follow_redirects=True)
    assert f"An invitation was sent to {FORM['email']}; the link works once, for seven days." in page.text
    assert "/invitations/" not in page.text
    assert accept(app.test_client(), link_to(app_ports, FORM["email"])).status_code == 303
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


def test_the_operator_invites_whoever_is_to_manage_an_organisation_and_then_nobody(operator, world, app, app_ports):
    address = f"/organisations/{address_of(app_ports, 'organisation', world.agencies[0].id)}"
    for role in ("director", "agent"):
        assert operator.post(f"{address}/invite", {"email": "a@b.example", "role": role}).status_code == 400
    wanted = {"email": "a@b.example", "role": "manager"}
    assert "a@b.example" in operator.post(f"{address}/invite", wanted, follow_redirects=True).text
    second = operator.post(f"{address}/invite", {**wanted, "email": "c@b.example"})
    assert (second.status_code, "Somebody is invited already" in second.text) == (409, True)

    assert accept(app.test_client(), link_to(app_ports, "a@b.example")).status_code == 303
    third = operator.post(f"{address}/invite", {**wanted, "email": "c@b.example"})
    assert (third.status_code, "This organisation manages its people itself" in third.text) == (409, True)
    shown = operator.get(address).text
    assert f'action="{address}/invite"' not in shown
    for may in ("change-role", "/role", "/enable", "/invite-again"):
        assert may not in shown
    assert "/disable" in shown


def test_whoever_invites_sees_no_link_on_any_page(sign_in, app_ports):
    director = sign_in(Role.DIRECTOR, language="en")
    wanted = {"email": "n@b.example", "name": "Nora", "role": "finance"}
    answer = director.post("/users/invite", wanted)
    token = link_to(app_ports, "n@b.example").rpartition("/")[2]
    pages = [answer.text, director.get("/users/").text]
    path = re.search(r'action="(/users/[a-z2-7]+/invite-again)"', pages[1])[1]
    pages += [director.post(path).text, director.get("/users/").text, director.get("/audit/").text]
    assert "An invitation was sent to n@b.example; the link works once, for seven days." in pages[1]
    for page in pages:
        assert "/invitations/" not in page
        assert token not in page


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/invite"),
        ("POST", "/users/invite"),
        ("POST", "/users/{user}/invite-again"),
        ("POST", "/users/{user}/role"),
        ("POST", "/users/{user}/enable"),
        ("POST", "/organisations/register"),
        ("POST", "/organisations/{organisation}/invite"),
    ],
)
def test_who_may_come_in_is_settled_only_after_a_fresh_proof_of_identity(app, app_ports, method, path):
    known = {kind: address_of(app_ports, kind, 1) for kind in ("user", "organisation")}
    endpoint, _values = app.url_map.bind("127.0.0.1").match(path.format(**known), method=method)
    assert app.view_functions[endpoint].steps_up


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
    assert answer.status_code == 303
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
    director.post("/users/invite", {"email": "n@b.example", "role": "analyst"})
    first = link_to(app_ports, "n@b.example")
    path = re.search(r'action="(/users/[a-z2-7]+/invite-again)"', director.get("/users/").text)[1]
    director.post(path)
    (second,) = {post.path_in(one) for one in post.letters_to(app_ports, "n@b.example")} - {first}
    assert app.test_client().get(first).status_code == 404
    assert accept(app.test_client(), second).status_code == 303


def test_what_people_type_is_shown_as_text(operator):
    name = '<script>alert("x")</script>'
    operator.post("/organisations/register", {**FORM, "name": name})
    page = operator.get("/organisations/").text
    assert name not in page
    assert "&lt;script&gt;" in page
