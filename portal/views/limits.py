"""What one person may do alone, and the request to two persons to change it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.approvals import limits
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from portal.extensions import db
from portal.forms.approvals import LimitForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import approvals as presenter
from portal.security import requires, steps_up

blueprint = Blueprint("limits", __name__, url_prefix="/approvals/limits")


@blueprint.get("/")
@requires(Permission.APPROVAL_VIEW)
def index() -> str:
    """The limits as they stand."""
    return _page(_offered(LimitForm()))


@blueprint.post("/")
@requires(Permission.LIMIT_CHANGE)
@steps_up
def ask() -> Response | tuple[str, int]:
    """Ask a second person for another limit."""
    form = _offered(LimitForm(request.form))
    if form.validate():
        try:
            with transaction(db.session):
                asked = limits.ask_for_limit(
                    db.session, current_actor(), form.kind, form.number, currency=form.currency, now=utc_now()
                )
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Asked. The limit changes when a second person approves."), "success")
            return redirect(url_for("approvals.show", approval_id=asked.id), code=303)
    return _page(form), form.refused_with


def _offered(form: LimitForm) -> LimitForm:
    return form.offer(limits.settable(current_actor()), presenter.limit_label)


def _page(form: LimitForm) -> str:
    actor = current_actor()
    found = limits.list_limits(db.session, actor, currency=home_currency(db.session, actor))
    return render_template("approvals/limits.html", limits=found, form=form, show=presenter)
