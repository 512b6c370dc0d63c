"""Takes one check away at a time, in the running code, and looks who notices.

`python -m tests.permissions.mutations` prints the result, one line for each check.
"""

from __future__ import annotations

import ast
import dataclasses
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agencies.kernel import tenancy
from agencies.organisations.permissions import PERMISSIONS, Permission, Role
from portal.security import Access, GuardedFlask
from tests.permissions import guards
from tests.permissions.routes import admitted, endpoints, unconnected_app

CHECKS = ("require", "require_side", "owned_by")
_HOMES = (*guards.PACKAGES, "portal")


class Site(NamedTuple):
    """One call that asks something of an actor."""

    file: str
    line: int
    check: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.check}"


class Watch:
    """Stands in front of the checks: sees which are asked, and leaves out the one it is told to."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, int]] = set()
        self.left_out: tuple[str, int] | None = None

    def before(self, check: Callable[..., Any]) -> Callable[..., Any]:
        """The check, unless this very call of it is left out."""

        def watched(actor: tenancy.Actor, *args: Any) -> Any:
            caller = sys._getframe(1)
            place = (str(Path(caller.f_code.co_filename).relative_to(guards.ROOT)), caller.f_lineno)
            self.asked.add(place)
            return actor.organisation_id if place == self.left_out else check(actor, *args)

        return watched


@contextmanager
def watching() -> Iterator[Watch]:
    """The checks of every module with a watch in front of them."""
    watch, put_back = Watch(), []
    for name in CHECKS:
        check = getattr(tenancy, name)
        watched = watch.before(check)
        for module in [one for one in sys.modules.values() if one.__name__.partition(".")[0] in _HOMES]:
            if module is not tenancy and getattr(module, name, None) is check:
                setattr(module, name, watched)
                put_back.append((module, name, check))
    yield watch
    for module, name, check in put_back:
        setattr(module, name, check)


def sites() -> list[Site]:
    """Every call of a check in the product."""
    return [
        Site(str(path.relative_to(guards.ROOT)), node.lineno, node.func.id)
        for package in _HOMES
        for path in sorted((guards.ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CHECKS
    ]


def checks_taken_away() -> Iterator[tuple[Site, str]]:
    """Each check, and which service is seen to ask for less without it: `unreached`, `unnoticed`, or its name."""
    known = dict(guards.services())
    with watching() as watch:
        before, reached = {}, {}
        for name, service in known.items():
            watch.asked.clear()
            before[name] = guards.asks(service)
            for place in watch.asked:
                reached.setdefault(place, []).append(name)
        for site in sites():
            place = (site.file, site.line)
            watch.left_out = place
            changed = (name for name in reached.get(place, []) if guards.asks(known[name]) != before[name])
            yield site, next(changed, "unnoticed" if place in reached else "unreached")


def permissions_given_to_all(app: GuardedFlask) -> Iterator[tuple[Permission, list[str]]]:
    """Each permission, and the routes that are seen to admit more people once every role has it."""
    before = {endpoint: admitted(app, endpoint) for endpoint in endpoints(app)}
    for permission in Permission:
        had = dict(PERMISSIONS)
        PERMISSIONS.update({role: had[role] | {permission} for role in Role})
        yield permission, [one for one in before if admitted(app, one) != before[one]]
        PERMISSIONS.update(had)


def declarations_taken_away(app: GuardedFlask) -> Iterator[tuple[str, bool]]:
    """Each route that asks for a permission, and whether asking for none is seen."""
    for endpoint in endpoints(app):
        view: Any = app.view_functions[endpoint]
        declared: Access = view.access
        if declared.permissions:
            before = admitted(app, endpoint)
            view.access = dataclasses.replace(declared, permissions=frozenset())
            yield endpoint, admitted(app, endpoint) != before
            view.access = declared


def told() -> Iterator[tuple[str, str]]:
    """Every mutation in words, and who noticed it."""
    with tempfile.TemporaryDirectory() as folder:
        app = unconnected_app(Path(folder))
        for site, noticed in checks_taken_away():
            yield f"without {site}", noticed
        for permission, routes in permissions_given_to_all(app):
            yield f"everybody has {permission.value}", ", ".join(routes) or "the list of roles"
        for endpoint, is_noticed in declarations_taken_away(app):
            yield f"{endpoint} asks for nothing", "the list of routes" if is_noticed else "unnoticed"


if __name__ == "__main__":
    sys.stdout.writelines(f"{mutation:80} {noticed}\n" for mutation, noticed in told())
