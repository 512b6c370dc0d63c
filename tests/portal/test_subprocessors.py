"""The pages of sub-processors: prepared by the agency alone, published, decided by the creditor entry by entry."""

from __future__ import annotations

import io
import re

import pytest

from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from agencies.standing import panel
from tests.disclosed import CLOUD, MESSAGES, publish
from tests.people import MADE_AT, World
from tests.portal.test_attestations import PDF

ENTRY = {
    "name": "Nube Uno S.A.S.",
    "country": "CO",
    "tax_id": "830111222-7",
    "service": "Alojamiento",
    "data_kinds": "Todos",
    "hosting": "Bogotá",
    "authorised_on": "2026-01-02",
}


@pytest.fixture
def page(world: World):
    """The address of the list, as either side of the first relation has it."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    with world.ports.session(creditor) as session, transaction(session):
        panel.bring_in(session, creditor, agency.tenant, now=MADE_AT)

    def address(browser) -> str:
        other = agency if browser.person.actor.organisation_id == creditor.tenant else creditor
        return f"/attestations/with/{world.ports.references.encode('counterpart', other.tenant)}/subprocessors"

    return address


def add(browser, page: str, file_name: str = "contrato.pdf", content: bytes = PDF, **changed):
    file = {"contract": (io.BytesIO(content), file_name)} if file_name else {}
    return browser.post(f"{page}/add", data={**ENTRY, **changed, **file})


def entry_on(text: str) -> str:
    found = re.search(r'"(/attestations/subprocessors/[a-z2-7]{26})', text)
    assert found
    return found[1]


def test_a_list_is_prepared_published_and_decided(sign_in, world, page):
    manager, reviewer = sign_in(Role.MANAGER, language="en"), sign_in(Role.COMPLIANCE, language="en")
    mine, theirs = page(manager), page(reviewer)
    assert manager.post(f"{mine}/begin").location.endswith("/draft")
    assert add(manager, mine).status_code == 303
    drafted = manager.get(f"{mine}/draft").text
    assert "the check digit is wrong" in drafted
    # Nobody but the agency sees it before it is published.
    assert "No list yet" in reviewer.get(theirs).text
    entry = entry_on(drafted)
    assert reviewer.get(f"{entry}/contract").status_code == 404
    assert reviewer.post(f"{entry}/approve").status_code == 404
    assert manager.post(entry, {**ENTRY, "tax_id": "830111222-6"}).status_code == 303
    assert manager.post(f"{mine}/publish").status_code == 303

    shown = reviewer.get(theirs).text
    assert "NIT 830.111.222-6" in shown
    assert "the check digit is wrong" not in shown
    assert "1 sub-processor waits for your word" in shown
    assert reviewer.post(f"{entry_on(shown)}/approve").status_code == 303
    assert "Agreed to" in manager.get(mine).text
    assert "published version 1 of its sub-processors" in reviewer.get("/notices/").text
    assert "published a list of sub-processors" in reviewer.get("/audit/").text
    text = reviewer.get(f"{theirs}/text?version=1")
    assert "Nube Uno S.A.S." in text.text
    assert text.headers["Content-Disposition"].startswith("attachment;")


def test_a_contract_leaves_as_an_attachment_only_and_with_a_trace(sign_in, world, page):
    manager = sign_in(Role.MANAGER, language="en")
    mine = page(manager)
    manager.post(f"{mine}/begin")
    add(manager, mine)
    entry = entry_on(manager.get(f"{mine}/draft").text)

    answer = manager.get(f"{entry}/contract")

    assert (answer.data, answer.mimetype) == (PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "downloaded a file of evidence" in manager.get("/audit/").text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("evil.svg", b"<svg onload=alert(1)></svg>"),
        ("evil.pdf", PDF + b"<< /S /JavaScript /JS (app.alert(1)) >>"),
        ("evil.pdf", b"<html><script>alert(1)</script></html>"),
        ("evil.html", b"<script>alert(1)</script>"),
    ],
)
def test_a_hostile_contract_is_refused_and_what_was_typed_stays(sign_in, world, page, name, content):
    manager = sign_in(Role.MANAGER, language="en")
    mine = page(manager)
    manager.post(f"{mine}/begin")

    answer = add(manager, mine, name, content)

    assert answer.status_code == 400
    assert "notice-error" in answer.text
    assert 'value="Nube Uno S.A.S."' in answer.text
    assert not [path for path in world.ports.settings.storage_folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "changed",
    [{"name": ""}, {"country": "??"}, {"authorised_on": "2199-01-01"}, {"service": "x" * 301}, {"tax_id": ""}],
)
def test_half_an_entry_is_refused_and_nothing_is_kept(sign_in, world, page, changed):
    manager = sign_in(Role.MANAGER, language="en")
    mine = page(manager)
    manager.post(f"{mine}/begin")

    assert add(manager, mine, **changed).status_code == 400
    assert "Nobody on the list" in manager.get(f"{mine}/draft").text
    assert not [path for path in world.ports.settings.storage_folder.rglob("*") if path.is_file()]


def test_an_objection_says_why_and_reaches_the_agency(sign_in, world, page):
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    publish(world.ports, agency, creditor, CLOUD, now=MADE_AT)
    manager, reviewer = sign_in(Role.MANAGER, language="en"), sign_in(Role.COMPLIANCE, language="en")
    entry = entry_on(reviewer.get(page(reviewer)).text)

    assert reviewer.post(f"{entry}/object", {"reason": " "}).status_code == 400
    assert reviewer.post(f"{entry}/object", {"reason": "Aloja en otro país."}).status_code == 303

    assert "Aloja en otro país." in manager.get(page(manager)).text
    assert "objects to a sub-processor of yours" in manager.get("/notices/").text


def test_a_published_list_is_not_changed_and_an_old_page_decides_nothing(sign_in, world, page):
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    publish(world.ports, agency, creditor, CLOUD, now=MADE_AT)
    manager, reviewer = sign_in(Role.MANAGER, language="en"), sign_in(Role.COMPLIANCE, language="en")
    mine, old = page(manager), entry_on(reviewer.get(page(reviewer)).text)

    assert manager.get(old).status_code == 409
    assert manager.post(old, ENTRY).status_code == 409
    assert manager.post(f"{old}/remove").status_code == 409
    assert add(manager, mine).status_code == 404
    publish(world.ports, agency, creditor, MESSAGES, now=MADE_AT)
    assert reviewer.post(f"{old}/approve").status_code == 409
    # The older version stays to be read; one that never was is not there.
    assert "Nube Uno" in reviewer.get(f"{page(reviewer)}?version=1").text
    assert "Nube Uno" not in reviewer.get(page(reviewer)).text
    for version in ("3", "x", "-1", "9" * 30):
        assert reviewer.get(f"{page(reviewer)}?version={version}").status_code == 404


def test_the_same_list_is_not_published_twice(sign_in, world, page):
    publish(world.ports, world.actor(Role.MANAGER), world.actor(Role.DIRECTOR), CLOUD, now=MADE_AT)
    manager = sign_in(Role.MANAGER, language="en")
    manager.post(f"{page(manager)}/begin")

    answer = manager.post(f"{page(manager)}/publish")

    assert (answer.status_code, "nothing to publish" in answer.text) == (409, True)


def test_a_country_stands_where_its_name_is_looked_for(sign_in, page):
    manager = sign_in(Role.MANAGER, language="es")
    manager.post(f"{page(manager)}/begin")
    text = manager.get(f"{page(manager)}/draft").text

    places = [
        text.index(f">{name}<") for name in ("Bélgica", "Belice", "Líbano", "Liberia", "Sáhara Occidental", "Samoa")
    ]
    assert places == sorted(places)
