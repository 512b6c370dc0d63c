"""What a route declares, as the roles it admits."""

from __future__ import annotations

from pathlib import Path

from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import PERMISSIONS, SIDE_OF, Role
from config import Settings
from portal.app import create_app
from portal.security import GuardedFlask, access_of

#: Nothing is contacted before the first request, and none is made.
_ENVIRONMENT = {
    "DATABASE_URL": "postgresql+psycopg://nobody@/nowhere",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "a-key-of-the-tests-0123456789-abcdefghijklm",
    "REFERENCE_KEY": "5e" * 32,
    "DATA_KEYS": "1:" + "d1" * 32,
    "INDEX_KEY": "1d" * 32,
    "PUBLIC_URL": "http://127.0.0.1:8080",
    "MAIL_URL": "file:///nowhere",
    "MAIL_FROM": "Encargo <no-responder@encargo.example>",
}


def unconnected_app(folder: Path) -> GuardedFlask:
    """The product's routes without its servers."""
    return create_app(Settings.from_env({**_ENVIRONMENT, "STORAGE_URL": folder.as_uri()}))


def admitted(app: GuardedFlask, endpoint: str) -> str:
    """The roles a route lets in, `everybody`, `anyone signed in`, or keys with one of some scopes."""
    access = access_of(app, endpoint)
    if access.is_by_key:
        return f"keys: {' or '.join(sorted(access.permissions)) or 'any'}"
    if access.is_public:
        return "everybody"
    if access.admits(Actor(SIDE_OF[Role.AGENT], 1, 1)):
        return "anyone signed in"
    actors = {role: Actor(SIDE_OF[role], 1, 1, role.value, PERMISSIONS[role]) for role in Role}
    return ", ".join(role.value for role in Role if access.admits(actors[role])) or "nobody"


def endpoints(app: GuardedFlask) -> list[str]:
    """Every route but the static files."""
    return sorted({rule.endpoint for rule in app.url_map.iter_rules()} - {"static"})
