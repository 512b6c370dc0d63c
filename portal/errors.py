"""What goes wrong, turned into a status and a page in the reader's language: one table.

A refusal says what happened and what to do. A bug or an outage says neither, but carries the request's id, under which
the log has the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy.exc import DataError, InterfaceError, InternalError, OperationalError
from werkzeug.exceptions import HTTPException

from agencies.kernel.errors import Conflict, DomainError, Forbidden, NotFound, TooMany, msg
from portal.api import door, problems
from portal.i18n import refusal, say
from uploads.storage import StorageUnavailable
from uploads.verdicts import FileHeld

log = structlog.get_logger()

STATUS: dict[type[DomainError], int] = {
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    FileHeld: 423,
    TooMany: 429,
    DomainError: 400,
}


@dataclass(frozen=True)
class Explanation:
    """What an error page says: a heading, what happened, and what to do."""

    heading: str
    happened: str
    remedy: str


PAGES: dict[int, Explanation] = {
    400: Explanation(
        msg("The request could not be read"),
        msg("Something in it was missing or out of date; a page left open for many hours does that."),
        msg("Go back, reload the page and send it again. Nothing was changed."),
    ),
    403: Explanation(
        msg("Your role does not allow this"),
        msg("The page or action belongs to another role."),
        msg("If you need it for your work, ask whoever invited you to change your role."),
    ),
    404: Explanation(
        msg("We could not find this"),
        msg("It does not exist, it is no longer yours to see, or the address is mistyped."),
        msg("Go back to the home page and look for it from there."),
    ),
    405: Explanation(
        msg("This address is not opened like that"),
        msg("It only takes what a form of the portal sends to it."),
        msg("Go back to the home page and start again from there."),
    ),
    409: Explanation(
        msg("This has changed in the meantime"),
        msg("Somebody else, or you in another window, was quicker."),
        msg("Reload the page, look at how it stands now, and decide again."),
    ),
    413: Explanation(
        msg("This is too large"),
        msg("What you sent is larger than this page takes."),
        msg("Split the file and send the parts one after the other."),
    ),
    423: Explanation(
        msg("This file is held back"),
        msg("It has not been found free of malicious software."),
        msg("Go back to the page you came from; it shows when the file can be opened, or that it was refused."),
    ),
    429: Explanation(
        msg("Too many attempts"),
        msg("This was tried more often than we allow in a short time."),
        msg("Wait a few minutes and try again."),
    ),
    500: Explanation(
        msg("Something broke on our side"),
        msg("The request was not carried out and nothing was half-written. The fault has been logged."),
        msg("Try again. If it happens again, tell support the number below."),
    ),
    503: Explanation(
        msg("The portal is not available right now"),
        msg("A part it depends on does not answer."),
        msg("Wait a minute and reload the page. Nothing was lost."),
    ),
}


def status_of(error: DomainError) -> int:
    """The status of a refusal, by the nearest of the four kinds it is."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def install(app: Flask) -> None:
    """Answer every error with its page."""
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(RateLimitExceeded, _limited)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DataError, _unfit)
    app.register_error_handler(InternalError, _unchanged)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(InterfaceError, _unavailable)
    app.register_error_handler(StorageUnavailable, _without_store)
    app.register_error_handler(Exception, _broken)


def page(status: int, happened: str | None = None, remedy: str | None = None) -> Response:
    """The error page of a status; a request made by a script on a page gets the bare message."""
    if door.is_here():
        return problems.problem(status, happened)
    told = PAGES.get(status, PAGES[500])
    is_fragment = "HX-Request" in request.headers
    body = render_template(
        "errors/fragment.html" if is_fragment else "errors/page.html",
        status=status,
        heading=say(told.heading),
        happened=happened or say(told.happened),
        remedy=remedy or say(told.remedy),
        request_id=g.get("request_id", ""),
    )
    return make_response(body, status)


def _refused(error: DomainError) -> Response:
    status = status_of(error)
    log.info("refused", kind=type(error).__name__, status=status)
    told = refusal(error) if type(error) not in STATUS else None
    response = problems.of_refusal(error, status, told) if door.is_here() else page(status, told)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _limited(error: RateLimitExceeded) -> Response:
    log.warning("rate_limited", endpoint=request.endpoint)
    response = page(429)
    response.headers["Retry-After"] = str(error.limit.limit.get_expiry())
    return response


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if code < 400 or error.response is not None:
        return make_response(error.get_response())
    response = problems.of_http(error) if door.is_here() else page(code)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def _unfit(error: DataError) -> Response:
    # A value no column can hold got past the forms: the sender's doing, and ours not to have refused it earlier.
    log.error("value_unfit", kind=type(error.orig).__name__, endpoint=request.endpoint)
    return page(400)


def _unchanged(error: InternalError) -> Response:
    # Somebody who only looks opened what writes itself down, such as a file to take away: the database refused it.
    return page(403) if isinstance(error.orig, ReadOnlySqlTransaction) else _broken(error)


def _unavailable(error: Exception) -> Response:
    log.error("database_unavailable", kind=type(error).__name__)
    response = page(503)
    response.headers["Retry-After"] = "60"
    return response


def _without_store(error: StorageUnavailable) -> Response:
    log.error("store_unavailable", reason=str(error))
    response = page(503)
    response.headers["Retry-After"] = "60"
    return response


def _broken(error: Exception) -> Response:
    log.error("bug", kind=type(error).__name__, exc_info=error)
    try:
        return page(500)
    except Exception as worse:  # the page that tells of a fault must not be the next one
        log.exception("error_page_broken", kind=type(worse).__name__)
        return Response(f"500 {g.get('request_id', '')}", 500, mimetype="text/plain")
