"""Lets a scanner loose on a running demo as several of its people, and prints what it finds.

    pip install -r bench/scanners.txt        (in an environment of its own)
    make shell
    python -m bench.scan --scanner PATH/TO/wapiti [--seconds 300] [EMAIL ...]

Passive: cookies, headers, policy, transport. Active: SQL, scripts, commands, files, lines, redirects, entities, forms
without a token, methods, uploads. The demo is changed by it: use one that can be thrown away.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import httpx
import pyotp

PASSIVE = ("cookieflags", "csp", "http_headers", "https_redirect")
ACTIVE = (
    *("sql", "timesql", "xss", "permanentxss", "exec", "file", "crlf", "redirect", "csrf", "xxe", "ldap"),
    *("methods", "upload", "shellshock", "backup", "htaccess"),
)
#: Where a scan would end itself.
SPARED = ("/sign-out", "/account", "/second-factor", "/step-up", "/language")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def enter(url: str, email: str, password: str, seed: str) -> dict[str, str]:
    """The cookies of somebody who signed in with password and code."""
    with httpx.Client(base_url=url, follow_redirects=True) as browser:
        _post(browser, "/sign-in", "/sign-in", email=email, password=password)
        _post(browser, "/second-factor/", "/second-factor/", code=pyotp.TOTP(seed).now())
        if browser.get("/", follow_redirects=False).status_code != httpx.codes.OK:
            raise SystemExit(f"{email} could not sign in")
        return dict(browser.cookies)


def _post(browser: httpx.Client, page: str, target: str, **fields: str) -> None:
    found = _TOKEN.search(browser.get(page).text)
    browser.post(target, data={**fields, "csrf_token": found[1] if found else ""})


def scan(scanner: str, url: str, cookies: dict[str, str], seconds: int, folder: Path) -> dict[str, object]:
    """What the scanner reports of everything that this person reaches."""
    report = folder / "report.json"
    told = [scanner, "-u", f"{url}/", "--scope", "folder", "-m", ",".join((*PASSIVE, *ACTIVE)), "-l", "2"]
    told += ["-H", "Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()), "--drop-set-cookie"]
    told += ["--max-scan-time", str(seconds), "--max-attack-time", str(max(20, seconds // 4))]
    told += ["--max-links-per-page", "40", "-d", "4", "--store-session", str(folder), "--flush-session"]
    told += ["-f", "json", "-o", str(report), "--no-bugreport", "-v", "0"]
    for address in SPARED:
        told += ["-x", f"{url}{address}", "-x", f"{url}{address}/*"]
    subprocess.run(told, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(report.read_text())


def main() -> None:
    """Scan as nobody and as each person named, and print every finding once."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--scanner", default="wapiti")
    asked.add_argument("--seconds", type=int, default=300)
    asked.add_argument("emails", nargs="*")
    given = asked.parse_args()
    url = os.environ["PUBLIC_URL"]
    found: Counter[tuple[str, str, str, str]] = Counter()
    for email in ["", *given.emails]:
        cookies = enter(url, email, os.environ["DEMO_PASSWORD"], os.environ["DEMO_AUTHENTICATOR"]) if email else {}
        with tempfile.TemporaryDirectory() as folder:
            report = scan(given.scanner, url, cookies, given.seconds, Path(folder))
        pages = report["infos"].get("crawled_pages_nbr", 0)
        print(f"{email or 'nobody':40} {pages} pages and forms")
        for kind in ("vulnerabilities", "anomalies", "additionals"):
            for name, findings in report[kind].items():
                found.update(
                    (kind, name, one["level"], f"{one['method']} {one['path']}: {one['info']}") for one in findings
                )
    for (kind, name, level, where), times in sorted(found.items()):
        print(f"{kind}: {name} (level {level}) {where} [{times}]")
    print(f"{len(found)} findings")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
