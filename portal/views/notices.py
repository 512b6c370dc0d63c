"""What the organisation's people should know: the bell at the top, and the page behind it."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations import attention
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import notices as presenter
from portal.security import signed_in
from portal.views import choices, paging

blueprint = Blueprint("notices", __name__, url_prefix="/notices")


@blueprint.get("/")
@signed_in
def index() -> str:
    """Everything the person may know, newest first."""
    actor = current_actor()
    page = list_notices(db.session, actor, before=paging.after(int))
    names = choices.organisations(db.session, presenter.houses(page.rows))
    lines = presenter.lines(
        page.rows, actor, names, current_app.view_functions, seen=attention.seen_at(db.session, actor)
    )
    return render_template("notices/index.html", lines=lines, pages=paging.addresses(page))


@blueprint.post("/seen")
@signed_in
def seen() -> Response:
    """The person has looked: nothing is new any more."""
    with transaction(db.session):
        attention.mark_seen(db.session, current_actor(), now=utc_now())
    return redirect(url_for(".index"), code=303)


def bell() -> int:
    """How many notices are new to whoever looks at a page; the operator has none."""
    actor = current_actor()
    if actor.side not in {Side.CREDITOR, Side.AGENCY}:
        return 0
    return attention.count_unseen(db.session, actor)
