"""A file as an agency sends it, and an activity as an agent writes it down, each judged with nobody doing anything."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agencies.organisations.permissions import Role
from assignments.conduct.models import ConductVerdict
from portal.jobs.tasks import perform_due
from tests import loop
from tests.portal.test_uploads import columns, send


@pytest.fixture
def placed(world) -> None:
    cases = [loop.NewCase("A-1", 100_000), loop.NewCase("A-2", 50_000)]
    loop.place_with(world.ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER), cases)


def reported(world, sign_in, data: str) -> list[tuple[str, tuple[str, ...]]]:
    """Send a file through the pages, let the workers work, and return the verdicts in time."""
    creditor, browser = world.actor(Role.DIRECTOR), sign_in(Role.MANAGER)
    named = world.ports.references.encode("organisation", creditor.tenant)
    page = send(browser, data.encode(), "gestiones.csv", kind="activities", creditor=named).location
    shown = browser.get(page).text
    # Columns confirmed before are read as then, without a question.
    if confirmed := columns(shown):
        assert browser.post(f"{page}/columns", confirmed).status_code == 303
    perform_due(world.ports)
    browser.post(f"{page}/apply", {"good_rows_only": "yes"})
    perform_due(world.ports)
    with world.ports.session(creditor) as session:
        rows = session.scalars(select(ConductVerdict).order_by(ConductVerdict.happened_at))
        return [(row.verdict.value, tuple(row.codes)) for row in rows]


def test_a_file_in_the_trades_words_is_judged(placed, world, sign_in) -> None:
    data = (
        "Obligacion,Fecha gestion,Canal,Resultado,Contacto con,Sentido\n"
        "A-1,2026-03-02 08:15,Llamada,PROMESA_PARCIAL,Titular,Saliente\n"
        "A-1,2026-03-03 19:30,Llamada,NO_CONTESTA,,Saliente\n"
        "A-2,2026-03-04 10:00,Llamada,TERCERO_MENSAJE,Familiar,Saliente\n"
        "A-2,2026-03-08 10:00,Llamada,SOLICITA_INFO,Titular,Entrante\n"
    )

    assert reported(world, sign_in, data) == [
        ("compliant", ()),
        ("violation", ("V01",)),
        ("violation", ("V06",)),
        ("compliant", ()),
    ]


def test_dates_without_an_hour_can_be_judged_by_the_day_alone(placed, world, sign_in) -> None:
    data = (
        "Obligacion,Fecha gestion,Canal,Resultado\n"
        "A-1,2026-03-05,SMS,SMS_ENVIADO\n"
        "A-2,2026-03-08,SMS,SMS_ENVIADO\n"  # a Sunday is forbidden at any hour
    )

    assert reported(world, sign_in, data) == [("not_evaluable", ("time",)), ("violation", ("V02",))]


def test_the_same_file_again_asks_for_nothing(placed, world, sign_in) -> None:
    data = "Obligacion,Fecha gestion,Canal,Resultado\nA-1,2026-03-03 19:30,Llamada,NO_CONTESTA\n"
    first = reported(world, sign_in, data)
    again = reported(world, sign_in, data.replace("Resultado\n", "Resultado\n\n"))

    assert first == again == [("violation", ("V01",))]
