"""Who did what, when; and whether what is written down still stands."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from agencies.kernel import chains as walks
from agencies.kernel.tenancy import Side
from agencies.organisations import queries
from agencies.organisations.permissions import Permission
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import audit
from portal.presenters import chains as presenter
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


@blueprint.get("/chains")
@requires(Permission.AUDIT_VIEW)
def chains() -> str:
    """The last walks along the organisation's chain; the operator sees the last one of every chain."""
    actor = current_actor()
    if actor.side is Side.PLATFORM:
        ids = queries.organisation_ids(db.session, actor)
        found = list(walks.last_checks(db.session, ids).values())
    else:
        found = walks.list_checks(db.session, actor.tenant)
    names = queries.organisation_names(db.session, {one.organisation_id for one in found})
    return render_template("audit/chains.html", lines=presenter.lines(found, names), is_all=actor.side is Side.PLATFORM)
