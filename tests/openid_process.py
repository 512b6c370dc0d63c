"""A real OpenID provider (Canaille) in a process of its own: `python -m tests.openid_process PORT EMAIL...`.

Everybody in it has the same password; the user's name is what stands before the @.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
PASSWORD = "una clave del proveedor 4"
CLIENT, SECRET = "encargo", "a-secret-of-the-client-0123456789"
#: Where the provider sends people back: what the tests' PUBLIC_URL says.
BACK = "http://127.0.0.1:8080/company-sign-in/back"


def serve(port: int, emails: list[str]) -> None:
    """Serve until ended."""
    from canaille import create_app
    from canaille.app import models
    from canaille.backends import Backend
    from joserfc.jwk import RSAKey
    from werkzeug.serving import make_server

    key = {name: str(value) for name, value in RSAKey.generate_key(2048).as_dict(private=True).items()}
    app = create_app(
        {
            "SECRET_KEY": "a-key-of-the-provider-0123456789-abcdefgh",
            "SERVER_NAME": f"127.0.0.1:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "HTMX": False},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [key]},
        }
    )
    with app.app_context():
        for email in emails:
            name = email.partition("@")[0]
            person = models.User(
                formatted_name=name.title(), family_name=name, user_name=name, emails=[email], password=PASSWORD
            )
            Backend.instance.save(person)
        client = models.Client(
            client_id=CLIENT,
            client_name="Encargo",
            client_secret=SECRET,
            client_uri="http://127.0.0.1:8080",
            redirect_uris=[BACK],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "email", "profile"],
            token_endpoint_auth_method="client_secret_basic",
        )
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


@contextlib.contextmanager
def running(*emails: str) -> Iterator[str]:
    """The provider's process for the time of a block; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [sys.executable, "-W", "ignore", "-m", "tests.openid_process", str(port), *emails]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 120
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the provider did not start")
            time.sleep(0.2)
        yield address
    finally:
        process.kill()
        process.wait()


def pass_through(address: str, name: str, password: str = PASSWORD) -> str:
    """Go where we were sent, sign in on the provider's own pages, and return where it sends us back to."""
    with httpx.Client(follow_redirects=False, timeout=60) as browser:
        page = browser.get(address)
        for field, value in (("login", name), ("password", password)):
            while page.is_redirect:
                page = browser.get(page.headers["Location"] if "://" in page.headers["Location"] else _join(page))
            page = browser.post(page.url, data={"csrf_token": _token(page.text), field: value})
        while page.is_redirect and not page.headers["Location"].startswith(BACK):
            page = browser.get(_join(page))
        return page.headers.get("Location", "")


def _join(page: httpx.Response) -> str:
    return str(page.url.join(page.headers["Location"]))


def _token(text: str) -> str:
    return text.partition('name="csrf_token" value="')[2].partition('"')[0]


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/.well-known/openid-configuration", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2:])
