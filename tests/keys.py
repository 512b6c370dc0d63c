"""Other systems for tests: a key of an organisation, and a client that comes with it."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations import api_keys
from agencies.organisations.api_keys import SCOPES
from portal.ports import Ports


@dataclass
class System:
    """A system that comes with a key."""

    client: FlaskClient
    secret: str
    key_id: int = 0
    #: Sent with every request.
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, "GET", **options)

    def post(self, path: str, told: object = None, *, word: str | None = None, **options: Any) -> TestResponse:
        """Send JSON, or nothing, under a word of its own unless one is given."""
        headers = {"Idempotency-Key": word if word is not None else secrets.token_hex(8)}
        body = {} if told is None else {"json": told}
        return self.open(path, "POST", headers=headers, **body, **options)

    def send(self, data: bytes, *, word: str | None = None, name: str = "datos.csv", **fields: str) -> TestResponse:
        """Send a file."""
        return self.post("/api/v1/files", word=word, data={**fields, "file": (io.BytesIO(data), name)})

    def open(self, path: str, method: str, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        told = {"Authorization": f"Bearer {self.secret}", "Accept-Language": "en", **self.headers, **(headers or {})}
        return self.client.open(path, method=method, headers=told, **options)


def only_open(app: Flask, rule: Rule) -> bool:
    """Whether nothing but a key opens a rule."""
    return rule.endpoint != "static" and app.view_functions[rule.endpoint].access.is_by_key


def system(
    app: Flask,
    ports: Ports,
    actor: Actor,
    *scopes: str,
    addresses: tuple[str, ...] = (),
    until: timedelta = timedelta(days=90),
    now: datetime | None = None,
) -> System:
    """A system of the actor's organisation; with every scope there is unless some are named."""
    at = now or utc_now()
    with ports.session(actor) as session, transaction(session):
        made = api_keys.make(
            session,
            actor,
            name="Sistema central",
            scopes=[str(one) for one in scopes or SCOPES[actor.side]],
            expires_at=at + until,
            addresses=list(addresses),
            now=at,
        )
    return System(app.test_client(), made.secret, made.key.id)
