"""What every route and every response has to have."""

from __future__ import annotations

import dataclasses
import re

import pytest
from flask import Blueprint, abort
from sqlalchemy import create_engine, text

from agencies.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from agencies.organisations.permissions import Permission, Role
from portal.app import create_app, ports_of
from portal.errors import status_of
from portal.extensions import db
from portal.ports import LoginMayTooMuch, check_login
from portal.security import GuardedFlask, UndeclaredAccess, public, requires, signed_in

#: A file taken away writes the audit trail, though it is only looked at.
DOWNLOADS = {
    "audit.export",
    "audit.export_reads",
    "register.export",
    "requests.export",
    "cases.export",
    "cases.full_file",
    "incidents.export",
    "promises.export",
    "placements.download",
    "placements.strata",
    "indicators.export",
    "manifests.download",
    "scorecards.export",
    "uploads.error_file",
}
ANYWHERE = {"static", "health.live", "health.ready"}


def routes(app):
    """Every route once per method, with its address for made-up references."""
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<[^>]*>", "a" * 26, rule.rule)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, address


@pytest.mark.parametrize("on", ["app", "blueprint"])
def test_a_route_without_declared_access_cannot_be_registered(on):
    app = GuardedFlask("planted")
    if on == "app":
        with pytest.raises(UndeclaredAccess):
            app.add_url_rule("/x", "x", lambda: "")
        return
    blueprint = Blueprint("planted", __name__)
    blueprint.add_url_rule("/x", "x", lambda: "")
    with pytest.raises(UndeclaredAccess):
        app.register_blueprint(blueprint)


def test_a_declared_route_can():
    app = GuardedFlask("planted")
    app.add_url_rule("/a", "a", public(lambda: ""))
    app.add_url_rule("/b", "b", signed_in(lambda: ""))
    app.add_url_rule("/c", "c", requires(Permission.CASE_VIEW)(lambda: ""))


def test_the_public_routes_are_these_and_no_others(app):
    found = {
        endpoint for endpoint, view in app.view_functions.items() if endpoint != "static" and view.access.is_public
    }
    assert found == {
        # An applicant is known by the link that was sent to the address, and by nothing else.
        *(f"applying.{one}" for one in ("attach", "begin", "detach", "download", "drop", "enter", "index", "leave")),
        *(f"applying.{one}" for one in ("link", "opening", "part", "sent", "show", "submit", "withdraw")),
        "auth.accept",
        "auth.enter",
        "auth.invitation",
        "auth.sign_in",
        "company.arrive",
        "company.depart",
        "health.live",
        "health.ready",
        "language.choose",
        "passkeys.enter",
        "passkeys.offer_at_door",
        "letters.confirm",
        "letters.confirmation",
        "letters.object_to",
        "letters.objection",
        "passwords.ask",
        "passwords.choose",
        "passwords.forgotten",
        "passwords.replace",
    }


def test_every_entry_of_the_menu_is_served(app):
    from portal.presenters.navigation import DESTINATIONS

    assert {one.endpoint for one in DESTINATIONS} <= set(app.view_functions)


def test_somebody_unknown_is_led_to_the_door_everywhere(app, client):
    for endpoint, method, address in routes(app):
        access = getattr(app.view_functions[endpoint], "access", None)
        if access is None or access.is_public or access.is_by_key:
            continue
        answer = client.open(address, method=method)
        # A reference that does not open is not found before anybody is asked who they are; it tells nothing.
        # Where reading and writing share an address, the library says so instead.
        expected = {404, 405} if "a" * 26 in address else {303}
        assert answer.status_code in expected, (method, address)


def test_looking_changes_nothing(app, sign_in, database):
    browsers = [sign_in(role) for role in (Role.DIRECTOR, Role.MANAGER)]

    def state():
        engine = create_engine(database.superuser_url)
        with engine.connect() as connection:
            tables = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
            digests = {
                table: connection.scalar(text(f"select md5(string_agg(t::text, ',' order by t::text)) from {table} t"))
                for table in tables
                if table != "web_sessions"
            }
        engine.dispose()
        return digests

    before = state()
    for browser in browsers:
        for endpoint, method, address in routes(app):
            if method == "GET" and "static" not in address and endpoint not in DOWNLOADS:
                browser.get(address)
    after = state()
    assert {table for table in after if after[table] != before[table]} == set()


EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sign-in", 200),
        ("/", 303),
        ("/nothing-here", 404),
        ("/static/js/portal.js", 200),
        ("/static/nothing.js", 404),
        ("/livez", 200),
        ("/readyz", 200),
        ("/sign-out", 405),
        ("/planted-500", 500),
    ],
)
def test_every_response_carries_the_headers(settings, path, status):
    app = create_app(settings)
    app.add_url_rule("/planted-500", "planted", public(lambda: 1 / 0))
    answer = app.test_client().get(path)
    assert answer.status_code == status
    for name, value in EXPECTED.items():
        assert answer.headers[name] == value
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in (
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ):
        assert part in policy
    is_file = path.startswith("/static") and status == 200
    assert ("no-store" in answer.headers.get("Cache-Control", "")) != is_file
    assert "Strict-Transport-Security" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_two_responses_have_two_nonces(client):
    policies = {client.get("/sign-in").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


def test_over_https_the_cookie_is_bound_to_the_host_and_the_site_to_https(settings):
    app = create_app(dataclasses.replace(settings, public_url="https://portal.example"))
    answer = app.test_client().get("/sign-in", base_url="https://portal.example")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-encargo=")
    assert "Domain" not in cookie
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie


def test_here_the_cookie_is_http_only_and_same_site(client):
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 429, 500, 503])
def test_every_error_has_a_page_that_says_what_to_do(settings, status, capsys):
    app = create_app(settings)
    app.add_url_rule("/planted", "planted", public(lambda: abort(status)))
    answer = app.test_client().get("/planted", headers={"Accept-Language": "en"})
    assert answer.status_code == status
    assert answer.text.count("<p>") >= 2
    assert answer.headers["X-Request-Id"] in answer.text
    fragment = app.test_client().get("/planted", headers={"HX-Request": "true"})
    assert fragment.status_code == status
    assert "<html" not in fragment.text


@pytest.mark.parametrize(
    ("error", "status"), [(NotFound, 404), (Forbidden, 403), (Conflict, 409), (Invalid, 400), (DomainError, 400)]
)
def test_each_kind_of_refusal_has_its_status(error, status):
    assert status_of(error()) == status
    assert status_of(type("Special", (error,), {})()) == status


def test_a_bug_tells_its_id_and_nothing_else(settings, capsys):
    app = create_app(settings)

    @public
    def broken():
        password = "a-secret-detail"
        raise RuntimeError(password)

    app.add_url_rule("/planted", "planted", broken)
    answer = app.test_client().get("/planted")
    assert answer.status_code == 500
    assert "a-secret-detail" not in answer.text
    assert "Traceback" not in answer.text
    logged = capsys.readouterr().err
    assert answer.headers["X-Request-Id"] in logged
    assert "RuntimeError" in logged
    assert "in broken" in logged or '"name": "broken"' in logged
    assert "a-secret-detail" not in logged


def test_a_database_that_is_away_is_said_so_and_the_process_lives(settings):
    away = dataclasses.replace(settings, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    client = create_app(away).test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "somebody"
    answer = client.get("/", headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "not available right now" in answer.text
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_a_database_without_its_migrations_is_not_ready(app, client, app_ports):
    assert client.get("/readyz").status_code == 200
    owner = create_engine(app_ports.settings.database_owner_url)
    with owner.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0000'"))
    owner.dispose()
    assert client.get("/readyz").json == {"status": "migrations missing"}


@pytest.mark.parametrize("login", ["superuser_url", "owner_url"])
def test_with_a_login_that_the_walls_do_not_bind_nothing_is_served(database, settings, login):
    app = create_app(dataclasses.replace(settings, database_url=getattr(database, login)))

    assert app.test_client().get("/readyz").json == {"status": "login may too much"}
    with pytest.raises(LoginMayTooMuch):
        check_login(ports_of(app))
    with app.app_context():
        db.engine.dispose()
        app.extensions["encargo"].engine.dispose()


def test_no_origin_is_ever_let_in(app, sign_in):
    browser = sign_in(Role.DIRECTOR)
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments:
            for method in ("GET", "OPTIONS"):
                told = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
                answer = browser.client.open(rule.rule, method=method, headers=told)
                assert not [name for name, _ in answer.headers if name.startswith("Access-Control")], rule


def test_a_form_larger_than_a_form_is_refused_before_it_is_read(sign_in):
    browser = sign_in(Role.DIRECTOR)
    answer = browser.client.post("/language", data={"language": "es" * 600_000})
    assert answer.status_code == 413


def test_templates_have_no_inline_scripts_styles_or_handlers(app):
    from pathlib import Path

    for file in (Path(app.root_path) / "templates").rglob("*.html"):
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=", source), file
        assert not re.search(r"\son[a-z]+=", source), file
        assert not re.search(r"<style|javascript:", source), file
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", source), file
        assert not re.search(r"(src|href)=\"(https?:)?//", source), file
        assert "|safe" not in source.replace(" ", ""), file


def test_a_reference_of_another_kind_or_a_forged_one_is_not_found(sign_in, app_ports):
    browser = sign_in(Role.OPERATOR)
    as_user = app_ports.references.encode("user", 1)
    assert browser.get(f"/organisations/{as_user}").status_code == 404
    assert browser.get("/organisations/" + "a" * 26).status_code == 404
    assert browser.get("/organisations/1").status_code == 404


def test_no_address_shows_an_id(app):
    for rule in app.url_map.iter_rules():
        assert "<int:" not in rule.rule, rule
