"""Debtors that may be one person: looked at side by side, then decided by a person."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.matches import merging, queries
from assignments.matches.models import MatchState
from assignments.reads.models import ReadKind
from assignments.reads.service import CONTACTS
from portal.extensions import db
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.identity import current_actor
from portal.presenters import matches as presenter
from portal.security import requires
from portal.views import choices, paging
from portal.views.seen import seen
from portal.views.stages import ports

blueprint = Blueprint("matches", __name__, url_prefix="/debtors/matches")
decider = requires(Permission.PORTFOLIO_UPLOAD)


@blueprint.get("/")
@decider
def index() -> str:
    """The pairs that wait for a decision, or those decided."""
    return _listed()


@blueprint.post('/<ref("match"):match_id>/merge')
@decider
def merge(match_id: int) -> Response | tuple[str, int]:
    """One person: all cases stand with the debtor that is kept."""
    form = RefusalForm()
    try:
        with transaction(db.session):
            keep = ports().references.decode("debtor", request.form.get("keep", ""))
            merging.merge(db.session, current_actor(), match_id, keep=keep, now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return _listed(form), form.refused_with
    flash(_("The cases of both now stand with one debtor."), "success")
    return redirect(url_for(".index"), code=303)


@blueprint.post('/<ref("match"):match_id>/dismiss')
@decider
def dismiss(match_id: int) -> Response | tuple[str, int]:
    """Two persons: they are not proposed again."""
    form = RefusalForm()
    try:
        with transaction(db.session):
            merging.dismiss(db.session, current_actor(), match_id, now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return _listed(form), form.refused_with
    flash(_("They stay two debtors and are not proposed again."), "success")
    return redirect(url_for(".index"), code=303)


def _listed(form: RefusalForm | None = None) -> str:
    chosen = request.args.get("state", "")
    state = MatchState(chosen) if chosen in set(MatchState) else MatchState.PROPOSED
    page = queries.list_matches(db.session, current_actor(), state=state, after=paging.after(int, int))
    mine = current_actor().tenant
    shown = [(mine, n) for row in page.rows for side in (row.one, row.other) for n in side.case_ids]
    seen(ReadKind.LIST, shown, fields=CONTACTS)
    ids = {side.agency_id for row in page.rows for side in (row.one, row.other)}
    names = choices.organisations(db.session, ids)
    return render_template(
        "matches/index.html",
        form=form or RefusalForm(),
        lines=[presenter.line(row, names) for row in page.rows],
        pages=paging.addresses(page) if request.method == "GET" else {},
        chosen=state,
        people=choices.people(db.session, (row.decided_by for row in page.rows)),
        show=presenter,
    )
