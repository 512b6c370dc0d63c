"""The page of columns: reasons, preview, codes, saved columns; whatever a header or a form holds."""

from __future__ import annotations

import re

import pytest

from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from portal.jobs.tasks import perform_due
from tests.portal.test_uploads import GOOD, columns, file, send, stored
from uploads.mapping import saved
from uploads.models import UploadState

OPEN = "Obligación;Documento;Nombre deudor;Producto;Saldo total;Fecha mora;Ciudad;Celular;Tipo persona"


def rows(kind: str = "natural") -> list[str]:
    return [f"{one};{kind}" for one in GOOD]


def preview(browser, page: str, form: dict[str, str], **options):
    return browser.post(f"{page}/preview", form, **options)


def test_a_proposal_says_how_sure_it_is_and_why(sign_in) -> None:
    analyst = sign_in(Role.ANALYST, language="en")
    rows = [f"A-{n};5,50;x;p{n}@example.com" for n in range(1, 6)]
    data = file(rows, "Obligacion;Saldo;Estado;dato7")
    page = analyst.get(send(analyst, data).location).text
    assert "Sure" in page
    assert "This word means several things in the trade" in page
    assert "Only the values speak for it" in page
    assert re.search(r'<meter[^>]*value="40"', page)


def test_the_first_rows_are_shown_as_they_will_be_understood(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = analyst.get(send(analyst, file(GOOD)).location).text
    shown = page[page.index('class="table preview"') :]
    assert "COP 1.500.000,50" in shown
    assert re.search(r"31 (de )?ene", shown)
    assert "Todas las filas mostradas" in shown


def test_the_first_rows_show_a_year_of_two_digits_in_the_century_it_is_kept_in(sign_in) -> None:
    analyst = sign_in(Role.ANALYST, language="en")
    data = file(["A-1;5,50;25/03/55;CC;1"], "Obligacion;Saldo total;Fecha nacimiento;Tipo documento;Documento")
    page = analyst.get(send(analyst, data).location).text
    shown = page[page.index('class="table preview"') :]
    assert "1955" in shown
    assert "2055" not in shown


def test_a_change_on_the_page_is_shown_at_once_and_kept_nowhere(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    form = columns(analyst.get(page).text, decimal=".")
    answer = preview(analyst, page, form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "cell-problem" in answer.text
    [upload] = stored(world)
    assert (upload.state, upload.mapping, upload.options) == (UploadState.RECEIVED, None, None)


def test_without_a_script_a_button_shows_it_with_what_was_chosen(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    form = columns(analyst.get(page).text, **{"columns-6": "", "decimal": "."})
    answer = preview(analyst, page, form)
    assert "<html" in answer.text
    kept = columns(answer.text)
    assert (kept["columns-6"], kept["decimal"]) == ("", ".")


@pytest.mark.parametrize(
    "changed",
    [
        {"columns-0": "no_such_field", "currency": "ZZZ", "decimal": "x", "date_order": "x"},
        {"columns-0": "no_such_field", "columns-1": "no_such_field"},
        {"columns-0": "balance_total", "columns-1": "balance_total"},
        {"columns-999": "email"},
        {"code:result:x": "y", "code::": "z", "code:person_type:natural": "no_such_code"},
    ],
)
def test_whatever_a_form_says_a_preview_is_shown(sign_in, changed: dict[str, str]) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(rows(), OPEN)).location
    form = columns(analyst.get(page).text, **changed)
    assert preview(analyst, page, form, headers={"HX-Request": "true"}).status_code == 200
    assert preview(analyst, page, {"columns-0": ""}).status_code == 200


def test_hostile_names_and_values_are_shown_as_text(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    header = f'Obligacion;Saldo;<script>alert(1)</script>;=cmd|"/C calc"!A0;{"x" * 10_000};Tipo persona'
    page = send(analyst, file(['A-1;5,00;<img src=x>;=1+1;y;z"><b>'], header)).location
    text = analyst.get(page).text
    assert "<script>alert" not in text
    assert "<img src=x>" not in text
    assert "&lt;script&gt;" in text
    assert "x" * 300 not in text
    assert "&#34;&gt;&lt;b&gt;" in text


def test_unknown_values_are_said_with_the_columns_and_asked_no_more(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(rows("PN"), OPEN)).location
    text = analyst.get(page).text
    assert 'name="code:person_type:PN"' in text
    form = columns(text, **{"code:person_type:PN": "person"})
    assert analyst.post(f"{page}/columns", form).status_code == 303
    perform_due(world.ports)
    [upload] = stored(world)
    assert (upload.rows_good, upload.options["codes"]) == (3, {"person_type": {"pn": "person"}})
    assert "person_type" not in analyst.get(page).text
    saved_page = analyst.get("/uploads/columns").text
    assert "PN" in saved_page
    assert "Persona" in saved_page


def test_what_is_filled_in_for_a_value_is_what_the_first_rows_show(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = analyst.get(send(analyst, file(rows("PERSONA NATURAL 1"), OPEN)).location).text
    assert re.search(r'name="code:person_type:PERSONA NATURAL 1".*?value="person" selected', page, re.DOTALL)
    assert "cell-problem" not in page[page.index('class="table preview"') :]


def test_after_the_check_what_nobody_knew_is_said_and_checked_again(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(rows("PN"), OPEN)).location
    form = columns(analyst.get(page).text)
    assert analyst.post(f"{page}/columns", form).status_code == 303
    perform_due(world.ports)
    assert 'name="code:person_type:PN"' in analyst.get(page).text
    refused = analyst.post(f"{page}/codes", {"code:person_type:PN": "no_such_code"})
    assert refused.status_code == 400
    assert stored(world)[0].state is UploadState.CHECKED
    assert analyst.post(f"{page}/codes", {"code:person_type:PN": "-leave-out"}).status_code == 303
    perform_due(world.ports)
    [upload] = stored(world)
    assert upload.error_counts == {"person_type:left_out": 3}
    assert analyst.post(f"{page}/codes", {"code:person_type:PN": "-empty"}).status_code == 303
    perform_due(world.ports)
    assert stored(world)[0].rows_good == 3


def test_the_next_file_is_checked_without_asking_and_says_whose_word_it_was(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    analyst.post(f"{page}/columns", columns(analyst.get(page).text))
    second = send(analyst, file(GOOD[:1])).location
    assert "confirmó estas columnas" in analyst.get(second).text
    perform_due(world.ports)
    text = analyst.get(second).text
    assert "confirmó estas columnas" in text
    assert f"{second}/reopen" in text
    assert analyst.post(f"{second}/reopen").status_code == 303
    assert 'id="mapping"' in analyst.get(second).text
    assert analyst.post(f"{second}/reopen").status_code == 409


def test_changed_columns_are_pointed_out(sign_in) -> None:
    analyst = sign_in(Role.ANALYST, language="en")
    page = send(analyst, file(GOOD)).location
    analyst.post(f"{page}/columns", columns(analyst.get(page).text))
    header = "Obligación;Documento;Nombre deudor;Producto;Total deuda;Fecha mora;Ciudad;Correo"
    text = analyst.get(send(analyst, file(GOOD, header)).location).text
    assert "nearly those you sent before" in text
    assert "<s>Saldo total</s> → <strong>Total deuda</strong>" in text
    assert "New: Correo" in text
    assert "Gone: Celular" in text


def test_saved_columns_are_listed_and_forgotten_by_their_own_only(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    analyst.post(f"{page}/columns", columns(analyst.get(page).text))
    listed = analyst.get("/uploads/columns").text
    [address] = re.findall(r'action="(/uploads/columns/[a-z2-7]{26}/forget)"', listed)
    stranger = sign_in(Role.ANALYST, organisation=1)
    assert address not in stranger.get("/uploads/columns").text
    assert stranger.post(address).status_code == 404
    assert sign_in(Role.FINANCE).post(address).status_code == 403
    assert analyst.post(address).status_code == 303
    assert analyst.post(address).status_code == 404
    with world.ports.session(analyst.person.actor) as session, transaction(session):
        assert saved.list_saved(session, analyst.person.actor) == []


def test_a_stranger_sees_no_preview_and_says_nothing_of_codes(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    form = columns(analyst.get(page).text)
    stranger = sign_in(Role.ANALYST, organisation=1)
    for part in ("preview", "reopen", "codes"):
        assert stranger.post(f"{page}/{part}", form).status_code == 404
    finance = sign_in(Role.FINANCE)
    for part in ("preview", "reopen", "codes"):
        assert finance.post(f"{page}/{part}", form).status_code == 403


def hidden(page: str) -> dict[str, str]:
    """What the page remembers of its selects."""
    found = dict(re.findall(r'<input id="\w+" name="(\w+)" type="hidden" value="([^"]*)"', page))
    return {name: value for name, value in found.items() if name.endswith("_was") or name == "by_hand"}


def test_a_column_chosen_by_hand_says_how_its_amounts_are_written(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST, language="en")
    data = file(["A-1;845.300,50;x", "A-2;1.300,50;y"], "Obligacion;Total raro;Producto")
    page = send(analyst, data).location
    text = analyst.get(page).text
    assert "we found no column for it" in text
    form = {**columns(text), **hidden(text), "columns-1": "balance_total"}
    answer = preview(analyst, page, form, headers={"HX-Request": "true"}).text
    assert "COP 845,300.50" in answer
    assert "cell-problem" not in answer
    assert "we found no column for it" not in answer
    assert columns(answer)["decimal"] == ","
    by_hand = {**form, **columns(answer), **hidden(answer), "decimal": "."}
    again = preview(analyst, page, by_hand, headers={"HX-Request": "true"}).text
    assert columns(again)["decimal"] == "."
    assert hidden(again)["by_hand"] == "decimal"
    assert "cell-problem" in again
    assert analyst.post(f"{page}/columns", form).status_code == 303
    [upload] = stored(world)
    assert upload.options["decimal"] == ","


def test_while_an_option_is_open_nothing_is_wrong_and_confirming_says_what_to_choose(sign_in) -> None:
    analyst = sign_in(Role.ANALYST, language="en")
    page = send(analyst, file(["A-1;5,50;03/04/2026"], "Obligacion;Saldo total;Fecha mora")).location
    text = analyst.get(page).text
    assert "Choose first in which order dates are written" in text
    assert "cell-problem" not in text
    assert "is-bad" not in text
    refused = analyst.post(f"{page}/columns", {**columns(text), **hidden(text)})
    assert refused.status_code == 400
    assert 'class="field-error" id="date_order-error"' in refused.text
    assert "do not tell how to read its amounts or dates" in refused.text
