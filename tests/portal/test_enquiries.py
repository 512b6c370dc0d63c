"""Questions about cases on the page: asked once, answered once, seen by the two it concerns."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from tests import loop


@pytest.fixture
def case(world) -> str:
    """A case that the first agency holds; its reference."""
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, manager, [loop.NewCase("A-1", 100_000)])
    loop.acknowledge_all(world.ports, manager)
    with world.ports.session(creditor) as session:
        return world.ports.references.encode("case", session.scalars(select(Case.id)).one())


def asked(browser, case: str, question: str = "¿Hay pagaré?"):
    return browser.post(f"/cases/{case}/enquiries", {"subject": "document", "question": question})


def test_an_agent_asks_and_an_analyst_answers(case, sign_in) -> None:
    agent, analyst = sign_in(Role.AGENT, language="en"), sign_in(Role.ANALYST, language="en")
    assert asked(agent, case).status_code == 303
    assert "¿Hay pagaré?" in agent.get(f"/cases/{case}").text
    assert "Questions of your agencies" in analyst.get("/").text
    page = analyst.get("/enquiries/?show=open").text
    [address] = set(re.findall(r'href="(/enquiries/[a-z2-7]{26})"', page))
    assert analyst.post(address, {"answer": "Sí, va adjunto."}).status_code == 303
    assert "Sí, va adjunto." in agent.get(address).text
    assert "Sí, va adjunto." in agent.get(f"/cases/{case}").text
    assert "Questions of your agencies" not in analyst.get("/").text


def test_a_second_click_asks_nothing_more(case, sign_in) -> None:
    agent = sign_in(Role.AGENT)
    assert asked(agent, case).status_code == 303
    refused = asked(agent, case, "Otra pregunta")
    assert refused.status_code == 409
    assert "Otra pregunta" in refused.text
    assert len(set(re.findall(r'href="/enquiries/[a-z2-7]{26}"', agent.get("/enquiries/").text))) == 1


def test_an_answer_is_given_once_and_not_by_the_agency(case, sign_in) -> None:
    agent, analyst = sign_in(Role.AGENT), sign_in(Role.ANALYST)
    asked(agent, case)
    [address] = set(re.findall(r'href="(/enquiries/[a-z2-7]{26})"', agent.get("/enquiries/").text))
    assert agent.post(address, {"answer": "Me contesto yo"}).status_code == 403
    assert analyst.post(address, {"answer": "Una vez"}).status_code == 303
    assert analyst.post(address, {"answer": "Dos veces"}).status_code == 409
    assert "Dos veces" not in agent.get(address).text


@pytest.mark.parametrize("question", ["", "   ", "x" * 2_001])
def test_a_question_without_words_or_with_too_many_is_refused_on_its_form(case, sign_in, question) -> None:
    refused = asked(sign_in(Role.AGENT), case, question)
    assert refused.status_code == 400
    assert 'name="question"' in refused.text


def test_what_is_typed_is_text_and_no_markup(case, sign_in) -> None:
    agent = sign_in(Role.AGENT)
    asked(agent, case, "<script>alert(1)</script>")
    for page in ("/enquiries/", f"/cases/{case}"):
        assert "<script>alert(1)" not in agent.get(page).text


def test_nobody_else_asks_sees_or_answers(case, sign_in) -> None:
    asked(sign_in(Role.AGENT), case)
    [address] = set(re.findall(r'href="(/enquiries/[a-z2-7]{26})"', sign_in(Role.AGENT).get("/enquiries/").text))
    stranger = sign_in(Role.MANAGER, organisation=1)
    assert asked(stranger, case).status_code == 404
    for other in (stranger, sign_in(Role.DIRECTOR, organisation=1)):
        assert other.get(address).status_code == 404
        assert "/enquiries/" + address.rsplit("/", 1)[1] not in other.get("/enquiries/").text
    assert sign_in(Role.DIRECTOR, organisation=1).post(address, {"answer": "No es mío"}).status_code == 404
    assert sign_in(Role.COMPLIANCE).post(address, {"answer": "Sin permiso"}).status_code == 403
    assert sign_in(Role.FINANCE).get("/enquiries/").status_code == 403


def test_the_empty_list_says_what_comes(sign_in) -> None:
    assert "empty-state" in sign_in(Role.AGENT).get("/enquiries/").text
