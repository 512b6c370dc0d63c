"""Who did what, when."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from agencies.organisations import queries
from agencies.organisations.permissions import Permission
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import audit
from portal.security import requires

blueprint = Blueprint("audit", __name__, url_prefix="/audit")


@blueprint.get("/")
@requires(Permission.AUDIT_VIEW)
def index() -> str:
    """One page of the organisation's trail, newest first."""
    actor = current_actor()
    wanted = audit.TrailFilter.from_arguments(request.args)
    page = queries.list_events(db.session, actor, nouns=wanted.nouns, before=wanted.before)
    return render_template("audit/index.html", trail=audit.trail(page), wanted=wanted, topics=audit.TOPICS)
