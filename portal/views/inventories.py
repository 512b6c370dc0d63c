"""Inventories: the lists agencies keep of what they hold, beside what was placed with them."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Permission
from assignments.inventories import queries
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import inventories as presenter
from portal.security import requires
from portal.views import paging
from portal.views.downloads import csv_file

blueprint = Blueprint("inventories", __name__, url_prefix="/inventories")


@blueprint.get("/")
@requires(Permission.REPORT_VIEW)
def index() -> str:
    """The lists, newest first."""
    actor = current_actor()
    page = queries.list_inventories(db.session, actor, after=paging.after(int))
    return render_template(
        "inventories/index.html",
        page=page,
        pages=paging.addresses(page),
        may_send=actor.may(Permission.REPORT_SUBMIT),
        show=presenter,
    )


@blueprint.get('/<ref("inventory"):inventory_id>')
@requires(Permission.REPORT_VIEW)
def show(inventory_id: int) -> str:
    """How one list came out, and its differences."""
    actor, kind = current_actor(), presenter.chosen(request.args.get("kind"))
    row = queries.get_inventory(db.session, actor, inventory_id)
    page = queries.list_differences(db.session, actor, inventory_id, kind=kind, after=paging.after(int))
    return render_template(
        "inventories/show.html",
        row=row,
        totals=queries.kind_totals(db.session, actor, inventory_id),
        page=page,
        pages=paging.addresses(page),
        kind=kind,
        may_open_cases=actor.may(Permission.CASE_VIEW),
        show=presenter,
    )


@blueprint.get('/<ref("inventory"):inventory_id>/differences.csv')
@requires(Permission.REPORT_VIEW)
def differences(inventory_id: int) -> Response:
    """The differences as a file, all or of one kind."""
    actor, kind, now = current_actor(), presenter.chosen(request.args.get("kind")), utc_now()
    row = queries.get_inventory(db.session, actor, inventory_id)
    header, cells = presenter.header(), presenter.cells
    return csv_file(
        lambda: queries.differences_file(
            db.session, actor, inventory_id, kind=kind, header=header, cells=cells, now=now
        ),
        presenter.file_name(row),
    )
