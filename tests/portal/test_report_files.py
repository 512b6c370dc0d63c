"""The pages of an agency's files: for a creditor it serves, in that creditor's currency, all the way to the ledger."""

from __future__ import annotations

from sqlalchemy import create_engine, update

from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Role
from portal.jobs.tasks import perform_due
from tests import loop
from tests.portal.test_uploads import columns, send, stored


def test_an_agency_reports_payments_between_two_reports(world, sign_in) -> None:
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, manager, [loop.NewCase("A-1", 100_000), loop.NewCase("A-2", 50_000)])
    browser = sign_in(Role.MANAGER)
    data = b"Obligacion,Fecha pago,Valor pago\nA-1,2026-01-20,300.00\nZ-9,2026-01-20,5.00\n"
    named = world.ports.references.encode("organisation", creditor.tenant)
    page = send(browser, data, "pagos.csv", kind="payments", creditor=named).location
    assert browser.post(f"{page}/columns", columns(browser.get(page).text)).status_code == 303
    perform_due(world.ports)
    assert "Z-9" in browser.get(f"{page}/errors").text
    browser.post(f"{page}/apply", {"good_rows_only": "yes"})
    perform_due(world.ports)
    assert "/ledger/" in browser.get(page).text
    ledger = sign_in(Role.FINANCE).get("/ledger/").text
    assert "300,00" in ledger
    assert "60,00" in ledger


def test_a_report_is_proposed_in_the_creditors_currency(world, sign_in, database) -> None:
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.add_mandate(world.ports, creditor, manager)
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(update(Organisation).where(Organisation.id == manager.tenant).values(currency="USD"))
    engine.dispose()
    browser = sign_in(Role.MANAGER)
    named = world.ports.references.encode("organisation", creditor.tenant)
    data = b"Obligacion,Fecha pago,Valor pago\nA-1,2026-01-20,300.00\n"
    page = send(browser, data, "pagos.csv", kind="payments", creditor=named).location
    assert columns(browser.get(page).text)["currency"] == "COP"


def test_a_report_file_needs_a_report_or_a_creditor(world, sign_in) -> None:
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.add_mandate(world.ports, creditor, manager)
    browser = sign_in(Role.MANAGER)
    answer = send(browser, b"a,b\n1,2\n", kind="payments", report="", creditor="")
    assert answer.status_code == 400
    assert 'class="notice notice-error"' in answer.text


def test_an_agency_cannot_report_to_a_stranger(world, sign_in) -> None:
    loop.add_mandate(world.ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER))
    stranger = world.ports.references.encode("organisation", world.creditors[1].id)
    answer = send(sign_in(Role.MANAGER), b"a,b\n1,2\n", kind="payments", creditor=stranger)
    assert answer.status_code == 400
    assert stored(world, Role.MANAGER) == []
