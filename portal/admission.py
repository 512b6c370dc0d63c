"""What stands between a request and its view: the session, the second factor, the permission, a fresh proof.

Each of them that is missing leads somebody at a page to where it can be given, and back; a script on a page is told to
go there too, or why it may not go on.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, abort, flash, jsonify, make_response, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import msg
from agencies.organisations.signing_in import SignedIn
from config import Settings
from portal import errors, security
from portal.addresses import local_target
from portal.api import door
from portal.i18n import say
from portal.identity import entrant, note_look
from portal.security import Stage

#: Room for the parts of a form around an uploaded file.
_FORM_ALLOWANCE = 1024 * 1024
_NEVER_ASKED = {None, "static", "health.live", "health.ready"}

NOT_PROVED = msg("This step matters so much that we ask again who you are. Nothing was done yet.")
THEN_AGAIN = msg("Open “My account”, confirm who you are, and do it again within ten minutes.")


def admit(app: Flask, settings: Settings) -> AnyResponse | None:
    """None when the view may run; else what is answered instead. Raises `Forbidden` where only the role is wrong."""
    if request.endpoint in _NEVER_ASKED or request.endpoint is None:
        return None
    access = security.access_of(app, request.endpoint)
    if access.is_by_key:
        door.come_in(access)
        _widen(app.view_functions[request.endpoint], settings)
        return None
    is_known = current_user.is_authenticated
    if access.is_public:
        # An applicant is signed in as nobody, and sends documents once a link has been opened in this browser.
        if security.VISIT in session:
            _widen(app.view_functions[request.endpoint], settings)
        return None
    if not is_known:
        return _to_sign_in()
    person, view = entrant(), app.view_functions[request.endpoint]
    structlog.contextvars.bind_contextvars(organisation=person.actor.organisation_id, user=person.user_id)
    if not person.is_whole:
        return _before_factor(security.stage_of(app, request.endpoint), person)
    security.check_permission(access, person.actor)
    if person.actor.is_read_only:
        security.check_only_looks(request.method, request.endpoint)
        note_look(request.endpoint, request.view_args or {})
    if hasattr(view, "steps_up") and not person.is_fresh(utc_now()):
        return _to_step_up()
    _widen(view, settings)
    return None


def _widen(view: Any, settings: Settings) -> None:
    """Let the request be as large as the view takes files."""
    if hasattr(view, "takes_files"):
        most = settings.max_upload_bytes
        request.max_content_length = min(most, getattr(view, "largest_file", most)) + _FORM_ALLOWANCE


def asked_for() -> str | None:
    """The page somebody wanted, to lead them back to it; what was sent cannot be led back to."""
    return request.full_path.rstrip("?") if request.method == "GET" else None


def _to_sign_in() -> AnyResponse:
    """Where somebody goes who is not signed in, or no longer."""
    was_signed_in = "_user_id" in session
    if "HX-Request" in request.headers:
        return _led_by_script(url_for("auth.sign_in", ended=1 if was_signed_in else None))
    if _wants_json():
        abort(401)
    # Only a page forgets the session: a script's request may have crossed a new token of the same session.
    session.pop("_user_id", None)
    return redirect(url_for("auth.sign_in", next=asked_for(), ended=1 if was_signed_in else None), code=303)


def _before_factor(stage: Stage | None, person: SignedIn) -> AnyResponse | None:
    """Only what leads to the second factor is open, and only the way that is this person's."""
    wanted = Stage.ASK if person.has_factor else Stage.SET_UP
    if stage in {Stage.ANY, wanted}:
        return None
    endpoint = "factors.ask" if person.has_factor else "factors.choose"
    if "HX-Request" in request.headers:
        return _led_by_script(url_for(endpoint))
    if _wants_json():
        abort(403)
    target = asked_for() if stage is None else None
    return redirect(url_for(endpoint, next=target if target != url_for("home.index") else None), code=303)


def _to_step_up() -> AnyResponse:
    """Where somebody proves again who they are; what was sent meanwhile is not carried out."""
    if _wants_json():
        return make_response(jsonify(reason=say(NOT_PROVED)), 403)
    if "HX-Request" in request.headers:
        return errors.page(403, say(NOT_PROVED), say(THEN_AGAIN))
    if request.method == "GET":
        return redirect(url_for("step_up.ask", next=asked_for()), code=303)
    flash(say(msg("Nothing was done yet: confirm who you are, then send it again.")), "warning")
    return redirect(url_for("step_up.ask", next=_form_page()), code=303)


def _form_page() -> str | None:
    """The page on which the form stood, as the browser tells it, if it is one of ours."""
    told = urlsplit(request.referrer or "")
    if told.netloc != request.host:
        return None
    return local_target(told.path + (f"?{told.query}" if told.query else ""))


def _led_by_script(address: str) -> Response:
    response = Response(status=401)
    response.headers["HX-Redirect"] = address
    return response


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"
