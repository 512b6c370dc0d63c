"""A company's own sign-in for tests: set up, gone to, and come back from."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations import company_sign_in
from agencies.organisations.permissions import Role
from agencies.organisations.providers import SignInDomain
from tests import openid_process

DOMAIN = "creditor0.example"


def set_up(ports, world, issuer, *, role=Role.DIRECTOR, domain=DOMAIN, secret=openid_process.SECRET, **given):
    """The organisation's own sign-in as its director sets it up and the operator approves it."""
    actor = world.actor(role)
    wanted = {"required": False, "trusts_factor": False, "vouches_for_emails": True, **given}
    with ports.session(actor) as session, transaction(session):
        company_sign_in.configure(
            session, actor, issuer=issuer, client_id="encargo", client_secret=secret, now=utc_now(), **wanted
        )
        company_sign_in.ask_domain(session, actor, domain, now=utc_now())
    approve_again(ports, world, actor.tenant, domain)


def approve_again(ports, world, organisation_id, domain=DOMAIN):
    """The operator approves a domain with the provider as they are now."""
    with ports.session(world.operator) as session, transaction(session):
        seen = session.get_one(SignInDomain, (organisation_id, domain)).asked_at.isoformat()
        company_sign_in.approve_domain(session, world.operator, organisation_id, domain, seen=seen, now=utc_now())


def depart(browser, email, **given):
    """Ask for the way to the company, and return the address of the link that is shown."""
    page = browser.post("/company-sign-in/", {"email": email, **given})
    assert page.status_code == 200, page.text
    (address,) = re.findall(r'<a class="btn btn-primary" href="([^"]+)"', page.text)
    return html.unescape(address)


def come_back(browser, address):
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}")


def come_in(browser, email, name, **given):
    return come_back(browser, openid_process.pass_through(depart(browser, email, **given), name))


def lie(browser, liar, email=f"director@{DOMAIN}", **given):
    """Go to the liar and come back with whatever it says."""
    asked = parse_qs(urlsplit(depart(browser, email)).query)
    liar.nonce = asked["nonce"][0]
    query = {"code": "a-code", "state": asked["state"][0], **given}
    return browser.get("/company-sign-in/back", query_string=query)


def is_inside(browser):
    """Whether the browser has a session: the door does not show itself to who is inside."""
    return browser.get("/sign-in").status_code == 303
