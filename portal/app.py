"""Builds the app from its settings: the one place where every part meets."""

from __future__ import annotations

import hashlib
import secrets
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, g, request, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response as AnyResponse

from agencies.kernel import sealing, tracing
from agencies.organisations.passkeys import relying_party
from config import Settings
from portal import admission, cli, errors, filters, i18n, logs, security
from portal.api import limits
from portal.extensions import babel, db, limiter, login_manager
from portal.forms.base import check_csrf, check_letters, csrf_token
from portal.identity import find_visitor
from portal.jobs import doorbell
from portal.ports import Ports, engine_options, open_ports
from portal.presenters import navigation, quarantine
from portal.receiving import PortalRequest
from portal.views import BLUEPRINTS
from portal.views.notices import bell
from portal.views.tasks import pressing


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
        app.extensions["encargo"] = open_ports(settings, db.engine)
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
        sealing.attach(db.session, ports_of(app).keyring)
        tracing.answers(db.session, g.request_id)

    @app.before_request
    def admit() -> AnyResponse | None:
        return admission.admit(app, settings)

    @app.before_request
    def protect() -> None:
        # A key comes in a header that no page of another site can add.
        if not security.access_of(app, request.endpoint).is_by_key:
            check_csrf()
        check_letters()

    @app.after_request
    def finish(response: Response) -> Response:
        if "request_id" in g:
            response.headers["X-Request-Id"] = g.request_id
        logs.request_done(response.status_code)
        limits.tell(response)
        return security.set_headers(response, is_secure=settings.is_secure)


def _install_templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=_asset_addresses(app),
        bell=bell,
        pressing=pressing,
        csrf_token=csrf_token,
        held=partial(quarantine.held, ports_of(app)),
        here=i18n.here,
        comes_back=i18n.comes_back,
        language_names=i18n.LANGUAGE_NAMES,
        nonce=security.nonce,
        passkeys_possible=relying_party(ports_of(app).settings.public_url) is not None,
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
