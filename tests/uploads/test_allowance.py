"""One organisation cannot fill the place that all share, by size, by number, in one request or in pieces."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from config import Settings
from portal.app import create_app, ports_of
from portal.ports import Ports
from tests.entering import signed_in
from tests.people import World
from tests.portal.conftest import Browser
from uploads import receiving, transfers
from uploads.allowance import Allowance, NoRoomLeft, TooManyFiles
from uploads.models import Upload, UploadKind

DATA = b"obligacion;saldo\nA1;1,00\n"


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


def send(ports: Ports, actor: Actor, mark: str, allowance: Allowance, now: datetime | None = None) -> Upload:
    incoming = ports.storage.incoming()
    incoming.write(DATA.replace(b"A1", mark.encode()))
    try:
        with ports.session(actor) as session, transaction(session):
            told = {"kind": UploadKind.PORTFOLIO, "filename": "a.csv", "now": now or utc_now()}
            return receiving.receive(session, actor, incoming, allowance=allowance, **told).upload
    finally:
        incoming.discard()


def begin(ports: Ports, actor: Actor, size: int, allowance: Allowance) -> transfers.Transfer:
    told = {"kind": UploadKind.PORTFOLIO, "filename": "a.csv", "size_bytes": size, "largest": 1 << 40}
    with ports.session(actor) as session, transaction(session):
        return transfers.begin(session, actor, allowance=allowance, now=utc_now(), **told)


def test_an_organisation_keeps_so_many_bytes_and_its_neighbour_its_own(ports: Ports, world: World) -> None:
    allowance = Allowance(2 * len(DATA), 100)
    first = send(ports, world.actor(Role.ANALYST), "A1", allowance)
    send(ports, world.actor(Role.DIRECTOR), "A2", allowance)
    with pytest.raises(NoRoomLeft):
        send(ports, world.actor(Role.ANALYST), "A3", allowance)
    assert send(ports, world.actor(Role.ANALYST), "A1", allowance).id == first.id, "it is there already"
    assert send(ports, world.actor(Role.ANALYST, organisation=1), "A3", allowance).id


def test_bytes_that_were_removed_make_room(ports: Ports, world: World) -> None:
    analyst, allowance = world.actor(Role.ANALYST), Allowance(len(DATA), 100)
    upload = send(ports, analyst, "A1", allowance)
    with ports.session(analyst) as session, transaction(session):
        session.get_one(Upload, (analyst.tenant, upload.id)).purged_at = utc_now()
    assert send(ports, analyst, "A2", allowance).id


def test_an_organisation_sends_so_many_files_a_day(ports: Ports, world: World) -> None:
    analyst, allowance, now = world.actor(Role.ANALYST), Allowance(1 << 40, 2), utc_now()
    for mark in ("A1", "A2"):
        send(ports, analyst, mark, allowance, now)
    with pytest.raises(TooManyFiles):
        send(ports, analyst, "A3", allowance, now + timedelta(hours=23))
    assert send(ports, analyst, "A3", allowance, now + timedelta(hours=25)).id


def test_what_is_on_its_way_in_pieces_counts_before_its_first_byte(ports: Ports, world: World) -> None:
    analyst, allowance = world.actor(Role.ANALYST), Allowance(1000 + len(DATA), 100)
    send(ports, analyst, "A1", allowance)
    begin(ports, analyst, 600, allowance)
    with pytest.raises(NoRoomLeft):
        begin(ports, analyst, 500, allowance)
    assert begin(ports, analyst, 400, allowance).id


def test_the_settings_of_the_instance_say_how_much(ports: Ports) -> None:
    few = dataclasses.replace(ports.settings, max_organisation_bytes=7, max_files_a_day=3)
    assert dataclasses.replace(ports, settings=few).allowance == Allowance(7, 3)


@pytest.mark.parametrize(
    ("changed", "word"), [({"max_organisation_bytes": 10}, "espacio"), ({"max_files_a_day": 1}, "24 horas")]
)
def test_whoever_has_no_room_is_told_in_words(settings, sign_in_to, changed: dict[str, int], word: str) -> None:
    browser = sign_in_to(dataclasses.replace(settings, **changed))
    answers = [browser.post("/uploads/new", _file(mark)) for mark in ("A1", "A2")]
    refused = browser.post("/uploads/transfers/", {"kind": "portfolio", "filename": "a.csv", "size": "11"})
    assert answers[-1].status_code == refused.status_code == 409
    assert word in answers[-1].text
    assert word in refused.json["reason"]


def _file(mark: str) -> dict[str, object]:
    return {"kind": "portfolio", "file": (io.BytesIO(DATA.replace(b"A1", mark.encode())), "a.csv")}


@pytest.fixture
def sign_in_to() -> Iterator[Callable[[Settings], Browser]]:
    """An analyst's browser in an app on some settings."""
    apps = []

    def enter(settings: Settings) -> Browser:
        apps.append(create_app(settings))
        apps[-1].config["TESTING"] = True
        person = World(ports_of(apps[-1])).person(Role.ANALYST)
        return Browser(signed_in(apps[-1], person), person)

    yield enter
    for app in apps:
        ports_of(app).engine.dispose()
