"""The people of an incident or of requests in full: one person alone takes no crowd of them along."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from tests import loop
from tests.approving import approve, ask_for_limit
from tests.portal.test_export_second_person import let_go
from tests.portal.test_incidents import address, reported, said
from tests.portal.test_requests import said as asks


@pytest.fixture
def strict(world):
    """A creditor where one person takes two rows away at most; three of its people are with the agency."""
    director, finance, manager = world.actor(Role.DIRECTOR), world.actor(Role.FINANCE), world.actor(Role.MANAGER)
    approve(world.ports, finance, ask_for_limit(world.ports, director, 2, now=utc_now()), now=utc_now())
    people = [loop.NewCase(f"A-{n}", 100_000, name=f"Rosa {n}") for n in range(3)]
    loop.place_with(world.ports, director, manager, people)
    loop.acknowledge_all(world.ports, manager)
    return world


def test_the_people_of_an_incident_leave_with_a_second_person_only(strict, sign_in) -> None:
    reported(sign_in)
    insider = sign_in(Role.DIRECTOR, language="en")
    page = address(insider)
    for file in ("people.csv", "people.xlsx", "print"):
        refused = insider.get(f"{page}/{file}")
        assert refused.status_code == 409
        assert "takes a second person" in refused.text
        assert "Rosa" not in refused.text
    asked = insider.post(f"{page}/people.csv")
    assert asked.status_code == 303
    assert insider.get(f"{page}/people.csv").status_code == 409
    let_go(sign_in, asked.location)

    assert f"{page}/people.csv" in insider.get(asked.location).text
    # What was let go is this incident, on paper and as a file, for whoever asked.
    for file in ("people.csv", "people.xlsx", "print"):
        assert insider.get(f"{page}/{file}").status_code == 200
        assert sign_in(Role.COMPLIANCE).get(f"{page}/{file}").status_code == 409
    with strict.ports.session(strict.actor(Role.DIRECTOR)) as session:
        left = session.scalars(select(AuditEvent.body).where(AuditEvent.action == "incident.exported")).all()
    assert all(re.search(r'"approval_id":\d+', body) for body in left)


def test_many_small_incidents_in_a_day_are_one_large_one(strict, sign_in) -> None:
    insider, pages = sign_in(Role.COMPLIANCE, language="en"), []
    for account in ("A-0", "A-1", "A-2"):
        known = set(re.findall(r'href="(/incidents/[a-z2-7]{26})"', insider.get("/incidents/").text))
        reported(sign_in, accounts=account)
        pages += set(re.findall(r'href="(/incidents/[a-z2-7]{26})"', insider.get("/incidents/").text)) - known
    assert [insider.get(f"{one}/people.csv").status_code for one in pages] == [200, 200, 409]
    assert "you took 2 others" in insider.get(f"{pages[2]}/print").text
    # What was taken before may be taken again: with the other one it is two.
    assert insider.get(f"{pages[0]}/print").status_code == 200
    assert sign_in(Role.DIRECTOR).get(f"{pages[2]}/people.csv").status_code == 200


def test_one_incident_amended_again_and_again_takes_no_crowd_of_people_along(strict, sign_in) -> None:
    insider = sign_in(Role.COMPLIANCE, language="en")
    page = insider.post("/incidents/new", said(accounts="A-0\nA-1")).headers["Location"]
    taken = insider.get(f"{page}/people.csv")
    assert set(re.findall(r"\bA-\d", taken.text)) == {"A-0", "A-1"}
    assert insider.post(f"{page}/more", said(accounts="A-2")).status_code == 303
    for file in ("people.csv", "people.xlsx", "print"):
        refused = insider.get(f"{page}/{file}")
        assert (refused.status_code, "A-2" in refused.text) == (409, False)
    assert "you took 2 others" in insider.get(f"{page}/print").text
    # Somebody else begins with nothing.
    assert "A-2" in sign_in(Role.DIRECTOR).get(f"{page}/people.csv").text


def test_people_of_an_incident_and_those_of_a_list_are_one_large_file(strict, sign_in) -> None:
    insider = sign_in(Role.COMPLIANCE, language="en")
    page = insider.post("/incidents/new", said(accounts="A-0\nA-1")).headers["Location"]
    listed = "/cases/in-full.csv?purpose=legal&search="
    assert insider.get(f"{page}/people.csv").status_code == 200
    # The same people are nobody else.
    assert insider.get(f"{listed}A-1").status_code == 200
    refused = insider.get(f"{listed}A-2")
    assert refused.status_code == 409
    assert "you took 2 others" in refused.text


def test_whoever_accepts_who_asks_takes_no_crowd_of_people_along_by_invented_requests(strict, sign_in) -> None:
    insider = sign_in(Role.COMPLIANCE, language="en")
    pages = []
    for n in range(3):
        page = insider.post("/requests/new", asks(name=f"Rosa {n}")).headers["Location"]
        found = insider.post(f"{page}/search", {"name": f"Rosa {n}"}).text
        insider.post(f"{page}/people", {"people": re.search(r'name="people" value="([a-z2-7]{26})"', found)[1]})
        assert insider.post(f"{page}/identity", {"shown": "Cédula", "accepted": "yes"}).status_code == 303
        pages.append(page)
    assert [insider.post(f"{one}/data.zip").status_code for one in pages] == [200, 200, 409]
    assert "another person of your organisation" in insider.post(f"{pages[2]}/data.zip").text
    assert sign_in(Role.DIRECTOR).post(f"{pages[2]}/data.zip").status_code == 200
