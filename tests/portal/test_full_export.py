"""A list with nothing covered: for a purpose, by few roles, above the limit by two persons, never without a trace."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from sqlalchemy import create_engine, select, text

from agencies.approvals.models import Approval, ApprovalState
from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.reads.models import CaseRead, Purpose, ReadKind
from tests import loop
from tests.approving import approve, ask_for_limit
from tests.entering import go_stale
from tests.portal.test_export_second_person import ask, let_go

PHONE = "+573159998877"
FULL = "/cases/in-full.csv"
LEGAL = f"{FULL}?purpose=legal"
TAKERS = [Role.ANALYST, Role.COMPLIANCE, Role.MANAGER]


@pytest.fixture
def held(world):
    """Three cases of the first creditor, held by the first agency; one of the second creditor, held by nobody."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    cases = [loop.NewCase(f"A-{n}", 90_000, name="Ana Inventada", phones=(PHONE,)) for n in range(3)]
    loop.place_with(world.ports, creditor, agency, cases)
    loop.acknowledge_all(world.ports, agency)
    loop.add_cases(world.ports, world.actor(Role.DIRECTOR, organisation=1), [loop.NewCase("B-1", 5, phones=(PHONE,))])
    return world


@pytest.fixture
def strict(held):
    """One person alone takes two rows, and no more."""
    director, finance = held.actor(Role.DIRECTOR), held.actor(Role.FINANCE)
    approve(held.ports, finance, ask_for_limit(held.ports, director, 2, now=utc_now()), now=utc_now())
    return held


def rows(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def taken(world, actor=None) -> list[CaseRead]:
    actor = actor or world.actor(Role.DIRECTOR)
    with world.ports.session(actor) as session:
        return list(session.scalars(select(CaseRead).where(CaseRead.kind == ReadKind.FULL_EXPORT)))


def trail(world, role: Role, organisation: int = 0) -> list[dict[str, object]]:
    actor = world.actor(role, organisation=organisation)
    mine = (AuditEvent.organisation_id == actor.tenant, AuditEvent.action == "contact.exported")
    with world.ports.session(actor) as session:
        return [json.loads(body) for body in session.scalars(select(AuditEvent.body).where(*mine))]


@pytest.mark.parametrize("role", TAKERS)
def test_the_file_holds_everything_and_says_who_took_it_and_what_for(held, sign_in, role):
    browser = sign_in(role, language="en")
    assert "/cases/in-full" in browser.get("/cases/").text
    assert PHONE not in browser.get("/cases/in-full").text
    found = rows(browser.get(LEGAL))

    assert sorted(one["Account"] for one in found) == ["A-0", "A-1", "A-2"]
    assert all(PHONE in one["Phones"] for one in found)
    assert all("•" not in one["Identity"] for one in found)
    mark = re.compile(rf"{role.value.title()} 0 · .+ · For a court or an authority")
    assert all(mark.fullmatch(one["Taken away by, when, what for"]) for one in found)


@pytest.mark.parametrize("role", TAKERS)
def test_every_case_of_it_stands_in_the_log_and_every_taking_in_the_trail_of_both(held, sign_in, role):
    sign_in(role).get(LEGAL)

    with held.ports.session(held.actor(Role.DIRECTOR)) as session:
        known = set(session.scalars(select(Case.id)))
    [row] = taken(held)
    assert set(row.case_ids) == known
    assert (row.purpose, row.role, row.user_id) == (Purpose.LEGAL, role.value, held.actor(role).user_id)
    assert {"id_number", "phone", "email", "address"} <= set(row.fields)
    told = trail(held, Role.DIRECTOR)
    assert [one["details"] for one in told] == [{"approval_id": None, "cases": 3, "purpose": "legal"}]
    assert PHONE[1:] not in json.dumps(told)
    assert len(trail(held, Role.MANAGER)) == (1 if role is Role.MANAGER else 0)
    assert trail(held, Role.DIRECTOR, organisation=1) == []


@pytest.mark.parametrize("purpose", ["", "?purpose=", "?purpose=curiosity"])
def test_without_a_purpose_there_is_no_file_and_no_request(held, sign_in, purpose):
    browser = sign_in(Role.ANALYST)
    answer = browser.get(FULL + purpose)

    assert answer.status_code == 400
    assert PHONE not in answer.text
    assert 'name="purpose"' in answer.text
    assert browser.post(FULL + purpose).status_code == 400
    assert taken(held) == []
    assert trail(held, Role.DIRECTOR) == []


@pytest.mark.parametrize(
    "role", [Role.DIRECTOR, Role.FINANCE, Role.AUDITOR, Role.AGENT, Role.INVESTIGATOR, Role.OPERATOR]
)
def test_who_does_not_work_with_lists_of_people_gets_none(held, sign_in, role):
    browser = sign_in(role)
    assert "/cases/in-full" not in browser.get("/cases/").text
    assert [browser.get(one).status_code for one in ("/cases/in-full", LEGAL)] == [403, 403]
    assert browser.post(LEGAL).status_code == 403
    assert taken(held) == []


@pytest.mark.parametrize("role", [Role.ANALYST, Role.MANAGER])
def test_another_organisation_takes_its_own_and_none_of_ours(held, sign_in, role):
    found = rows(sign_in(role, organisation=1).get(LEGAL))

    assert [one["Obligación"] for one in found] == (["B-1"] if role is Role.ANALYST else [])
    assert taken(held) == []


def test_a_stolen_session_takes_nothing_without_a_fresh_proof(held, sign_in):
    browser = sign_in(Role.ANALYST)
    go_stale(held.ports, browser.person)
    answer = browser.get(LEGAL)

    assert answer.status_code == 303
    assert answer.location.startswith("/step-up")
    assert "purpose" in answer.location
    assert taken(held) == []


def test_above_the_limit_a_second_person_reads_that_it_is_in_full_and_what_for(strict, sign_in):
    analyst = sign_in(Role.ANALYST, language="en")
    refused = analyst.get(LEGAL)
    assert refused.status_code == 409
    assert PHONE not in refused.text
    page = ask(analyst, LEGAL)
    assert ask(analyst, LEGAL) == page
    with strict.ports.session(strict.actor(Role.DIRECTOR)) as session:
        waiting = session.scalars(select(Approval).where(Approval.state == ApprovalState.PENDING)).all()
    assert [one.subject["purpose"] for one in waiting] == ["legal"]
    shown = sign_in(Role.COMPLIANCE, language="en").get(page).text
    assert "in full" in shown
    assert "For a court or an authority" in shown
    let_go(sign_in, page)

    assert "purpose=legal" in analyst.get(page).text
    assert len(rows(analyst.get(LEGAL))) == 3
    assert trail(strict, Role.DIRECTOR)[0]["details"]["approval_id"] == waiting[0].id


def test_what_was_approved_is_neither_another_purpose_nor_another_list_nor_another_person(strict, sign_in):
    analyst = sign_in(Role.ANALYST)
    let_go(sign_in, ask(analyst, "/cases/listing.csv"))
    # The covered list was let go, not this one.
    assert analyst.get(LEGAL).status_code == 409
    let_go(sign_in, ask(analyst, LEGAL))

    assert analyst.get(f"{FULL}?purpose=call").status_code == 409
    assert analyst.get(f"{LEGAL}&state=placed").status_code == 409
    assert sign_in(Role.COMPLIANCE).get(LEGAL).status_code == 409
    assert taken(strict) == []


def test_a_purpose_changed_behind_everybodys_back_is_not_approved(strict, sign_in, database):
    page = ask(sign_in(Role.ANALYST), LEGAL)
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text("set session_replication_role = replica"))
        another = "jsonb_set(subject, '{purpose}', '\"call\"')"
        connection.execute(text(f"update approvals set subject = {another} where state = 'pending'"))
    engine.dispose()
    second = sign_in(Role.COMPLIANCE, language="en")

    assert "changed outside the portal" in second.get(page).text
    with strict.ports.session(strict.actor(Role.DIRECTOR)) as session:
        asked = session.scalars(select(Approval).where(Approval.state == ApprovalState.PENDING)).one()
    assert second.post(f"{page}/approve", {"seen": asked.subject_sha256.hex()}).status_code == 409


def test_many_small_files_in_a_day_are_one_large_one(strict, sign_in):
    browser = sign_in(Role.ANALYST, language="en")
    one, two, three = (f"{LEGAL}&search=A-{n}" for n in range(3))
    assert [len(rows(browser.get(each))) for each in (one, two)] == [1, 1]
    refused = browser.get(three)

    assert refused.status_code == 409
    assert "you took 2 others" in refused.text
    # The same people again are no others, and what another person took is not counted.
    assert len(rows(browser.get(one))) == 1
    assert len(rows(sign_in(Role.COMPLIANCE).get(three))) == 1
    assert len(taken(strict)) == 4
