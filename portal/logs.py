"""Logs as one JSON object a line: ids, counts and times, never what people typed or who a debtor is."""

from __future__ import annotations

import logging
import sys

import structlog
from flask import g, request
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, WrappedLogger

from agencies.kernel.clock import utc_now

log = structlog.get_logger()
_TRACES = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))


def configure(level: str) -> None:
    """Write JSON lines to standard error, from this level up."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # Asked for anew each time, because whoever runs us may have put another stream in its place.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _where(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """An exception as its class and the places it came through: local variables and messages may hold anything."""
    for one in (told := _TRACES(_logger, _name, event)).get("exception", ()):
        for spoken in ("exc_value", "exc_notes", "syntax_error"):
            one.pop(spoken, None)
    return told


def request_begun() -> None:
    """Remember when the request came in."""
    g.begun = utc_now()


def request_done(status: int) -> None:
    """One line per request that a view answered; the endpoint, because an address may carry a token."""
    if request.endpoint in {None, "static", "health.live"} or "begun" not in g:
        return
    milliseconds = round((utc_now() - g.begun).total_seconds() * 1000)
    log.info("request", method=request.method, endpoint=request.endpoint, status=status, ms=milliseconds)
