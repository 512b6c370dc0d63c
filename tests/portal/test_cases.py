"""The pages of cases: a list with filters and totals, and one case with what is covered on it."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from assignments.cases.listing import BATCH
from assignments.cases.models import Case
from portal.jobs.tasks import perform_due
from tests import approving, files, loop
from tests.attested import revoke_one
from tests.people import MADE_AT

PORTFOLIO = (
    "Obligación;Tipo documento;Documento;Nombre deudor;Producto;Saldo total;Saldo capital;Días mora;Celular;Correo\n"
    "A-1;CC;52123456;Ana Uno;Tarjeta;1.000,00;900,00;40;3001234567;ana.uno@correo.example\n"
    "A-2;CC;52123457;Beto Dos;Tarjeta;2.000,00;2.000,00;90;3001234568;beto@correo.example\n"
    "B-1;CC;52123458;Caro Tres;Libranza;4.000,00;3.500,00;200;3001234569;caro@correo.example\n"
).encode()


@pytest.fixture
def portfolio(world) -> None:
    """Three cases of the first creditor, as an applied file makes them."""
    analyst = world.actor(Role.ANALYST)
    upload = files.send(world.ports, analyst, PORTFOLIO).upload
    files.confirm(world.ports, analyst, upload.id)
    perform_due(world.ports)
    files.apply(world.ports, analyst, upload.id)
    perform_due(world.ports)


def case_id(world, account: str) -> int:
    creditor = world.actor(Role.DIRECTOR)
    with world.ports.session(creditor) as session:
        return session.scalars(select(Case.id).where(Case.account_ref == account)).one()


def address(world, account: str) -> str:
    return f"/cases/{world.ports.references.encode('case', case_id(world, account))}"


def accounts(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="nowrap"><a href="/cases/[a-z2-7]{26}">([^<]+)</a>', page)


@pytest.mark.parametrize(
    ("query", "found", "balance"),
    [
        ("", ["A-1", "A-2", "B-1"], "7.000,00"),
        ("?product=Tarjeta", ["A-1", "A-2"], "3.000,00"),
        ("?min_balance=1.500,00", ["A-2", "B-1"], "6.000,00"),
        ("?max_balance=2.000", ["A-1", "A-2"], "3.000,00"),
        ("?min_dpd=41&max_dpd=100", ["A-2"], "2.000,00"),
        ("?search=B-", ["B-1"], "4.000,00"),
        ("?state=open", ["A-1", "A-2", "B-1"], "7.000,00"),
    ],
)
def test_a_filter_shows_what_it_says_with_its_totals(portfolio, sign_in, query, found, balance) -> None:
    page = sign_in(Role.DIRECTOR).get(f"/cases/{query}").text
    assert accounts(page) == found
    assert balance in re.search(r'class="totals".*?</p>', page, re.DOTALL)[0]


def test_a_filter_that_lets_nothing_through_says_so(portfolio, sign_in) -> None:
    page = sign_in(Role.DIRECTOR).get("/cases/?state=closed").text
    assert accounts(page) == []
    assert "empty-state" in page


@pytest.mark.parametrize("query", ["?min_balance=1.5.0", "?min_dpd=-1", "?state=lost", "?product=Yate"])
def test_a_filter_that_cannot_be_read_is_marked_and_shows_nothing(portfolio, sign_in, query) -> None:
    answer = sign_in(Role.DIRECTOR).get(f"/cases/{query}")
    assert answer.status_code == 200
    assert "is-invalid" in answer.text
    assert accounts(answer.text) == []


def test_identity_and_contact_data_are_covered_everywhere(portfolio, world, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    for page in (director.get("/cases/").text, director.get(address(world, "A-1")).text):
        assert "••••3456" in page
        for secret in ("52123456", "3001234567", "ana.uno@"):
            assert secret not in page
    assert "a•••@c•••" in director.get(address(world, "A-1")).text


def test_one_case_tells_its_balance_and_its_source(portfolio, world, sign_in) -> None:
    page = sign_in(Role.ANALYST).get(address(world, "A-1")).text
    assert "COP 900,00" in page
    assert "cartera.csv" in page
    assert re.search(r"fila\s+2", page)


def test_one_case_tells_its_story_to_both_sides(portfolio, world, sign_in) -> None:
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    mandate = loop.add_mandate(world.ports, creditor, manager)
    loop.place(world.ports, creditor, loop.draft(world.ports, creditor, [mandate]))
    loop.report_payments(
        world.ports,
        manager,
        creditor,
        [{"account_ref": "A-1", "paid_on": "2026-02-01", "amount": 30_000, "received_by": "agency"}],
    )
    loop.report_activities(
        world.ports,
        manager,
        creditor,
        [{"account_ref": "A-1", "happened_at": "2026-02-02T15:00Z", "channel": "call", "result": "promise"}],
    )
    for role in (Role.DIRECTOR, Role.MANAGER):
        page = sign_in(role).get(address(world, "A-1")).text
        events = re.findall(r"<li>.*?<strong>(.*?)</strong>", page.split('class="story"')[1], re.DOTALL)
        assert ["Compromiso de pago" in events[0], "300,00" in events[1], len(events)] == [True, True, 3]
        assert "COP 700,00" in page


def test_an_agency_sees_the_cases_it_holds_and_no_other(portfolio, world, sign_in) -> None:
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    mandate = loop.add_mandate(world.ports, creditor, manager)
    chosen = loop.Selection(product="Tarjeta")
    loop.place(world.ports, creditor, loop.draft(world.ports, creditor, [mandate], selection=chosen))
    for role in (Role.MANAGER, Role.AGENT):
        agency = sign_in(role)
        assert accounts(agency.get("/cases/").text) == ["A-1", "A-2"]
        assert agency.get(address(world, "A-2")).status_code == 200
        assert agency.get(address(world, "B-1")).status_code == 404
        assert "cartera.csv" not in agency.get(address(world, "A-2")).text


def test_nobody_else_sees_a_case(portfolio, world, sign_in) -> None:
    for stranger in (sign_in(Role.DIRECTOR, organisation=1), sign_in(Role.MANAGER, organisation=1)):
        assert accounts(stranger.get("/cases/").text) == []
        assert stranger.get(address(world, "A-1")).status_code == 404
    for role in (Role.FINANCE, Role.OPERATOR):
        assert sign_in(role).get(address(world, "A-1")).status_code == 403


def test_a_made_up_address_is_not_found(sign_in) -> None:
    assert sign_in(Role.DIRECTOR).get(f"/cases/{'a' * 26}").status_code == 404
    assert sign_in(Role.DIRECTOR).get("/cases/?after=iabc").status_code == 404


def test_pages_follow_each_other_and_keep_the_filter(world, sign_in) -> None:
    creditor = world.actor(Role.DIRECTOR)
    loop.add_cases(world.ports, creditor, [loop.NewCase(f"X-{number:03}", 1000) for number in range(60)])
    director = sign_in(Role.DIRECTOR)
    page = director.get("/cases/?state=open").text
    following = re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert "state=open" in following
    rest = director.get(following).text
    assert accounts(page) + accounts(rest) == [f"X-{number:03}" for number in range(60)]
    assert 'rel="next"' not in rest


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def exports(world, role: Role) -> list[int]:
    """How many cases each export in the organisation's trail took away."""
    actor = world.actor(role)
    with world.ports.session(actor) as session:
        bodies = session.scalars(
            select(AuditEvent.body).where(AuditEvent.action == "case.exported").order_by(AuditEvent.seq)
        )
        return [json.loads(body)["details"]["cases"] for body in bodies]


def test_the_file_holds_exactly_what_the_filter_shows(portfolio, world, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    link = re.search(r'href="(/cases/listing.csv[^"]+)"', director.get("/cases/?product=Tarjeta&after=").text)[1]
    answer = director.get(link.replace("&amp;", "&"))
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=casos-")
    rows = rows_of(answer)
    assert [row["Obligación"] for row in rows] == ["A-1", "A-2"]
    assert [row["Saldo"] for row in rows] == ["1000.00", "2000.00"]
    assert [row["Identificación"] for row in rows] == ["••••3456", "••••3457"]
    assert "52123456" not in answer.text
    assert len(rows_of(director.get("/cases/listing.csv"))) == 3
    assert director.get("/cases/listing.csv?min_balance=1.5.0").status_code == 400
    assert exports(world, Role.DIRECTOR) == [2, 3]
    trail = sign_in(Role.COMPLIANCE, language="en").get("/audit/").text
    assert trail.count("downloaded a list of cases") == 2


def test_the_file_is_whole_and_computes_nothing(world, sign_in) -> None:
    cases = [loop.NewCase(f"=X-{number:04}", 1000) for number in range(BATCH + 1)]
    director, now = world.actor(Role.DIRECTOR), utc_now()
    loop.add_cases(world.ports, director, cases)
    asked = approving.ask_for_limit(world.ports, director, BATCH + 1, now=now)
    approving.approve(world.ports, world.actor(Role.FINANCE), asked, now=now)
    rows = rows_of(sign_in(Role.DIRECTOR).get("/cases/listing.csv"))
    assert [row["Obligación"] for row in rows] == [f"'{case.account_ref}" for case in cases]


def test_an_agency_takes_away_what_it_holds_and_strangers_nothing(portfolio, world, sign_in) -> None:
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    mandate = loop.add_mandate(world.ports, creditor, manager)
    chosen = loop.Selection(product="Tarjeta")
    loop.place(world.ports, creditor, loop.draft(world.ports, creditor, [mandate], selection=chosen))
    rows = rows_of(sign_in(Role.MANAGER).get("/cases/listing.csv"))
    assert [(row["Obligación"], row["Acreedor"]) for row in rows] == [("A-1", "Banco 0"), ("A-2", "Banco 0")]
    for role in (Role.DIRECTOR, Role.MANAGER):
        assert rows_of(sign_in(role, organisation=1).get("/cases/listing.csv")) == []
    assert sign_in(Role.OPERATOR).get("/cases/listing.csv").status_code == 403
    assert exports(world, Role.DIRECTOR) == []
    assert exports(world, Role.MANAGER) == [2]


def test_an_agency_takes_no_list_away_of_a_creditor_that_stops_its_downloads(portfolio, world, sign_in) -> None:
    manager, creditors = world.actor(Role.MANAGER), [world.actor(Role.DIRECTOR, organisation=one) for one in (0, 1)]
    loop.place_with(world.ports, creditors[1], manager, loop.some_cases(2))
    mandate = loop.add_mandate(world.ports, creditors[0], manager)
    loop.place(world.ports, creditors[0], loop.draft(world.ports, creditors[0], [mandate]))
    agency, agent = sign_in(Role.MANAGER, language="en"), sign_in(Role.AGENT, language="en")
    assert len(rows_of(agency.get("/cases/listing.csv"))) == 5
    assert "leaves out" not in agency.get("/cases/").text

    revoke_one(world.ports, creditors[0], manager, "AT-02", now=MADE_AT)

    for client in (agency, agent):
        rows = rows_of(client.get("/cases/listing.csv"))
        assert ([row["Creditor"] for row in rows], len(accounts(client.get("/cases/").text))) == (["Banco 1"] * 2, 5)
        page = client.get("/cases/").text
        assert ("leaves out some of your cases" in page, "AT-02" in page, "listing.csv" in page) == (True, True, True)
    assert exports(world, Role.MANAGER) == [5, 2, 2]
    assert len(rows_of(sign_in(Role.DIRECTOR).get("/cases/listing.csv"))) == 3

    revoke_one(world.ports, creditors[1], manager, "AT-02", now=MADE_AT)

    refused, page = agency.get("/cases/listing.csv"), agency.get("/cases/").text
    assert (refused.status_code, "AT-02" in refused.text, "Ana Uno" in refused.text) == (409, True, False)
    assert ("cannot be downloaded now" in page, "listing.csv" in page, len(accounts(page))) == (True, False, 5)
    assert exports(world, Role.MANAGER) == [5, 2, 2]


def test_an_empty_book_says_what_to_do(sign_in) -> None:
    assert "/uploads/new" in sign_in(Role.ANALYST).get("/cases/").text
    assert "empty-state" in sign_in(Role.MANAGER).get("/cases/").text
