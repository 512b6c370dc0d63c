"""What a route must declare before it can be registered, and the headers every response carries.

A view says who may call it with `@requires(Permission.X)`, `@signed_in`, `@by_key(Permission.X)` or `@public`; a route
without one of them stops the start. The declaration is enforced in one place, before any view runs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from werkzeug.routing import BaseConverter, ValidationError

from agencies.kernel import files
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.references import References
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from uploads.transfers import CHUNK_BYTES

View = TypeVar("View", bound=Callable[..., Any])

#: Bytes a request may carry unless its view says `@takes_files`.
ORDINARY_BODY = 1024 * 1024


#: What an operator on a tenant's pages may do besides looking: stop.
LEAVES = frozenset({"support.leave", "auth.sign_out"})


class Stage(StrEnum):
    """What a view that somebody may call before the second factor is for."""

    #: It matters nothing who one is: signing out.
    ANY = "any"
    #: Proving the second factor there is.
    ASK = "ask"
    #: Setting one up, as long as there is none.
    SET_UP = "set_up"


class UndeclaredAccess(RuntimeError):
    """A route says nothing about who may call it."""


@dataclass(frozen=True)
class Access:
    """Who may call a view: everybody, anyone signed in, or holders of one of the permissions, in person or by key."""

    is_public: bool = False
    permissions: frozenset[Permission] = frozenset()
    #: For other systems, which come with a key; whoever is signed in has no way here, and no key a way elsewhere.
    is_by_key: bool = False

    def admits(self, actor: Actor) -> bool:
        """Whether the actor may call the view."""
        if self.is_public:
            return True
        if (actor.key_id if self.is_by_key else actor.user_id) is None:
            return False
        return not self.permissions or any(actor.may(one) for one in self.permissions)


def public(view: View) -> View:
    """Anybody may call this view."""
    return _declare(view, Access(is_public=True))


def signed_in(view: View) -> View:
    """Anybody signed in may call this view, whatever the role."""
    return _declare(view, Access())


def requires(*permissions: Permission) -> Callable[[View], View]:
    """Only holders of at least one of the permissions may call this view."""
    return lambda view: _declare(view, Access(permissions=frozenset(permissions)))


def by_key(*permissions: Permission) -> Callable[[View], View]:
    """Only another system may call this view, by a key with at least one of these scopes; without any, by each key."""
    return lambda view: _declare(view, Access(permissions=frozenset(permissions), is_by_key=True))


def before_factor(stage: Stage = Stage.ANY) -> Callable[[View], View]:
    """Whoever has given the password may call this view before the second factor; no other view is open to them."""

    def mark(view: View) -> View:
        view.stage = stage  # type: ignore[attr-defined]
        return view

    return mark


def steps_up(view: View) -> View:
    """Whoever calls this view has proved a moment ago who they are; everybody else is asked to, and sent back."""
    view.steps_up = True  # type: ignore[attr-defined]
    return view


def opens_by_secret(view: View) -> View:
    """The view's address carries a token: it is told to nobody, not even to our own pages."""
    view.opens_by_secret = True  # type: ignore[attr-defined]
    return view


def takes_files(view: View) -> View:
    """The view takes uploads: its requests may be as large as the settings allow."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def takes_documents(view: View) -> View:
    """The view takes uploads no larger than a document of evidence."""
    view.largest_file = files.LARGEST  # type: ignore[attr-defined]
    return takes_files(view)


def takes_pieces(view: View) -> View:
    """The view takes pieces of files: each of its requests carries one."""
    view.largest_file = CHUNK_BYTES  # type: ignore[attr-defined]
    return takes_files(view)


#: In the signed cookie: what opens an application for this browser.
VISIT = "application"


class GuardedFlask(Flask):
    """A Flask app that refuses to register a route without declared access."""

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **options: Any
    ) -> None:
        """Register a route; raises `UndeclaredAccess`."""
        if view_func is not None and endpoint != "static" and not hasattr(view_func, "access"):
            raise UndeclaredAccess(f"{rule} needs @requires, @signed_in, @by_key or @public")
        super().add_url_rule(rule, endpoint, view_func, *args, **options)


def access_of(app: Flask, endpoint: str | None) -> Access:
    """What the view of an endpoint declared; static files and unknown addresses are public."""
    if endpoint is None or endpoint == "static":
        return Access(is_public=True)
    declared: Access = getattr(app.view_functions[endpoint], "access")  # noqa: B009  mypy knows no such attribute
    return declared


def stage_of(app: Flask, endpoint: str) -> Stage | None:
    """What the view of an endpoint is for before the second factor; None when it is for nothing then."""
    return getattr(app.view_functions[endpoint], "stage", None)


def check_permission(access: Access, actor: Actor) -> None:
    """Raise `Forbidden` when somebody signed in lacks the permission."""
    if not access.admits(actor):
        raise Forbidden


def check_only_looks(method: str, endpoint: str) -> None:
    """Raise `Forbidden` when somebody who only looks would do anything but stop looking."""
    if method not in {"GET", "HEAD", "OPTIONS"} and endpoint not in LEAVES:
        raise Forbidden


def reference_converter(references: References) -> type[BaseConverter]:
    """The `<ref("case"):case_id>` converter: ids inside, opaque references in the address."""

    class ReferenceConverter(BaseConverter):
        regex = "[a-z2-7]{26}"

        def __init__(self, map: Any, kind: str) -> None:  # noqa: A002  werkzeug's name
            super().__init__(map)
            self.kind = kind

        def to_python(self, value: str) -> int:
            try:
                return references.decode(self.kind, value)
            except NotFound as unreadable:
                raise ValidationError from unreadable

        def to_url(self, value: Any) -> str:
            return references.encode(self.kind, int(value))

    return ReferenceConverter


def nonce() -> str:
    """The nonce of this response, for the script and style tags we write ourselves."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    value: str = g.nonce
    return value


def set_headers(response: Response, *, is_secure: bool) -> Response:
    """The headers of every response, errors and static files included."""
    response.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce()}'",
            f"style-src 'self' 'nonce-{nonce()}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        )
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "no-referrer" if _has_secret_address() else "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
    if is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static" or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    return response


def _has_secret_address() -> bool:
    return hasattr(current_app.view_functions.get(request.endpoint or ""), "opens_by_secret")


def _declare(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view
