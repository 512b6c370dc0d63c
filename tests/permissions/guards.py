"""What a service asks of its actor before it looks at anything else: found by calling it with nothing to look at."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from agencies.kernel.errors import Forbidden
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission

ROOT = Path(__file__).parents[2]
PACKAGES = ("agencies", "uploads", "assignments")
SIDES = (Side.CREDITOR, Side.AGENCY, Side.PLATFORM)
EVERYTHING = frozenset(Permission)


class Touched(Exception):
    """A service went on to look at its arguments: it was content with the actor."""


def _touched(*_: object, **__: object) -> Any:
    raise Touched


#: Whatever is done with it tells.
Untouchable = type(
    "Untouchable",
    (),
    {
        f"__{name}__": _touched
        for name in (
            *("getattribute", "bool", "iter", "len", "contains", "getitem", "call", "eq", "ne", "hash", "str", "index"),
            *("lt", "le", "gt", "ge", "add", "radd", "sub", "rsub", "mul", "enter", "exit", "int", "float", "format"),
        )
    },
)


class Unasked:
    """A session of which nothing may be asked."""

    def __getattr__(self, _name: str) -> Callable[..., Any]:
        return _touched


def services() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of the domain that is given an actor, by its dotted name."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.is_relative_to(ROOT / "agencies" / "kernel"):
                continue
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and takes_actor(node):
                    yield f"{module}.{node.name}", getattr(importlib.import_module(module), node.name)


def takes_actor(node: ast.FunctionDef) -> bool:
    """Whether a function has a parameter called actor."""
    return "actor" in {one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}


def asks(service: Callable[..., Any]) -> str:
    """What lets an actor by, as `side: permissions` that suffice alone; nothing when everybody gets by."""
    if all(gets_by(service, Actor(side, 1, 1)) for side in SIDES):
        return "nothing"
    told = []
    for side in SIDES:
        if gets_by(service, Actor(side, 1, 1)):
            told.append(f"{side.value}: any")
        elif alone := [one.value for one in Permission if gets_by(service, _holder(side, one))]:
            told.append(f"{side.value}: {' or '.join(alone)}")
        elif gets_by(service, Actor(side, 1, 1, permissions=EVERYTHING)):
            several = [one.value for one in Permission if not gets_by(service, _lacking(side, one))]
            told.append(f"{side.value}: {' and '.join(several)}")
    return "; ".join(told)


def gets_by(service: Callable[..., Any], actor: Actor) -> bool:
    """Whether the service goes on to its other arguments for this actor."""
    given = {
        name: {"actor": actor, "session": Unasked()}.get(name, Untouchable())
        for name, one in inspect.signature(service).parameters.items()
        if one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD}
    }
    try:
        told = service(**given)
        if inspect.isgenerator(told):
            next(told, None)
    except Forbidden:
        return False
    except Exception:  # noqa: BLE001  whatever it stumbled over, it had gone on
        return True
    return True


def _holder(side: Side, permission: Permission) -> Actor:
    return Actor(side, 1, 1, permissions=frozenset({permission}))


def _lacking(side: Side, permission: Permission) -> Actor:
    return Actor(side, 1, 1, permissions=EVERYTHING - {permission})
