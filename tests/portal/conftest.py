"""What tests of pages stand on: the app on a database of its own, and clients signed in by role."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from agencies.organisations.permissions import Role
from config import Settings
from portal.app import create_app, ports_of
from portal.ports import Ports
from tests import entering, people

TRANSLATIONS = Path(__file__).parents[2] / "portal" / "translations"


@dataclass
class Browser:
    """A client that sends the token of its session along, as our pages do."""

    client: FlaskClient
    person: people.Person | None = None

    def get(self, path: str, **options: object):
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, object] | None = None, **options: object):
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **options)

    def token(self) -> str:
        """The token of this browser's session, read from a page that shows it."""
        page = self.client.get("/", follow_redirects=True).text
        return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


@pytest.fixture(scope="session", autouse=True)
def compiled_translations() -> None:
    """Pages are read in Spanish too, so the catalogue must be compiled from what is committed."""
    for catalogue in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        compiled = catalogue.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < catalogue.stat().st_mtime:
            with catalogue.open("rb") as source, compiled.open("wb") as target:
                write_mo(target, read_po(source))


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config["TESTING"] = True
    # Errors become pages here as they do for people.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    with app.app_context():
        ports_of(app).engine.dispose()


@pytest.fixture
def app_ports(app: Flask) -> Ports:
    return ports_of(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def browser(client: FlaskClient) -> Browser:
    """Nobody yet."""
    return Browser(client)


@pytest.fixture
def world(app_ports: Ports) -> people.World:
    """An operator, two creditors and two agencies, registered and with nobody inside but the operator."""
    return people.World(app_ports)


@pytest.fixture
def sign_in(app: Flask, world: people.World) -> Callable[..., Browser]:
    """Sign a person of a role in: `sign_in(Role.DIRECTOR)`, `sign_in(Role.MANAGER, organisation=1, language="en")`."""

    def enter(role: Role, *, organisation: int = 0, language: str = "es") -> Browser:
        person = world.person(role, organisation=organisation, language=language)
        return Browser(entering.signed_in(app, person), person)

    return enter
