"""Lets scanners loose on a running demo as several of its people, and prints what they find.

    pip install -r bench/scanners.txt        (in an environment of its own)
    make shell
    python -m bench.scan --scanner PATH/TO/wapiti [--crawl 45] [--module 30] [--keep FOLDER] [--nobody] [EMAIL ...]

Passive: our own reading of every page that links lead to (`bench.passive`), and wapiti's of cookies and headers.
Active: wapiti's SQL, scripts, commands, files, lines, redirects, entities, forms without a token, methods, uploads; it
begins at each kind of page the reading met, and sends each form it sees there. The demo is changed by it: use one that
can be thrown away. What would sign out the person, or keep out others, is left to the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pyotp

from bench import forms, passive

PASSIVE = ("cookieflags", "csp", "http_headers")
ACTIVE = ("xss", "sql", "redirect", "crlf", "xxe", "timesql", "exec", "file")
#: What is attacked, and how; there is no directory behind the product, so nothing to find by LDAP.
ROUNDS = {"GET": (*PASSIVE, "methods", "permanentxss", *ACTIVE), "POST": ("csrf", "upload", *ACTIVE)}
#: Where a scan would end itself, or be asked who it is; what stands there is attacked by the tests.
SPARED = ("/sign-out", "/account/sessions/", "/account/passkeys/", "/second-factor", "/step-up")
#: What would end the scan of others.
ENDINGS = ("/users/*/disable", "/users/*/sessions/end", "/users/*/reset", "/organisations/*/suspend")
#: Pages of one kind that the scanner begins at.
BEGINNINGS = 2
#: The same again on every page of somebody signed in, and a workbook takes long and is attacked as a listing is.
ONCE = ("/account", "/language", "*.xlsx", "*&after=")
SECRETS = (
    "SECRET_KEY",
    "REFERENCE_KEY",
    "DATA_KEYS",
    "INDEX_KEY",
    "DEMO_PASSWORD",
    "DEMO_AUTHENTICATOR",
    "DATABASE_URL",
)
LEVELS = ("informational", "low", "medium", "high", "critical")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def enter(url: str, email: str, password: str, seed: str) -> httpx.Client:
    """The browser of somebody who signed in with password and code; of nobody without an e-mail."""
    browser = httpx.Client(base_url=url, follow_redirects=True, timeout=60)
    if email:
        _post(browser, "/sign-in", email=email, password=password)
        _post(browser, "/second-factor/", code=pyotp.TOTP(seed).now())
        if not is_in(browser):
            raise SystemExit(f"{email} could not sign in; a code works once, so wait half a minute after the last run")
    return browser


def is_in(browser: httpx.Client) -> bool:
    """Whether the session still opens the first page."""
    return browser.get("/", follow_redirects=False).status_code == httpx.codes.OK


def token(page: str) -> str:
    """What the forms of a page prove themselves with."""
    found = _TOKEN.search(page)
    return found[1] if found else ""


def _post(browser: httpx.Client, page: str, **fields: str) -> None:
    browser.post(page, data={**fields, "csrf_token": token(browser.get(page).text)})


def beginnings(addresses: list[str]) -> list[str]:
    """A few addresses of each kind."""
    met, chosen = Counter[str](), []
    for address in addresses:
        met[kind := passive.pattern(address)] += 1
        if met[kind] <= BEGINNINGS:
            chosen.append(address)
    return chosen


def scan(browser: httpx.Client, addresses: list[str], given: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """What wapiti reports, let loose from these addresses on: of links, and of forms."""
    url = str(browser.base_url).rstrip("/")
    told = [given.scanner, "-u", f"{url}/", "--scope", "folder", "-l", "1", "-d", "1", "--skip", "csrf_token"]
    told += ["-H", "Cookie: " + "; ".join(f"{name}={value}" for name, value in browser.cookies.items())]
    # Dropping the cookies that answers set would drop this header too, and leave nobody signed in.
    told += ["--tasks", "4", "-t", "30", "-S", "paranoid", "--no-bugreport", "-v", "1", "-f", "json", "-dr", "1"]
    told += ["--max-scan-time", str(given.crawl), "--max-attack-time", str(given.module)]
    left_out = [f"{url}{address}*" for address in (*SPARED, *ENDINGS, *(ONCE if browser.cookies else ()))]
    told += [word for address in left_out for word in ("-x", address)]
    starts = [word for address in beginnings(addresses) for word in ("-s", f"{url}{address}")]
    _run([*told, *starts, "-m", "", "--store-session", str(folder / "met")], folder / "met")
    proof = token(browser.get("/account/" if browser.cookies else "/sign-in").text)
    reports = []
    for method, modules in ROUNDS.items():
        place = folder / method
        shutil.copytree(folder / "met", place)
        narrow(next(place.glob("*.db")), method, left_out, proof)
        _run([*told, "--skip-crawl", "-m", ",".join(modules), "--store-session", str(place)], place)
        reports.append(json.loads((place / "report.json").read_text()))
    return reports


def _run(told: list[str], place: Path) -> None:
    place.mkdir(exist_ok=True)
    with (place / "output").open("w") as output:
        subprocess.run([*told, "-o", str(place / "report.json")], check=False, stdout=output, stderr=subprocess.STDOUT)


def narrow(store: Path, method: str, left_out: list[str], proof: str) -> None:
    """Keep one request of each kind, so that the time is not spent on a list's thousand orders and pages.

    Of links those with the most parameters, and another only for a parameter not met yet; of forms one of each. What
    the crawl met and had no time to ask for is attacked as well; each form with a token that is still good.
    """
    with closing(sqlite3.connect(store)) as base, base:
        names: dict[int, set[str]] = {}
        for number, name in base.execute("SELECT path_id, name FROM params WHERE type IN ('GET', 'POST', 'FILE')"):
            names.setdefault(number, set()).add(name)
        met, kept = set[tuple[str, str, str]](), set[int]()
        paths = base.execute(
            "SELECT path_id, method, path, response_id FROM paths ORDER BY response_id IS NULL"
        ).fetchall()
        for number, sent, path, answer in sorted(paths, key=lambda row: -len(names.get(row[0], ()))):
            if any(fnmatchcase(path, one) for one in left_out):
                continue
            things = {(sent, passive.pattern(path), name) for name in names.get(number, {""})}
            if sent == method and things - met and (answer or names.get(number)):
                met |= things
                kept.add(number)
        dropped = [(row[0],) for row in paths if row[0] not in kept]
        base.executemany("DELETE FROM params WHERE path_id = ?", dropped)
        base.executemany("DELETE FROM paths WHERE path_id = ?", dropped)
        first = base.execute("SELECT response_id FROM responses WHERE status_code = 200").fetchone()
        # The headers are those of the crawl, with its cookie.
        base.execute("UPDATE paths SET response_id = coalesce(response_id, ?)", first)
        base.execute("UPDATE paths SET headers = ?", (pickle.dumps(httpx.Headers()),))
        base.execute("UPDATE params SET value1 = ? WHERE name = 'csrf_token'", (proof,))


def examine(email: str, given: argparse.Namespace, folder: Path) -> Counter[tuple[int, str]]:
    """Read everything as one person, attack it, and say how far that went; each finding with how often it was met."""
    folder.mkdir(parents=True, exist_ok=True)
    browser = enter(os.environ["PUBLIC_URL"], email, os.environ["DEMO_PASSWORD"], os.environ["DEMO_AUTHENTICATOR"])
    secrets = {os.environ[name] for name in SECRETS if os.environ.get(name)} | set(browser.cookies.values())
    reading = passive.walk(browser, secrets=secrets, spared=SPARED, of_one=given.pages)
    reports = [] if given.read or given.forms else scan(browser, reading.addresses, given, folder)
    sent, later = passive.Reading(), reading
    if not given.read:
        left_out = [f"{one}*" for one in (*SPARED, *ENDINGS, *(ONCE if email else ()))]
        sent = forms.attack(browser, reading.addresses, left_out, secrets)
        # What was sent may come to light only now, on any page.
        later = passive.walk(browser, secrets=secrets, spared=SPARED, of_one=given.pages)
    faults = reading.findings | sent.findings | later.findings
    found = Counter((level, f"{what}: {where}") for level, what, where in faults)
    for report, kind in product(reports, ("vulnerabilities", "anomalies", "additionals")):
        for name, findings in report[kind].items():
            for one in findings:
                where = f"{one['method']} {passive.pattern(one['path'])}"
                found[one["level"], f"{name}: {where}: {passive.REFERENCE.sub('…', one['info'])}"] += 1
    crawled = [page["request"] for report in reports for page in report["infos"]["crawled_pages"]]
    attacked = Counter(page["method"] for page in crawled)
    kinds = len({passive.pattern(address) for address in reading.addresses})
    ended = "" if not email or is_in(browser) else "; SIGNED OUT before the end"
    print(
        f"{email or 'nobody'}: read {len(reading.addresses)} pages of {kinds} kinds {dict(reading.statuses)}; "
        f"sent {len(sent.addresses)} forms {dict(sent.statuses)}; wapiti began with {dict(attacked)}; "
        f"findings {dict(Counter(LEVELS[level] for level, _ in found)) or 'none'}{ended}",
        flush=True,
    )
    return found


def main() -> None:
    """Scan as each person named, and print every finding once; 1 when one is above informational."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--scanner", default="wapiti")
    asked.add_argument("--crawl", type=int, default=45, help="seconds the scanner looks for pages and forms")
    asked.add_argument("--module", type=int, default=30, help="seconds of each kind of attack")
    asked.add_argument("--keep", type=Path, help="where the reports stay")
    asked.add_argument("--pages", type=int, default=3, help="of each kind")
    asked.add_argument("--read", action="store_true", help="read only, attack nothing")
    asked.add_argument("--forms", action="store_true", help="read, and send every form; without wapiti")
    asked.add_argument("--nobody", action="store_true", help="at the end also as nobody: it uses up its attempts")
    asked.add_argument("emails", nargs="*")
    given = asked.parse_args()
    found: Counter[tuple[int, str]] = Counter()
    with tempfile.TemporaryDirectory() as passing:
        for email in given.emails + [""] * given.nobody:
            found += examine(email, given, (given.keep or Path(passing)) / (email or "nobody"))
    for (level, what), times in sorted(found.items(), reverse=True):
        print(f"{LEVELS[level]}: {what} [{times}]")
    print(f"{len(found)} findings")
    sys.exit(any(level for level, _ in found))


if __name__ == "__main__":
    main()
