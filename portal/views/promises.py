"""Promises: what debtors promised, what agencies say became of it, and what the payments say."""

from __future__ import annotations

from datetime import date
from functools import partial

from flask import Blueprint, Response, abort, render_template, request

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from assignments.promises.listing import listing
from assignments.promises.queries import list_promises
from portal.extensions import db
from portal.forms.promises import PromiseFilterForm
from portal.identity import current_actor
from portal.presenters import promises as presenter
from portal.security import requires
from portal.views import choices, paging
from portal.views.downloads import csv_file

blueprint = Blueprint("promises", __name__, url_prefix="/promises")


@blueprint.get("/")
@requires(Permission.REPORT_VIEW)
def index() -> str:
    """The promises made to the creditor's agencies, or to the agency."""
    actor, form = current_actor(), _filter()
    # A filter that cannot be read selects nothing; the form says which field.
    asked = form.filter() if form.validate() else None
    today, after = local_date(utc_now(), actor.time_zone), paging.after(date, int)
    page = list_promises(db.session, actor, asked, today=today, after=after) if asked else None
    return render_template(
        "promises/index.html",
        form=form,
        page=page,
        pages=paging.addresses(page) if page else {},
        is_filtered=any(request.args.values()),
        may_send=actor.may(Permission.REPORT_SUBMIT),
        show=presenter,
        show_promises=presenter,
    )


@blueprint.get("/listing.csv")
@requires(Permission.REPORT_VIEW)
def export() -> Response:
    """Everything the filter shows; a filter that cannot be read gives no file."""
    actor, form, now = current_actor(), _filter(), utc_now()
    if not form.validate():
        abort(400)
    today, header = local_date(now, actor.time_zone), presenter.header(actor.side)
    cells = partial(presenter.cells, actor.side)
    return csv_file(
        lambda: listing(db.session, actor, form.filter(), header=header, cells=cells, today=today, now=now),
        presenter.file_name(today),
    )


def _filter() -> PromiseFilterForm:
    actor, form = current_actor(), PromiseFilterForm(request.args)
    is_creditor = actor.side is Side.CREDITOR
    partners = choices.panel(db.session, actor) if is_creditor else choices.creditors(db.session, actor)
    form.offer(partners, is_creditor=is_creditor)
    return form
