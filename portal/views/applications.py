"""The operator's desk of applications: who asks to be let in, what they say, and what is answered."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.applications import letters, reviewing
from agencies.applications.lifecycle import SEEN
from agencies.applications.models import ApplicationState
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from portal.extensions import db
from portal.forms.applications import MessageForm
from portal.forms.base import PortalForm
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.identity import current_actor
from portal.presenters import applications as presenter
from portal.security import requires, steps_up
from portal.views.downloads import kept_file, let_out
from portal.views.users import say_sent

blueprint = Blueprint("applications", __name__, url_prefix="/applications")
_REVIEW = Permission.APPLICATION_REVIEW


@blueprint.get("/")
@requires(_REVIEW)
def index() -> str:
    """Who waits, or, by the address, who is in one state."""
    state = request.args.get("state", "")
    states = [ApplicationState(state)] if state in {one.value for one in SEEN} else reviewing.OPEN
    rows = reviewing.list_applications(db.session, current_actor(), states=states)
    return render_template("applications/index.html", rows=rows, state=state, states=SEEN, show=presenter)


@blueprint.get('/<ref("application"):application_id>')
@requires(_REVIEW)
def show(application_id: int) -> str:
    """One application."""
    return _shown(application_id, RefusalForm())


@blueprint.get('/<ref("application"):application_id>/files/<ref("application_file"):file_id>')
@requires(_REVIEW)
def download(application_id: int, file_id: int) -> Response:
    """One of its files, to be saved and never shown in the browser."""
    with transaction(db.session):
        file = reviewing.open_file(db.session, current_actor(), application_id, file_id, now=utc_now())
        let_out(file.storage_key)
    return kept_file(file.storage_key, file.name, file.media_type)


@blueprint.post('/<ref("application"):application_id>/take-up')
@requires(_REVIEW)
def take_up(application_id: int) -> Response:
    """Begin to look at it."""
    with transaction(db.session):
        reviewing.take_up(db.session, current_actor(), application_id, now=utc_now())
    return redirect(url_for(".show", application_id=application_id), code=303)


@blueprint.post('/<ref("application"):application_id>/ask')
@requires(_REVIEW)
def ask(application_id: int) -> Response | tuple[str, int]:
    """Send it back with what is wanted."""
    return _told(application_id, letters.ask_more, _("Sent back. The applicant gets a letter with your message."))


@blueprint.post('/<ref("application"):application_id>/decline')
@requires(_REVIEW)
def decline(application_id: int) -> Response | tuple[str, int]:
    """Turn it down with a reason."""
    return _told(application_id, letters.decline, _("Declined. The applicant gets a letter with your reason."))


@blueprint.post('/<ref("application"):application_id>/approve')
@requires(_REVIEW)
@steps_up
def approve(application_id: int) -> Response | tuple[str, int]:
    """Let the organisation in, and invite its first person by letter."""
    form = RefusalForm()
    try:
        with transaction(db.session):
            _row, invited = letters.approve(db.session, current_actor(), application_id, now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return _shown(application_id, form), form.refused_with
    return say_sent(invited, url_for(".index"))


def _told(application_id: int, verb: Callable[..., object], said: str) -> Response | tuple[str, int]:
    form = MessageForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                verb(db.session, current_actor(), application_id, message=form.message.data or "", now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(said, "success")
            return redirect(url_for(".show", application_id=application_id), code=303)
    return _shown(application_id, form), form.refused_with


def _shown(application_id: int, form: PortalForm) -> str:
    page = reviewing.get_application(db.session, current_actor(), application_id)
    message = form if isinstance(form, MessageForm) else MessageForm()
    parts = presenter.review_page(page)
    return render_template("applications/show.html", page=page, parts=parts, form=form, message=message, show=presenter)
