"""A running product and a real browser: web server, worker and sweep as processes of their own, Chromium headless."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from config import Settings
from portal.stack.chromium import find_chromium
from tests.browser.person import Person
from tests.browser.site import Site

ROOT = Path(__file__).resolve().parents[2]
#: Chromium talks to nobody but the product.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK: ViewportSize = {"width": 1280, "height": 860}
PATIENCE = 180.0


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, once for all tests."""
    program = find_chromium()
    if program is None:
        pytest.fail("no Chromium: run the tests with `make test`, or set CHROMIUM to its program")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def site(settings: Settings, tmp_path: Path) -> Iterator[Site]:
    """The product on a free port of this machine, with a worker and a sweep; all gone after the test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # By its name, for passkeys need one.
    url = f"http://localhost:{port}"
    environ = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "DATABASE_OWNER_URL": settings.database_owner_url or "",
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "REFERENCE_KEY": settings.reference_key.hex(),
        "DATA_KEYS": ",".join(f"{version}:{key.hex()}" for version, key in settings.data_keys.items()),
        "INDEX_KEY": settings.index_key.hex(),
        "MAIL_URL": f"file://{settings.mail_folder}",
        "MAIL_FROM": str(settings.mail_from),
        "STORAGE_URL": f"file://{settings.storage_folder}",
        "PUBLIC_URL": url,
    }
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    web = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}"]
    web += ["--worker-class", "gthread", "--threads", "4", "--access-logfile", "-", "wsgi:app"]
    programs = {"web": web, "worker": [*flask, "work"], "sweep": [*flask, "sweep", "--forever"]}
    running = []
    try:
        for name, argv in programs.items():
            with (tmp_path / f"{name}.log").open("wb") as log:
                running.append(subprocess.Popen(argv, cwd=ROOT, env=environ, stdout=log, stderr=subprocess.STDOUT))
        _wait_until_alive(url, running[0], tmp_path / "web.log")
        yield Site(url, environ, tmp_path)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_alive(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{url}/livez", timeout=5):  # noqa: S310  our own address
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the web server did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture
def people(browser: Browser, site: Site) -> Iterator[Callable[..., Person]]:
    """Makes people by name, each with a browser of their own; at the end none may have seen a fault."""
    made: list[Person] = []

    def meet(name: str, language: str = "es") -> Person:
        context = browser.new_context(base_url=site.url, viewport=DESK, locale=language, reduced_motion="reduce")
        made.append(Person(name, context.new_page(), language))
        return made[-1]

    yield meet
    faults = [fault for person in made for fault in person.faults]
    for person in made:
        person.page.context.close()
    assert faults == []
