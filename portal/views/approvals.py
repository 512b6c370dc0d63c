"""Two persons: what waits for the reader as the second one, what they asked for, and how it ended."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.approvals import queries, rules, service
from agencies.approvals.carrying import SubjectChanged
from agencies.approvals.models import Approval
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from portal.carriers import CARRIERS
from portal.extensions import db
from portal.forms.approvals import DeclineForm, SeenForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import approvals as presenter
from portal.security import requires, steps_up
from portal.views import choices, paging

blueprint = Blueprint("approvals", __name__, url_prefix="/approvals")
_APPROVES, _ASKS = sorted(set(rules.APPROVES.values())), sorted(set(rules.ASKS.values()))


@blueprint.get("/")
@requires(Permission.APPROVAL_VIEW)
def index() -> str:
    """What waits for the reader, what the reader asked for, and how the rest ended."""
    actor, now = current_actor(), utc_now()
    waiting = queries.list_waiting(db.session, actor, now=now)
    asked = queries.list_asked(db.session, actor, now=now)
    ended = queries.list_ended(db.session, actor, now=now, before=paging.after(int))
    return render_template(
        "approvals/index.html",
        waiting=_lines(waiting),
        asked=_lines(asked),
        ended=_lines(ended.rows),
        pages=paging.addresses(ended),
    )


@blueprint.get('/<ref("approval"):approval_id>')
@requires(Permission.APPROVAL_VIEW)
def show(approval_id: int) -> str:
    """What exactly is asked, and who decided."""
    return _shown(approval_id, SeenForm(), DeclineForm())


@blueprint.post('/<ref("approval"):approval_id>/approve')
@requires(*_APPROVES)
@steps_up
def approve(approval_id: int) -> Response | tuple[str, int]:
    """Approve what was seen; it is done in the same moment."""
    form, actor = SeenForm(request.form), current_actor()
    try:
        with transaction(db.session):
            service.approve(db.session, actor, approval_id, seen=form.digest, carriers=CARRIERS, now=utc_now())
    except SubjectChanged as error:
        with transaction(db.session):
            service.void_changed(db.session, actor, approval_id, now=utc_now())
        refuse(form, error)
    except REFUSALS as error:
        refuse(form, error)
    else:
        flash(_("Approved, and done."), "success")
        return redirect(url_for(".show", approval_id=approval_id), code=303)
    return _shown(approval_id, form, DeclineForm()), form.refused_with


@blueprint.post('/<ref("approval"):approval_id>/decline')
@requires(*_APPROVES)
def decline(approval_id: int) -> Response | tuple[str, int]:
    """Say no, and why."""
    form = DeclineForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                service.decline(
                    db.session,
                    current_actor(),
                    approval_id,
                    seen=form.digest,
                    reason=form.reason.data or "",
                    now=utc_now(),
                )
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Declined. Whoever asked reads your reason."), "success")
            return redirect(url_for(".index"), code=303)
    return _shown(approval_id, SeenForm(), form), form.refused_with


@blueprint.post('/<ref("approval"):approval_id>/withdraw')
@requires(*_ASKS)
def withdraw(approval_id: int) -> Response | tuple[str, int]:
    """Take one's own request back."""
    form = SeenForm()
    try:
        with transaction(db.session):
            service.withdraw(db.session, current_actor(), approval_id, now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return _shown(approval_id, form, DeclineForm()), form.refused_with
    flash(_("Withdrawn. Nothing was done."), "success")
    return redirect(url_for(".index"), code=303)


def _shown(approval_id: int, form: SeenForm, no: DeclineForm) -> str:
    [line] = _lines([queries.get_approval(db.session, current_actor(), approval_id)])
    return render_template("approvals/show.html", line=line, form=form, no=no)


def _lines(rows: list[Approval] | tuple[Approval, ...]) -> list[presenter.ApprovalLine]:
    people = choices.people(db.session, presenter.people_of(rows))
    houses = choices.organisations(db.session, presenter.houses_of(rows))
    return presenter.lines(rows, current_actor(), people, houses, utc_now())
