"""How often keys may be used: each of them, and an organisation's together; every answer says what is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g

from portal import throttle
from portal.api.door import key_holder
from portal.extensions import limiter

#: All keys of an organisation together may be used as often as so many of them.
KEYS = 4


def limited(view: Callable[..., Any]) -> Callable[..., Any]:
    """Count a request against the key's and the organisation's limit; 429 when one of them is used up."""
    by_key = limiter.shared_limit(_per_key, "api key", key_func=_by_key)
    by_organisation = limiter.shared_limit(_per_organisation, "api organisation", key_func=_by_organisation)
    counted: Callable[..., Any] = by_organisation(by_key(view))
    return counted


def tell(response: Response) -> Response:
    """Say on an answer how much is left of each limit, and when a refused request may come again."""
    if "key_holder" not in g:
        return response
    told, rests = [], 1
    for one in limiter.current_limits:
        rest = max(1, one.reset_at - int(time.time()))
        rests = max(rests, rest) if one.breached else rests
        name = "organisation" if one.limit.amount == KEYS * _most() else "key"
        told.append((name, one.limit.amount, one.limit.get_expiry(), max(0, one.remaining), rest))
    if told:
        policies = (f'"{name}";q={most};w={window}' for name, most, window, _, _ in told)
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        response.headers["RateLimit"] = ", ".join(f'"{name}";r={left};t={rest}' for name, _, _, left, rest in told)
    if response.status_code == 429:
        response.headers["Retry-After"] = str(rests)
    return response


def _most() -> int:
    most: int = current_app.extensions["encargo"].settings.api_calls_per_minute
    return most


def _per_key() -> str:
    return f"{_most()} per minute"


def _per_organisation() -> str:
    return f"{KEYS * _most()} per minute"


def _by_key() -> str:
    holder = key_holder()
    return f"{throttle.instance()}:key:{holder.actor.tenant}:{holder.key_id}"


def _by_organisation() -> str:
    return f"{throttle.instance()}:keys:{key_holder().actor.tenant}"
