"""The home page of each role: what waits, counted, each line leading to a page its reader may open."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import update

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.work import Work, WorkState
from agencies.organisations.permissions import Role
from agencies.scorecards.facts import AgencyFacts
from assignments.today import MANY, Waiting
from portal.presenters import home
from portal.presenters.headline import together
from tests import files
from uploads import service
from uploads.queries import list_uploads


def lines(page):
    """Count and title of each line of a home page."""
    return {
        title: count
        for count, title in re.findall(r'todo-count">([^<]+)</span>\s*<span class="todo-text"><strong>([^<]+)<', page)
    }


def add_failed_work(app_ports, actor):
    upload = files.send(app_ports, actor, b"obligacion;saldo total\nA1;100\n").upload
    files.confirm(app_ports, actor, upload.id)
    with app_ports.session(actor) as session, transaction(session):
        session.execute(
            update(Work)
            .where(Work.kind == "check_upload", Work.key == str(upload.id))
            .values(state=WorkState.FAILED, attempt=8, error="OperationalError")
        )
    return upload


@pytest.mark.parametrize(("role", "language"), list(zip(Role, ["es", "en"] * len(Role), strict=False)))
def test_every_role_has_a_home_page_and_a_menu_whose_pages_open(sign_in, role, language):
    browser = sign_in(role, language=language)
    page = browser.get("/")
    assert page.status_code == 200
    menu = re.search(r'<nav class="menu".*?</nav>', page.text, re.DOTALL)[0]
    addresses = re.findall(r'<a href="([^"]+)"', menu)
    assert "/" in addresses
    for address in addresses:
        assert browser.get(address).status_code == 200, address


def test_nothing_waiting_is_said_so(sign_in):
    page = sign_in(Role.AGENT, language="en").get("/").text
    assert "Nothing waits for you" in page
    assert lines(page) == {}


def test_an_invitation_that_was_not_accepted_waits_for_the_director(sign_in):
    browser = sign_in(Role.DIRECTOR, language="en")
    browser.post("/users/invite", {"email": "n@b.example", "name": "", "role": "analyst"})
    assert lines(browser.get("/").text) == {"Invitations not accepted yet": "1"}


def test_failed_work_waits_for_its_organisation_and_for_the_operator_and_for_nobody_else(sign_in, world, app_ports):
    add_failed_work(app_ports, world.actor(Role.ANALYST))
    assert lines(sign_in(Role.ANALYST, language="en").get("/").text) == {"Work that failed": "1"}
    assert "Work that failed" not in lines(sign_in(Role.DIRECTOR, organisation=1, language="en").get("/").text)
    operator = sign_in(Role.OPERATOR, language="en")
    assert lines(operator.get("/").text)["Work that failed"] == "1"
    listed = operator.get("/work/").text
    assert "Banco 0" in listed
    assert "Failed" in listed


def test_a_failure_that_was_answered_waits_for_nobody(sign_in, world, app_ports):
    analyst = world.actor(Role.ANALYST)
    upload = add_failed_work(app_ports, analyst)
    with app_ports.session(analyst) as session:
        assert [one.id for one in list_uploads(session, analyst, has_failed=True).rows] == [upload.id]
    with app_ports.session(analyst) as session, transaction(session):
        service.reject(session, analyst, upload.id, now=utc_now())
    assert "Work that failed" not in lines(sign_in(Role.ANALYST, language="en").get("/").text)
    with app_ports.session(analyst) as session:
        assert list_uploads(session, analyst, has_failed=True).rows == ()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_only_the_operator_sees_everybodys_work(sign_in, role):
    assert sign_in(role).get("/work/").status_code == 403


def test_every_kind_of_waiting_thing_has_its_words_and_a_page_that_is_served(app, world):
    from assignments.today import COUNTERS

    for role in Role:
        actor = world.operator if role is Role.OPERATOR else world.actor(role)
        waiting = [Waiting(kind, MANY) for kind, counter in COUNTERS.items() if counter.is_for(actor)]
        with app.test_request_context("/", headers={"Accept-Language": "en"}):
            page = home.home(actor, waiting, app.view_functions, now_local=utc_now())
        assert len(page.waiting) + len(page.standing) == len(waiting)
        assert all(line.count == "10,000+" for line in page.waiting)
        for line in page.waiting:
            access = app.view_functions[line.endpoint].access
            assert access.admits(actor), (role, line.endpoint)


@pytest.mark.parametrize(
    ("hour", "greeting"),
    [(0, "Good morning"), (11, "Good morning"), (12, "Good afternoon"), (18, "Good afternoon"), (19, "Good evening")],
)
def test_the_greeting_goes_by_the_clock_of_the_organisation(app, world, hour, greeting):
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        page = home.home(world.operator, [], (), now_local=utc_now().replace(hour=hour))
    assert page.greeting == greeting


def test_figures_of_several_agencies_are_added_and_never_averaged():
    one = AgencyFacts(
        creditor_id=1,
        agency_id=1,
        agency_name="x",
        currency="COP",
        months=None,
        first_month=None,
        last_month=None,
        cases=1,
        placed_minor=100,
        payments=1,
        collected_minor=50,
        commission_minor=1,
        payers=2,
        activities=3,
        reports_due=4,
        reports_on_time=3,
    )
    total = together([one, replace(one, agency_id=2, cases=9, placed_minor=900, collected_minor=90)])
    assert (total.cases, total.placed_minor, total.collected_minor) == (10, 1000, 140)
    assert (total.payers, total.activities, total.reports_due, total.reports_on_time) == (4, 6, 8, 6)


def test_the_home_page_asks_little_of_the_database(sign_in, app):
    from sqlalchemy import event

    browser = sign_in(Role.DIRECTOR)
    seen = []
    engine = app.extensions["encargo"].engine
    event.listen(engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    browser.get("/")
    assert len([one for one in seen if one.lstrip().lower().startswith("select")]) <= 30
