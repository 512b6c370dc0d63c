"""The lists of who may do what, as the code has it now and as it was agreed.

`python -m tests.permissions.lists` writes down what the code says; read the difference before you commit it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from agencies.organisations.permissions import PERMISSIONS, Permission, Role
from tests.permissions import guards
from tests.permissions.routes import admitted, endpoints, unconnected_app

_HERE = Path(__file__).parent


def services() -> dict[str, str]:
    """Every service, and what it asks of the actor before it looks at anything else."""
    return {name: guards.asks(service) for name, service in guards.services()}


def routes() -> dict[str, str]:
    """Every route, and whom it admits."""
    with tempfile.TemporaryDirectory() as folder:
        app = unconnected_app(Path(folder))
        return {endpoint: admitted(app, endpoint) for endpoint in endpoints(app)}


def roles() -> dict[str, str]:
    """Every permission, and the roles that hold it."""
    return {
        permission.value: ", ".join(role.value for role in Role if permission in PERMISSIONS[role])
        for permission in Permission
    }


LISTS: dict[str, Callable[[], dict[str, str]]] = {"services": services, "routes": routes, "roles": roles}


def agreed(name: str) -> dict[str, str]:
    """A list as it was agreed."""
    lines = (_HERE / f"{name}.txt").read_text().splitlines()
    pairs = (line.partition("  ") for line in lines if line and not line.startswith("#"))
    return {key: told.strip() for key, _, told in pairs}


def write(name: str, found: dict[str, str]) -> None:
    """Write a list down."""
    width = max(map(len, found)) + 2
    (_HERE / f"{name}.txt").write_text("".join(f"{key:{width}}{told}".rstrip() + "\n" for key, told in found.items()))


if __name__ == "__main__":
    for one, found in LISTS.items():
        write(one, found())
