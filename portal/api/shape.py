"""The form of what systems send: known names only, each once, of the right kind, in the right content type."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from agencies.kernel.errors import NotFound, msg
from portal.api.problems import Fault, Unfit, WrongType
from portal.forms.fields import references
from portal.i18n import say

_UNKNOWN = msg("This address knows nothing of that name.")
_TWICE = msg("Say it once.")
_NO_JSON = msg("The body is no JSON text.")
_NO_REFERENCE = msg("This is no identifier of that kind.")
_MISSING = msg("This is missing.")


class Body(BaseModel):
    """What a JSON body may hold; nothing is brought into another type, and nothing may be left over."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Told = TypeVar("Told", bound=Body)


class _Twice(ValueError):
    pass


def check_query(known: Iterable[str]) -> None:
    """Refuse parameters of the address that are not known, or said twice; raises `Unfit`."""
    _check(request.args.lists(), set(known), "?")


def read_json(model: type[Told]) -> Told:
    """The body as the model has it; raises `WrongType` or `Unfit`."""
    if request.mimetype != "application/json":
        raise WrongType("application/json")
    try:
        given = json.loads(request.get_data(), object_pairs_hook=_once, parse_constant=_no_number)
        return model.model_validate(given)
    except _Twice as twice:
        raise Unfit(Fault(f"#/{twice}", say(_TWICE))) from twice
    except ValidationError as wrong:
        raise Unfit(*(_fault(one) for one in wrong.errors(include_input=False, include_url=False))) from wrong
    except (ValueError, RecursionError) as unreadable:
        # So many brackets that reading them would never end is no JSON of ours either.
        raise Unfit(Fault("#", say(_NO_JSON))) from unreadable


def check_parts(known: Iterable[str], file: str) -> None:
    """Refuse a form of parts that lacks the file, or holds what is not known or said twice; `WrongType` or `Unfit`."""
    if request.mimetype != "multipart/form-data":
        raise WrongType("multipart/form-data")
    _check(request.form.lists(), set(known), "#/")
    _check(request.files.lists(), {file}, "#/")
    if file not in request.files:
        raise Unfit(Fault(f"#/{file}", say(_MISSING)))


def check_empty() -> None:
    """Refuse a body where none is taken; raises `Unfit`."""
    if request.form or request.files or request.get_data():
        raise unknown("#")


def reference(kind: str, given: str | None, where: str) -> int | None:
    """The id behind a reference that was sent in a parameter or field; raises `Unfit`."""
    if given is None:
        return None
    try:
        return references().decode(kind, given)
    except NotFound as unreadable:
        raise Unfit(Fault(where, say(_NO_REFERENCE))) from unreadable


def missing(where: str) -> Unfit:
    """Something that is needed was not said."""
    return Unfit(Fault(where, say(_MISSING)))


def unknown(where: str) -> Unfit:
    """Something was said that has no place here."""
    return Unfit(Fault(where, say(_UNKNOWN)))


def _check(given: Iterable[tuple[str, list[Any]]], known: set[str], at: str) -> None:
    faults = []
    for name, values in given:
        if name not in known:
            faults.append(Fault(f"{at}{name[:80]}", say(_UNKNOWN)))
        elif len(values) > 1:
            faults.append(Fault(f"{at}{name}", say(_TWICE)))
    if faults:
        raise Unfit(*faults)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, value in pairs:
        if name in told:
            raise _Twice(name[:80])
        told[name] = value
    return told


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _fault(error: Any) -> Fault:
    where = "#/" + "/".join(str(one)[:80] for one in error["loc"])
    if error["type"] == "extra_forbidden":
        return Fault(where, say(_UNKNOWN))
    return Fault(where, say(_MISSING) if error["type"] == "missing" else error["msg"])
