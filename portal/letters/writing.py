"""A letter as a message: in the reader's language, as plain text and as simple HTML.

It is written where no web request is (in a job), so the language comes from the person and the links from the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime as mail_date
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.support import NullTranslations, Translations
from markupsafe import escape

from agencies.kernel.errors import msg
from portal.letters.texts import LETTERS
from portal.postbox import message_id

_TRANSLATIONS = Path(__file__).parents[1] / "translations"
#: Language -> the locale its dates are written in.
_LOCALES = {"es": "es_CO", "en": "en"}
_GREETING = msg("Hello,")
_GREETING_BY_NAME = msg("Hello %(name)s,")
_FOOTER = msg(
    "Encargo writes to you because of your access for %(organisation)s. We never ask for a password or a code, neither "
    "by e-mail nor by telephone."
)
_WHERE = msg("Encargo is here: %(address)s")
_MOST_NAME = 80


@dataclass(frozen=True)
class Addressee:
    """Whom a letter goes to, and what it may say of them."""

    organisation_id: int
    organisation: str
    #: Where this letter goes.
    address: str
    #: The address the person signs in with.
    email: str
    #: Empty where somebody else gave the name.
    name: str
    language: str
    time_zone: str


@dataclass(frozen=True)
class Link:
    """An address that a letter carries, and how long it opens."""

    address: str
    until: datetime | None = None


def write(
    kind: str,
    addressee: Addressee,
    *,
    key: str,
    sender: Address,
    portal: str,
    at: datetime,
    now: datetime,
    link: Link | None = None,
    details: dict[str, Any] | None = None,
) -> EmailMessage:
    """The message of a letter; the kind must be one of `LETTERS`."""
    letter = LETTERS[kind]
    words = _Words(addressee, at, link, details or {})
    greeting = words.say(_GREETING_BY_NAME if words.values["name"] else _GREETING)
    before = [greeting, *map(words.say, letter.paragraphs)]
    label = words.say(letter.link) if letter.link and link else None
    after = [*map(words.say, letter.afterwards), words.say(letter.why or _FOOTER), words.say(_WHERE, address=portal)]
    message = EmailMessage(policy=SMTP)
    message["Subject"] = words.say(letter.subject)
    message["From"] = sender
    message["To"] = Address(addr_spec=addressee.address)
    message["Date"] = mail_date(now)
    message["Message-ID"] = message_id(sender, addressee.organisation_id, key)
    # Machines do not answer machines.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join([*before, *_plain(label, link), *after]) + "\n")
    message.add_alternative(_html(addressee.language, before, label, link, after), subtype="html")
    message["Content-Language"] = addressee.language
    return message


class _Words:
    """Says texts in one person's language, filled with what concerns them."""

    def __init__(self, addressee: Addressee, at: datetime, link: Link | None, details: dict[str, Any]) -> None:
        self._translations = _catalogue(addressee.language)
        self._locale = _LOCALES.get(addressee.language, "es_CO")
        self._zone = ZoneInfo(addressee.time_zone)
        self.values: dict[str, Any] = {
            **{name: self._told(name, value) for name, value in details.items()},
            "organisation": one_line(addressee.organisation),
            "name": one_line(addressee.name),
            "email": addressee.email,
            "at": self._instant(at),
            "until": self._instant(link.until) if link and link.until else "",
        }

    def say(self, text: str, **values: Any) -> str:
        return self._translations.gettext(text) % {**self.values, **values}

    def _told(self, name: str, value: Any) -> Any:
        """A detail as the reader writes it: what is called a day is one, in ISO form."""
        is_day = name.endswith("_on") and isinstance(value, str)
        return format_date(date.fromisoformat(value), format="d MMM y", locale=self._locale) if is_day else value

    def _instant(self, value: datetime) -> str:
        return format_datetime(value.astimezone(self._zone), format="d MMM y, HH:mm (z)", locale=self._locale)


def one_line(text: str) -> str:
    """A name as it may stand in a header: no line ends, no controls, nothing encoded, not endless."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    # What looks encoded would be decoded on its way into a header, line ends and all.
    return " ".join(clean.replace("=?", "= ?").split())[:_MOST_NAME]


@lru_cache(maxsize=4)
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(str(_TRANSLATIONS), [language])


def _plain(label: str | None, link: Link | None) -> list[str]:
    return [f"{label}:\n{link.address}"] if label and link else []


def _html(language: str, before: list[str], label: str | None, link: Link | None, after: list[str]) -> str:
    parts = [f"<p>{escape(text)}</p>" for text in before]
    if label and link:
        address = escape(link.address)
        parts.append(f'<p><a href="{address}"><strong>{escape(label)}</strong></a></p>')
        parts.append(f"<p><small>{address}</small></p>")
    parts += [f"<p><small>{escape(text)}</small></p>" for text in after]
    body = "\n".join(parts)
    head = f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"></head>'
    return f"{head}\n<body>\n{body}\n</body></html>\n"
