"""What is kept of files: their history, themselves, their list, and taking back what they made."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from portal.jobs.tasks import perform_due
from tests.portal.test_uploads import BAD, GOOD, columns, file, send, stored
from uploads.models import UploadState


@pytest.fixture
def applied(world, sign_in):
    """A file of which the good rows were taken over, and the analyst who sent it."""
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD + BAD)).location
    analyst.post(f"{page}/columns", columns(analyst.get(page).text))
    perform_due(world.ports)
    analyst.post(f"{page}/apply", {"good_rows_only": "yes"})
    perform_due(world.ports)
    return analyst, page


def cases(world, person) -> int:
    with world.ports.session(person.person.actor) as session:
        return session.scalar(select(func.count()).select_from(Case))


def test_an_applied_file_is_undone_and_may_be_sent_again(world, applied) -> None:
    analyst, page = applied
    assert cases(world, analyst) == 3
    assert f"{page}/undo" in analyst.get(page).text
    assert analyst.post(f"{page}/undo").status_code == 303
    assert "hx-trigger" in analyst.get(page).text
    perform_due(world.ports)
    shown = analyst.get(page).text
    assert "Este archivo se deshizo" in shown
    assert f"{page}/undo" not in shown
    assert cases(world, analyst) == 0
    assert send(analyst, file(GOOD + BAD)).location != page


def test_undoing_twice_says_that_the_file_has_moved_on(world, applied) -> None:
    analyst, page = applied
    analyst.post(f"{page}/undo")
    perform_due(world.ports)
    assert analyst.post(f"{page}/undo").status_code == 409
    assert stored(world)[0].state is UploadState.UNDONE


def test_others_do_not_undo(sign_in, applied) -> None:
    analyst, page = applied
    for role, organisation, status in ((Role.ANALYST, 1, 404), (Role.MANAGER, 0, 404), (Role.FINANCE, 0, 403)):
        assert sign_in(role, organisation=organisation).post(f"{page}/undo").status_code == status
    assert f"{page}/undo" in analyst.get(page).text


def test_a_file_tells_what_happened_to_it(applied) -> None:
    analyst, page = applied
    shown = analyst.get(page).text
    told = [shown.index(f"<strong>{word}</strong>") for word in ("Enviado", "Columnas confirmadas", "Cargado")]
    assert told == sorted(told)
    assert "filas cargadas: 3" in shown


def test_the_file_itself_is_saved_and_never_shown(world, applied) -> None:
    analyst, page = applied
    answer = analyst.get(f"{page}/original")
    assert answer.get_data() == file(GOOD + BAD)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "application/octet-stream"
    answer.close()
    assert "Descargado tal como se envió" in analyst.get(page).text


def test_a_text_is_saved_by_an_ending_that_starts_nothing(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    for sent_as, saved_as in (("factura.hta", "factura.csv"), ("a.csv.bat", "a.csv.csv"), ("lista.txt", "lista.txt")):
        page = send(analyst, file([*GOOD, f"{sent_as};1;x;1,00;31/12/2025"]), name=sent_as).location
        with analyst.get(f"{page}/original") as answer:
            assert answer.headers["Content-Disposition"] == f"attachment; filename={saved_as}"


def test_what_was_never_understood_is_not_handed_out(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, b"MZ\x90\x00" + bytes(300), name="cartera.csv").location
    assert analyst.get(f"{page}/original").status_code == 400


def test_the_list_is_narrowed_by_all_that_is_known_of_a_file(applied, sign_in) -> None:
    analyst, _ = applied
    send(sign_in(Role.DIRECTOR), file(GOOD[:1]), name="otra.csv")
    listed = {
        "": {"cartera.csv", "otra.csv"},
        "state=applied": {"cartera.csv"},
        "state=rejected": set(),
        "kind=portfolio": {"cartera.csv", "otra.csv"},
        "kind=recall_list": set(),
        "name=OTRA": {"otra.csv"},
        "name=%25": set(),
        "since=2020-01-01": {"cartera.csv", "otra.csv"},
        "until=2020-01-01": set(),
        "since=2999-01-01&until=garbage&person=nobody&state=odd&kind=odd": {"cartera.csv", "otra.csv"},
    }
    for asked, names in listed.items():
        shown = analyst.get(f"/uploads/?{asked}").text
        assert {name for name in ("cartera.csv", "otra.csv") if f">{name}</a>" in shown} == names, asked
    shown = analyst.get("/uploads/").text
    person = shown.split('id="person"')[1].split("</select>")[0].split('value="')
    director = next(one.split('"')[0] for one in person if "Director 0" in one)
    shown = analyst.get(f"/uploads/?person={director}").text
    assert ">otra.csv</a>" in shown
    assert ">cartera.csv</a>" not in shown


def test_control_totals_that_do_not_agree_stop_the_file(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    data = {"file": (io.BytesIO(file(GOOD)), "c.csv"), "kind": "portfolio", "control_rows": "4"}
    page = analyst.post("/uploads/new", data, content_type="multipart/form-data").location
    analyst.post(f"{page}/columns", columns(analyst.get(page).text))
    perform_due(world.ports)
    shown = analyst.get(page).text
    assert 'class="notice notice-error"' in shown
    assert "Totales de control" in shown
    assert stored(world)[0].state is UploadState.REJECTED
