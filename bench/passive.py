"""What a passive scanner reads, of every page somebody can reach: headers, cookies, markup, and what a body gives away.

Nothing is sent but what a browser sends that follows links. The checks are apart from the product's own code, and
stricter than a general scanner's, because they know what was promised (docs/security.md).
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import httpx

#: Told of each finding, as wapiti's levels are.
INFORMATIONAL, LOW, MEDIUM, HIGH = range(4)
#: So many pages in all.
OF_ALL = 600
#: What no page links to; what is not there must say no more than that.
ASKED_FOR = (
    *("/robots.txt", "/no-such-page", "/static/", "/health/ready"),
    *("/api/v1/me", "/.git/config", "/server-status"),
)
REFERENCE = re.compile(r"\b[a-z2-7]{26}\b")
_HEADERS = {
    "x-content-type-options": r"nosniff",
    "x-frame-options": r"DENY",
    "referrer-policy": r"no-referrer|same-origin",
    "cross-origin-opener-policy": r"same-origin",
    "cross-origin-resource-policy": r"same-origin",
    "permissions-policy": r".+=\(\).*",
}
_POLICY = {
    "default-src": {"'none'"},
    "object-src": {"'none'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
    "form-action": {"'self'"},
}
#: What only a program that failed, or talks too much, writes into a page.
_TALK = re.compile(
    r"Traceback \(most recent|psycopg|sqlalchemy\.|werkzeug\.|jinja2\.|site-packages|SQLSTATE|"
    r"postgres(?:ql)?(?:\+\w+)?://|redis://|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_PERSONAL = re.compile(r"@|%40|\+?\d{9,}")


@dataclass
class Reading:
    """What was read of everything somebody reaches."""

    #: One address of each pattern and more, in the order met.
    addresses: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    #: (level, what, pattern)
    findings: set[tuple[int, str, str]] = field(default_factory=set)


class _Page(HTMLParser):
    """Links, forms and whatever a strict policy would not let run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.faults: set[tuple[int, str]] = set()
        self._form: dict[str, str] | None = None
        self._has_token = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.faults |= {(MEDIUM, f"{name} in the markup") for name in given if name == "style" or name.startswith("on")}
        if any(value.strip().lower().startswith("javascript:") for value in given.values()):
            self.faults.add((HIGH, "an address that is a script"))
        if tag in {"script", "style"} and not given.get("src") and not given.get("nonce"):
            self.faults.add((MEDIUM, f"{tag} without a nonce"))
        if tag in {"iframe", "object", "embed", "base"}:
            self.faults.add((LOW, f"{tag} in a page"))
        if given.get("target") == "_blank" and "noopener" not in given.get("rel", ""):
            self.faults.add((LOW, "a new window that can reach back"))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self._form, self._has_token = given, False
        if tag == "input" and given.get("name") == "csrf_token" and given.get("value"):
            self._has_token = True
        if tag == "input" and given.get("type") == "password" and not given.get("autocomplete"):
            self.faults.add((LOW, "a password that says nothing to managers of passwords"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            if self._form.get("method", "get").lower() == "post" and not self._has_token:
                self.faults.add((MEDIUM, f"a form without a token, to {pattern(self._form.get('action', ''))}"))
            self._form = None

    def handle_comment(self, _data: str) -> None:
        self.faults.add((LOW, "a comment"))


def pattern(address: str) -> str:
    """The address without what changes from one thing to the next."""
    parts = urlsplit(address)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return REFERENCE.sub("…", parts.path) + ("?" + "&".join(names) if names else "")


def walk(browser: httpx.Client, *, secrets: set[str], spared: tuple[str, ...], of_one: int = 3) -> Reading:
    """Follow every kind of link from the first page on, so many of each, and read each answer."""
    reading, met = Reading(), Counter[str]()
    base = str(browser.base_url)
    waiting, known = deque(["/", "/sign-in", *ASKED_FOR]), set[str]()
    while waiting and len(reading.addresses) < OF_ALL:
        address = waiting.popleft()
        kind = pattern(address)
        if address in known or met[kind] >= of_one or address.startswith(spared):
            continue
        known.add(address)
        met[kind] += 1
        answer = browser.get(address, follow_redirects=False)
        reading.addresses.append(address)
        reading.statuses[answer.status_code] += 1
        reading.findings |= {(level, what, kind) for level, what in faults(answer, secrets)}
        found = [answer.headers["location"]] if answer.is_redirect else []
        if answer.headers.get("content-type", "").startswith("text/html"):
            page = _Page(answer.text)
            reading.findings |= {(level, what, kind) for level, what in page.faults}
            found += page.links
        for link in found:
            whole = urldefrag(urljoin(urljoin(base, address), link))[0]
            if urlsplit(whole).netloc == urlsplit(base).netloc and whole.startswith("http"):
                waiting.append(whole[len(base.rstrip("/")) :] or "/")
            elif whole.startswith("http"):
                reading.findings.add((INFORMATIONAL, f"a link elsewhere, to {urlsplit(whole).netloc}", kind))
    return reading


def faults(answer: httpx.Response, secrets: set[str]) -> Iterator[tuple[int, str]]:
    """What an answer gives away or forgets to forbid, each with its level."""
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR and "/health/" not in str(answer.url):
        yield HIGH, f"status {answer.status_code}"
    if answer.is_client_error and answer.url.path not in ASKED_FOR:
        yield INFORMATIONAL, f"a link that is answered {answer.status_code}"
    yield from _header_faults(answer)
    yield from _answer_faults(answer)
    yield from _cookie_faults(answer)
    if _PERSONAL.search(REFERENCE.sub("", answer.url.raw_path.decode())):
        yield MEDIUM, "an address that may tell who somebody is"
    if re.search(r"/\d+(/|$)", answer.url.path):
        yield LOW, "a number of ours in an address"
    body = answer.text if answer.headers.get("content-type", "").startswith(("text/", "application/json")) else ""
    if _TALK.search(body):
        yield HIGH, "a body that speaks of the program"
    if any(secret in body for secret in secrets):
        yield HIGH, "a secret in a body"


def _header_faults(answer: httpx.Response) -> Iterator[tuple[int, str]]:
    headers = answer.headers
    for name, wanted in _HEADERS.items():
        if not re.fullmatch(wanted, headers.get(name, "")):
            yield LOW, f"{name}: {headers.get(name)}"
    policy = {
        name: set(words) for name, *words in map(str.split, headers.get("content-security-policy", "x").split(";"))
    }
    for name, wanted in _POLICY.items():
        if policy.get(name) != wanted:
            yield MEDIUM, f"content-security-policy: {name} {policy.get(name)}"
    loose = {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:", "data:"}
    for name in ("script-src", "style-src", "connect-src"):
        if loose & policy.get(name, {"*"}):
            yield MEDIUM, f"content-security-policy: {name} {policy.get(name)}"


def _answer_faults(answer: httpx.Response) -> Iterator[tuple[int, str]]:
    headers, is_static = answer.headers, answer.url.path.startswith("/static/") and answer.is_success
    if not is_static and headers.get("cache-control") != "no-store":
        yield LOW, f"cache-control: {headers.get('cache-control')}"
    if answer.url.scheme == "https" and "max-age=" not in headers.get("strict-transport-security", ""):
        yield LOW, "no strict-transport-security"
    if re.search(r"\d", headers.get("server", "")) or "x-powered-by" in headers:
        yield LOW, "a header that tells the version"
    if "access-control-allow-origin" in headers:
        yield MEDIUM, "a header that lets other sites read"
    if answer.content and answer.status_code != httpx.codes.NOT_MODIFIED and "content-type" not in headers:
        yield LOW, "no content-type"
    kind, is_taken = headers.get("content-type", ""), headers.get("content-disposition", "").startswith("attachment")
    is_page = kind.startswith(("text/html", "application/json", "text/plain"))
    if answer.is_success and not (is_page or is_static or is_taken):
        yield LOW, f"{kind} that is shown, not taken away"


def _cookie_faults(answer: httpx.Response) -> Iterator[tuple[int, str]]:
    for cookie in answer.headers.get_list("set-cookie"):
        words = {word.strip().lower() for word in cookie.split(";")[1:]}
        name = cookie.partition("=")[0]
        wanted = {"httponly", "samesite=lax", "path=/"} | ({"secure"} if answer.url.scheme == "https" else set())
        if missing := wanted - words:
            yield MEDIUM, f"cookie {name} without {', '.join(sorted(missing))}"
        if any(word.startswith("domain=") for word in words):
            yield LOW, f"cookie {name} for a whole domain"
