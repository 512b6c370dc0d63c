"""The list of what waits for whoever looks, thing by thing, and how much of it is pressing."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request

from agencies.kernel.clock import utc_now
from assignments import tasks
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import tasks as presenter
from portal.security import signed_in
from portal.views import choices

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")


@blueprint.get("/")
@signed_in
def index() -> str:
    """Everything that waits, or one kind of it."""
    actor, now = current_actor(), utc_now()
    kinds = tasks.kinds(actor, now=now)
    chosen = request.args.get("kind") if request.args.get("kind") in kinds else None
    limit = tasks.OF_ONE if chosen else tasks.EACH
    found = tasks.list_tasks(db.session, actor, kind=chosen, limit=limit, now=now)
    names = choices.organisations(db.session, presenter.houses(found))
    page = presenter.page(actor, found, kinds, chosen, names, current_app.view_functions, now=now)
    return render_template("tasks/index.html", page=page, chosen=chosen)


def pressing() -> int:
    """How much is late or due today for whoever looks at a page."""
    return tasks.count_pressing(db.session, current_actor(), now=utc_now())
