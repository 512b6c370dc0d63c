"""The panel: which agencies a creditor deals with, and in an agency's view which creditors deal with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from agencies.standing import expiries, panel
from portal.extensions import db
from portal.forms.base import PortalForm
from portal.forms.panel import PanelForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import panel_members as presenter
from portal.security import requires
from portal.views import choices

blueprint = Blueprint("panel", __name__, url_prefix="/panel")


@blueprint.get("/")
@requires(Permission.MANDATE_MAKE)
def index() -> str:
    """The panel, and the agencies that could join it."""
    actor = current_actor()
    rows = panel.candidates(db.session, actor)
    known = [row.agency_id for row in rows if row.standing]
    lapsed = expiries.lapsed(db.session, actor, known, local_date(utc_now(), actor.time_zone))
    return render_template("panel/index.html", rows=rows, lapsed=lapsed, show=presenter)


@blueprint.get("/creditors")
@requires(Permission.STANDING_EDIT)
def creditors() -> str:
    """The creditors an agency is known to, and how each stands to it."""
    actor = current_actor()
    rows = panel.members(db.session, actor)
    names = choices.organisations(db.session, [row.creditor_id for row in rows])
    return render_template("panel/creditors.html", rows=rows, names=names, show=presenter)


@blueprint.get('/<ref("counterpart"):other_id>')
@requires(Permission.STANDING_VIEW)
def show(other_id: int) -> str:
    """One agency, or in its view one creditor: how they stand to each other, since when, and what was decided."""
    return _shown(other_id, PanelForm())


@blueprint.post('/<ref("counterpart"):other_id>/decide')
@requires(Permission.MANDATE_MAKE)
def decide(other_id: int) -> Response | tuple[str, int]:
    """Take an agency to another state, with a reason where somebody is kept out."""
    return _told(other_id, lambda told: panel.decide(db.session, current_actor(), other_id, **told, now=utc_now()))


@blueprint.post('/<ref("counterpart"):other_id>/decline')
@requires(Permission.STANDING_EDIT)
def decline(other_id: int) -> Response | tuple[str, int]:
    """Tell a creditor that the agency does not want to be on its panel."""

    def verb(told: dict[str, Any]) -> None:
        panel.decline(db.session, current_actor(), other_id, reason=told["reason"], now=utc_now())

    return _told(other_id, verb)


@blueprint.post('/<ref("organisation"):agency_id>/invite')
@requires(Permission.MANDATE_MAKE)
def invite(agency_id: int) -> Response:
    """Ask an agency to join; the creditor reads its file from then on."""
    with transaction(db.session):
        panel.invite(db.session, current_actor(), agency_id, now=utc_now())
    flash(_("The agency was asked. You can read its file now and decide."), "success")
    return redirect(url_for(".show", other_id=agency_id), code=303)


@blueprint.post('/<ref("organisation"):agency_id>')
@requires(Permission.MANDATE_MAKE)
def bring_in(agency_id: int) -> Response:
    """Put an agency on the panel; it can then attest, be offered lots, and be given mandates."""
    with transaction(db.session):
        panel.bring_in(db.session, current_actor(), agency_id, now=utc_now())
    flash(_("The agency is on your panel. It can attest to you now."), "success")
    return redirect(url_for(".index"), code=303)


def _told(other_id: int, verb: Callable[[dict[str, Any]], None]) -> Response | tuple[str, int]:
    form = PanelForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                verb(form.told)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Decided. The other side reads it."), "success")
            return redirect(url_for(".show", other_id=other_id), code=303)
    return _shown(other_id, form), form.refused_with


def _shown(other_id: int, form: PortalForm) -> str:
    actor = current_actor()
    member = panel.find_member(db.session, actor, other_id)
    if member is None:
        raise NotFound
    moves = panel.list_moves(db.session, actor, other_id)
    names = choices.organisations(db.session, [member.creditor_id, member.agency_id])
    page = presenter.panel_page(member, actor)
    people = choices.people(db.session, [move.by_user_id for move in moves])
    return render_template(
        "panel/show.html", page=page, moves=moves, names=names, people=people, form=form, show=presenter
    )
