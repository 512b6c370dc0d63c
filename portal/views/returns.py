"""Returns: an agency gives cases back with a reason; the creditor sees what follows and releases what it may."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.cases.models import CaseState
from assignments.cases.queries import get_case
from assignments.placements import recall_queries as queries
from assignments.placements import returns
from portal.extensions import db
from portal.filters import number
from portal.forms.fields import references
from portal.forms.recalls import ReturnFilterForm, ReturnForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import cases as case_words
from portal.presenters import recalls as presenter
from portal.security import requires
from portal.views import choices, paging

blueprint = Blueprint("returns", __name__, url_prefix="/returns")


@blueprint.get("/")
@requires(Permission.PLACEMENT_VIEW)
def index() -> str:
    """Cases that came back, or that the agency gave back."""
    actor, form = current_actor(), ReturnFilterForm(request.args)
    state = CaseState.ON_HOLD if request.args.get("state") == "on_hold" else None
    page = queries.list_returns(db.session, actor, code=form.chosen, state=state, after=paging.after(int, int))
    return render_template(
        "returns/index.html", page=page, pages=paging.addresses(page), form=form, show=presenter, cases=case_words
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.CASE_RETURN)
def new() -> str | Response | tuple[str, int]:
    """Give back one case or many, by their accounts."""
    actor = current_actor()
    form = ReturnForm(request.form, data=_begun() if request.method == "GET" else None)
    form.creditor.offer(choices.creditors(db.session, actor))
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                found = returns.find_held(db.session, actor, int(form.creditor.number or 0), form.named)
                count = returns.give_back(db.session, actor, case_ids=found, **form.values, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(ngettext("%(n)s case went back.", "%(n)s cases went back.", count, n=number(count)), "success")
            return redirect(url_for(".index"))
    return render_template("returns/new.html", form=form, show=presenter), form.refused_with if form.errors else 200


@blueprint.post('/<ref("case"):case_id>/release')
@requires(Permission.PLACEMENT_PLAN)
def release(case_id: int) -> Response:
    """Let a case be placed again."""
    with transaction(db.session):
        returns.release(db.session, current_actor(), case_id, now=utc_now())
    flash(_("The case is free: it can be placed again."), "success")
    return redirect(url_for("cases.show", case_id=case_id))


def _begun() -> dict[str, str]:
    """The case that stands in the address, as the form's first account."""
    if "case" not in request.args:
        return {}
    codec = references()
    case = get_case(db.session, current_actor(), codec.decode("case", request.args["case"])).case
    return {"accounts": case.account_ref, "creditor": codec.encode("organisation", case.creditor_id)}
