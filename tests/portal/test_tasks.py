"""The page of tasks: every kind in words with a page its reader may open, and the number in the menu."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from agencies.kernel.clock import utc_now
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Role
from assignments.tasks import Task, Tasks, kinds
from portal.presenters import tasks as presenter
from tests import recalling
from tests.tenants import Tenants


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_kind_has_its_words_and_leads_to_a_page_its_reader_may_open(app, world, role, language):
    actor = world.operator if role is Role.OPERATOR else world.actor(role)
    now = utc_now()
    offered = kinds(actor, now=now)
    for kind in offered:
        found = Tasks((Task(kind, 7, now, "3", None, now + timedelta(hours=1)),), frozenset({kind}))
        with app.test_request_context("/", headers={"Accept-Language": language}):
            page = presenter.page(actor, found, offered, kind, {}, app.view_functions, now=now)
        [line] = page.own
        assert line.title, kind
        assert app.view_functions[line.endpoint].access.admits(actor), (role, kind, line.endpoint)
        assert [one.kind for one in page.choices if one.is_current] == [kind]
        assert len(page.more) == 1


def test_nothing_waiting_is_said_so_and_no_number_stands_in_the_menu(sign_in):
    page = sign_in(Role.AGENT, language="en").get("/tasks/").text
    assert "Nothing waits for you" in page
    assert "menu-count" not in page


def test_an_unknown_kind_shows_all(sign_in):
    answer = sign_in(Role.DIRECTOR, language="en").get("/tasks/?kind=held")
    assert answer.status_code == 200
    assert "Nothing waits for you" in answer.text


def test_a_late_recall_stands_on_the_page_with_its_creditor_and_counts_in_the_menu(world, sign_in):
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    recalling.settle(world.ports, Tenants(creditor, creditor, agency, agency))
    today = utc_now().date()
    recalling.recall(world.ports, creditor, "ONE", on=today + timedelta(days=2), now=utc_now())
    manager = sign_in(Role.MANAGER, language="en")
    page = manager.get("/tasks/?kind=recalls_to_answer").text
    assert "Recalls to answer: 1 case" in page
    assert creditor.side is Side.CREDITOR
    assert "Banco 0" in page
    [address] = re.findall(r'<a href="(/recalls/[^"]+)"', page)
    assert manager.get(address).status_code == 200
    assert (
        "Recalls to answer"
        not in sign_in(Role.MANAGER, organisation=1, language="en").get("/tasks/").text.split("</form>")[-1]
    )
