"""The whole loop in a real browser: from an empty portal to a comparison of two agencies, each role at its screens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from agencies.kernel.clock import local_date, utc_now
from portal.ports import Ports
from tests import people as registered
from tests.attested import attest_panel
from tests.browser import material, story
from tests.browser.passing import let_days_pass, open_reports
from tests.browser.person import Person
from tests.browser.site import Site
from tests.conftest import Database

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]

PASSWORD = "siete gatos y una escalera"
ZONE = "America/Bogota"
DAYS = 75


class Journey:
    """The steps of the story; each leaves what the next one needs."""

    def __init__(self, site: Site, meet: Callable[..., Person]) -> None:
        self.site = site
        self.meet = meet
        self.folder: Path = site.folder

    def sign_in(self, person: Person, email: str, password: str = PASSWORD) -> None:
        person.sign_in(email, password)
        person.set_up_app()

    def register(self, operator: Person, kind: str, name: str, nit: str, email: str) -> str:
        """Register an organisation and return the link that its first person gets by letter."""
        operator.menu("Organisations")
        operator.press("Register an organisation")
        operator.fill(kind=kind, name=name, legal_name=f"{name} S.A.S.", country="CO", tax_id=nit, email=email)
        operator.press("Register and invite")
        return self.link(operator, email)

    def invite(self, director: Person, role: str, email: str) -> str:
        director.menu("Users")
        director.press("Invite a colleague")
        director.fill(email=email, role=role)
        director.press("Send the invitation")
        return self.link(director, email)

    def link(self, who: Person, email: str) -> str:
        who.sees(who.say("An invitation was sent to %(email)s; the link works once, for seven days.", email=email))
        return self.site.letter("/invitations/", to=email)

    def arrive(self, name: str, email: str, link: str) -> Person:
        """Somebody follows an invitation's link, sets a password and signs in."""
        person = self.meet(name)
        person.go(link)
        person.fill(name=name, password=PASSWORD, repeated=PASSWORD)
        person.press("Set up my access")
        person.fill(email=email, password=PASSWORD)
        person.press("Sign in")
        person.set_up_app()
        expect(person.page.locator(".top-name")).to_have_text(name)
        return person

    def make_mandate(self, director: Person, agency: str, name: str, commission: str, since: str) -> None:
        director.menu("Mandates")
        director.press("New mandate")
        director.page.get_by_label(director.say("Agency"), exact=True).select_option(label=agency)
        director.fill(name=name, commission=commission, report_due_days="5", valid_from=since)
        story.propose(director)

    def send_file(self, person: Person, file: Path) -> None:
        """Choose a file on the page that sends one, and confirm its columns as proposed."""
        person.page.set_input_files("input[type=file]", file)
        person.press("Send")
        person.sees(person.say("What each column is"))

    def check(self, person: Person) -> None:
        """Confirm the columns; days below thirteen do not tell their order, so the page asks for it."""
        if person.page.locator("[name=date_order]").input_value() == "":
            person.fill(date_order="dmy")
        person.press("Confirm and check the rows")
        person.sees(person.say("Your decision"), seconds=60)

    def take_over(self, person: Person, good: int, *, some_are_bad: bool) -> None:
        shown = f"{good}"
        if some_are_bad:
            words = person.count("Take over %(num)s good row", "Take over the %(num)s good rows", good, num=shown)
        else:
            words = person.count("Take over %(num)s row", "Take over all %(num)s rows", good, num=shown)
        person.press_words(words)
        person.sees(person.say("Taken over on"), seconds=60)

    def download(self, person: Person, text: str) -> Path:
        with person.page.expect_download() as caught:
            person.press(text)
        target = self.folder / caught.value.suggested_filename
        caught.value.save_as(target)
        return target


def test_from_an_empty_portal_to_a_comparison(
    site: Site, people: Callable[..., Person], ports: Ports, database: Database
) -> None:
    journey = Journey(site, people)
    today = local_date(utc_now(), ZONE)

    # The operator opens the house.
    site.environ["OPERATOR_PASSWORD"] = PASSWORD
    site.flask("create-operator", "--email", "operadora@encargo.example", "--name", "Olga Operadora")
    operator = people("Olga")
    operator.go("/")
    operator.look("01-sign-in", phone=True)
    journey.sign_in(operator, "operadora@encargo.example")
    operator.look("02-operator-home")
    to_bank = journey.register(
        operator, "creditor", "Banco Cordillera", registered.CREDITOR_NITS[0], "directora@cordillera.example"
    )
    operator.look("03-invited")
    to_first = journey.register(
        operator, "agency", "Gestión Frailejón", registered.AGENCY_NITS[0], "gerente@frailejon.example"
    )
    to_second = journey.register(
        operator, "agency", "Cobranzas Yarumo", registered.AGENCY_NITS[1], "gerente@yarumo.example"
    )
    operator.menu("Organisations")
    operator.look("04-organisations")

    # The director invites her people and agrees terms with both agencies.
    director = journey.arrive("Diana Directora", "directora@cordillera.example", to_bank)
    director.look("05-director-home-empty", phone=True)
    to_analyst = journey.invite(director, "analyst", "analista@cordillera.example")
    to_finance = journey.invite(director, "finance", "finanzas@cordillera.example")
    director.menu("Mandates")
    director.look("06-mandates-empty")
    since = (today - timedelta(days=120)).isoformat()
    journey.make_mandate(director, "Gestión Frailejón", "Castigada 2026 Frailejón", "18,5", since)
    director.look("07-mandate")
    journey.make_mandate(director, "Cobranzas Yarumo", "Castigada 2026 Yarumo", "22", since)
    director.menu("Mandates")
    director.look("08-mandates", phone=True)

    # Both agencies' managers arrive and sign; nothing is placed under terms that only one side signed.
    managers = [
        journey.arrive("Gabriel Gerente", "gerente@frailejon.example", to_first),
        journey.arrive("Marta Gerente", "gerente@yarumo.example", to_second),
    ]
    story.sign(managers[0], "Castigada 2026 Frailejón", look="08-mandate-to-sign")
    managers[0].look("08-mandate-signed", phone=True)
    story.sign(managers[1], "Castigada 2026 Yarumo")
    # How the agencies attest is a story of its own.
    attest_panel(ports, "directora@cordillera.example", now=utc_now())

    # The analyst sends a portfolio, looks at what is wrong with it and takes the good rows over.
    analyst = journey.arrive("Andrés Analista", "analista@cordillera.example", to_analyst)
    portfolio = material.portfolio(journey.folder)
    analyst.menu("Files")
    analyst.look("09-files-empty")
    analyst.press("Send a file")
    analyst.look("10-send", phone=True)
    analyst.drop("[data-drop]", "otra-cartera.csv", "Obligación;Saldo total\nA-1;100,00\n")
    expect(analyst.page.locator("[data-chosen]")).to_contain_text("otra-cartera.csv")
    journey.send_file(analyst, portfolio.path)
    analyst.look("11-columns", phone=True, docs=True)
    journey.check(analyst)
    analyst.look("12-checked", phone=True, docs=True)
    rejected = journey.download(analyst, "Download the rejected rows with their reasons")
    assert len(rejected.read_text(encoding="latin-1").splitlines()) == portfolio.bad + 1
    analyst.page.get_by_role("link", name=str(portfolio.bad), exact=True).click()
    analyst.look("13-rejected-rows")
    analyst.page.go_back()
    journey.take_over(analyst, portfolio.good, some_are_bad=True)
    analyst.look("14-applied")
    analyst.press("Look at the cases")
    analyst.sees(analyst.count("%(num)s case", "%(num)s cases", portfolio.good))
    analyst.look("15-cases", phone=True)
    analyst.go("/uploads/new")
    analyst.page.set_input_files("input[type=file]", portfolio.path)
    analyst.press("Send")
    analyst.sees(
        analyst.say("You had sent exactly this file before. This is what became of it; nothing was taken over twice.")
    )

    # The director shares the cases by lot and commits what she has seen.
    director.menu("Placements")
    director.press("Place cases")
    for box in director.page.locator("[name=mandates]").all():
        box.check()
    director.fill(name="Primera entrega", min_dpd="120")
    director.page.locator("[name=min_dpd]").blur()
    expect(director.page.locator(".selected")).not_to_contain_text(
        director.count("%(num)s case", "%(num)s cases", portfolio.good)
    )
    director.look("16-placing", phone=True)
    director.fill(min_dpd="")
    director.page.locator("[name=min_dpd]").blur()
    expect(director.page.locator(".selected")).to_contain_text(
        director.count("%(num)s case", "%(num)s cases", portfolio.good)
    )
    director.press("Show who would get what")
    director.sees(director.say("What each agency gets"))
    director.press("Draw again with a new seed")
    director.look("17-split", phone=True, docs=True)
    director.page.get_by_role("checkbox").check()
    director.press_words(director.count("Place %(num)s case", "Place %(num)s cases", portfolio.good))
    director.sees(director.say("The cases were placed. The agencies can acknowledge them now."))
    director.look("18-placed")

    # Both agencies take their part on; then two and a half months pass, and they report.
    held = []
    for manager in managers:
        is_first = manager is managers[0]
        manager.menu("Home")
        if is_first:
            manager.look("19-agency-home", phone=True)
        manager.menu("Placements")
        manager.page.get_by_role("link", name="Primera entrega").click()
        if is_first:
            manager.look("20-to-acknowledge", phone=True)
        part = portfolio.good // 2 + (portfolio.good % 2 if _has_more(manager, portfolio.good) else 0)
        manager.press_words(manager.count("Acknowledge %(num)s case", "Acknowledge %(num)s cases", part))
        held.append(material.accounts(journey.download(manager, "Download the cases")))
        assert len(held[-1]) == part
        if is_first:
            manager.page.reload()
            manager.look("21-acknowledged")
            manager.menu("Cases")
            manager.look("22-cases-held")
            manager.menu("Reports")
            manager.look("23-reports-none")
    assert min(held[0] + held[1]) == "CO-000001"
    assert len({*held[0], *held[1]}) == portfolio.good
    placed = local_date(let_days_pass(database, DAYS), ZONE)
    open_reports(ports, "directora@cordillera.example")
    for manager, accounts, share in zip(managers, held, (0.4, 0.25), strict=True):
        _report(journey, manager, accounts, placed, share)

    # Finance reads the books, the director compares.
    finance = journey.arrive("Fabio Finanzas", "finanzas@cordillera.example", to_finance)
    finance.menu("Ledger")
    finance.sees("Cobranzas Yarumo")
    finance.look("31-ledger", phone=True)
    director.menu("Reports")
    director.look("32-reports-creditor")
    director.menu("Comparison of agencies")
    director.sees(director.say("Gross recovery"))
    expect(director.page.locator("canvas")).to_have_count(2)
    director.look("33-comparison", phone=True)
    director.page.locator(".scorecard summary").first.click()
    director.look("34-comparison-explained")
    director.page.emulate_media(media="print")
    director.look("35-comparison-print")
    director.page.emulate_media(media="screen")
    director.menu("Home")
    director.look("36-director-home", phone=True)

    # The same in English.
    director.page.get_by_role("button", name="EN").click()
    director.language = "en"
    for path, name in (
        ("/", "home"),
        ("/cases/", "cases"),
        ("/placements/", "placements"),
        ("/mandates/", "mandates"),
        ("/reports/", "reports"),
        ("/ledger/", "ledger"),
        ("/scorecards/", "comparison"),
        ("/uploads/", "files"),
    ):
        director.go(path)
        director.look(f"40-en-{name}", phone=True)
    director.go("/ledger/")
    director.page.locator("tbody a[href*='/cases/']").first.click()
    director.sees("Payment of COP")
    director.look("41-en-case", phone=True)


def _has_more(manager: Person, good: int) -> bool:
    """Of an odd number of cases one agency gets one more."""
    more = manager.count("Acknowledge %(num)s case", "Acknowledge %(num)s cases", good // 2 + good % 2)
    return manager.page.get_by_role("button", name=more, exact=True).count() == 1


def _report(journey: Journey, manager: Person, accounts: list[str], placed: object, share: float) -> None:
    """Hand in what is owed for the first month: payments and activities; the second report stays open."""
    is_first = manager.name.startswith("Gabriel")
    manager.menu("Reports")
    if is_first:
        manager.look("24-reports-owed", phone=True)
    name = manager.name.split()[0].lower()
    files = {
        "payments": material.payments(journey.folder, name, accounts, placed, share),
        "activities": material.activities(journey.folder, name, accounts, placed),
    }
    for kind, file in files.items():
        manager.menu("Reports")
        manager.page.locator(f"a[href*='kind={kind}']").last.click()
        if is_first and kind == "payments":
            manager.look("25-send-report")
        journey.send_file(manager, file)
        if is_first:
            manager.look(f"26-columns-{kind}")
        journey.check(manager)
        if is_first:
            manager.look(f"27-checked-{kind}")
        rows = len(file.read_text().splitlines()) - 1
        is_payments = kind == "payments"
        journey.take_over(manager, rows - is_payments, some_are_bad=is_payments)
        if is_first:
            manager.look(f"28-applied-{kind}")
    if is_first:
        manager.menu("Reports")
        manager.look("29-reports-handed-in")
        manager.menu("Ledger")
        manager.look("30-ledger-agency")
