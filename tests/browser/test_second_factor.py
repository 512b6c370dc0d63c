"""The second factor in a real browser: an app by its key, a passkey of the browser's own virtual device, sessions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests.browser.person import Person
from tests.browser.site import Site
from tests.entering import next_code
from tests.people import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

#: A device with a finger on it: it keeps passkeys and verifies its owner.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def give_device(person: Person) -> None:
    """Give the person's browser a virtual device that keeps passkeys."""
    devtools = person.page.context.new_cdp_session(person.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_phone_then_a_passkey_and_what_the_account_says_of_both(
    ports: Ports, site: Site, people: Callable[..., Person], language: str
) -> None:
    known = World(ports).person(Role.DIRECTOR, language=language)
    director = people("director", language)
    give_device(director)
    director.sign_in(known.email, known.password)
    director.look(f"70-second-factor-{language}", phone=True)
    director.prove(next_code(ports, known))

    director.page.locator(".top-person").click()
    director.press("Add a passkey")
    director.look(f"71-choose-{language}", phone=True)
    director.fill(name="Portátil")
    director.press("Make a passkey")
    director.sees(director.say("I have kept them, go on"))
    director.look(f"72-codes-{language}", phone=True)
    director.press("I have kept them, go on")
    director.sees("Portátil")
    director.look(f"73-account-{language}", phone=True)

    director.press("Change to another phone or app")
    director.press("Use an app")
    director.look(f"74-app-{language}", phone=True)

    director.page.get_by_role("button", name=director.say("Sign out")).click()
    director.look(f"75-door-{language}", phone=True)
    director.press("Sign in with a passkey")
    expect(director.page.locator(".top-name")).to_have_text("Director 0")
    director.go("/step-up/")
    director.look(f"76-step-up-{language}", phone=True)
    director.press("Confirm with a passkey")
    director.sees(director.say("Where you are signed in"))
