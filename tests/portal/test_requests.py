"""Requests of data subjects on the page: taken in, checked, done, answered; and kept from everybody else."""

from __future__ import annotations

import hashlib
import io
import json
import re
import uuid
import zipfile
from datetime import timedelta

import pytest

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from tests import loop


@pytest.fixture
def owed(world) -> None:
    """A case with the first agency, and a paid one with nobody."""
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, manager, [loop.NewCase("A-1", 100_000, name="Rosa Uno")])
    loop.acknowledge_all(world.ports, manager)
    loop.add_cases(world.ports, creditor, [loop.NewCase("P-1", 0, name="=Pía Pagada", phones=("+573001112233",))])


def said(kind: str = "access", **changed: object) -> dict[str, object]:
    return {
        "key": str(uuid.uuid4()),
        "kind": kind,
        "channel": "letter",
        "country": "CO",
        "received_at": "2026-03-11T08:00",
        "name": "Pía Inventada",
        "id_number": "52000111",
        "contact": "pia@correo.example",
        "words": "Quiero saber qué tienen",
        **changed,
    }


def registered(browser, kind: str = "access", *, account: str | None = "P-1", is_known: bool = True) -> str:
    """A request on its way; its address."""
    page = browser.post("/requests/new", said(kind)).headers["Location"]
    if account:
        found = browser.post(f"{page}/search", {"name": "Pagada" if account == "P-1" else "Rosa"}).text
        assert account in found
        assert browser.post(f"{page}/people", {"people": re.search(r'name="people" value="([a-z2-7]{26})"', found)[1]})
    if is_known:
        assert browser.post(f"{page}/identity", {"shown": "Cédula", "accepted": "yes"}).status_code == 303
    return page


def test_a_query_is_answered_with_everything_and_a_proof(owed, sign_in) -> None:
    person = sign_in(Role.COMPLIANCE)
    page = registered(person)
    answer = person.post(f"{page}/data.zip")
    package = zipfile.ZipFile(io.BytesIO(answer.data))
    told = json.loads(package.read("datos.json"))
    assert told["person"][0]["name"] == "=Pía Pagada"
    assert [one["account_ref"] for one in told["cases"]] == ["P-1"]
    book = zipfile.ZipFile(io.BytesIO(package.read("datos.xlsx")))
    assert "<f>" not in "".join(book.read(name).decode() for name in book.namelist() if "sheet" in name)
    assert person.post(f"{page}/answer", {"outcome": "granted", "words": "Adjunto sus datos"}).status_code == 303
    proof = person.get(f"{page}/answer.txt").data
    assert hashlib.sha256(proof).hexdigest() in person.get(page).text
    assert "Adjunto sus datos" in proof.decode()
    assert "fila 2" in proof.decode()
    assert person.post(f"{page}/answer", {"outcome": "refused", "words": "Otra"}).status_code == 409


def test_nothing_leaves_before_the_person_is_known(owed, sign_in) -> None:
    person = sign_in(Role.DIRECTOR, language="en")
    page = registered(person, is_known=False)
    assert person.post(f"{page}/data.zip").status_code == 409
    refused = person.post(f"{page}/answer", {"outcome": "granted", "words": "Escrito con cuidado"})
    assert refused.status_code == 409
    assert person.post(f"{page}/identity", {"shown": "Nada", "accepted": "no"}).status_code == 303
    assert "Identity not proved" in person.get(page).text
    assert person.post(f"{page}/data.zip").status_code == 409


def test_somebody_is_erased_on_the_page_and_a_hold_stops_it(owed, sign_in, world) -> None:
    person = sign_in(Role.COMPLIANCE, language="en")
    page = registered(person, "erasure")
    case = re.search(r'href="(/cases/[a-z2-7]{26})">P-1', person.get("/cases/?search=P-1").text)[1]
    hold = case.replace("/cases/", "/requests/holds/of/")
    assert person.post(hold, {"reason": "Demanda"}).status_code == 303
    assert "Demanda" in person.get(case).text
    refused = person.post(f"{page}/erase")
    assert refused.status_code == 409
    assert "a legal hold is in force" in refused.text
    lift = re.search(r'action="(/requests/holds/[a-z2-7]{26}/lift)"', person.get("/requests/retention").text)[1]
    assert person.post(lift, {"reason": "Terminó"}).status_code == 303
    assert person.post(f"{page}/erase").status_code == 303
    assert person.post(f"{page}/erase").status_code == 303
    assert "Pía Pagada" not in person.get(case).text


def test_the_mark_is_seen_on_the_case_by_creditor_and_agency(owed, sign_in) -> None:
    person = sign_in(Role.COMPLIANCE, language="en")
    page = registered(person, "rectification", account="A-1")
    for reader in (person, sign_in(Role.AGENT, language="en")):
        case = re.search(r'href="(/cases/[a-z2-7]{26})">A-1', reader.get("/cases/").text)[1]
        assert "Claim in process" in reader.get(case).text
    chosen = re.search(r'<option value="([a-z2-7]{26})">Rosa Uno', person.get(page).text)[1]
    assert person.post(f"{page}/mend", {"person": chosen, "name": "Rosa Correcta"}).status_code == 303
    assert "Rosa Correcta" in person.get(page).text
    assert "Rosa Uno" in person.get(page).text


def test_a_wrong_telephone_is_put_right_on_the_page_and_what_was_typed_is_not_lost(owed, sign_in) -> None:
    person = sign_in(Role.COMPLIANCE, language="en")
    page = registered(person, "rectification")
    shown = person.get(page).text
    way = re.search(r'name="way" value="([0-9a-f]+)"', shown)[1]
    refused = person.post(f"{page}/mend-way", {"way": way, "right": "no number"})
    assert refused.status_code == 400
    assert 'value="no number"' in refused.text
    assert "This is not" in refused.text
    assert person.post(f"{page}/mend-way", {"right": "300 999 8877"}).status_code == 400
    done = person.post(f"{page}/mend-way", {"way": way, "right": "300 999 8877"})
    assert done.status_code == 303
    after = person.get(page).text
    assert way not in after
    # What was mended is told, and covered.
    assert "after: " in after
    for number in ("3001112233", "300 999 8877", "9998877"):
        assert number not in after
    assert person.post(f"{page}/mend-way", {"way": way, "right": "300 999 8877"}).status_code == 400


def test_an_agency_passes_a_request_on_and_sees_no_more(owed, sign_in, world) -> None:
    manager = sign_in(Role.MANAGER, language="en")
    creditor = world.ports.references.encode("organisation", world.creditors[0].id)
    assert manager.post("/requests/new", said("erasure", creditor=creditor)).status_code == 303
    assert "after more than a day" in manager.get("/requests/").text
    person = sign_in(Role.COMPLIANCE)
    [page] = set(re.findall(r'href="(/requests/[a-z2-7]{26})"', person.get("/requests/").text))
    assert manager.get(page).status_code == 403
    assert "Pía Inventada" in person.get(page).text
    assert "Pía Inventada" not in manager.get("/requests/").text


@pytest.mark.parametrize("role", [Role.AGENT, Role.ANALYST, Role.FINANCE, Role.INVESTIGATOR, Role.OPERATOR])
def test_whoever_does_not_answer_for_data_protection_is_kept_out(owed, sign_in, role) -> None:
    page, stranger = registered(sign_in(Role.COMPLIANCE), is_known=False), sign_in(role)
    for path in ("/requests/", page, "/requests/register.csv", "/requests/retention", "/requests/new"):
        assert stranger.get(path).status_code == 403
    for verb in ("identity", "search", "people", "erase", "data.zip", "answer"):
        assert stranger.post(f"{page}/{verb}").status_code == 403


def test_the_auditor_reads_that_a_request_ran_and_not_who_asked_it(owed, sign_in) -> None:
    person = sign_in(Role.COMPLIANCE, language="en")
    page = registered(person, "rectification")
    chosen = re.search(r'<option value="([a-z2-7]{26})">=Pía', person.get(page).text)[1]
    assert person.post(f"{page}/mend", {"person": chosen, "name": "Pía Corregida"}).status_code == 303
    assert person.post(f"{page}/answer", {"outcome": "granted", "words": "Palabras al titular"}).status_code == 303
    for said in ("52000111", "pia@correo.example", "Quiero saber", "Palabras al titular", "=Pía Pagada"):
        assert said in person.get(page).text
    auditor = sign_in(Role.AUDITOR, language="en")
    seen = auditor.get(page)
    assert seen.status_code == 200
    assert "The request was answered" in seen.text
    for said in (
        "52000111",
        "pia@correo.example",
        "Pía Inventada",
        "Quiero saber",
        "Palabras al titular",
        "=Pía Pagada",
    ):
        assert said not in seen.text
    assert auditor.get(f"{page}/answer.txt").status_code == 403


def test_a_grant_of_nothing_is_refused_with_what_is_missing_and_the_words_stay(owed, sign_in) -> None:
    person = sign_in(Role.COMPLIANCE, language="en")
    page = registered(person, "erasure")
    assert '<option selected value="refused">' in person.get(page).text
    refused = person.post(f"{page}/answer", {"outcome": "granted", "words": "Escrito con cuidado"})
    assert refused.status_code == 409
    assert "the data have not been erased" in refused.text
    assert "Escrito con cuidado" in refused.text


def test_a_revoked_telephone_leaves_the_case_page_at_once(owed, sign_in) -> None:
    person = sign_in(Role.COMPLIANCE, language="en")
    page = registered(person, "revocation")
    case = re.search(r'href="(/cases/[a-z2-7]{26})">P-1', person.get("/cases/?search=P-1").text)[1]
    assert "2233" in person.get(case).text
    assert person.post(f"{page}/stop", {"ways": ["zz"]}).status_code == 400
    way = re.search(r'name="ways" value="([0-9a-f]{20,})"', person.get(page).text)[1]
    assert person.post(f"{page}/stop", {"ways": [way]}).status_code == 303
    assert "2233" not in person.get(case).text
    shown = person.get(page).text
    assert "The person is not reached as before any more" in shown
    assert "+573001112233" not in shown
    assert sign_in(Role.AUDITOR).post(f"{page}/stop", {"ways": [way]}).status_code == 403


def test_another_creditor_finds_nothing(owed, sign_in) -> None:
    page, stranger = registered(sign_in(Role.COMPLIANCE)), sign_in(Role.COMPLIANCE, organisation=1)
    assert stranger.get(page).status_code == 404
    for verb in ("search", "erase", "data.zip"):
        assert stranger.post(f"{page}/{verb}", {"name": "Pagada"}).status_code == 404
    assert "Pagada" not in stranger.get("/requests/").text


def test_the_same_button_twice_is_one_request_and_a_bad_form_keeps_what_was_typed(owed, sign_in) -> None:
    person, form = sign_in(Role.DIRECTOR, language="en"), said()
    assert (
        person.post("/requests/new", form).headers["Location"] == person.post("/requests/new", form).headers["Location"]
    )
    refused = person.post("/requests/new", said(received_at="2199-01-01T00:00"))
    assert refused.status_code == 400
    assert "Quiero saber qué tienen" in refused.text
    rows = person.get("/requests/register.csv").text
    assert rows.count("To see the own data") == 1
    assert "Inventada" not in rows


def test_a_deadline_is_extended_once_and_shown(owed, sign_in) -> None:
    person = sign_in(Role.DIRECTOR)
    page = person.post("/requests/new", said(received_at="2199-01-02T08:00")).status_code
    assert page == 400
    soon = person.post("/requests/new", said(kind="opposition", received_at=_now()))
    assert person.post(f"{soon.headers['Location']}/extend", {"reason": "Archivo físico"}).status_code == 303
    assert person.post(f"{soon.headers['Location']}/extend", {"reason": "Otra vez"}).status_code == 409


def _now() -> str:
    return (utc_now() - timedelta(days=1)).strftime("%Y-%m-%dT00:00")
