"""The pages of the read log: who was shown whose data, to either side, narrowed, and taken away as a file."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.organisations.models import User
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from tests import loop

FORMULA = "=cmd|' /C calc'!A1"


@pytest.fixture
def held(world) -> int:
    """A case of the first creditor, held by the first agency; its own people and the agency's have opened it."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, agency, [loop.NewCase(f"A-{n}", 90_000, name="Ana Uno") for n in range(2)])
    loop.acknowledge_all(world.ports, agency)
    with world.ports.session(creditor) as session:
        return session.scalars(select(Case.id).order_by(Case.id)).first()


@pytest.fixture
def opened(held, world, sign_in) -> str:
    """The case's reference, after two people have opened its page and one the list."""
    reference = world.ports.references.encode("case", held)
    for role in (Role.ANALYST, Role.AGENT):
        assert sign_in(role).get(f"/cases/{reference}").status_code == 200
    assert sign_in(Role.AGENT).get("/worklist/").status_code == 200
    return reference


def sentences(page: str) -> list[str]:
    return [" ".join(one.split()) for one in re.findall(r'data-label="What happened">(.*?)</td>', page, re.DOTALL)]


def test_the_creditor_sees_its_own_people_by_name_and_an_agency_s_by_role(opened, sign_in):
    page = sign_in(Role.COMPLIANCE, language="en").get(f"/audit/reads?case={opened}").text
    found = sentences(page)

    assert len(found) == 3
    assert found[2] == "Analyst 0 opened a page"
    assert re.fullmatch(r"Agent [A-Z2-7]{6} \(Cobranzas 0\) opened a page", found[1])
    assert re.fullmatch(r"Agent [A-Z2-7]{6} \(Cobranzas 0\) looked at a work list", found[0])
    assert "Agent 0" not in page
    assert "Ana Uno" not in page


def test_the_agency_sees_its_own_people_and_nothing_of_the_creditor_s(opened, sign_in):
    found = sentences(sign_in(Role.MANAGER, language="en").get("/audit/reads").text)

    assert found == ["Agent 0 looked at a work list", "Agent 0 opened a page"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?group=pages", 3),
        ("?group=reveals", 0),
        ("?side=own", 1),
        ("?side=other", 2),
        ("?since=2020-01-01&until=2020-01-02", 0),
        ("?since=2020-01-01", 3),
        ("?purpose=call", 0),
        ("?person=zzz&group=zzz&since=yesterday&side=x", 3),
    ],
)
def test_the_address_narrows_the_list(opened, sign_in, query, count):
    assert len(sentences(sign_in(Role.DIRECTOR, language="en").get(f"/audit/reads{query}").text)) == count


def test_another_creditor_and_the_operator_see_nothing_of_it(opened, sign_in):
    assert sentences(sign_in(Role.DIRECTOR, organisation=1, language="en").get("/audit/reads").text) == []
    assert sign_in(Role.MANAGER, organisation=1).get(f"/audit/reads?case={opened}").status_code == 404
    assert sign_in(Role.OPERATOR).get("/audit/reads").status_code == 403
    assert "/audit/reads" not in sign_in(Role.OPERATOR).get("/audit/").text


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.AGENT, Role.INVESTIGATOR])
def test_who_may_not_see_the_trail_sees_neither_list_nor_file(sign_in, role):
    browser = sign_in(role)
    for address in ("/audit/reads", "/audit/reads.csv", "/audit/listing.xlsx"):
        assert browser.get(address).status_code == 403, address


def test_the_file_holds_what_the_page_shows_and_taking_it_is_written_down(opened, sign_in):
    director = sign_in(Role.DIRECTOR, language="en")
    answer = director.get("/audit/reads.csv?side=other&_external=1&endpoint=x&kind=xlsx")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert [row["Cases"] for row in rows] == ["2", "1"]
    assert all(re.fullmatch(r"[0-9a-f]{16}", row["Request"]) for row in rows)
    assert "downloaded the audit trail" in director.get("/audit/?topic=people").text
    assert director.get("/audit/reads.xlsx").data[:2] == b"PK"
    assert director.get("/audit/?side=own&_external=1&endpoint=x&kind=1").status_code == 200


def test_a_name_that_is_a_formula_does_not_run_in_the_file(opened, world, sign_in):
    analyst = world.actor(Role.ANALYST)
    with world.ports.session(world.operator) as session, transaction(session):
        session.get_one(User, analyst.user_id).name = FORMULA
    text = sign_in(Role.DIRECTOR, language="en").get("/audit/reads.csv").data.decode("utf-8-sig")

    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row if FORMULA in cell]
    assert cells == [f"'{FORMULA} opened a page"]


def test_the_trail_is_narrowed_by_person_case_and_days_and_taken_away(opened, world, sign_in):
    director = sign_in(Role.DIRECTOR, language="en")
    person = world.ports.references.encode("user", world.actor(Role.DIRECTOR).user_id)
    everything = director.get("/audit/").text
    assert "signed in" in everything
    assert "opened a page" not in everything
    assert "signed in" in director.get(f"/audit/?person={person}&topic=people").text
    assert "signed in" not in director.get("/audit/?side=other").text
    assert "Nothing matches" in director.get("/audit/?until=2020-01-01").text
    rows = list(csv.DictReader(io.StringIO(director.get("/audit/listing.csv").data.decode("utf-8-sig"), newline="")))
    assert "user.signed_in" in {row["Action"] for row in rows}


def test_a_case_s_page_leads_to_who_saw_it(opened, sign_in):
    assert f"/audit/reads?case={opened}" in sign_in(Role.COMPLIANCE).get(f"/cases/{opened}").text
    assert "/audit/reads" not in sign_in(Role.ANALYST).get(f"/cases/{opened}").text
