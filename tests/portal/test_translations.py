"""The Spanish catalogue: every text there is, every placeholder kept, nothing left over."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "portal" / "translations" / "es" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "_l": None, "msg": None, "msgs": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|%(?![\s(%)])")


@pytest.fixture(scope="module")
def spoken() -> set[str | tuple[str, ...]]:
    """Every text of the pages and the domain packages."""
    with (ROOT / "portal" / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found: set[str | tuple[str, ...]] = set()
    for package in ("agencies", "uploads", "assignments", "portal"):
        for _file, _line, message, _comments, _context in extract_from_dir(
            str(ROOT / package),
            [(pattern.removeprefix("portal/") if package == "portal" else pattern, how) for pattern, how in methods],
            {pattern.removeprefix("portal/"): given for pattern, given in options.items()},
            KEYWORDS,
        ):
            found.add(message)
    return {message for message in found if message}


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="es")


def test_every_text_is_in_spanish(spoken, spanish):
    assert len(spoken) > 500
    missing = []
    for text in spoken:
        found = spanish.get(text if isinstance(text, str) else text[0])
        strings = () if found is None else (found.string,) if isinstance(found.string, str) else found.string
        if not strings or not all(strings):
            missing.append(text)
    assert not missing, missing


def test_nothing_in_the_catalogue_is_left_over(spoken, spanish):
    first = {text if isinstance(text, str) else text[0] for text in spoken}
    extra = [
        message.id
        for message in spanish
        if message.id and (message.id if isinstance(message.id, str) else message.id[0]) not in first
    ]
    assert not extra, extra
    assert not spanish.obsolete
    assert not [message.id for message in spanish if message.fuzzy and message.id]


def test_every_placeholder_is_kept(spanish):
    for message in spanish:
        if not message.id:
            continue
        ids = (message.id,) if isinstance(message.id, str) else message.id
        strings = (message.string,) if isinstance(message.string, str) else message.string
        wanted = {frozenset(PLACEHOLDER.findall(one)) for one in ids}
        for string in strings:
            assert frozenset(PLACEHOLDER.findall(string)) in wanted, message.id


def test_no_translation_begins_or_ends_otherwise(spanish):
    ends = ".:?…"
    for message in spanish:
        if message.id and isinstance(message.id, str) and len(message.id) > 3:
            assert message.string == message.string.strip(), message.id
            if message.id.startswith("Hello") and message.id.endswith(","):
                # A Spanish letter greets with a colon.
                assert message.string.endswith(":"), message.id
                continue
            assert (message.id[-1] in ends) == (message.string[-1] in ends), message.id


def test_the_catalogue_compiles_with_both_plurals(spanish):
    compiled = BytesIO()
    write_mo(compiled, spanish)
    compiled.seek(0)
    again = read_mo(compiled)
    assert again.get("Cases placed").string == "Casos asignados"
    assert spanish.num_plurals == 2
