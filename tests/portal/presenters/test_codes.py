"""The codes of every list in words: nobody reads a code, and what is read is understood when it comes back."""

from __future__ import annotations

import pytest
from flask_babel import force_locale, gettext

from portal.i18n import LOCALES
from portal.presenters.codes import words_of
from uploads.cells.reader import plain
from uploads.mapping.valuemaps import spoken
from uploads.schemas.fields import Field
from uploads.schemas.registry import SCHEMAS

LISTS = [(schema.kind, field) for schema in SCHEMAS.values() for field in schema.fields if field.choices]
EACH = pytest.mark.parametrize(
    "field", [field for _, field in LISTS], ids=[f"{kind}-{one.name}" for kind, one in LISTS]
)
LANGUAGES = pytest.mark.parametrize("language", LOCALES)


@EACH
@LANGUAGES
def test_every_code_has_words_that_a_file_may_hold(app, field: Field, language: str) -> None:
    with app.test_request_context(), force_locale(LOCALES[language]):
        words = {code: gettext(text) for code, text in words_of(field).items()}

    assert set(words) == set(field.choices)
    assert len(set(words.values())) == len(words)
    assert {code: spoken(field).get(plain(word)) for code, word in words.items()} == {code: code for code in words}


@EACH
def test_words_are_not_the_same_in_two_languages_unless_the_trade_says_so(app, field: Field) -> None:
    said = []
    for locale in LOCALES.values():
        with app.test_request_context(), force_locale(locale):
            said.append({code: gettext(text) for code, text in words_of(field).items()})
    english, spanish = said

    same = {code for code in english if english[code] == spanish[code]}
    assert same <= {"sms", "whatsapp", "no"}


@EACH
def test_no_spelling_stands_for_two_codes(field: Field) -> None:
    meant: dict[str, set[str]] = {}
    for code, spellings in field.choices.items():
        for one in (code, *spellings):
            meant.setdefault(plain(one), set()).add(code)

    assert {one: codes for one, codes in meant.items() if len(codes) > 1} == {}
