"""The pages of locating: ordered with the cost in sight, taken on, looked for, verified, released."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.clock import utc_now
from agencies.mandates.models import LocateGrade
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.cases.queries import Selection
from assignments.locates.models import Finding, LocateBatch, LocateOrder
from tests import locating, loop

FOUND = "+573115550101"


def today() -> date:
    """The business's own date is good enough here: Bogotá is behind UTC, never ahead."""
    return (utc_now() - timedelta(hours=5)).date()


@pytest.fixture
def creditor(world):
    return world.actor(Role.DIRECTOR)


@pytest.fixture
def seeker(world):
    return world.actor(Role.MANAGER)


@pytest.fixture
def mandate(world, creditor, seeker):
    """A locate mandate, and four cases of three people nobody reaches."""
    cases = [
        loop.NewCase("A-1", 3_000_000, phones=("3001234567",), name="Ana Prueba"),
        loop.NewCase("A-2", 2_000_000, debtor_ref="dos", name="Dos Deudas"),
        loop.NewCase("A-3", 1_000_000, debtor_ref="dos", name="Dos Deudas"),
        loop.NewCase("A-4", 4_000_000, name="Eva Ejemplo"),
    ]
    loop.add_cases(world.ports, creditor, cases)
    return locating.locate_mandate(world.ports, creditor, seeker)


def typed(world, mandate, **changed: object) -> dict[str, object]:
    return {
        "mandate": world.ports.references.encode("mandate", mandate.id),
        "fee_class": "standard",
        "name": "Ilocalizados de enero",
        "due_on": (today() + timedelta(days=30)).isoformat(),
        "purpose": "collect_own_debt",
        "legal_basis": "Cláusula 12 del contrato",
        "is_certified": "y",
        "then": "order",
        **changed,
    }


def batches(world, actor):
    with world.ports.session(actor) as session:
        return list(session.scalars(select(LocateBatch)))


def batch_page(world, batch) -> str:
    return f"/locates/{world.ports.references.encode('locate_batch', batch.id)}"


def order_page(world, actor, account: str) -> str:
    with world.ports.session(actor) as session:
        number = session.scalars(select(LocateOrder.id).where(LocateOrder.account_ref == account)).one()
    return f"/investigation/{world.ports.references.encode('locate_order', number)}"


def finding_page(world, actor) -> str:
    with world.ports.session(actor) as session:
        number = session.scalars(select(Finding.id)).one()
    return f"/findings/{world.ports.references.encode('finding', number)}"


def case_page(world, actor, account: str) -> str:
    with world.ports.session(actor) as session:
        number = session.scalars(select(Case.id).where(Case.account_ref == account)).one()
    return f"/cases/{world.ports.references.encode('case', number)}"


@pytest.fixture
def batch(world, creditor, seeker, mandate):
    """Everybody ordered and taken on."""
    made = locating.order(world.ports, creditor, mandate, now=utc_now(), due_on=today() + timedelta(days=30))
    locating.take_on(world.ports, seeker, made)
    return made


def found(**changed: object) -> dict[str, object]:
    return {
        "kind": "phone",
        "value": "311 555 0101",
        "source_class": "data_provider",
        "source_ref": "Consulta 88",
        "found_on": today().isoformat(),
        "confidence": "high",
        **changed,
    }


def test_the_cost_stands_on_the_page_before_anything_is_ordered(world, mandate, creditor, sign_in):
    director = sign_in(Role.DIRECTOR)
    shown = director.post("/locates/new", typed(world, mandate, then="show"))

    assert shown.status_code == 200
    assert "COP 25.000,00" in shown.text
    assert "COP 75.000,00" in shown.text
    assert 'name="expected" value="3"' in shown.text
    assert batches(world, creditor) == []


def test_an_order_goes_out_once_as_it_was_shown(world, mandate, creditor, sign_in):
    director = sign_in(Role.DIRECTOR)
    assert director.post("/locates/new", typed(world, mandate, expected="3")).status_code == 303
    assert director.post("/locates/new", typed(world, mandate, expected="3")).status_code == 409
    assert len(batches(world, creditor)) == 1
    assert "Ilocalizados de enero" in director.get("/locates/").text


@pytest.mark.parametrize("missing", ["is_certified", "legal_basis", "due_on", "mandate", "name"])
def test_an_order_without_its_word_is_refused_and_nothing_typed_is_lost(world, mandate, creditor, sign_in, missing):
    values = {name: value for name, value in typed(world, mandate).items() if name != missing}
    answer = sign_in(Role.DIRECTOR).post("/locates/new", values)

    assert answer.status_code == 400
    assert "notice-error" in answer.text or "field-error" in answer.text
    assert missing == "name" or "Ilocalizados de enero" in answer.text
    assert batches(world, creditor) == []


def test_one_case_is_ordered_from_its_own_page(world, mandate, creditor, sign_in):
    director = sign_in(Role.DIRECTOR)
    page = director.get(case_page(world, creditor, "A-1")).text
    address = re.search(r'href="(/locates/new\?case=[^"]+)"', page)[1]

    assert "A-1" in director.get(address).text
    reference = address.partition("case=")[2]
    assert director.post("/locates/new", typed(world, mandate, case=reference, expected="1")).status_code == 303
    assert [one.orders for one in batches(world, creditor)] == [1]


def test_the_return_code_leads_to_the_people_who_cannot_be_traced(world, mandate, sign_in):
    shown = sign_in(Role.DIRECTOR).get("/locates/new?return_code=untraceable").text

    assert re.search(r'<option selected value="untraceable">', shown)


def test_the_manager_takes_a_batch_on_and_downloads_it(world, mandate, creditor, seeker, sign_in):
    made = locating.order(world.ports, creditor, mandate, now=utc_now(), due_on=today() + timedelta(days=30))
    manager, page = sign_in(Role.MANAGER), batch_page(world, made)
    assert "Ana Prueba" not in manager.get("/investigation/").text
    assert manager.get(f"{page}/orders.csv").status_code == 409
    assert manager.post(f"{page}/acknowledge").status_code == 303

    assert "Ana Prueba" in manager.get("/investigation/").text
    answer = manager.get(f"{page}/orders.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert [row["account_ref"] for row in rows] == ["A-1", "A-2", "A-4"]
    assert rows[0]["phones"] == "3001234567"


def test_an_investigator_works_a_person_from_the_queue_to_the_end(world, batch, creditor, seeker, sign_in):
    investigator = sign_in(Role.INVESTIGATOR)
    assert order_page(world, seeker, "A-4") in investigator.get("/investigation/").text
    page = order_page(world, seeker, "A-1")
    shown = investigator.get(page).text
    assert "Ana Prueba" in shown
    assert "3001234567" not in shown
    assert "3001234567" in locating.revealed(investigator, page, "point0")
    known = investigator.post(f"{page}/check", {"kind": "phone", "value": "300-123 4567"}).text
    assert "+573001234567" in known
    assert "is-unreadable" in known
    assert "is-unreadable" not in investigator.post(f"{page}/check", {"kind": "phone", "value": "3115550101"}).text

    assert investigator.post(f"{page}/findings", found()).status_code == 303
    again = investigator.post(f"{page}/findings", found(value="(311) 555-0101"))
    assert again.status_code == 409
    assert "(311) 555-0101" in again.text
    assert FOUND not in investigator.get(page).text
    assert FOUND in locating.revealed(investigator, finding_page(world, seeker))
    assert investigator.post(f"{page}/hand-in", {"searched": ""}).status_code == 400
    done = investigator.post(f"{page}/hand-in", {"searched": "RUNT"})
    assert done.status_code == 303
    assert done.location in {order_page(world, seeker, "A-4"), order_page(world, seeker, "A-2")}


def test_evidence_is_kept_by_its_content_and_leaves_as_an_attachment(world, batch, creditor, seeker, sign_in):
    investigator, page = sign_in(Role.INVESTIGATOR), order_page(world, seeker, "A-1")
    active = (io.BytesIO(b"%PDF-1.4 /JavaScript"), "captura.pdf")
    refused = investigator.post(f"{page}/findings", found(file=active), content_type="multipart/form-data")
    assert refused.status_code == 400
    plain = (io.BytesIO(b"%PDF-1.4 captura"), "captura.pdf")
    kept = investigator.post(f"{page}/findings", found(file=plain), content_type="multipart/form-data")
    assert kept.status_code == 303

    answer = investigator.get(f"{finding_page(world, seeker)}/evidence")
    assert answer.data == b"%PDF-1.4 captura"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert sign_in(Role.ANALYST).get(f"{finding_page(world, seeker)}/evidence").status_code == 404


def test_the_creditor_grades_authorises_and_releases(world, batch, creditor, seeker, sign_in):
    _, order, *_ = locating.orders(world.ports, seeker, batch)
    locating.find(world.ports, seeker, order.id, [locating.phone()], now=utc_now())
    analyst, page = sign_in(Role.ANALYST), finding_page(world, creditor)
    listed = analyst.get("/findings/").text
    assert page in listed
    assert FOUND not in listed
    assert FOUND not in analyst.get(page).text
    assert FOUND in locating.revealed(analyst, page)
    assert analyst.post(f"{page}/release").status_code == 400
    assert analyst.post(f"{page}/grade", {"grade": "verified_with_debtor"}).status_code == 400
    assert analyst.post(f"{page}/grade", {"grade": "verified_with_debtor", "method": "call"}).status_code == 303
    assert analyst.post(f"{page}/authorisation", {"authorisation": "authorised"}).status_code == 303
    assert f"{page}/release" in analyst.get(page).text
    assert analyst.post(f"{page}/release").status_code == 303

    ledger = sign_in(Role.FINANCE).get("/ledger/").text
    assert "COP 25.000,00" in ledger
    assert "COP 25.000,00" in sign_in(Role.MANAGER).get("/ledger/").text
    for role in (Role.FINANCE, Role.COMPLIANCE):
        assert FOUND not in sign_in(role).get(page).text


def test_a_grade_is_given_once(world, batch, creditor, seeker, sign_in):
    order, *_ = locating.orders(world.ports, seeker, batch)
    locating.find(world.ports, seeker, order.id, [locating.phone()], now=utc_now())
    analyst, page = sign_in(Role.ANALYST), finding_page(world, creditor)
    assert analyst.post(f"{page}/grade", {"grade": "stale", "method": "call"}).status_code == 303
    assert analyst.post(f"{page}/grade", {"grade": "negative", "method": "call"}).status_code == 409


def test_what_the_agency_found_is_covered_once_its_order_is_over(world, batch, creditor, seeker, sign_in):
    order, *_ = locating.orders(world.ports, seeker, batch)
    [number] = locating.find(world.ports, seeker, order.id, [locating.phone()], now=utc_now())
    manager, page = sign_in(Role.MANAGER), finding_page(world, seeker)
    assert FOUND in locating.revealed(manager, page)

    locating.grade(world.ports, creditor, number, LocateGrade.VERIFIED_WITH_DEBTOR, now=utc_now())
    assert locating.revealed(manager, page) == ""
    assert manager.get(order_page(world, seeker, "A-1")).status_code == 404


def test_what_is_taken_back_leaves_the_queue_at_once(world, batch, creditor, seeker, sign_in):
    page = order_page(world, seeker, "A-1")
    assert sign_in(Role.DIRECTOR).post(f"{batch_page(world, batch)}/withdraw").status_code == 303

    investigator = sign_in(Role.INVESTIGATOR)
    assert "Ana Prueba" not in investigator.get("/investigation/").text
    assert investigator.get(page).status_code == 404
    assert investigator.post(f"{page}/findings", found()).status_code in {404, 409}


def test_orders_with_nothing_found_are_closed_with_one_button(world, batch, seeker, sign_in):
    investigator = sign_in(Role.INVESTIGATOR)
    for account in ("A-1", "A-2", "A-4"):
        page = order_page(world, seeker, account)
        said = {"searched": "RUNT", "is_nothing_found": "y"}
        assert investigator.post(f"{page}/hand-in", said).status_code == 303
    director, page = sign_in(Role.DIRECTOR), batch_page(world, batch)
    assert f"{page}/close-empty" in director.get(page).text
    assert director.post(f"{page}/close-empty").status_code == 303
    assert f"{page}/close-empty" not in director.get(page).text


def test_home_says_what_waits_for_whom(world, mandate, creditor, seeker, sign_in):
    made = locating.order(world.ports, creditor, mandate, now=utc_now(), due_on=today() + timedelta(days=30))
    assert 'href="/locates/?state=sent"' in sign_in(Role.MANAGER).get("/").text
    locating.take_on(world.ports, seeker, made)
    assert 'href="/investigation/"' in sign_in(Role.INVESTIGATOR).get("/").text
    order, *_ = locating.orders(world.ports, seeker, made)
    locating.find(world.ports, seeker, order.id, [locating.phone()], now=utc_now())
    assert 'href="/findings/"' in sign_in(Role.ANALYST).get("/").text


@pytest.mark.parametrize("role", [Role.FINANCE, Role.COMPLIANCE, Role.MANAGER, Role.AGENT, Role.INVESTIGATOR])
def test_only_who_orders_orders(world, mandate, sign_in, role):
    person = sign_in(role)
    assert person.get("/locates/new").status_code == 403
    assert person.post("/locates/new", typed(world, mandate)).status_code == 403


def test_an_agent_has_no_business_with_locating(world, batch, seeker, sign_in):
    agent = sign_in(Role.AGENT)
    for page in ("/locates/", "/investigation/", "/findings/", order_page(world, seeker, "A-1")):
        assert agent.get(page).status_code == 403


def test_no_neighbour_comes_near(world, batch, creditor, seeker, sign_in):
    locating.find(
        world.ports, seeker, locating.orders(world.ports, seeker, batch)[0].id, [locating.phone()], now=utc_now()
    )
    pages = (batch_page(world, batch), order_page(world, seeker, "A-4"), finding_page(world, creditor))
    for stranger in (sign_in(Role.MANAGER, organisation=1), sign_in(Role.DIRECTOR, organisation=1)):
        for page in pages:
            assert stranger.get(page).status_code in {403, 404}


def test_the_lists_that_place_cases_offer_no_locate_mandate(world, mandate, creditor, seeker, sign_in):
    collect = loop.add_mandate(world.ports, creditor, seeker)
    encode = world.ports.references.encode
    director = sign_in(Role.DIRECTOR)
    assert encode("mandate", mandate.id) not in director.get("/placements/new").text
    assert encode("mandate", collect.id) in director.get("/placements/new").text
    assert encode("mandate", collect.id) not in director.get("/locates/new").text


def test_nobody_is_named_on_the_page_of_a_batch_that_was_not_taken_on(world, mandate, creditor, seeker, sign_in):
    made = locating.order(world.ports, creditor, mandate, now=utc_now(), due_on=today() + timedelta(days=30))
    manager, page = sign_in(Role.MANAGER), batch_page(world, made)

    assert "Ana Prueba" not in manager.get(page).text
    assert "Ana Prueba" in sign_in(Role.DIRECTOR).get(page).text
    assert "A••• P•••" in sign_in(Role.FINANCE).get(page).text
    assert manager.post(f"{page}/acknowledge").status_code == 303
    assert "Ana Prueba" in manager.get(page).text


def test_a_check_answers_nothing_to_an_agency_that_collects_from_the_person(world, batch, creditor, seeker, sign_in):
    collect = loop.add_mandate(world.ports, creditor, seeker)
    wave = loop.draft(world.ports, creditor, [collect], selection=Selection(search="A-1"))
    loop.place(world.ports, creditor, wave)
    page = order_page(world, seeker, "A-1")
    answer = sign_in(Role.INVESTIGATOR).post(f"{page}/check", {"kind": "phone", "value": "3001234567"})
    assert answer.status_code == 409
    assert "+573001234567" not in answer.text


def test_a_mere_match_cannot_be_released_from_the_page(world, batch, creditor, seeker, sign_in):
    order, *_ = locating.orders(world.ports, seeker, batch)
    locating.find(world.ports, seeker, order.id, [locating.phone()], now=utc_now())
    analyst, page = sign_in(Role.ANALYST), finding_page(world, creditor)
    assert analyst.post(f"{page}/grade", {"grade": "matched_unverified", "method": "comparison"}).status_code == 303
    assert analyst.post(f"{page}/authorisation", {"authorisation": "authorised"}).status_code == 303

    assert f"{page}/release" not in analyst.get(page).text
    assert analyst.post(f"{page}/release").status_code == 400
