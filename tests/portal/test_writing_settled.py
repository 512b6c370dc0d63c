"""The page of columns tells what was only assumed and which columns differ, and takes for said what somebody chose."""

from __future__ import annotations

import pytest

from agencies.organisations.permissions import Role
from tests.portal.test_uploads import columns, file, send, stored
from uploads.options import Options

HEADER = "Obligacion;Saldo total;Fecha nacimiento;Fecha vencimiento"
SILENT = [f"A-{number};100;1980-05-03;" for number in range(3)]
DIFFERENT = [f"A-{number};1,5;25/12/198{number};12/2{number}/2023" for number in range(5)]


def confirmed(world, browser, rows: list[str], text: str, chosen: dict[str, str]) -> Options:
    page = send(browser, file(rows, HEADER)).location
    shown = browser.get(page).text
    assert text in shown
    assert browser.post(f"{page}/columns", columns(shown, **chosen)).status_code == 303
    return Options.from_dict(stored(world)[-1].options)


@pytest.mark.parametrize(
    ("chosen", "assumed"), [({}, ("date_order", "decimal")), ({"date_order": "dmy"}, ("decimal",))]
)
def test_what_the_rows_looked_at_did_not_show_stays_unsaid_until_it_is_chosen(
    world, sign_in, chosen: dict[str, str], assumed: tuple[str, ...]
) -> None:
    analyst = sign_in(Role.ANALYST, language="en")
    assert confirmed(world, analyst, SILENT, "No row looked at needs it", chosen).assumed == assumed


@pytest.mark.parametrize(("chosen", "by_field"), [({}, {"birth_date", "due_date"}), ({"date_order": "dmy"}, set())])
def test_columns_that_differ_are_shown_and_a_choice_for_the_file_holds_for_all(
    world, sign_in, chosen: dict[str, str], by_field: set[str]
) -> None:
    analyst = sign_in(Role.ANALYST, language="en")
    assert set(confirmed(world, analyst, DIFFERENT, "Each column its own way", chosen).by_field) == by_field
