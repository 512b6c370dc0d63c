"""The pages of webhooks: made after a fresh proof, the secret shown this once, watched, paused, removed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations.models import WebSession
from agencies.organisations.permissions import Role
from portal.jobs import tasks
from tests import receiver

FORM = {"url": "https://cobranzas.banco.example/encargo", "events": ["file.checked", "consignment.acknowledged"]}


def secret_on(page):
    return re.search(r'value="(whsec_[^"]+)"', page)[1]


def address_on(browser):
    return re.search(r'href="(/webhooks/\w{8,})"', browser.get("/webhooks/").text)[1]


@pytest.mark.parametrize(
    ("role", "language", "ready", "told"),
    [
        (Role.DIRECTOR, "es", "La clave secreta está lista", "Se revisó un archivo"),
        (Role.MANAGER, "en", "The secret is ready", "A file has been checked"),
    ],
)
def test_a_head_adds_one_sees_its_secret_once_and_removes_it(sign_in, role, language, ready, told):
    browser = sign_in(role, language=language)
    assert "/webhooks/new" in browser.get("/webhooks/").text
    made = browser.post("/webhooks/new", FORM)
    secret = secret_on(made.text)
    assert ready in made.text

    page = browser.get(address_on(browser)).text
    assert secret not in page
    assert told in page
    # What has nothing to say says nothing, in both languages: not the head of the catalogue.
    assert "Project-Id-Version" not in page
    address = address_on(browser)
    assert browser.post(f"{address}/remove").status_code == 303
    assert browser.get(address).status_code == 404
    assert browser.post(f"{address}/remove").status_code == 404


def test_a_test_arrives_and_the_page_says_what_was_answered(sign_in, app_ports):
    browser = sign_in(Role.DIRECTOR, language="en")
    with receiver.obedient() as ear:
        made = browser.post("/webhooks/new", {**FORM, "url": ear.url})
        ear.status = 418
        address = address_on(browser)
        browser.post(f"{address}/test")
        tasks.perform_due(app_ports)
        page = browser.get(address).text
        assert "418 I" in page
        assert "Does not answer" in page
        assert "The next attempt is at" in page
        assert len(ear.sent) == 1
    assert secret_on(made.text) not in page


def test_paused_it_cannot_be_tested_and_a_second_click_says_so(sign_in):
    browser = sign_in(Role.DIRECTOR, language="en")
    browser.post("/webhooks/new", FORM)
    address = address_on(browser)
    assert [browser.post(f"{address}/pause").status_code for _click in range(2)] == [303, 409]
    assert browser.post(f"{address}/test").status_code == 409
    assert "Somebody of your organisation paused it." in browser.get(address).text
    assert [browser.post(f"{address}/resume").status_code for _click in range(2)] == [303, 409]


def test_a_new_secret_is_shown_with_the_time_the_former_one_lasts(sign_in):
    browser = sign_in(Role.DIRECTOR, language="en")
    first = secret_on(browser.post("/webhooks/new", FORM).text)
    address = address_on(browser)
    renewed = browser.post(f"{address}/secret")
    assert secret_on(renewed.text) != first
    assert "signed with the former secret too" in renewed.text
    assert browser.post(f"{address}/secret").status_code == 409


def test_adding_one_and_renewing_its_secret_want_a_fresh_proof(sign_in, app_ports):
    browser = sign_in(Role.DIRECTOR)
    browser.post("/webhooks/new", FORM)
    address = address_on(browser)
    with app_ports.session(DOOR) as session, transaction(session):
        for one in session.query(WebSession):
            one.stepped_up_at = utc_now() - timedelta(minutes=11)
    for refused in (browser.post("/webhooks/new", FORM), browser.post(f"{address}/secret")):
        assert (refused.status_code, "whsec_" in refused.text) == (303, False)
        assert address not in refused.location.partition("?")[0]
    assert browser.post(f"{address}/pause").status_code == 303


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"events": []}, "Tick at least one event"),
        ({"events": ["cases.updated"]}, "not a valid choice"),
        ({"url": "http://banco.example/"}, "Write the whole address"),
        ({"url": "https://u:p@banco.example/"}, "Write the whole address"),
        ({"url": ""}, "required"),
    ],
)
def test_a_refused_form_says_why_and_keeps_what_was_typed(sign_in, wrong, told):
    browser = sign_in(Role.DIRECTOR, language="en")
    answer = browser.post("/webhooks/new", {**FORM, **wrong})
    assert answer.status_code == 400
    assert told in answer.text
    assert wrong.get("url", FORM["url"]) in answer.text


def test_whoever_does_not_manage_the_organisation_sees_none(sign_in):
    for role in (Role.ANALYST, Role.AUDITOR, Role.AGENT, Role.OPERATOR):
        browser = sign_in(role)
        assert browser.get("/webhooks/").status_code == 403
        assert browser.post("/webhooks/new", FORM).status_code == 403


def test_another_organisation_s_webhook_is_not_found(sign_in):
    owner, other = sign_in(Role.DIRECTOR), sign_in(Role.DIRECTOR, organisation=1)
    owner.post("/webhooks/new", FORM)
    address = address_on(owner)
    assert other.get(address).status_code == 404
    for act in ("secret", "test", "pause", "resume", "remove"):
        assert other.post(f"{address}/{act}").status_code == 404
    assert owner.get(address).status_code == 200
