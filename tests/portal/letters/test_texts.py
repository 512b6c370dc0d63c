"""Every letter that is posted has a text, every text its Spanish, and every link a page that it opens."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from datetime import UTC, datetime
from email.headerregistry import Address
from pathlib import Path

import pytest

from portal.letters import links
from portal.letters.texts import LETTERS, Letter
from portal.letters.writing import Addressee, Link, write

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 3, 11, 17, 0, tzinfo=UTC)
ANA = Addressee(7, "Banco Uno", "ana@bank.example", "ana@bank.example", "Ana", "es", "America/Bogota")
#: What the letters of a topic tell besides the addressee.
DETAILS = {
    "attestation": {"code": "ATT-01", "last_on": "2026-04-10", "from_on": "2026-04-11"},
    "incident": {"due_on": "2026-04-10"},
}


def texts_of(letter: Letter) -> list[str]:
    found = []
    for one in fields(letter):
        value = getattr(letter, one.name)
        found += [value] if isinstance(value, str) else list(value or ())
    return found


def written(kind: str, language: str) -> str:
    addressee = Addressee(*(language if value == "es" else value for value in vars(ANA).values()))
    link = Link("https://encargo.example/x/token", AT) if LETTERS[kind].link else None
    return write(
        kind,
        addressee,
        key="one",
        sender=Address("Encargo", "letters", "encargo.example"),
        portal="https://encargo.example",
        at=AT,
        now=AT,
        link=link,
        details=DETAILS.get(kind.partition(".")[0]),
    )


@pytest.mark.parametrize("kind", LETTERS)
def test_every_kind_is_written_in_both_languages(kind, compiled_translations):
    spanish, english = written(kind, "es"), written(kind, "en")

    assert spanish["Subject"] != english["Subject"]
    for letter in (spanish, english):
        plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
        assert "%(" not in plain + html
        assert "Banco Uno" in plain
        assert ("https://encargo.example/x/token" in plain) == bool(LETTERS[kind].link)
        assert (html.count('href="https://encargo.example/x/token"') == 1) == bool(LETTERS[kind].link)
        # Nothing is fetched when a letter is read.
        assert not re.search(r"src=|url\(|<img|<link|<style", html)


def test_an_instant_is_told_on_the_organisations_clock(compiled_translations):
    assert "11 mar 2026, 12:00" in written("password.changed", "es").get_body(("plain",)).get_content()


def posted_kinds() -> dict[str, str]:
    """The kinds that the sources post, by where."""
    found = {}
    for package in ("agencies", "assignments", "uploads", "portal"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr in {"post", "post_to_address"} and getattr(node.func.value, "id", "") == "letters":
                    for keyword in node.keywords:
                        if keyword.arg == "kind" and isinstance(keyword.value, ast.Constant):
                            found[keyword.value.value] = str(path.relative_to(ROOT))
    return found


def test_every_kind_that_is_posted_has_a_text():
    unknown = {kind: where for kind, where in posted_kinds().items() if kind not in LETTERS}

    assert unknown == {}


def test_a_kind_has_a_link_exactly_when_its_text_has_one():
    assert set(links.LINKS) == {kind for kind, letter in LETTERS.items() if letter.link}


def test_every_link_leads_to_a_page(app):
    paths = [value for name, value in vars(links).items() if name.isupper() and isinstance(value, str)]
    adapter = app.url_map.bind("127.0.0.1")

    assert paths
    for path in paths:
        assert adapter.match(path.format(token="x" * 43), method="GET")
