"""An agent's work: the list of cases that wait, and writing down what was done on one."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments import intake
from assignments.cases.queries import get_case
from assignments.reads.models import ReadKind
from assignments.reads.service import NAME
from assignments.sla import worklist as tasks
from portal.extensions import db
from portal.forms.activities import ActivityForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor, find_visitor
from portal.presenters import activities as words
from portal.presenters import sla as presenter
from portal.security import requires
from portal.views import paging
from portal.views.seen import seen

blueprint = Blueprint("activities", __name__)


@blueprint.get("/worklist/")
@requires(Permission.ACTIVITY_RECORD)
def worklist() -> str:
    """Cases nobody has worked yet, or those to follow up."""
    turn = tasks.Turn.FOLLOW_UP if request.args.get("turn") == tasks.Turn.FOLLOW_UP else tasks.Turn.FRESH
    now = utc_now()
    page = tasks.list_tasks(db.session, current_actor(), turn, after=paging.after(int), now=now)
    seen(ReadKind.WORK_LIST, ((row.creditor_id, row.case_id) for row in page.rows), fields=NAME)
    return render_template(
        "activities/worklist.html",
        page=page,
        pages=paging.addresses(page),
        turn=turn,
        now=now,
        show=presenter,
        words=words,
    )


@blueprint.post('/cases/<ref("case"):case_id>/activities')
@requires(Permission.ACTIVITY_RECORD)
def record(case_id: int) -> Response | tuple[str, int]:
    """Write down one activity; sent twice, it counts once."""
    actor, form = current_actor(), ActivityForm(request.form).offer()
    if form.validate():
        visitor = find_visitor()
        try:
            with transaction(db.session):
                what = {**form.values(actor.time_zone), "agent": visitor.user_name if visitor else None}
                intake.record_activity(db.session, actor, case_id, **what, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The activity is written down."), "success")
            return redirect(url_for("cases.show", case_id=case_id), code=303)
    case = get_case(db.session, actor, case_id).case
    return render_template("activities/new.html", form=form, case=case), form.refused_with
