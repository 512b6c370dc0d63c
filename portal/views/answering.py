"""An agency answers what it was sent with a no: for a whole consignment, or for some of its cases."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.placements import queries, rejecting
from portal.extensions import db
from portal.filters import number
from portal.forms.placements import RejectionForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import placements as presenter
from portal.security import requires

blueprint = Blueprint("answering", __name__, url_prefix="/placements/consignments")


@blueprint.route('/<ref("consignment"):consignment_id>/reject', methods=["GET", "POST"])
@requires(Permission.PLACEMENT_ACKNOWLEDGE)
def reject(consignment_id: int) -> str | Response | tuple[str, int]:
    """Say which cases the agency does not take on, and why."""
    row = queries.get_consignment(db.session, current_actor(), consignment_id)
    form = RejectionForm(request.form)
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                count = _reject(consignment_id, form)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(ngettext("%(n)s case was rejected.", "%(n)s cases were rejected.", count, n=number(count)), "success")
            return redirect(url_for("placements.consignment", consignment_id=consignment_id))
    page = render_template("placements/reject.html", row=row, form=form, show=presenter)
    return page, form.refused_with if form.errors else 200


def _reject(consignment_id: int, form: RejectionForm) -> int:
    actor, named = current_actor(), form.named
    cases = rejecting.find_waiting(db.session, actor, consignment_id, named) if named else None
    return rejecting.reject(db.session, actor, consignment_id, case_ids=cases, **form.values, now=utc_now())
