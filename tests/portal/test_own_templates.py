"""The pages of a creditor's own templates: drafted, published from a day on, withdrawn, signed by agencies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from agencies.standing import panel
from tests.people import MADE_AT, World

TODAY = local_date(utc_now(), "America/Bogota")
SOON = TODAY + timedelta(days=20)
FORM = {
    "title_es": "Seguro de crédito",
    "title_en": "Credit insurance",
    "statement_es": "Contamos con seguro de crédito.",
    "statement_en": "We hold credit insurance.",
    "hint_es": "La póliza.",
    "hint_en": "The policy.",
    "questions_es": "Aseguradora\nPóliza",
    "questions_en": "Insurer\nPolicy",
    "months": "6",
    "weight": "2",
    "blocks": ["download", "bid"],
    "renews": "y",
}


@pytest.fixture
def partners(world: World):
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    with world.ports.session(creditor) as session, transaction(session):
        panel.bring_in(session, creditor, agency.tenant, now=MADE_AT)
    return creditor, agency


def drafted(browser, **changed) -> str:
    answer = browser.post("/attestations/templates/new", {**FORM, **changed})
    assert answer.status_code == 303, answer.text
    return answer.location


def relation(world, creditor) -> str:
    return f"/attestations/with/{world.ports.references.encode('counterpart', creditor.tenant)}"


def test_a_template_is_drafted_published_and_signed_through_the_same_pages(sign_in, world, partners):
    officer, manager = sign_in(Role.COMPLIANCE, language="en"), sign_in(Role.MANAGER, language="en")
    page = drafted(officer)
    shown = officer.get(page).text
    for word in ("EX-01", "Contamos con seguro de crédito.", "We hold credit insurance.", "Insurer", "bids"):
        assert word in shown
    assert "EX-01" not in manager.get(relation(world, partners[0])).text

    assert officer.post(f"{page}/publish", {"valid_from": SOON.isoformat()}).status_code == 303

    assert "Announced" in officer.get(page).text
    assert "asks for EX-01 from" in manager.get("/notices/").text
    other = relation(world, partners[0])
    begun = manager.post(f"{other}/begin", {"code": "EX-01"})
    assert begun.status_code == 303
    answers = {"answer_question_1": "La Previsora", "answer_question_2": "1", "then": "sign"}
    assert manager.post(f"{begun.location}/fill", answers).status_code == 303
    assert "We hold credit insurance." in manager.get(f"{begun.location}/sign").text
    assert "published a template of its own" in officer.get("/audit/").text


@pytest.mark.parametrize(
    "changed",
    [
        {"title_en": ""},
        {"statement_es": " "},
        {"months": "0"},
        {"weight": "9"},
        {"questions_en": "Insurer"},
        {"questions_es": "a\nb\nc\nd\ne\nf", "questions_en": "a\nb\nc\nd\ne\nf"},
        {"blocks": ["close_recall"]},
    ],
)
def test_what_is_no_template_is_refused_and_what_was_typed_stays(sign_in, world, partners, changed):
    officer = sign_in(Role.COMPLIANCE, language="en")

    answer = officer.post("/attestations/templates/new", {**FORM, **changed})

    assert (answer.status_code, "notice-error" in answer.text) == (400, True)
    assert "La póliza." in answer.text
    assert "No template of your own" in officer.get("/attestations/templates/").text


def test_a_published_version_is_changed_by_the_next_one_only(sign_in, world, partners):
    officer = sign_in(Role.COMPLIANCE, language="en")
    page = drafted(officer)
    assert officer.post(f"{page}/publish", {"valid_from": TODAY.isoformat()}).status_code == 400
    assert officer.post(f"{page}/publish", {"valid_from": "soon"}).status_code == 400
    for _ in range(2):
        assert officer.post(f"{page}/publish", {"valid_from": SOON.isoformat()}).status_code == 303
    later = (SOON + timedelta(days=1)).isoformat()
    assert officer.post(f"{page}/publish", {"valid_from": later}).status_code == 409
    assert officer.post(f"{page}/drop").status_code == 409

    second = officer.post(f"{page}/edit", {**FORM, "statement_en": "We hold more of it."})
    assert second.status_code == 303
    assert second.location != page
    assert "We hold credit insurance." in officer.get(page).text
    assert "We hold more of it." in officer.get(second.location).text
    assert officer.post(f"{second.location}/drop").status_code == 303
    assert officer.get(second.location).status_code == 404
    assert officer.post(f"{page}/retire", {"retired_on": later}).status_code == 303
    assert officer.post(f"{page}/retire", {"retired_on": later}).status_code == 409


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.MANAGER, Role.AGENT, Role.OPERATOR])
def test_only_reviewers_write_templates(sign_in, world, partners, role):
    browser = sign_in(role)

    assert browser.get("/attestations/templates/").status_code == 403
    assert browser.post("/attestations/templates/new", FORM).status_code == 403


def test_another_creditor_s_template_is_not_there(sign_in, world, partners):
    page = drafted(sign_in(Role.COMPLIANCE))
    stranger = sign_in(Role.COMPLIANCE, organisation=1)

    assert stranger.get(page).status_code == 404
    assert stranger.get(f"{page}/edit").status_code == 404
    for tail, form in (("publish", {"valid_from": SOON}), ("retire", {"retired_on": SOON}), ("drop", {})):
        assert stranger.post(f"{page}/{tail}", form).status_code == 404


def test_a_script_in_a_template_is_text(sign_in, world, partners):
    officer = sign_in(Role.COMPLIANCE, language="en")
    page = drafted(officer, title_en="<script>alert(1)</script>", statement_en="<img src=x onerror=alert(1)>")

    shown = officer.get(page).text

    assert "<script>alert(1)" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(1)" in shown
