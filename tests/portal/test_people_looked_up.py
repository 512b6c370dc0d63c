"""Nobody is looked up through a request or an incident without a trace in the log of reads."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.reads.models import CaseRead, Purpose, ReadKind, Subject
from tests import loop
from tests.portal.test_incidents import address, reported
from tests.portal.test_requests import registered, said

PHONE = "+573001112233"


@pytest.fixture
def owed(world):
    """Two people of the first creditor, one of whom owes twice; one of the second creditor."""
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    rosa = [loop.NewCase(f"A-{n}", 100_000, debtor_ref="rosa", name="Rosa Uno", phones=(PHONE,)) for n in (1, 2)]
    loop.place_with(world.ports, creditor, manager, [*rosa, loop.NewCase("P-1", 5, name="Pía Pagada")])
    loop.acknowledge_all(world.ports, manager)
    loop.add_cases(world.ports, world.actor(Role.DIRECTOR, organisation=1), [loop.NewCase("B-1", 5, name="Rosa Ajena")])
    return world


def ids(world, *accounts: str) -> list[int]:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        return sorted(session.scalars(select(Case.id).where(Case.account_ref.in_(accounts))))


def shown(world, kind: ReadKind, organisation: int = 0) -> list[CaseRead]:
    with world.ports.session(world.actor(Role.DIRECTOR, organisation=organisation)) as session:
        return list(session.scalars(select(CaseRead).where(CaseRead.kind == kind).order_by(CaseRead.id)))


def searches(world) -> list[dict[str, object]]:
    actor = world.actor(Role.DIRECTOR)
    mine = (AuditEvent.organisation_id == actor.tenant, AuditEvent.action == "request.searched")
    with world.ports.session(actor) as session:
        return [json.loads(body)["details"] for body in session.scalars(select(AuditEvent.body).where(*mine))]


def test_an_insider_who_looks_somebody_up_through_a_request_leaves_a_trace(owed, sign_in):
    insider = sign_in(Role.COMPLIANCE)
    page = insider.post("/requests/new", said()).headers["Location"]
    assert "Rosa Uno" in insider.post(f"{page}/search", {"name": "Rosa", "phone": PHONE}).text

    [row] = shown(owed, ReadKind.LIST)
    assert row.case_ids == ids(owed, "A-1", "A-2")
    assert (row.user_id, row.purpose) == (insider.person.actor.user_id, Purpose.DATA_SUBJECT)
    assert row.subject_kind is Subject.REQUEST
    assert row.request_id
    [told] = searches(owed)
    assert (told["by"], told["people"]) == (["phone", "name"], 1)
    assert shown(owed, ReadKind.LIST, organisation=1) == []


def test_that_somebody_is_not_among_the_debtors_is_not_found_out_unseen_either(owed, sign_in):
    insider = sign_in(Role.COMPLIANCE)
    page = insider.post("/requests/new", said()).headers["Location"]
    for _ in range(2):
        insider.post(f"{page}/search", {"id_number": "99999999"})

    assert [(one["by"], one["people"]) for one in searches(owed)] == [(["id_number"], 0)] * 2
    assert "99999999" not in json.dumps(searches(owed))
    assert shown(owed, ReadKind.LIST) == []


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.AUDITOR, Role.MANAGER, Role.OPERATOR])
def test_whoever_does_not_answer_requests_finds_nobody_through_them(owed, sign_in, role):
    page = sign_in(Role.COMPLIANCE).post("/requests/new", said()).headers["Location"]

    assert sign_in(role).post(f"{page}/search", {"name": "Rosa"}).status_code == 403
    stranger = sign_in(Role.COMPLIANCE, organisation=1)
    assert stranger.post(f"{page}/search", {"name": "Rosa"}).status_code == 404
    assert searches(owed) == []


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.AUDITOR])
def test_the_page_of_a_request_says_who_saw_its_people(owed, sign_in, role):
    page = registered(sign_in(Role.COMPLIANCE), account="A-1")
    before = len(shown(owed, ReadKind.PAGE))
    assert "Rosa Uno" in sign_in(role).get(page).text

    row = shown(owed, ReadKind.PAGE)[before]
    assert (row.case_ids, row.role, row.purpose) == (ids(owed, "A-1", "A-2"), role.value, Purpose.DATA_SUBJECT)


def test_what_is_handed_out_to_the_person_stands_in_the_log(owed, sign_in):
    person = sign_in(Role.COMPLIANCE)
    page = registered(person, account="A-1")
    assert person.post(f"{page}/data.zip").status_code == 200
    stranger = sign_in(Role.COMPLIANCE, organisation=1)
    assert stranger.post(f"{page}/data.zip").status_code == 404

    [row] = shown(owed, ReadKind.FULL_EXPORT)
    assert (row.case_ids, row.purpose) == (ids(owed, "A-1", "A-2"), Purpose.DATA_SUBJECT)
    assert {"id_number", "phone", "birth_date"} <= set(row.fields)


@pytest.mark.parametrize("file", ["people.csv", "people.xlsx", "print"])
def test_the_people_of_an_incident_leave_with_a_trace_of_each_case(owed, sign_in, file):
    assert reported(sign_in).status_code == 303
    officer = sign_in(Role.COMPLIANCE)
    page = address(officer)
    assert officer.get(f"{page}/{file}").status_code == 200
    assert sign_in(Role.MANAGER).get(f"{page}/{file}").status_code == 403
    assert sign_in(Role.COMPLIANCE, organisation=1).get(f"{page}/{file}").status_code == 404

    [row] = shown(owed, ReadKind.FULL_EXPORT)
    assert row.case_ids == ids(owed, "A-1", "A-2", "P-1")
    assert (row.purpose, row.subject_kind, row.agency_id) == (Purpose.LEGAL, Subject.INCIDENT, None)
