"""What the machinery is doing for everybody: the operator's view of work that is not done."""

from __future__ import annotations

from flask import Blueprint, render_template

from agencies.organisations.permissions import Permission
from assignments.unfinished import list_work
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import work as presenter
from portal.presenters.quarantine import scanner_line
from portal.security import requires
from portal.views import paging
from portal.views.stages import ports

blueprint = Blueprint("work", __name__, url_prefix="/work")


@blueprint.get("/")
@requires(Permission.WORK_VIEW_ALL)
def index() -> str:
    """What failed first, then what waits or runs."""
    page = list_work(db.session, current_actor(), after=paging.after(int, int))
    scanner = scanner_line(ports())
    return render_template("work/index.html", page=page, pages=paging.addresses(page), scanner=scanner, show=presenter)
