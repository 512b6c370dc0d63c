"""Builds the app from its settings: the one place where every part meets."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, abort, g, redirect, request, session, url_for
from flask_babel import get_locale
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from config import Settings
from portal import cli, errors, filters, i18n, logs, security
from portal.extensions import babel, db, limiter, login_manager
from portal.forms.base import check_csrf, check_letters, csrf_token
from portal.identity import current_actor, find_visitor
from portal.jobs import doorbell
from portal.ports import Ports, engine_options, open_ports
from portal.presenters import navigation
from portal.receiving import PortalRequest
from portal.views import BLUEPRINTS
from portal.views.notices import bell

#: Room for the parts of a form around an uploaded file.
_FORM_ALLOWANCE = 1024 * 1024


def create_app(settings: Settings) -> security.GuardedFlask:
    """One instance of the portal; contacts nothing until the first request."""
    app = security.GuardedFlask("portal", root_path=str(Path(__file__).parent))
    app.request_class = PortalRequest
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(),
        SESSION_COOKIE_NAME="__Host-encargo" if settings.is_secure else "encargo",
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=security.ORDINARY_BODY,
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
        RATELIMIT_STORAGE_URI=settings.redis_url.replace("unix://", "redis+unix://", 1),
        RATELIMIT_STRATEGY="moving-window",
    )
    logs.configure(settings.log_level)
    db.init_app(app)
    # Its own context processor would look somebody up again while the page of an outage is drawn.
    login_manager.init_app(app, add_context_processor=False)
    login_manager.session_protection = None
    limiter.init_app(app)
    babel.init_app(app, locale_selector=i18n.locale, timezone_selector=i18n.time_zone)
    with app.app_context():
        app.extensions["encargo"] = dataclasses.replace(open_ports(settings), engine=db.engine)
    app.url_map.converters["ref"] = security.reference_converter(ports_of(app).references)
    filters.install(app)
    errors.install(app)
    _install_templates(app)
    _install_hooks(app, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.register(app)
    return app


def ports_of(app: Flask) -> Ports:
    """The database, storage and references of an app."""
    ports: Ports = app.extensions["encargo"]
    return ports


def _install_hooks(app: Flask, settings: Settings) -> None:
    @app.before_request
    def begin() -> None:
        logs.request_begun()
        g.request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        doorbell.attach(db.session, ports_of(app))

    @app.before_request
    def admit() -> AnyResponse | None:
        if request.endpoint is None or request.endpoint in {"static", "health.live", "health.ready"}:
            return None
        access = security.access_of(app, request.endpoint)
        is_known = current_user.is_authenticated
        if access.is_public:
            return None
        if not is_known:
            return _to_sign_in()
        actor = current_actor()
        structlog.contextvars.bind_contextvars(organisation=actor.organisation_id, user=actor.user_id)
        security.check_permission(access, actor)
        view = app.view_functions[request.endpoint]
        if hasattr(view, "takes_files"):
            most = settings.max_upload_bytes
            request.max_content_length = min(most, getattr(view, "largest_file", most)) + _FORM_ALLOWANCE
        return None

    @app.before_request
    def protect() -> None:
        check_csrf()
        check_letters()

    @app.after_request
    def finish(response: Response) -> Response:
        if "request_id" in g:
            response.headers["X-Request-Id"] = g.request_id
        logs.request_done(response.status_code)
        return security.set_headers(response, is_secure=settings.is_secure)


def _to_sign_in() -> AnyResponse:
    """Where somebody goes who is not signed in, or no longer; a page's script is told to go there too."""
    was_signed_in = session.pop("_user_id", None) is not None
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    if "HX-Request" in request.headers:
        response = Response(status=401)
        response.headers["HX-Redirect"] = url_for("auth.sign_in", ended=was_signed_in or None)
        return response
    if request.accept_mimetypes.best == "application/json":
        abort(401)
    return redirect(url_for("auth.sign_in", next=target, ended=1 if was_signed_in else None), code=303)


def _install_templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=_asset_addresses(app),
        bell=bell,
        csrf_token=csrf_token,
        here=i18n.here,
        language_names=i18n.LANGUAGE_NAMES,
        nonce=security.nonce,
        ref=ports_of(app).references.encode,
    )

    @app.context_processor
    def page() -> dict[str, Any]:
        visitor = find_visitor()
        return {
            "visitor": visitor,
            "language": get_locale().language,
            "menu": navigation.menu(visitor.actor, request.endpoint, app.view_functions) if visitor else [],
        }


def _asset_addresses(app: Flask) -> Any:
    """Static files are kept by browsers for a year, so an address carries a digest of the file."""
    known: dict[str, str] = {}

    def asset(name: str) -> str:
        if name not in known:
            file = Path(app.static_folder or "") / name
            known[name] = hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.exists() else "none"
        return url_for("static", filename=name, v=known[name])

    return asset
