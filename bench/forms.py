"""Every form somebody meets, sent with what attackers send: in the fields people type in, and in all of them.

wapiti sends hundreds of payloads to one field after the other and never comes to the last form of somebody who has
sixty; this sends few, to every form. What an answer gives away is read as every answer is (`bench.passive`).
"""

from __future__ import annotations

import re
from collections import Counter
from fnmatch import fnmatchcase
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from bench import passive

PAYLOADS = (
    "'\"></textarea><script>alert(7)</script>' OR '1'='1' -- ",
    "{{7*7}}${7*7}%s/../../../../../../etc/passwd\r\nSet-Cookie: taken=1",
    "-99999999999999999999" + "٣" * 300,
)
_TYPED = {"text", "textarea", "search", "tel", "number", "date", "datetime-local", "email", "password", "url"}
_ESCAPED = re.compile(r"<script>alert\(7\)|root:x:0:0")


class _Forms(HTMLParser):
    """The forms of a page that are posted: where to, and name, kind and value of each field."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str, str]]]] = []
        self._select: tuple[str, bool] | None = None
        self._is_in = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_in = given.get("method", "").lower() == "post"
            if self._is_in:
                self.found.append((given.get("action", ""), []))
        if not self._is_in:
            return
        fields, name = self.found[-1][1], given.get("name", "")
        if tag in {"input", "textarea", "button"} and name:
            kind = tag if tag != "input" else given.get("type", "text")
            fields.append((name, kind, given.get("value", "")))
        if tag == "select" and name:
            self._select = (name, False)
        if tag == "option" and self._select and given.get("value") and not self._select[1]:
            fields.append((self._select[0], "select", given["value"]))
            self._select = (self._select[0], True)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_in = False
        if tag == "select":
            self._select = None


def attack(browser: httpx.Client, addresses: list[str], left_out: list[str], secrets: set[str]) -> passive.Reading:
    """What the answers to each kind of form give away; the addresses told of are those of the forms."""
    reading, met, base = passive.Reading(), set[tuple[str, ...]](), str(browser.base_url)
    for address in addresses:
        page = browser.get(address, follow_redirects=False)
        if not page.headers.get("content-type", "").startswith("text/html"):
            continue
        for action, fields in _Forms(page.text).found:
            target = urljoin(urljoin(base, address), action)
            kind = (passive.pattern(target), *sorted({name for name, _, _ in fields}))
            if kind in met or any(fnmatchcase(urlsplit(target).path, one) for one in left_out):
                continue
            met.add(kind)
            reading.addresses.append(kind[0])
            _send(browser, target, fields, reading, secrets)
    return reading


def _send(
    browser: httpx.Client, target: str, fields: list[tuple[str, str, str]], reading: passive.Reading, secrets: set[str]
) -> None:
    where = passive.pattern(target)
    plain = {name: value for name, _, value in fields if name != "csrf_token"}
    without = browser.post(target, data=plain, follow_redirects=False)
    if without.status_code not in {400, 403} and not without.headers.get("location", "").startswith("/step-up"):
        reading.findings.add((passive.HIGH, f"sent without a token: {without.status_code}", where))
    for payload in PAYLOADS:
        for kinds in (_TYPED, _TYPED | {"select", "hidden", "radio", "checkbox", "button"}):
            told = {name: payload if kind in kinds and name != "csrf_token" else value for name, kind, value in fields}
            answer = browser.post(target, data=told, follow_redirects=False)
            reading.statuses[answer.status_code] += 1
            reading.findings |= {(level, what, where) for level, what in passive.faults(answer, secrets) if level}
            if _ESCAPED.search(answer.text) or "taken" in Counter(answer.cookies):
                reading.findings.add((passive.HIGH, f"what was sent came back raw: {payload[:20]!r}", where))
            if urlsplit(urljoin(target, answer.headers.get("location", ""))).netloc != urlsplit(target).netloc:
                reading.findings.add((passive.HIGH, "led to another host", where))
