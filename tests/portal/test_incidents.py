"""Incidents on the page: who reports, who sees, who decides, what leaves, and what nobody else gets to see."""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.incidents.models import Incident
from assignments.reads import service as reads
from assignments.reads.models import ReadKind
from tests import loop


@pytest.fixture
def held(world) -> None:
    """The first agency holds three cases of the first creditor and one of the second."""
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    cases = [loop.NewCase(f"A-{n}", 100_000, name="=HYPERLINK(1)", phones=("+573001112233",)) for n in range(3)]
    loop.place_with(world.ports, creditor, manager, cases)
    other = world.actor(Role.DIRECTOR, organisation=1)
    loop.place_with(world.ports, other, manager, [loop.NewCase("B-1", 100_000)])
    loop.acknowledge_all(world.ports, manager)


def said(**changed: object) -> dict[str, object]:
    return {
        "key": str(uuid.uuid4()),
        "kind": "theft",
        "aware_at": "2026-03-11T08:00",
        "happened_from": "2026-03-01T00:00",
        "happened_to": "2026-03-10T00:00",
        "categories": ["identity", "contact"],
        "systems": "Portátil",
        "cause": "Hurto en un taxi",
        "measures": "Claves cambiadas",
        "contact": "Oficial de datos",
        **changed,
    }


def reported(sign_in, **changed: object):
    return sign_in(Role.MANAGER).post("/incidents/new", said(**changed))


def address(browser) -> str:
    [found] = set(re.findall(r'href="(/incidents/[a-z2-7]{26})"', browser.get("/incidents/").text))
    return found


def test_an_agency_reports_and_each_creditor_sees_its_own_part(held, sign_in) -> None:
    assert reported(sign_in).status_code == 303
    one, two = sign_in(Role.COMPLIANCE, language="en"), sign_in(Role.DIRECTOR, organisation=1, language="en")
    mine = one.get(address(one)).text
    assert "Hurto en un taxi" in mine
    assert "15 working days" in mine
    assert "Reported more than 24 hours" in mine
    assert address(one) != address(two)
    assert two.get(address(one)).status_code == 404
    assert "touched; assess it now" in one.get("/notices/").text
    people = one.get(f"{address(one)}/people.csv").text
    assert re.findall(r"\b[AB]-\d", people) == ["A-0", "A-1", "A-2"]
    assert re.findall(r"\b[AB]-\d", two.get(f"{address(two)}/people.csv").text) == ["B-1"]


def test_a_creditor_assesses_tells_and_closes_it_on_the_page(held, sign_in) -> None:
    reported(sign_in)
    person = sign_in(Role.DIRECTOR, language="en")
    page = address(person)
    assert person.post(f"{page}/assess", {"authority": "y", "reasons": ""}).status_code == 400
    assert person.post(f"{page}/close", {"reason": "Ya"}).status_code == 409
    assert person.post(f"{page}/assess", {"authority": "y", "people": "y", "reasons": "Datos"}).status_code == 303
    refused = person.post(f"{page}/close", {"reason": "Ya"})
    assert refused.status_code == 409
    assert "not recorded yet" in refused.text
    told = {"country": "CO", "at": "2026-03-12T09:00", "reference": "SIC 26-77"}
    assert person.post(f"{page}/authority", told).status_code == 303
    assert person.post(f"{page}/people", {"at": "2026-03-12T09:00", "reference": "Carta"}).status_code == 303
    assert person.post(f"{page}/close", {"reason": "Aprendido"}).status_code == 303
    seen = person.get(page).text
    assert "SIC 26-77" in seen
    assert "Closed" in seen
    assert person.post(f"{page}/more", said()).status_code == 409


def test_a_page_left_open_records_nobody_as_told_who_came_in_since(held, sign_in) -> None:
    reported(sign_in, accounts="A-1")
    person, manager = sign_in(Role.COMPLIANCE, language="en"), sign_in(Role.MANAGER)
    page = address(person)
    decided = {"authority": "", "people": "y", "reasons": "Se leen"}
    assert person.post(f"{page}/assess", decided).status_code == 303
    shown = re.search(r'name="scope" value="(\d+)"', person.get(page).text)[1]
    assert manager.post(f"{address(manager)}/more", said()).status_code == 303

    told = {"at": "2026-03-12T09:00", "reference": "Carta a una", "scope": shown}
    refused = person.post(f"{page}/people", told)
    assert refused.status_code == 409
    assert "moved on in the meantime" in refused.text
    # What was typed is there still, under the people the page shows now.
    assert "Carta a una" in refused.text
    told["scope"] = re.search(r'name="scope" value="(\d+)"', refused.text)[1]
    assert person.post(f"{page}/people", told).status_code == 303


def test_the_same_button_twice_is_one_incident(held, sign_in, world) -> None:
    manager, form = sign_in(Role.MANAGER), said()
    assert manager.post("/incidents/new", form).status_code == 303
    assert manager.post("/incidents/new", form).status_code == 303
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        assert len(session.scalars(select(Incident.id)).all()) == 1


def test_an_agent_reports_and_sees_nothing_of_it(held, sign_in) -> None:
    agent = sign_in(Role.AGENT)
    assert agent.post("/incidents/new", said()).headers["Location"] == "/"
    assert agent.get("/incidents/").status_code == 403
    page = address(sign_in(Role.DIRECTOR))
    for path in (page, f"{page}/people.csv", f"{page}/people.xlsx", f"{page}/print", "/incidents/register.csv"):
        assert agent.get(path).status_code == 403


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.OPERATOR])
def test_whoever_does_not_need_to_know_is_kept_out(held, sign_in, role) -> None:
    reported(sign_in)
    page, stranger = address(sign_in(Role.DIRECTOR)), sign_in(role)
    assert stranger.get(page).status_code == 403
    assert stranger.get(f"{page}/people.csv").status_code == 403
    assert stranger.post("/incidents/new", said()).status_code == 403


def test_the_agency_that_reported_gets_no_list_and_decides_nothing(held, sign_in) -> None:
    reported(sign_in)
    manager = sign_in(Role.MANAGER)
    found = set(re.findall(r'href="(/incidents/[a-z2-7]{26})"', manager.get("/incidents/").text))
    assert len(found) == 2
    for page in found:
        assert "Hurto en un taxi" in manager.get(page).text
        assert manager.get(f"{page}/people.csv").status_code == 403
        assert manager.post(f"{page}/assess", {"reasons": "x"}).status_code == 403
        assert sign_in(Role.MANAGER, organisation=1).get(page).status_code == 404


def test_what_is_typed_is_kept_when_the_times_cannot_be(held, sign_in) -> None:
    refused = reported(sign_in, happened_to="2026-02-01T00:00")
    assert refused.status_code == 400
    assert "Hurto en un taxi" in refused.text


def test_a_list_that_leaves_is_recorded_and_runs_no_formula(held, sign_in, world) -> None:
    reported(sign_in)
    person = sign_in(Role.COMPLIANCE)
    page = address(person)
    assert "'=HYPERLINK(1)" in person.get(f"{page}/people.csv").text
    book = zipfile.ZipFile(io.BytesIO(person.get(f"{page}/people.xlsx").data))
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
    with world.ports.session(world.actor(Role.COMPLIANCE)) as session:
        left = session.scalars(select(AuditEvent.body).where(AuditEvent.action == "incident.exported")).all()
    assert len(left) == 2
    assert "3001112233" not in "".join(left)


def test_the_printed_report_says_facts_counts_deadlines_and_people(held, sign_in) -> None:
    reported(sign_in)
    person = sign_in(Role.DIRECTOR, language="en")
    printed = person.get(f"{address(person)}/print").text
    for part in ("Hurto en un taxi", "Colombia: 3", "15 working days", "+573001112233", "A-2"):
        assert part in printed


def test_a_creditor_opens_one_itself(held, sign_in, world) -> None:
    person = sign_in(Role.COMPLIANCE, language="en")
    agency = world.ports.references.encode("organisation", world.agencies[0].id)
    assert person.post("/incidents/new", said(agency="")).status_code == 303
    assert person.post("/incidents/new", said(agency=agency)).status_code == 303
    assert person.post("/incidents/new", said(agency="x" * 26)).status_code in {400, 404}
    assert "Cobranzas 0" in sign_in(Role.DIRECTOR).get("/incidents/").text


def test_more_is_said_and_what_was_said_stays(held, sign_in) -> None:
    reported(sign_in)
    manager = sign_in(Role.MANAGER)
    page = re.findall(r'href="(/incidents/[a-z2-7]{26})"', manager.get("/incidents/").text)[0]
    assert "Hurto en un taxi" in manager.get(f"{page}/more").text
    assert manager.post(f"{page}/more", said(cause="Apareció el portátil")).status_code == 303
    seen = sign_in(Role.DIRECTOR).get(address(sign_in(Role.DIRECTOR))).text
    assert "Apareció el portátil" in seen
    assert "Hurto en un taxi" in seen


def test_narrowed_to_a_stolen_user_it_touches_whom_that_user_was_shown_and_nobody_else(held, sign_in, world) -> None:
    creditor, agent, manager = world.actor(Role.DIRECTOR), world.person(Role.AGENT), sign_in(Role.MANAGER)
    with world.ports.session(creditor) as session:
        case_id = session.scalars(select(Case.id).where(Case.account_ref == "A-1")).one()
    with world.ports.session(agent.actor) as session, transaction(session):
        within = datetime(2026, 3, 5, tzinfo=UTC)
        reads.note(session, agent.actor, ReadKind.PAGE, [(creditor.tenant, case_id)], now=within)
    stolen = world.ports.references.encode("user", agent.actor.user_id)
    assert manager.post("/incidents/new", said(users=["x" * 26])).status_code == 400
    assert manager.post("/incidents/new", said(users=[stolen])).status_code == 303
    person = sign_in(Role.COMPLIANCE, language="en")
    assert "only what 1 user was shown" in person.get(address(person)).text
    assert re.findall(r"\b[AB]-\d", person.get(f"{address(person)}/people.csv").text) == ["A-1"]
    # Saying more keeps what it was narrowed to: ticked for the agency, untouched for the creditor.
    more = manager.get(f"{address(manager)}/more").text
    assert re.search(rf'checked[^>]*value="{stolen}"|value="{stolen}"[^>]*checked', more)
    assert person.post(f"{address(person)}/more", said()).status_code == 303
    assert re.findall(r"\b[AB]-\d", person.get(f"{address(person)}/people.csv").text) == ["A-1"]
    assert manager.post(f"{address(manager)}/more", said()).status_code == 303
    assert len(re.findall(r"\b[AB]-\d", person.get(f"{address(person)}/people.csv").text)) == 3


def test_a_file_is_attached_and_handed_to_the_two_only(held, sign_in) -> None:
    reported(sign_in)
    manager = sign_in(Role.MANAGER)
    own = re.findall(r'href="(/incidents/[a-z2-7]{26})"', manager.get("/incidents/").text)[0]
    for name, body in (("denuncia.txt", b"denuncia 1"), ("denuncia.pdf", b"no es pdf"), ("x.html", b"<script>")):
        manager.post(f"{own}/files", {"file": (io.BytesIO(body), name)})
    person = sign_in(Role.DIRECTOR)
    [file] = set(re.findall(rf'href="({address(person)}/files/[a-z2-7]{{26}})"', person.get(address(person)).text))
    answer = person.get(file)
    assert answer.data == b"denuncia 1"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert sign_in(Role.DIRECTOR, organisation=1).get(file).status_code == 404


def test_the_register_is_filtered_and_exported(held, sign_in) -> None:
    reported(sign_in)
    person = sign_in(Role.DIRECTOR, language="en")
    assert address(person) in person.get("/incidents/?state=open&kind=theft&late=yes").text
    assert "None of these" in person.get("/incidents/?kind=loss").text
    assert "Theft" in person.get("/incidents/register.csv").text


def test_every_country_s_deadlines_are_shown_with_what_was_not_found(sign_in) -> None:
    page = sign_in(Role.COMPLIANCE, language="en").get("/incidents/deadlines").text
    for words in ("15 working days", "48 hours", "no term found", "voluntary", "without undue delay", "24 hours"):
        assert words in page
    assert sign_in(Role.ANALYST).get("/incidents/deadlines").status_code == 403
