"""The reader's language and time zone, and translations of what the domain packages say."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from babel.dates import format_date
from flask import current_app, g, request, session
from flask_babel import force_locale, get_locale, gettext, ngettext

from agencies.kernel.errors import DomainError, Plural
from portal.identity import find_visitor

#: Language -> the locale whose formats it is written in: Colombia's for Spanish.
LOCALES = {"es": "es_CO", "en": "en"}
LANGUAGE_NAMES = {"es": "Español", "en": "English"}
DEFAULT = "es"
DEFAULT_ZONE = "America/Bogota"
#: Territories of two letters that are the places of no organisation.
_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


def language() -> str:
    """The language of this request: the person's own, else what this browser chose, else what it prefers."""
    if spoken := g.get("spoken"):
        return str(spoken)
    visitor = find_visitor()
    if visitor is not None:
        return visitor.actor.language
    # Another system sends no cookie that counts.
    chosen = None if request.path.startswith("/api/") else session.get("language")
    if chosen in LOCALES:
        return str(chosen)
    return request.accept_languages.best_match(LOCALES, DEFAULT)


@contextmanager
def speaking(spoken: str) -> Iterator[None]:
    """Say everything in one language for a while, whatever the reader's: a document in two languages needs both."""
    before = g.get("spoken")
    g.spoken = spoken
    try:
        with force_locale(LOCALES[spoken]):
            yield
    finally:
        g.spoken = before


def locale() -> str:
    """The locale whose formats and texts this request is answered in."""
    return LOCALES[language()]


def time_zone() -> str:
    """Where the visitor's organisation is."""
    visitor = find_visitor()
    return DEFAULT_ZONE if visitor is None else visitor.actor.time_zone


def here() -> str:
    """The address of this page, to come back to after switching the language; a form's page is asked for anew."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def comes_back() -> bool:
    """Whether this page can be asked for again: what answers a form alone has no address to come back to."""
    if request.method == "GET":
        return True
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and "GET" in adapter.allowed_methods(request.path)


def say(text: str | Plural, params: Mapping[str, Any] | None = None, *, count: int = 0) -> str:
    """A text marked with `msg` in a domain package, in the reader's language; one marked with `msgs`, by `count`."""
    if isinstance(text, Plural):
        return str(ngettext(text.one, text.many, count, **(params or {})))
    # To a catalogue an empty text is the name of its own head.
    if not text:
        return ""
    return str(gettext(text) % params if params else gettext(text))


def country_name(code: str) -> str:
    """A country as the reader's language calls it."""
    return str(get_locale().territories.get(code, code))


def countries_by_name() -> list[tuple[str, str]]:
    """Every country as (code, name), by its name in the reader's language; accents do not count."""
    named = [(code, str(name)) for code, name in get_locale().territories.items() if len(code) == 2 and code.isalpha()]
    return sorted(
        ((code, name) for code, name in named if code not in _NO_COUNTRIES),
        key=lambda one: _without_accents(one[1].casefold()),
    )


def refusal(error: DomainError) -> str:
    """What a refusal says, in the reader's language, with its days and labels as the reader writes them."""
    return say(error.text, {name: _told(value) for name, value in error.params.items()})


def _without_accents(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


def _told(value: Any) -> Any:
    if isinstance(value, date):
        return format_date(value, format="d MMM y", locale=locale())
    if isinstance(value, (tuple, list)):
        return ", ".join(say(one) for one in value)
    return value
