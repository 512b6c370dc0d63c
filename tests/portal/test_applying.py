"""The way in as pages: by letter, part by part, handed in, reviewed, and up to the first person's invitation."""

from __future__ import annotations

import io
import re
from urllib.parse import unquote

import pytest

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from tests import applying
from tests.portal.conftest import Browser

BEGIN = {"kind": "agency", "country": "CO", "email": applying.EMAIL, "language": "en"}
SVG = b"<?xml version='1.0'?><svg onload='alert(1)'/>"


@pytest.fixture
def mail(tmp_path):
    return tmp_path / "mail"


@pytest.fixture
def arrive(app, app_ports, world, mail):
    """Begin an application and open it by the link of its letter: `arrive()` gives the applicant's browser."""

    def come(**given):
        browser = Browser(app.test_client())
        browser.post("/language", {"language": "en"})
        form = {**BEGIN, **given}
        assert browser.post("/apply/", form).status_code == 303
        letters = applying.letters_to(app_ports, mail, form["email"])
        opened = browser.post(applying.link_in(letters))
        assert opened.location == "/apply/draft"
        return browser

    return come


@pytest.fixture
def handed_in(app, app_ports, world):
    number, visit = applying.hand_in(app_ports, now=utc_now())
    browser = Browser(app.test_client())
    with browser.client.session_transaction() as cookie:
        cookie["application"] = visit
    return browser, f"/applications/{app_ports.references.encode('application', number)}"


def typed(part):
    """A part as its form sends it, in the applicant's language."""
    given = {f"answer_{name}": value for name, value in part.items()}
    if "answer_share_bp" in given:
        given["answer_share_bp"] = str(given["answer_share_bp"] / 100)
    if "answer_limit" in given:
        given["answer_limit"] = str(given["answer_limit"] / 100)
    return given


def attach(browser, kind="incorporation", data=applying.PDF, name="camara.pdf"):
    form = {"csrf_token": browser.token(), "kind": kind, "file": (io.BytesIO(data + kind.encode()), name)}
    return browser.client.post("/apply/documents", data=form, content_type="multipart/form-data")


def test_an_applicant_fills_in_every_page_and_becomes_a_manager(arrive, sign_in, app, app_ports, mail):
    applicant = arrive()
    for code, told in applying.AGENCY.items():
        for part in told if isinstance(told, list) else [told]:
            answer = applicant.post(f"/apply/part?name={code}", typed(part))
            assert answer.status_code == 303, (code, answer.text)
    for kind in applying.DOCUMENTS:
        assert attach(applicant, kind.value).status_code == 303
    page = applicant.get("/apply/draft").text
    assert "Still missing" not in page
    assert "1012345678" not in page
    assert "•" in page
    assert applicant.post("/apply/submit", {"is_true": "y"}).status_code == 303

    operator = sign_in(Role.OPERATOR, language="en")
    address = re.search(r'href="(/applications/[a-z2-7]{26})"', operator.get("/applications/").text)[1]
    shown = operator.get(address).text
    for word in ("Perla Principal", "60", "NIT 900.777.111", applying.EMAIL, "Bank letter", "COP 100,000,000.00"):
        assert word in shown, word
    assert "12345678901" not in shown
    assert operator.post(f"{address}/take-up").status_code == 303
    assert operator.post(f"{address}/approve").status_code == 303

    invitation = applying.link_in(applying.letters_to(app_ports, mail, applying.EMAIL), applying.INVITATION)
    assert "Recaudos del Páramo" in app.test_client().get(invitation).text
    assert "You are in." in applicant.get("/apply/draft").text


def test_an_address_nobody_began_with_is_answered_alike_and_gets_nothing(arrive, browser, app_ports, mail):
    arrive()
    known = browser.post("/apply/link", {"kind": "agency", "email": applying.EMAIL})
    unknown = browser.post("/apply/link", {"kind": "agency", "email": "nadie@nada.example"})

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert applying.letters_to(app_ports, mail, "nadie@nada.example") == []
    assert len(applying.letters_to(app_ports, mail, applying.EMAIL)) == 2


def test_a_replayed_link_leads_to_a_new_one_and_not_in(arrive, app, app_ports, mail):
    arrive()
    link = applying.link_in(applying.letters_to(app_ports, mail, applying.EMAIL))
    stranger = Browser(app.test_client())

    for answer in (stranger.get(link), stranger.post(link), stranger.post("/apply/open/" + "x" * 43)):
        assert answer.status_code == 404
        assert "works once" in answer.text or "solo" in answer.text or "una" in answer.text
    assert stranger.get("/apply/draft").status_code == 303


def test_looking_at_a_link_does_not_use_it_up(browser, app_ports, world, mail):
    browser.post("/apply/", BEGIN)
    link = applying.link_in(applying.letters_to(app_ports, mail, applying.EMAIL))

    assert [browser.get(link).status_code for _ in range(2)] == [200, 200]
    assert browser.post(link).status_code == 303


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": "nobody"}, "This is not a valid e-mail address."),
        ({"email": ""}, "This field is required."),
        ({"country": "US"}, "Not a valid choice"),
        ({"kind": "platform"}, "Not a valid choice"),
    ],
)
def test_what_nobody_can_apply_with_is_said(browser, world, given, said):
    browser.post("/language", {"language": "en"})
    answer = browser.post("/apply/", {**BEGIN, **given})

    assert answer.status_code == 400
    assert said in answer.text


def test_an_address_is_written_to_a_few_times_an_hour_only(browser, world):
    answers = [browser.post("/apply/", BEGIN).status_code for _ in range(6)]

    assert answers == [303] * 5 + [429]


@pytest.mark.parametrize(
    ("part", "answers", "said"),
    [
        ("company", {"tax_id": "900777111-1"}, "This is not a valid NIT"),
        ("bank", {"number": "12"}, "This is not a valid account number"),
        ("coverage", {"capacity": "many"}, "Not a valid integer value"),
        ("principals", {"name": "Sola"}, "This field is required."),
        ("contacts", {"incidents_email": "x"}, "E-mail"),
    ],
)
def test_what_does_not_fit_is_said_beside_what_was_typed(arrive, part, answers, said):
    answer = arrive().post(f"/apply/part?name={part}", typed({**answers, "legal_name": "Lo tecleado"}))

    assert answer.status_code == 400
    assert said in answer.text
    assert next(iter(answers.values())) in answer.text


def test_a_part_nobody_asks_for_is_not_there(arrive):
    assert arrive().get("/apply/part?name=secrets").status_code == 404


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (SVG, "camara.txt"),
        (b"MZ\x90\x00", "camara.pdf"),
        (b"%PDF-1.4 /OpenAction /JavaScript", "camara.pdf"),
        (b"PK\x03\x04", "camara.xlsx"),
        (b"x", "camara.svg"),
        (b"x", "camara.exe"),
    ],
)
def test_a_hostile_document_is_refused(arrive, app_ports, data, name):
    applicant = arrive()

    assert attach(applicant, data=data, name=name).status_code == 303
    page = applicant.get("/apply/draft").text
    assert 'class="notice notice-error"' in page
    assert "No file is attached." in page


def test_a_document_leaves_as_an_attachment_that_no_browser_shows(arrive, app, app_ports):
    applicant = arrive()
    attach(applicant, name="../cámara de comercio.pdf")
    address = re.search(r'href="(/apply/documents/[a-z2-7]{26})"', applicant.get("/apply/draft").text)[1]

    answer = applicant.get(address)

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "cámara de comercio.pdf" in unquote(answer.headers["Content-Disposition"])
    stranger = Browser(app.test_client())
    assert stranger.get(address).status_code == 403
    assert stranger.post(f"{address}/remove").status_code == 403
    other = applying.begin(app_ports, email="otra@otra.example", now=utc_now())[1]
    with stranger.client.session_transaction() as cookie:
        cookie["application"] = other
    assert stranger.get(address).status_code == 404
    assert stranger.post(f"{address}/remove").status_code == 404
    assert applicant.post(f"{address}/remove").status_code == 303


def test_nobody_without_an_open_application_sends_files(app, world):
    stranger = Browser(app.test_client())

    assert attach(stranger).status_code == 303
    assert "camara" not in stranger.get("/apply/").text


def test_who_did_not_say_that_it_is_true_does_not_hand_in(arrive, app_ports):
    applicant = arrive()

    answer = applicant.post("/apply/submit")

    assert answer.status_code == 400
    assert applicant.post("/apply/submit", {"is_true": "y"}).status_code == 400


def test_a_double_press_hands_in_once(handed_in, sign_in):
    applicant, _address = handed_in

    assert applicant.post("/apply/submit", {"is_true": "y"}).status_code == 303
    assert sign_in(Role.OPERATOR).get("/applications/").text.count("Recaudos del Páramo") == 1


def test_an_applicant_closes_the_application_in_the_browser(handed_in):
    applicant, _address = handed_in
    assert applicant.get("/apply/draft").status_code == 200

    assert applicant.post("/apply/leave").status_code == 303
    assert applicant.get("/apply/draft").location == "/apply/"


def test_an_applicant_reads_what_is_asked_and_why_not(handed_in, sign_in, app_ports, mail, app):
    applicant, address = handed_in
    operator = sign_in(Role.OPERATOR, language="en")
    assert operator.post(f"{address}/ask", {"message": "RUT"}).status_code == 409
    operator.post(f"{address}/take-up")
    assert operator.post(f"{address}/ask", {"message": ""}).status_code == 400
    assert operator.post(f"{address}/ask", {"message": "El RUT está vencido"}).status_code == 303
    assert "El RUT está vencido" in applicant.get("/apply/draft").text
    letters = applying.letters_to(app_ports, mail, applying.EMAIL)
    link = applying.link_in(letters)
    again = Browser(app.test_client())
    assert again.post(link).status_code == 303
    assert again.post("/apply/submit", {"is_true": "y"}).status_code == 303
    operator.post(f"{address}/take-up")
    assert operator.post(f"{address}/decline", {"message": "Sin cobertura"}).status_code == 303
    assert "Sin cobertura" in again.get("/apply/draft").text
    assert operator.post(f"{address}/approve").status_code == 409


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_nobody_else_sees_the_desk(sign_in, handed_in, role):
    _applicant, address = handed_in
    browser = sign_in(role)

    assert browser.get("/applications/").status_code == 403
    for path in ("", "/take-up", "/ask", "/decline", "/approve"):
        answer = browser.post(address + path) if path else browser.get(address)
        assert answer.status_code == 403


def test_the_operator_downloads_a_document_and_the_trail_knows(handed_in, sign_in):
    _applicant, address = handed_in
    operator = sign_in(Role.OPERATOR, language="en")
    file = re.search(rf'href="({address}/files/[a-z2-7]{{26}})"', operator.get(address).text)[1]

    answer = operator.get(file)

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "downloaded a file of an application" in operator.get("/audit/").text
    assert "Applications to review" in operator.get("/").text


def test_what_is_needed_to_hand_in_is_not_called_optional(arrive):
    browser = arrive()
    page = browser.get("/apply/part?name=company").text
    for needed in ("legal_name", "tax_id", "city"):
        assert "(optional)" not in re.search(rf'for="answer_{needed}">(.*?)</label>', page)[1]
    assert "(optional)" in re.search(r'for="answer_website">(.*?)</label>', page)[1]
    draft = browser.get("/apply/draft").text
    assert "(optional)" not in draft
    for whose in ("First contact for complaints", "Contact for security incidents"):
        assert f"{whose}: E-mail" in draft
