"""The bell and the page behind it: told once, to those who may know, in sentences that lead somewhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from agencies.kernel.notices import notify
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission, Role
from agencies.standing import panel
from portal.presenters.notices import TELLINGS
from tests.people import MADE_AT

ROOT = Path(__file__).parents[2]


@pytest.fixture
def told(world):
    """Notices to the first agency from its creditor."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    with world.ports.session(creditor) as session, transaction(session):
        panel.bring_in(session, creditor, agency.tenant, now=MADE_AT)

    def tell(kind: str, key: str, *, permission: Permission = Permission.ATTESTATION_SIGN, **details: object) -> None:
        with world.ports.session(creditor) as session, transaction(session):
            notify(
                session,
                agency.tenant,
                kind,
                key=key,
                permission=permission,
                now=MADE_AT,
                about=creditor.tenant,
                **details,
            )

    return tell


def test_a_notice_is_told_once_and_in_the_reader_s_language(sign_in, told):
    for _ in range(2):
        told("attestation.expiring", "a", attestation_id=1, code="AT-03", valid_until="2026-06-30")

    english = sign_in(Role.MANAGER, language="en").get("/notices/").text
    spanish = sign_in(Role.MANAGER, language="es").get("/notices/").text

    assert english.count("AT-03 between you and Banco 0 runs out on 30 Jun 2026") == 1
    assert "AT-03, entre ustedes y Banco 0, vence el 30 jun 2026" in spanish


def test_only_those_who_may_know_are_told(sign_in, told):
    told("attestation.accepted", "a", attestation_id=1, code="AT-03")

    assert "1 new notice" in sign_in(Role.MANAGER, language="en").get("/").text
    for role, organisation in ((Role.AGENT, 0), (Role.DIRECTOR, 0), (Role.MANAGER, 1)):
        browser = sign_in(role, organisation=organisation, language="en")
        assert "new notice" not in browser.get("/").text
        assert "AT-03" not in browser.get("/notices/").text


def test_many_notices_come_in_pages_and_the_bell_stops_counting(sign_in, told):
    for number in range(101):
        told("attestation.accepted", str(number), attestation_id=1, code=f"AT-{number:03}")
    manager = sign_in(Role.MANAGER, language="en")

    first = manager.get("/notices/").text

    assert "99+" in first
    assert "AT-100" in first
    assert "AT-050" not in first
    assert 'rel="next"' in first


def test_a_notice_nobody_has_words_for_is_shown_and_breaks_nothing(sign_in, told):
    told("thing.happened", "a", house="x", days=3)

    assert "thing.happened" in sign_in(Role.MANAGER, language="en").get("/notices/").text


def test_the_operator_has_no_bell(sign_in):
    assert sign_in(Role.OPERATOR, language="en").get("/notices/").status_code == 200


def test_every_kind_of_notice_that_is_written_has_its_words():
    written = set()
    for package in ("agencies", "uploads", "assignments"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "notify":
                    kind = node.args[2] if len(node.args) > 2 else None
                    if isinstance(kind, ast.Constant):
                        written.add(kind.value)

    assert written
    assert written - set(TELLINGS) == set()
    for telling in TELLINGS.values():
        assert telling.endpoint is None or "." in telling.endpoint
