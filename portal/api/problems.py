"""What is wrong with a request, as another system reads it: `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, g
from werkzeug.exceptions import HTTPException

from agencies.kernel.errors import DomainError, msg
from portal.i18n import say

#: What a status says where nothing more is known.
DETAILS: dict[int, str] = {
    400: msg("The request could not be read."),
    401: msg("Send a key that works: Authorization: Bearer, then the key."),
    403: msg("The key may not do this."),
    404: msg("It does not exist, or it is not yours to see."),
    405: msg("This address does not take this method."),
    409: msg("It has changed in the meantime. Look at it again and decide anew."),
    413: msg("This is too large."),
    415: msg("Send the body as %(wanted)s."),
    422: msg("The request is not of the form that this address takes."),
    429: msg("Too many requests. Wait as long as Retry-After says."),
    500: msg("Something broke on our side. Nothing was carried out; the fault has been logged."),
    503: msg("A part that this depends on does not answer. Try again in a minute."),
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, as a path into what was sent, and what."""

    where: str
    what: str


class Unfit(HTTPException):
    """The request is not of the form that the address takes."""

    code = 422

    def __init__(self, *faults: Fault) -> None:
        super().__init__()
        self.faults = faults


class WrongType(HTTPException):
    """The body is of another kind than the address takes."""

    code = 415

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.wanted = wanted


def problem(
    status: int, detail: str | None = None, *, kind: str | None = None, faults: Sequence[Fault] = ()
) -> Response:
    """The answer that tells of a problem; `kind` is a stable word for programs."""
    told = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or say(DETAILS.get(status, DETAILS[500])),
        "code": kind,
        "errors": [{"pointer": one.where, "detail": one.what} for one in faults] or None,
        "request_id": g.get("request_id", ""),
    }
    body = json.dumps({name: value for name, value in told.items() if value is not None}, ensure_ascii=False)
    return Response(body, status, mimetype="application/problem+json")


def of_refusal(error: DomainError, status: int, detail: str | None) -> Response:
    """A refusal of the domain, by the name of its kind."""
    return problem(status, detail, kind=re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower())


def of_http(error: HTTPException) -> Response:
    """What the web itself refuses, with all that is wrong with a request's form."""
    if isinstance(error, WrongType):
        return problem(error.code, say(DETAILS[error.code], {"wanted": error.wanted}))
    return problem(error.code or 500, faults=error.faults if isinstance(error, Unfit) else ())
