"""How a view of the API runs: counted, its form looked at, its answer made JSON; what changes something, once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, jsonify

from portal.api import shape
from portal.api.limits import limited
from portal.api.repeats import once


def looks(*known: str) -> Callable[[Callable[..., dict[str, Any]]], Callable[..., Response]]:
    """The view changes nothing, and knows these parameters of the address."""

    def dressed(view: Callable[..., dict[str, Any]]) -> Callable[..., Response]:
        @wraps(view)
        def answered(**things: Any) -> Response:
            shape.check_query(known)
            shape.check_empty()
            return jsonify(view(**things))

        return limited(answered)

    return dressed


def does(view: Callable[..., tuple[dict[str, Any], int]]) -> Callable[..., Response]:
    """The view places cases, moves money or takes a file in: once for each `Idempotency-Key`."""
    answered = once(view)

    @wraps(view)
    def checked(**things: Any) -> Response:
        shape.check_query(())
        return answered(**things)

    return limited(checked)
