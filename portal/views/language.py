"""Switch the language of the screens."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, session, url_for
from werkzeug.wrappers import Response

from agencies.kernel.session import transaction
from agencies.organisations import access
from portal.addresses import local_target
from portal.extensions import db
from portal.i18n import LOCALES
from portal.identity import current_actor, find_visitor
from portal.security import public

blueprint = Blueprint("language", __name__)


@blueprint.post("/language")
@public
def choose() -> Response:
    """Remember the language: in this browser, and for a signed-in person for good."""
    chosen = request.form.get("language", "")
    if chosen not in LOCALES:
        abort(400)
    session["language"] = chosen
    if find_visitor() is not None:
        with transaction(db.session):
            access.choose_language(db.session, current_actor(), chosen)
    return redirect(local_target(request.form.get("next")) or url_for("home.index"), code=303)
