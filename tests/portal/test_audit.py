"""The audit page: every action has its sentence, and each organisation reads its own trail only."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from agencies.organisations.permissions import Role
from portal.presenters.audit import SENTENCES
from portal.presenters.audittopics import TOPICS

ROOT = Path(__file__).parents[2]
ACTION = re.compile(r"[a-z]+\.[a-z_]+")
#: The functions of the product that write into the trail, and those that pass an action on to them.
WRITERS = {"record", "_record", "_end", "record_about", "_invitation", "_change_state", "_told", "tell"}
#: Actions that are chosen where they are recorded: an award's outcome, a report's version, a finding's grade, a word.
COMPOSED = {
    "application.approved",
    "application.confirmed",
    "application.declined",
    "application.more_asked",
    "application.submitted",
    "application.taken_up",
    "application.withdrawn",
    "bid.declined",
    "bid.won",
    "enquiry.answered",
    "enquiry.asked",
    "finding.authorisation_set",
    "finding.revoked",
    "incident.amended",
    "incident.assessed",
    "incident.authority_told",
    "incident.closed",
    "incident.people_told",
    "incident.reported",
    "panel.declined",
    "panel.invited",
    "panel.joined",
    "panel.removed",
    "panel.reviewed",
    "panel.suspended",
    "report.completed",
    "request.answered",
    "request.erased",
    "request.exported",
    "request.extended",
    "request.forwarded",
    "request.identity_accepted",
    "request.identity_refused",
    "request.marked",
    "request.matched",
    "request.rectified",
    "request.registered",
    "request.stopped",
    "report.corrected",
    "subprocessor.approved",
    "subprocessor.objected",
    "template.published",
    "template.retired",
}


def recorded_actions() -> set[str]:
    """Every action the product writes into the trail."""
    found = set()
    for package in ("agencies", "uploads", "assignments", "portal"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in WRITERS:
                    found |= {
                        one.value
                        for argument in node.args
                        for one in ast.walk(argument)
                        if isinstance(one, ast.Constant) and isinstance(one.value, str) and ACTION.fullmatch(one.value)
                    }
    return found


def test_every_action_has_a_sentence_and_every_sentence_an_action():
    assert recorded_actions() | COMPOSED | {"demo.told"} == set(SENTENCES)


def test_every_action_but_the_housekeeping_belongs_to_a_topic():
    nouns = {noun for _label, nouns in TOPICS.values() for noun in nouns}
    assert {action.partition(".")[0] for action in SENTENCES} - nouns == {"work", "demo"}


@pytest.mark.parametrize("before", ["", "x", "-1", "1.5", "٣", "9" * 30])
def test_a_place_that_we_did_not_write_is_not_found(sign_in, before):
    assert sign_in(Role.DIRECTOR).get(f"/audit/?after={before}&topic=nonsense").status_code == (404 if before else 200)


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.COMPLIANCE, Role.MANAGER, Role.OPERATOR])
def test_who_may_see_the_trail_reads_sentences(sign_in, role):
    page = sign_in(role, language="en").get("/audit/")
    assert page.status_code == 200
    assert "signed in" in page.text


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.AGENT, Role.INVESTIGATOR])
def test_who_may_not_is_refused(sign_in, role):
    assert sign_in(role).get("/audit/").status_code == 403


def test_an_organisation_reads_nothing_of_another(sign_in):
    sign_in(Role.DIRECTOR, organisation=1)
    page = sign_in(Role.DIRECTOR).get("/audit/").text
    assert "Director 0" in page
    assert "Director 1" not in page


def test_the_trail_is_read_page_by_page_without_a_gap(sign_in):
    browser = sign_in(Role.DIRECTOR, language="en")
    for _ in range(60):
        browser.post("/users/invite", {"email": "x", "name": "", "role": "analyst"})
    for n in range(55):
        browser.post("/users/invite", {"email": f"p{n}@b.example", "name": f"P{n}", "role": "analyst"})
    numbers: list[int] = []
    path = "/audit/?topic=people"
    while path:
        page = browser.get(path).text
        numbers += [int(one) for one in re.findall(r'<td class="num muted away">(\d+)</td>', page)]
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert numbers == list(range(numbers[0], 0, -1))
    assert len(numbers) > 55
