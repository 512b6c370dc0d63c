"""Sessions in words: which browser on which system, from where, since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from agencies.organisations.sessions import OpenSession

#: What a browser calls itself by, the particular before the general; most pretend to be others too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class SessionLine:
    """One session in a list."""

    id: int
    browser: str
    address: str
    since: datetime
    last_seen_at: datetime
    is_this: bool
    is_whole: bool


def session_lines(found: list[OpenSession], this: int | None = None) -> list[SessionLine]:
    """The lines of a list of sessions, `this` being the one of the reader."""
    return [
        SessionLine(
            id=one.id,
            browser=browser_in_words(one.user_agent),
            address=one.address,
            since=one.since,
            last_seen_at=one.last_seen_at,
            is_this=one.id == this,
            is_whole=one.is_whole,
        )
        for one in found
    ]


def browser_in_words(user_agent: str) -> str:
    """The browser and the system a browser claims to be; claims are all there is."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("Unknown browser")
