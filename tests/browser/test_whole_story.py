"""Four people and one story in a real browser: a lot is offered and won, worked, paid, searched for and compared.

The director, two managers and an investigator sit at browsers of their own. An attestation that the director has sent
back keeps the winner from the file of its cases until it is signed anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, text

from agencies.kernel.clock import local_date, utc_now
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import people as registered
from tests.attested import attest_all
from tests.browser import material, story
from tests.browser.passing import let_bids_close, let_days_pass, open_reports
from tests.browser.person import Person
from tests.browser.site import Site
from tests.conftest import Database
from tests.entering import next_code
from tests.loop import NewCase, add_cases
from tests.people import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]

ZONE = "America/Bogota"
LOT = "Castigada, primer semestre"
WINNER, LOSER = "Gestión Frailejón", "Rastros del Yarumo"
#: One person with two debts; the phone the creditor gave is out of use.
TWICE, KNOWN, FOUND = "cliente-7", "3001234567", "3159876543"
#: What is renamed so that the pictures show a bank and not a number: kind, number, name.
NAMES = """
update organisations set name = 'Banco Cordillera' where name = 'Banco 0';
update organisations set name = 'Gestión Frailejón' where name = 'Cobranzas 0';
update organisations set name = 'Rastros del Yarumo' where name = 'Cobranzas 1';
update users set name = 'Diana Directora' where email = 'director@creditor0.example';
update users set name = 'Gabriel Gutiérrez' where email = 'manager@agency0.example';
update users set name = 'Marta Marín' where email = 'manager@agency1.example';
update users set name = 'Iván Ibarra' where email = 'investigator@agency1.example';
"""
#: What the director looks at once more in English.
PAGES = (
    "attestations",
    "panel",
    "market",
    "locates",
    "findings",
    "recalls",
    "service-levels",
    "conduct",
    "scorecards",
)
SECURITY = {"basis": "iso27001", "scope": "Sistemas de cobranza y copias.", "last_test_on": "2026-01-15"}


@pytest.fixture
def world(ports: Ports, database: Database) -> World:
    """A bank with 241 open debts and two agencies; everybody can sign in."""
    made = World(ports)
    for role, organisation in ((Role.DIRECTOR, 0), (Role.MANAGER, 0), (Role.MANAGER, 1), (Role.INVESTIGATOR, 1)):
        made.person(role, organisation=organisation)
    debts = [
        NewCase(f"CO-{n:06}", 4_000_000 + 1_000_000 * n, phones=(f"3{n:09}",), name=f"Persona {n}")
        for n in range(1, 240)
    ]
    twice = {"debtor_ref": TWICE, "phones": (KNOWN,), "name": "Persona 240"}
    debts += [NewCase(f"CO-{n:06}", 90_000_000, **twice) for n in (240, 241)]
    add_cases(ports, made.actor(Role.DIRECTOR), debts)
    _as_superuser(database, NAMES)
    return made


def test_attest_offer_bid_award_work_report_pay_recall_locate_release_compare(
    site: Site, people: Callable[..., Person], ports: Ports, database: Database, world: World
) -> None:
    today = local_date(utc_now(), ZONE)
    director = _arrive(people("Diana"), world, Role.DIRECTOR)
    gabriel = _arrive(people("Gabriel"), world, Role.MANAGER)
    marta = _arrive(people("Marta"), world, Role.MANAGER, 1)
    ivan = _arrive(people("Iván"), world, Role.INVESTIGATOR, 1)

    # Attest.
    story.bring_in(director, 2)
    director.look("50-panel", phone=True)
    story.attest(gabriel, "AT-02", site.folder, SECURITY, look="51-template")
    story.review(director, "AT-02", "El certificado no cubre el marcador.", look="51-attestation", docs=True)
    for number in (0, 1):
        attest_all(ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER, organisation=number), now=utc_now())
    gabriel.menu("Attestations")
    gabriel.look("51-matrix", phone=True)

    # Offer, bid, award.
    story.offer(director, LOT, today)
    story.bid(gabriel, LOT, today, "18,5", look="55")
    story.bid(marta, LOT, today, "22")
    director.menu("Market")
    director.page.get_by_role("link", name=LOT).click()
    director.look("57-sealed")
    for secret in ("18,5", "22 %"):
        expect(director.page.locator("main")).not_to_contain_text(secret)
    let_bids_close(database)
    story.award(director, LOT, WINNER)
    marta.menu("Market")
    marta.page.get_by_role("link", name=LOT).click()
    expect(marta.page.locator("main")).not_to_contain_text("18,5")
    marta.look("61-declined", phone=True)

    # Take the cases on; the file stays closed until the attestation that was sent back is signed anew.
    gabriel.menu("Home")
    gabriel.look("62-agency-home", phone=True)
    gabriel.menu("Placements")
    gabriel.page.get_by_role("link", name=LOT).click()
    gabriel.press_words(gabriel.count("Acknowledge %(num)s case", "Acknowledge %(num)s cases", 241))
    gabriel.sees("AT-02")
    gabriel.look("63-file-closed", phone=True)
    story.attest(gabriel, "AT-02", site.folder, SECURITY)
    story.review(director, "AT-02")
    gabriel.menu("Placements")
    gabriel.page.get_by_role("link", name=LOT).click()
    with gabriel.page.expect_download() as caught:
        gabriel.press("Download the cases")
    manifest = site.folder / "casos.csv"
    caught.value.save_as(manifest)
    accounts = material.accounts(manifest)
    assert len(accounts) == 241
    gabriel.page.reload()
    story.confirm_loaded(gabriel, manifest, look="63-loaded")

    # Work: one activity by hand, the others by file, with what was paid.
    gabriel.menu("Cases")
    gabriel.page.get_by_role("link", name="CO-000010").click()
    gabriel.fill(channel="call", result="promise", counterpart="debtor", direction="outbound")
    gabriel.look("64-activity", phone=True)
    gabriel.press("Write it down")
    gabriel.look("65-activity-written")
    placed = local_date(let_days_pass(database, 45), ZONE)
    open_reports(ports, "director@creditor0.example")
    _report(site, gabriel, accounts, placed)

    # Recall one case, be given another one back.
    director.menu("Cases")
    director.page.get_by_role("link", name="CO-000020").click()
    director.press("Recall this case")
    director.fill(reason="strategy", effective_on=(today + timedelta(days=2)).isoformat())
    director.page.locator("[name=is_sure]").check()
    director.look("66-recall", phone=True)
    director.press_words(director.count("Recall %(n)s case", "Recall %(n)s cases", 1, n=1))
    director.look("66-recalled")
    gabriel.menu("Recalls and returns")
    gabriel.page.locator("tbody a").first.click()
    gabriel.look("67-recall-to-answer", phone=True)
    gabriel.press("Work has stopped")
    gabriel.page.wait_for_load_state()
    gabriel.look("68-recall-answered")
    gabriel.go("/cases/?search=CO-000020")
    expect(gabriel.page.get_by_role("link", name="CO-000020", exact=True)).to_have_count(0)
    gabriel.go("/cases/?search=CO-000241")
    gabriel.page.get_by_role("link", name="CO-000241", exact=True).click()
    gabriel.press("Give this case back")
    gabriel.fill(code="untraceable", note="Teléfono fuera de servicio.")
    gabriel.look("69-give-back", phone=True)
    gabriel.press("Give back")
    gabriel.page.wait_for_load_state()

    # Locate and release.
    story.locate_mandate(director, marta, LOSER, today)
    story.order_search(director, today)
    marta.menu("Locating people")
    marta.page.locator("tbody a").first.click()
    marta.look("73-order-to-acknowledge", phone=True)
    marta.press_words(marta.count("Acknowledge %(num)s order", "Acknowledge %(num)s orders", 1))
    story.search(ivan, FOUND, KNOWN, today)
    gabriel.go("/cases/?search=CO-000240")
    gabriel.page.get_by_role("link", name="CO-000240", exact=True).click()
    expect(gabriel.page.locator("main")).not_to_contain_text(FOUND[-3:])
    story.verify(director)
    gabriel.page.reload()
    expect(gabriel.page.locator("main")).to_contain_text(FOUND[-3:])
    gabriel.look("80-released-point")

    # Compare.
    director.menu("Comparison of agencies")
    director.look("81-comparison", phone=True)
    director.menu("Service levels")
    director.look("82-service-levels", phone=True)
    director.menu("Contact rules")
    director.look("83-conduct", phone=True)
    director.menu("Ledger")
    director.look("84-ledger")
    gabriel.menu("Our results")
    gabriel.look("85-our-results", phone=True)
    director.page.locator("a[href*=notices]").first.click()
    director.look("86-notices", phone=True)
    _in_english(director)


def _in_english(director: Person) -> None:
    director.page.get_by_role("button", name="EN").click()
    director.language = "en"
    for path in (
        "attestations",
        "panel",
        "market",
        "locates",
        "findings",
        "recalls",
        "service-levels",
        "conduct",
        "scorecards",
    ):
        director.go(f"/{path}/")
        director.look(f"90-en-{path}", phone=True)


def _arrive(person: Person, world: World, role: Role, organisation: int = 0) -> Person:
    known = world.person(role, organisation=organisation)
    person.sign_in(known.email, registered.PASSWORD)
    person.prove(next_code(world.ports, known))
    return person


def _report(site: Site, manager: Person, accounts: list[str], placed: date) -> None:
    """Hand in the first month: payments and activities, as files."""
    files = {
        "payments": material.payments(site.folder, "gabriel", accounts, placed, 0.4),
        "activities": material.activities(site.folder, "gabriel", accounts, placed),
    }
    for kind, file in files.items():
        manager.menu("Reports")
        manager.page.locator(f"a[href*='kind={kind}']").last.click()
        manager.page.set_input_files("input[type=file]", file)
        manager.press("Send")
        manager.sees(manager.say("What each column is"))
        if manager.page.locator("[name=date_order]").input_value() == "":
            manager.fill(date_order="dmy")
        manager.press("Confirm and check the rows")
        manager.sees(manager.say("Your decision"), seconds=60)
        manager.page.locator("[aria-labelledby=decision] button[type=submit]").first.click()
        manager.sees(manager.say("Taken over on"), seconds=60)


def _as_superuser(database: Database, statements: str) -> None:
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        for statement in statements.strip().rstrip(";").split(";"):
            connection.execute(text(statement))
    engine.dispose()
