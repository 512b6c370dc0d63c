"""For the machines that watch: alive, and ready to serve."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.migrations import runner
from portal.ports import LOGIN_MAY_TOO_MUCH, Ports
from portal.security import public

blueprint = Blueprint("health", __name__)
#: A database slower than this is not one to serve pages from.
_PATIENCE = "set local statement_timeout = '1s'"


@blueprint.get("/livez")
@public
def live() -> Response:
    """The process answers; nothing else is touched."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """The database answers, binds our login by its walls, and is at the revision this code was written for."""
    ports: Ports = current_app.extensions["encargo"]
    try:
        with ports.engine.connect() as connection:
            connection.execute(text(_PATIENCE))
            if connection.scalar(text(f"select exists ({LOGIN_MAY_TOO_MUCH})")):
                return jsonify(status="login may too much"), 503
            connection.execute(text("set local role app_door"))
            is_current = runner.is_current(connection)
    except DBAPIError:
        return jsonify(status="no database"), 503
    return jsonify(status="ready" if is_current else "migrations missing"), 200 if is_current else 503
