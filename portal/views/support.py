"""Support access: an operator asks to look, the organisation lets them, sees what they open, and ends it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.organisations import supporting
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import list_organisations
from agencies.organisations.support_accesses import SupportAccess
from portal.extensions import db
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.forms.support import SupportForm
from portal.identity import as_operator, current_actor, find_visitor
from portal.presenters import support as presenter
from portal.security import requires, signed_in, steps_up
from portal.views import choices

blueprint = Blueprint("support", __name__, url_prefix="/support")
_ASK, _GRANT, _VIEW = Permission.SUPPORT_ASK, Permission.SUPPORT_GRANT, Permission.SUPPORT_VIEW


@blueprint.get("/")
@requires(_VIEW)
def index() -> str:
    """What was asked, by the operator or of the organisation."""
    return _listed(SupportForm())


@blueprint.post("/")
@requires(_ASK)
def ask() -> Response | tuple[str, int]:
    """Ask an organisation to let the operator look at its pages."""
    form = _offered(SupportForm(request.form))
    if form.validate():
        try:
            with transaction(db.session):
                supporting.ask(
                    db.session,
                    current_actor(),
                    form.organisation.number or 0,
                    reason=form.reason.data or "",
                    minutes=form.minutes.data or 0,
                    now=utc_now(),
                )
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Asked. You can look once the organisation lets you in."), "success")
            return redirect(url_for(".index"), code=303)
    return _listed(form), form.refused_with


@blueprint.get('/<ref("support"):support_id>')
@requires(_VIEW)
def show(support_id: int) -> str:
    """One request, and every page that was opened under it."""
    return _shown(support_id, RefusalForm())


@blueprint.post('/<ref("support"):support_id>/grant')
@requires(_GRANT)
@steps_up
def grant(support_id: int) -> Response | tuple[str, int]:
    """Let the operator look, from now on."""
    return _moved(support_id, supporting.grant, _("Let in. You see below what is opened, and can end it at once."))


@blueprint.post('/<ref("support"):support_id>/decline')
@requires(_GRANT)
def decline(support_id: int) -> Response | tuple[str, int]:
    """Do not let the operator look."""
    return _moved(support_id, supporting.decline, _("Not let in."))


@blueprint.post('/<ref("support"):support_id>/end')
@requires(_GRANT, _ASK)
def end(support_id: int) -> Response | tuple[str, int]:
    """End it at once."""
    return _moved(support_id, supporting.end, _("Ended. Whatever is opened from now on is refused."))


@blueprint.post('/<ref("support"):support_id>/withdraw')
@requires(_ASK)
def withdraw(support_id: int) -> Response | tuple[str, int]:
    """Take one's own request back."""
    return _moved(support_id, supporting.withdraw, _("Taken back."))


@blueprint.post('/<ref("support"):support_id>/enter')
@requires(_ASK)
@steps_up
def enter(support_id: int) -> Response | tuple[str, int]:
    """Begin to look, in this browser."""
    visitor, form = find_visitor(), RefusalForm()
    if visitor is None:
        raise NotFound
    try:
        with transaction(db.session):
            supporting.enter(db.session, visitor.actor, support_id, web_session_id=visitor.session_id, now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return _shown(support_id, form), form.refused_with
    return redirect(url_for("home.index"), code=303)


@blueprint.post("/leave")
@signed_in
def leave() -> Response:
    """Stop looking, and be the operator again."""
    visitor = find_visitor()
    if visitor is None or visitor.support is None:
        raise NotFound
    operator = as_operator()
    with transaction(db.session):
        supporting.end(db.session, operator, visitor.support.support_id, now=utc_now())
    flash(_("You no longer look at the pages of %(organisation)s.", organisation=visitor.organisation_name), "success")
    return redirect(url_for(".index"), code=303)


def _moved(support_id: int, verb: Callable[..., object], told: str) -> Response | tuple[str, int]:
    form = RefusalForm()
    try:
        with transaction(db.session):
            verb(db.session, current_actor(), support_id, now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return _shown(support_id, form), form.refused_with
    flash(told, "success")
    return redirect(url_for(".show", support_id=support_id), code=303)


def _offered(form: SupportForm) -> SupportForm:
    actor = current_actor()
    if not actor.may(_ASK):
        return form
    rows = list_organisations(db.session, actor, state="active")
    return form.offer((row.organisation.id, row.organisation.name) for row in rows)


def _listed(form: SupportForm) -> str:
    rows = supporting.list_accesses(db.session, current_actor())
    return render_template("support/index.html", lines=_lines(rows), form=_offered(form))


def _shown(support_id: int, form: RefusalForm) -> str:
    row = supporting.get_access(db.session, current_actor(), support_id)
    looks = presenter.looks(supporting.list_looks(db.session, current_actor(), support_id))
    return render_template("support/show.html", line=_lines([row])[0], looks=looks, form=form)


def _lines(rows: list[SupportAccess]) -> list[presenter.SupportLine]:
    houses = choices.organisations(db.session, [row.organisation_id for row in rows])
    people = choices.people(db.session, [row.answered_by for row in rows])
    return presenter.lines(rows, current_actor(), houses, people, utc_now())
