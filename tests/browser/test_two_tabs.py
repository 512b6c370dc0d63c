"""Two tabs send big files of the same name, size and date, even one that was duplicated: both arrive as they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route
from sqlalchemy import select

from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests.browser.person import Person
from tests.browser.site import Site
from tests.browser.test_intake import RECEIVED, big, enter
from uploads.models import Upload

pytestmark = pytest.mark.browser

STORED = "() => JSON.stringify(sessionStorage)"
TAKE = "told => Object.entries(JSON.parse(told)).forEach(([key, value]) => sessionStorage.setItem(key, value))"


def twins(folder: Path) -> list[Path]:
    """Two files that only their bytes tell apart, from the second piece on."""
    for name in ("one", "two"):
        (folder / name).mkdir()
    first = big(folder / "one", 17)
    data = first.read_bytes()
    second = folder / "two" / first.name
    second.write_bytes(data[: 5 << 20] + data[5 << 20 :].replace(b"Persona", b"Persone"))
    for path in (first, second):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return [first, second]


def choose(page: Page, site: Site, path: Path) -> None:
    page.goto(f"{site.url}/uploads/new")
    page.set_input_files("input[type=file]", path)


def send(page: Page) -> None:
    page.get_by_role("button", name="Enviar", exact=True).click()


@pytest.mark.parametrize("is_duplicated", [False, True])
def test_no_half_of_one_file_ends_in_another(
    ports: Ports, site: Site, people: Callable[..., Person], tmp_path: Path, is_duplicated: bool
) -> None:
    analyst, world = enter(ports, people, "es")
    paths, held = twins(tmp_path), []
    first, second = analyst.page, analyst.page.context.new_page()

    def wire(route: Route) -> None:
        """The first tab waits, before its first piece or its second, until the other has begun to send its second."""
        if route.request.method == "PUT" and route.request.headers["upload-offset"] == waits_at and not is_let_go:
            held.append(route)
        else:
            route.continue_()

    is_let_go: list[bool] = []
    waits_at = str(4 << 20) if is_duplicated else "0"
    first.route("**/uploads/transfers/**", wire)
    choose(first, site, paths[0])
    choose(second, site, paths[1])
    send(first)
    while not held:
        first.wait_for_timeout(100)
    if is_duplicated:
        second.evaluate(TAKE, first.evaluate(STORED))
    with second.expect_request(lambda request: request.headers.get("upload-offset") == str(4 << 20), timeout=60_000):
        send(second)
    is_let_go.append(True)
    for route in held:
        route.continue_()
    for page in (first, second):
        page.wait_for_url(RECEIVED, timeout=90_000)
    with ports.session(world.actor(Role.ANALYST)) as session:
        kept = set(session.scalars(select(Upload.sha256)))
    assert kept == {hashlib.sha256(path.read_bytes()).digest() for path in paths}
    # A piece that met another's in its place is what the console may complain of.
    analyst.faults[:] = [fault for fault in analyst.faults if "409" not in fault]
