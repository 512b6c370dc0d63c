"""Lets schemathesis loose on `/api/v1` of a running demo, with a key of a creditor and one of an agency.

    pip install schemathesis==4.32.0         (in an environment of its own)
    make shell
    python -m bench.scan_api --scanner PATH/TO/schemathesis [--seconds 120] [EMAIL ...]

The calls are those of the running code; references that exist are taken from the listings, so that what is made up gets
past the door as well. A status above 499, an answer without a key, an answer in another form than JSON, and a method
that should not be there are findings. The demo is changed by it: use one that can be thrown away.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from bench.scan import enter, token
from wsgi import app

CHECKS = "not_a_server_error,ignored_auth,unsupported_method,content_type_conformance,missing_required_header"
PEOPLE = ("ana.directora@banco-demo.example", "gerencia@tintaluz-demo.example")
_SECRET = re.compile(r"encargo_[A-Za-z0-9_-]{20,}")
_BODIES: dict[str, dict[str, Any]] = {
    "api.send": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["kind", "file"],
                "properties": {
                    "kind": {"anyOf": [{"enum": ["portfolio", "payments", "activities"]}, {"type": "string"}]},
                    "creditor": {"type": "string"},
                    "file": {"type": "string", "format": "binary"},
                },
            }
        }
    },
    "api.apply": {
        "application/json": {"schema": {"type": "object", "properties": {"good_rows_only": {"type": "boolean"}}}}
    },
}
_QUERIES: dict[str, dict[str, list[str]]] = {
    "api.portfolios": {"after": []},
    "api.consignments": {"after": [], "state": ["sent", "acknowledged", "recall_pending", "ended"]},
    "api.consigned": {"after": []},
}


def make_key(browser: httpx.Client) -> str:
    """A key that may do everything its side's keys can."""
    page = browser.get("/api-keys/new").text
    scopes = re.findall(r'name="scopes"[^>]*value="([^"]+)"', page)
    told = {"name": "Scanner", "scopes": scopes, "lifetime": "1", "addresses": "", "csrf_token": token(page)}
    return _SECRET.findall(browser.post("/api-keys/new", data=told).text)[0]


def describe(known: dict[str, list[str]]) -> dict[str, Any]:
    """OpenAPI of what the code answers under `/api/v1`."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1"):
            continue
        path = re.sub(r"<[^>]*:(\w+)>", r"{\1}", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            paths.setdefault(path, {})[method.lower()] = _operation(rule.endpoint, method, rule.arguments, known)
    return {
        "openapi": "3.0.3",
        "info": {"title": "Encargo", "version": "1"},
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "security": [{"key": []}],
        "paths": paths,
    }


def _operation(endpoint: str, method: str, names: set[str], known: dict[str, list[str]]) -> dict[str, Any]:
    given = [_parameter("path", name, _reference(known.get(name, []))) for name in sorted(names)]
    given += [_parameter("query", name, _one_of(words)) for name, words in _QUERIES.get(endpoint, {}).items()]
    if method == "POST":
        word = {"type": "string", "pattern": "^[!-~]{1,200}$"}
        given.append(_parameter("header", "Idempotency-Key", word))
    answers = {name: {"schema": {}} for name in ("application/json", "application/problem+json")}
    told: dict[str, Any] = {
        "operationId": endpoint,
        "parameters": given,
        "responses": {"default": {"description": "-", "content": answers}},
    }
    if endpoint in _BODIES:
        told["requestBody"] = {"required": True, "content": _BODIES[endpoint]}
    return told


def _parameter(where: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": where, "name": name, "required": where != "query", "schema": schema}


def _reference(known: list[str]) -> dict[str, Any]:
    return _one_of(known, pattern="^[a-z2-7]{26}$")


def _one_of(known: list[str], **told: str) -> dict[str, Any]:
    made_up = {"type": "string", **told}
    return {"anyOf": [{"enum": known}, made_up]} if known else made_up


def examine(scanner: str, email: str, seconds: int, folder: Path) -> bool:
    """Whether schemathesis found nothing with the key of this person's organisation."""
    url = os.environ["PUBLIC_URL"]
    browser = enter(url, email, os.environ["DEMO_PASSWORD"], os.environ["DEMO_AUTHENTICATOR"])
    secret = make_key(browser)
    system = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {secret}"})
    consignments = [one["id"] for one in system.get("/api/v1/consignments").json()["data"]]
    files = re.findall(r'href="/uploads/([a-z2-7]{26})', browser.get("/uploads/").text)
    schema = folder / "openapi.json"
    schema.write_text(json.dumps(describe({"consignment_id": consignments, "upload_id": files})))
    told = [scanner, "run", str(schema), "--url", url, "-H", f"Authorization: Bearer {secret}", "--checks", CHECKS]
    told += ["--max-time", str(seconds), "--rate-limit", "auto", "--continue-on-failure", "--no-color"]
    print(f"{email}: {len(consignments)} consignments, {len(files)} files", flush=True)
    return subprocess.run(told, check=False, cwd=folder).returncode == 0


def main() -> None:
    """Scan with a key of each; 1 when something was found."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--scanner", default="schemathesis")
    asked.add_argument("--seconds", type=int, default=120)
    asked.add_argument("emails", nargs="*", default=PEOPLE)
    given = asked.parse_args()
    good = []
    for email in given.emails:
        with tempfile.TemporaryDirectory() as folder:
            good.append(examine(given.scanner, email, given.seconds, Path(folder)))
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
