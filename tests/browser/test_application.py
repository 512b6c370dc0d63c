"""An application from the public page to the invited manager's link, in real browsers and with real letters."""

from __future__ import annotations

from tests import applying
from tests.browser.person import PHONE
from tests.people import PASSWORD

OPERATOR = "operadora@encargo.example"


def fill(page, part) -> None:
    """Type one part of the application into the page's form."""
    for name, value in part.items():
        field = page.locator(f"[name=answer_{name}]")
        if name == "share_bp":
            field.fill(str(value // 100))
        elif name == "limit":
            field.fill("100000")
        elif isinstance(value, list):
            for one in value:
                page.locator(f"[name=answer_{name}][value={one}]").check()
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(str(value))


def test_an_agency_applies_on_a_phone_and_its_manager_is_invited(people, site):
    site.environ["OPERATOR_PASSWORD"] = PASSWORD
    site.flask("create-operator", "--email", OPERATOR, "--name", "Olga Operadora")
    paula = people("Paula")
    applicant = paula.page
    applicant.set_viewport_size(PHONE)
    applicant.goto("/apply/")
    applicant.locator("#email").fill(applying.EMAIL)
    applicant.locator("form[action='/apply/'] button").click()
    applicant.goto(site.letter("/apply/open/"))
    applicant.locator("main form button").click()
    for code, told in applying.AGENCY.items():
        for part in told if isinstance(told, list) else [told]:
            applicant.goto(f"/apply/part?name={code}")
            assert applicant.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            fill(applicant, part)
            applicant.locator("main form .form-actions button").last.click()
    for kind in applying.DOCUMENTS:
        applicant.goto("/apply/draft")
        applicant.locator("[name=kind]").select_option(kind.value)
        file = {
            "name": f"{kind.value}.pdf",
            "mimeType": "application/pdf",
            "buffer": applying.PDF + kind.value.encode(),
        }
        applicant.locator("[name=file]").set_input_files([file])
        applicant.locator("form[action='/apply/documents'] button").click()
    applicant.locator("[name=is_true]").check()
    applicant.locator("form[action='/apply/submit'] button").click()
    applicant.locator(".notice-success").wait_for()
    assert applicant.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    paula.look("application-handed-in", phone=True)

    olga = people("Olga")
    olga.sign_in(OPERATOR, PASSWORD)
    olga.set_up_app()
    olga.menu("Applications")
    olga.look("applications", phone=True)
    olga.press_words("Recaudos del Páramo S.A.S.")
    olga.press("Take it up")
    olga.look("application-under-review", phone=True)
    olga.press("Approve and invite")

    invited = people("Gerencia")
    invited.go(site.letter("/invitations/"))
    invited.sees("Recaudos del Páramo")
    applicant.reload()
    paula.sees(paula.say("You are in. An invitation was sent to this e-mail address: with it you set your password."))
