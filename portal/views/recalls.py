"""Recalls: the creditor takes cases back on a date; the agency answers."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.attestations.gates import Act, Blocked, obstacles
from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from assignments.placements import recall_queries as queries
from assignments.placements import recalls
from assignments.placements.models import RecallReason
from assignments.placements.queries import list_placements
from assignments.placements.recall_scope import Scope, preview
from assignments.sla.idle import idle_case_ids
from portal.extensions import db
from portal.forms.cases import CaseFilterForm
from portal.forms.fields import references
from portal.forms.recalls import DecisionForm, ObjectionForm, RecallForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import placements as placed
from portal.presenters import recalls as presenter
from portal.security import requires
from portal.views import paging
from portal.views.filtering import offer

blueprint = Blueprint("recalls", __name__, url_prefix="/recalls")


@blueprint.get("/")
@requires(Permission.PLACEMENT_VIEW)
def index() -> str:
    """The creditor's recalls, or those an agency was asked for."""
    actor, chosen = current_actor(), request.args.get("state", "")
    states = presenter.FILTERED.get(chosen, ())
    page = queries.list_recalls(db.session, actor, states=states, after=paging.after(int))
    return _page("recalls/index.html", page=page, pages=paging.addresses(page), chosen=chosen)


@blueprint.get("/new")
@requires(Permission.RECALL_MAKE)
def new() -> str:
    """What would be taken back of what stands in the address, and from whom."""
    today = local_date(utc_now(), current_actor().time_zone)
    reason = RecallReason.NO_ACTIVITY if "idle" in request.args else RecallReason.STRATEGY
    return _new(RecallForm(data={"effective_on": today, "reason": reason.value}))


@blueprint.post("/new")
@requires(Permission.RECALL_MAKE)
def make() -> Response | tuple[str, int]:
    """Recall exactly what was shown."""
    actor, form = current_actor(), RecallForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                made = recalls.request(db.session, actor, _scope(), **form.values, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The agencies have been told."), "success")
            return redirect(url_for(".show", recall_id=made[0].id) if len(made) == 1 else url_for(".index"))
    return _new(form), form.refused_with


@blueprint.get('/<ref("recall"):recall_id>')
@requires(Permission.PLACEMENT_VIEW)
def show(recall_id: int) -> str:
    """One recall, its cases, and what may be done now."""
    return _show(recall_id, ObjectionForm(), DecisionForm())


@blueprint.post('/<ref("recall"):recall_id>/accept')
@requires(Permission.RECALL_ANSWER)
def accept(recall_id: int) -> Response:
    """The agency has stopped work on the cases."""
    with transaction(db.session):
        recalls.accept(db.session, current_actor(), recall_id, now=utc_now())
    flash(_("You have confirmed that work has stopped. You see these cases no more."), "success")
    return redirect(url_for(".show", recall_id=recall_id))


@blueprint.post('/<ref("recall"):recall_id>/object')
@requires(Permission.RECALL_ANSWER)
def object_to(recall_id: int) -> Response | tuple[str, int]:
    """The agency asks to keep the cases, or for more time."""
    form = ObjectionForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                recalls.object_to(db.session, current_actor(), recall_id, **form.values, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The creditor has your objection. Until it decides, its date stands."), "success")
            return redirect(url_for(".show", recall_id=recall_id))
    return _show(recall_id, form, DecisionForm()), form.refused_with


@blueprint.post('/<ref("recall"):recall_id>/decide')
@requires(Permission.RECALL_MAKE)
def decide(recall_id: int) -> Response | tuple[str, int]:
    """The creditor keeps its date or moves it."""
    form = DecisionForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                recalls.decide(db.session, current_actor(), recall_id, effective_on=form.day, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The agency has been told."), "success")
            return redirect(url_for(".show", recall_id=recall_id))
    return _show(recall_id, ObjectionForm(), form), form.refused_with


@blueprint.post('/<ref("recall"):recall_id>/withdraw')
@requires(Permission.RECALL_MAKE)
def withdraw(recall_id: int) -> Response:
    """Leave the cases with the agency."""
    with transaction(db.session):
        recalls.withdraw(db.session, current_actor(), recall_id, now=utc_now())
    flash(_("The recall was withdrawn. The cases stay where they are."), "success")
    return redirect(url_for(".show", recall_id=recall_id))


@blueprint.post('/<ref("recall"):recall_id>/close')
@requires(Permission.RECALL_MAKE)
def close(recall_id: int) -> Response:
    """Close a recall whose data are accounted for."""
    with transaction(db.session):
        recalls.close(db.session, current_actor(), recall_id, now=utc_now())
    flash(_("The recall is closed."), "success")
    return redirect(url_for(".show", recall_id=recall_id))


def _scope() -> Scope:
    """What stands in the address: one case, one consignment, or the filter of the list."""
    actor, codec = current_actor(), references()
    if "case" in request.args:
        return Scope(case_ids=tuple(codec.decode("case", one) for one in request.args.getlist("case")))
    if "consignment" in request.args:
        number = codec.decode("consignment", request.args["consignment"])
        if (days := request.args.get("idle", type=int)) is not None:
            return Scope(case_ids=idle_case_ids(db.session, actor, number, days=days, now=utc_now()))
        return Scope(consignment_id=number)
    form = CaseFilterForm(request.args)
    offer(form)
    if not form.validate():
        abort(400)
    return Scope(selection=form.selection(home_currency(db.session, actor)))


def _new(form: RecallForm) -> str:
    actor, now = current_actor(), utc_now()
    effective_on = form.effective_on.data or local_date(now, actor.time_zone)
    shown = preview(db.session, actor, _scope(), effective_on=effective_on, now=now)
    # What is sent back is what is shown now.
    form.digest.data = shown.digest
    return _page("recalls/new.html", form=form, preview=shown, arguments=request.args.to_dict(flat=False))


def _show(recall_id: int, objection: ObjectionForm, decision: DecisionForm) -> str:
    actor, now = current_actor(), utc_now()
    row = queries.get_recall(db.session, actor, recall_id)
    page = list_placements(db.session, actor, recall_id=recall_id, after=paging.after(int, int, int))
    return _page(
        "recalls/show.html",
        row=row,
        page=page,
        pages=paging.addresses(page),
        objection=objection,
        decision=decision,
        tail=queries.last_day_of_tail(db.session, actor, recall_id),
        blocked=_blocked(row),
        happens=presenter.what_happens(row, now),
        placed=placed,
    )


def _blocked(row: queries.RecallRow) -> tuple[Blocked, ...]:
    """What the agency still owes before the recall can be closed."""
    recall = row.recall
    if recall.state != "ended":
        return ()
    found = obstacles(
        db.session,
        current_actor(),
        Act.CLOSE_RECALL,
        creditor_id=recall.creditor_id,
        agency_ids=[recall.agency_id],
        recall_id=recall.id,
        now=utc_now(),
    )
    return found.get(recall.agency_id, ())


def _page(template: str, **shown: object) -> str:
    return render_template(template, show=presenter, **shown)
