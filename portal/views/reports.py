"""Reports: what agencies owe their creditors for each period, seen by both."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.reports import contents, queries, service
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import reports as presenter
from portal.security import requires
from portal.views import paging
from uploads.models import UploadKind

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.get("/")
@requires(Permission.REPORT_VIEW)
def index() -> str:
    """Due, overdue and handed in, the latest period first."""
    actor, now = current_actor(), utc_now()
    chosen = request.args.get("show", "")
    standings = presenter.FILTERS[chosen][1] if chosen in presenter.FILTERS else None
    page = queries.list_reports(
        db.session,
        actor,
        standing_in=standings,
        is_due_soon=chosen == presenter.DUE_SOON,
        after=paging.after(date, int),
        now=now,
    )
    return render_template(
        "reports/index.html",
        lines=presenter.lines(page.rows, actor.side, actor.time_zone, now),
        pages=paging.addresses(page),
        chosen=chosen if standings else "",
        may_send=actor.may(Permission.REPORT_SUBMIT),
        show=presenter,
    )


@blueprint.get('/<ref("report"):report_id>')
@requires(Permission.REPORT_VIEW)
def show(report_id: int) -> str:
    """One report: how it stands, its versions, what went into it, and the payments it tells of."""
    actor, now = current_actor(), utc_now()
    row = queries.get_report(db.session, actor, report_id, now=now)
    page = contents.list_report_payments(db.session, actor, report_id, after=paging.after(int))
    return render_template(
        "reports/show.html",
        line=presenter.lines((row,), actor.side, actor.time_zone, now)[0],
        versions=contents.list_versions(db.session, actor, report_id),
        files=contents.list_files(db.session, actor, report_id),
        page=page,
        pages=paging.addresses(page),
        may_send=actor.may(Permission.REPORT_SUBMIT),
        may_open=actor.may(Permission.CASE_VIEW),
        show=presenter,
    )


@blueprint.post('/<ref("report"):report_id>/nothing')
@requires(Permission.REPORT_SUBMIT)
def declare_nothing(report_id: int) -> Response:
    """The agency states that a period held no payments, or no activities."""
    kind = UploadKind.ACTIVITIES if request.form.get("kind") == "activities" else UploadKind.PAYMENTS
    with transaction(db.session):
        service.declare_nothing(db.session, current_actor(), report_id, kind=kind, now=utc_now())
    flash(_("The report says now that there was nothing."), "success")
    return redirect(url_for(".index"), code=303)
