"""The pages of files: sent, understood, checked, decided on; and everything a sender may do wrong."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from sqlalchemy import select, update

from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from portal.app import create_app, ports_of
from portal.jobs.tasks import perform_due
from tests import entering
from tests.portal.conftest import Browser
from uploads.models import Upload, UploadState

HEADER = "Obligación;Documento;Nombre deudor;Producto;Saldo total;Fecha mora;Ciudad;Celular"
GOOD = [
    "A-1;52123456;Ana Uno;Libre inversión;1.500.000,50;31/01/2026;Bogotá;3001234567",
    "A-2;52123457;Beto Dos;Tarjeta;250.000,00;15/02/2026;Cali;3001234568",
    "A-3;52123458;Caro Tres;Tarjeta;99.999,99;28/02/2026;Cali;3001234569",
]
BAD = [
    "A-4;52123459;Dora Cuatro;Tarjeta;-5,00;28/02/2026;Cali;3001234560",
    "A-1;52123450;Eva Cinco;Tarjeta;10,00;28/02/2026;Cali;3001234561",
    ";52123451;Flor Seis;Tarjeta;10,00;28/02/2026;Cali;3001234562",
]


def file(rows: list[str], header: str = HEADER, encoding: str = "utf-8") -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode(encoding)


def send(browser, data: bytes, name: str = "cartera.csv", **fields: str):
    return browser.post(
        "/uploads/new", {**fields, "file": (io.BytesIO(data), name)}, content_type="multipart/form-data"
    )


def columns(page: str, **changed: str) -> dict[str, str]:
    """What the mapping form would send as it stands."""
    found = dict(re.findall(r'<select[^>]*name="([^"]+)".*?<option selected value="([^"]*)"', page, re.DOTALL))
    return {**found, **changed}


def notice(page: str) -> str:
    """What the first notice on a page says."""
    return re.sub(r"<[^>]+>", " ", re.search(r'class="notice.*?</div>\s*</div>', page, re.DOTALL)[0])


def stored(world, role: Role = Role.ANALYST) -> list[Upload]:
    actor = world.actor(role)
    with world.ports.session(actor) as session:
        return list(session.scalars(select(Upload).order_by(Upload.id)))


@pytest.fixture
def checked(world, sign_in):
    """A file with good and bad rows, checked; and the analyst who sent it."""
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD + BAD)).location
    form = columns(analyst.get(page).text)
    assert analyst.post(f"{page}/columns", form).status_code == 303
    assert "hx-trigger" in analyst.get(page).text
    perform_due(world.ports)
    return analyst, page


def test_a_file_goes_all_the_way_to_cases(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    answer = send(analyst, file(GOOD))
    assert answer.status_code == 303
    page = analyst.get(answer.location).text
    assert "Celular" in page
    assert "1.500.000,50" in page
    assert columns(page)["columns-0"] == "account_ref"
    assert analyst.post(f"{answer.location}/columns", columns(page)).status_code == 303
    perform_due(world.ports)
    page = analyst.get(answer.location).text
    assert "1.850.000,49" in page
    assert analyst.post(f"{answer.location}/apply", {"good_rows_only": "no"}).status_code == 303
    perform_due(world.ports)
    assert "/placements/new?portfolio=" in analyst.get(answer.location).text
    with world.ports.session(analyst.person.actor) as session:
        assert session.scalars(select(Case.account_ref).order_by(Case.id)).all() == ["A-1", "A-2", "A-3"]


def test_what_arrives_in_the_store_is_what_was_sent(world, sign_in) -> None:
    data = file(GOOD * 20_000)
    answer = send(sign_in(Role.ANALYST), data)
    assert answer.status_code == 303
    [upload] = stored(world)
    assert upload.size_bytes == len(data)
    with world.ports.storage.open(upload.storage_key) as kept:
        assert kept.read() == data


def test_the_same_bytes_again_lead_to_the_first_file(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    first = send(analyst, file(GOOD)).location
    again = send(analyst, file(GOOD), name="otra.csv")
    assert again.location == f"{first}?again=1"
    assert 'class="notice notice-info"' in (page := analyst.get(again.location).text)
    assert "Sigue esperando que confirme sus columnas." in page
    assert len(stored(world)) == 1


def test_nothing_stays_of_a_file_that_was_not_taken(world, sign_in, settings) -> None:
    analyst = sign_in(Role.ANALYST)
    send(analyst, file(GOOD))
    send(analyst, file(GOOD))
    refused = analyst.client.post(
        "/uploads/new", data={"file": (io.BytesIO(file(BAD)), "a.csv")}, content_type="multipart/form-data"
    )
    assert refused.status_code == 400
    assert list((settings.storage_folder / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "vac"),
        (b"just one column\nA\nB\n", "dividida"),
        (b"Obligacion;Saldo total\n", "no tiene filas"),
    ],
)
def test_an_unusable_file_says_why(world, sign_in, data: bytes, said: str) -> None:
    analyst = sign_in(Role.ANALYST)
    answer = send(analyst, data)
    page = analyst.get(answer.location).text
    assert 'class="notice notice-error"' in page
    assert said in notice(page)
    assert stored(world)[0].state is UploadState.REJECTED


def test_another_file_before_the_file_is_refused(world, sign_in, settings) -> None:
    parts = {"other": (io.BytesIO(b"a;b\n1;2\n"), "first.csv"), "file": (io.BytesIO(file(GOOD)), "cartera.csv")}
    answer = sign_in(Role.ANALYST).post("/uploads/new", parts, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert stored(world) == []
    assert list((settings.storage_folder / "incoming").iterdir()) == []


def test_no_file_chosen_is_refused(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    answer = analyst.post("/uploads/new", {}, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert 'class="notice notice-error"' in answer.text
    assert stored(world) == []


def test_too_large_a_file_is_refused_while_it_arrives(world, settings) -> None:
    app = create_app(dataclasses.replace(settings, max_upload_bytes=1000))
    person = world.person(Role.ANALYST)
    analyst = Browser(entering.signed_in(app, person), person)
    assert send(analyst, b"x" * 2_000_000).status_code == 413
    assert list((settings.storage_folder / "incoming").glob("*")) == []
    with app.app_context():
        ports_of(app).engine.dispose()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"columns-0": ""}, "Obligación"),
        ({"columns-0": "balance_total"}, "Saldo total"),
        ({"decimal": ""}, "field-error"),
        ({"currency": "ZZZ"}, "field-error"),
        ({"columns-1": "no_such_field"}, "is-invalid"),
        ({"columns-0": "no_such_field", "columns-1": "no_such_field"}, "is-invalid"),
    ],
)
def test_columns_that_do_not_add_up_are_refused_and_kept(world, sign_in, changed, said) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    answer = analyst.post(f"{page}/columns", columns(analyst.get(page).text, **changed))
    assert answer.status_code == 400
    assert said in answer.text
    assert columns(answer.text)["columns-4"] == "balance_total"
    assert stored(world)[0].state is UploadState.RECEIVED


def test_a_header_seen_before_is_read_as_then(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    analyst.post(f"{page}/columns", columns(analyst.get(page).text, **{"columns-6": ""}))
    send(analyst, file(GOOD[:1]))
    first, second = stored(world)
    assert second.state is UploadState.CHECKING
    assert second.mapping == first.mapping
    assert "6" not in second.mapping


def test_bad_rows_are_grouped_listed_and_given_back(checked) -> None:
    analyst, page = checked
    shown = analyst.get(page).text
    assert shown.count("errors?code=") == 3
    listed = analyst.get(f"{page}/errors").text
    assert "-5,00" in listed
    assert analyst.get(f"{page}/errors?code=negative").text.count('<th scope="row"') == 1
    answer = analyst.get(f"{page}/rejected")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "Dora Cuatro" in answer.text
    assert "Ana Uno" not in answer.text
    answer.close()


def test_all_or_nothing_is_refused_while_rows_are_bad(world, checked) -> None:
    analyst, page = checked
    answer = analyst.post(f"{page}/apply", {"good_rows_only": "no"})
    assert answer.status_code == 400
    assert 'class="notice notice-error"' in answer.text
    assert stored(world)[0].state is UploadState.CHECKED


def test_good_rows_only_takes_the_good_ones(world, checked) -> None:
    analyst, page = checked
    assert analyst.post(f"{page}/apply", {"good_rows_only": "yes"}).status_code == 303
    perform_due(world.ports)
    [upload] = stored(world)
    assert (upload.rows_read, upload.rows_applied, upload.rows_rejected) == (6, 3, 3)


def test_a_file_turned_away_can_be_sent_again(world, checked) -> None:
    analyst, page = checked
    assert analyst.post(f"{page}/reject").status_code == 303
    assert analyst.post(f"{page}/apply", {"good_rows_only": "yes"}).status_code == 409
    assert send(analyst, file(GOOD + BAD)).location != page
    assert [one.state for one in stored(world)] == [UploadState.REJECTED, UploadState.CHECKING]


def test_a_second_click_is_told_what_happened_at_every_stage(world, checked) -> None:
    analyst, page = checked
    decision = {"good_rows_only": "yes"}

    def click(tail: str, form: dict[str, str]) -> None:
        answer = analyst.post(f"{page}/{tail}", form)
        assert answer.status_code == 409
        assert "este archivo avanzó" in notice(answer.text)

    click("columns", {})
    assert analyst.post(f"{page}/apply", decision).status_code == 303
    click("apply", decision)
    click("columns", {})
    perform_due(world.ports)
    click("apply", decision)
    assert stored(world)[0].state is UploadState.APPLIED


def test_progress_is_shown_and_ends_in_a_fresh_page(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    analyst.post(f"{page}/columns", columns(analyst.get(page).text))
    assert "every 1s" in analyst.get(f"{page}/progress").text
    perform_due(world.ports)
    assert analyst.get(f"{page}/progress").headers["HX-Refresh"] == "true"


def test_work_that_failed_says_so_and_starts_again(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    analyst.post(f"{page}/columns", columns(analyst.get(page).text))
    fail_work(world, analyst)
    shown = analyst.get(page).text
    assert "every 1s" not in shown
    assert f"{page}/retry" in shown
    assert f"{page}/reject" in shown
    assert analyst.post(f"{page}/retry").status_code == 303
    perform_due(world.ports)
    assert stored(world)[0].state is UploadState.CHECKED


def fail_work(world, browser) -> None:
    """The check gave up, as it does after too many attempts."""
    from agencies.kernel.work import Work, WorkState

    with world.ports.session(browser.person.actor) as session, transaction(session):
        session.execute(update(Work).values(state=WorkState.FAILED, error="operational_error", attempt=8))


def test_nobody_else_sees_or_touches_a_file(world, sign_in, checked) -> None:
    _, page = checked
    strangers = [sign_in(Role.ANALYST, organisation=1), sign_in(Role.MANAGER)]
    for stranger in strangers:
        assert "cartera.csv" not in stranger.get("/uploads/").text
        for tail in ("", "/errors", "/rejected", "/progress"):
            assert stranger.get(page + tail).status_code == 404, tail
        for tail in ("/columns", "/apply", "/reject", "/retry"):
            assert stranger.post(page + tail, {"good_rows_only": "yes"}).status_code == 404, tail
    assert stored(world)[0].state is UploadState.CHECKED


@pytest.mark.parametrize("role", [Role.FINANCE, Role.COMPLIANCE, Role.AGENT, Role.OPERATOR])
def test_other_roles_neither_see_files_nor_send_them(sign_in, checked, role) -> None:
    _, page = checked
    person = sign_in(role)
    assert person.get("/uploads/").status_code == 403
    assert person.get(page).status_code == 403
    assert send(person, file(GOOD)).status_code == 403


def test_english_readers_get_the_same_in_english(sign_in) -> None:
    page = sign_in(Role.ANALYST, language="en").get("/uploads/").text
    assert "No files yet" in page
