"""What is done about a request of a data subject, and legal holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.cases.queries import get_case
from assignments.subjects import dossier, erasing, handling, holds, mending, service, stopping
from assignments.subjects.models import Outcome
from portal.extensions import db
from portal.forms.attestations import ReasonForm
from portal.forms.base import PortalForm
from portal.forms.fields import references
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.forms.requests import (
    AnswerRequestForm,
    ExtendForm,
    HoldForm,
    IdentityForm,
    MendForm,
    MendWayForm,
    SearchForm,
)
from portal.i18n import refusal
from portal.identity import current_actor
from portal.presenters import requests as presenter
from portal.security import requires, steps_up
from portal.views import request_pages
from portal.views.downloads import saved_file
from portal.views.requests import blueprint

_ONE = '/<ref("request"):request_id>'
handler = requires(Permission.REQUEST_HANDLE)


@blueprint.post(f"{_ONE}/identity")
@handler
def identity(request_id: int) -> Response | tuple[str, int]:
    """Record what was shown, and whether it proves who asks."""
    form = IdentityForm(request.form).offer()

    def verb(*subject: Any, now: Any) -> None:
        service.identify(*subject, accepted=form.accepted.data == "yes", shown=form.shown.data or "", now=now)

    return _done(request_id, form, verb, "identity", _("What was shown is recorded."))


@blueprint.post(f"{_ONE}/search")
@handler
def search(request_id: int) -> str:
    """Look for the person; what is looked for never stands in an address."""
    return request_pages.page(request_id, sought=SearchForm(request.form))


@blueprint.post(f"{_ONE}/people")
@handler
def match(request_id: int) -> Response | tuple[str, int]:
    """Say whose data it is about."""
    chosen = [references().decode("debtor", one) for one in request.form.getlist("people")]

    def verb(session: Any, actor: Any, number: int, *, now: Any) -> int:
        return handling.match(session, actor, number, chosen, now=now)

    return _done(request_id, RefusalForm(), verb, "people", _("It is recorded whose data it is about."))


@blueprint.post(f"{_ONE}/extend")
@handler
def extend(request_id: int) -> Response | tuple[str, int]:
    """Take the further time the law gives."""
    form = ExtendForm(request.form)

    def verb(*subject: Any, now: Any) -> Any:
        return service.extend(*subject, reason=form.reason.data or "", now=now)

    return _done(request_id, form, verb, "extend", _("The deadline was extended."))


@blueprint.post(f"{_ONE}/mend")
@handler
def mend(request_id: int) -> Response | tuple[str, int]:
    """Mend a name or a date of birth."""
    form = MendForm(request.form)
    form.person.offer(request_pages.people_of(request_id))

    def verb(session: Any, actor: Any, number: int, *, now: Any) -> Any:
        right: dict[str, Any] = {"name": form.name.data or None, "birth_date": form.birth_date.data}
        return handling.rectify(session, actor, number, form.person.number or 0, **right, now=now)

    return _done(request_id, form, verb, "mend", _("The data were mended; what stood there is kept with the request."))


@blueprint.post(f"{_ONE}/mend-way")
@handler
def mend_way(request_id: int) -> Response | tuple[str, int]:
    """Put a right way to reach the person in the place of a wrong one."""
    form = MendWayForm(request.form)
    chosen = presenter.chosen_ways([form.way.data or ""])

    def verb(session: Any, actor: Any, number: int, *, now: Any) -> None:
        wrong, right = chosen[0] if chosen else None, form.right.data or ""
        mending.mend_way(session, actor, number, form=wrong, right=right, now=now)

    done = _("It was put right. The wrong one is seen by nobody any more, also when it comes again in a file.")
    return _done(request_id, form, verb, "mend_way", done)


@blueprint.post(f"{_ONE}/stop")
@handler
def stop(request_id: int) -> Response | tuple[str, int]:
    """Reach the people of a request by something, or at all, no more."""
    chosen = presenter.chosen_ways(request.form.getlist("ways"))

    def verb(session: Any, actor: Any, number: int, *, now: Any) -> int:
        return stopping.stop(session, actor, number, chosen, now=now)

    return _done(request_id, RefusalForm(), verb, "stop", _("From now on nobody sees or gets what was stopped."))


@blueprint.post(f"{_ONE}/erase")
@handler
@steps_up
def erase(request_id: int) -> Response | tuple[str, int]:
    """Erase the people of a request for good."""
    return _done(request_id, RefusalForm(), erasing.erase, "erase", _("The data were erased; the amounts stay."))


@blueprint.post(f"{_ONE}/answer")
@handler
def answer(request_id: int) -> Response | tuple[str, int]:
    """Answer the person; the document is kept with its hash."""
    form = AnswerRequestForm(request.form).offer()

    def verb(*subject: Any, now: Any) -> Any:
        outcome = Outcome(form.outcome.data)
        text = request_pages.document(request_id, form.words.data or "", outcome, now)
        return handling.answer(*subject, outcome=outcome, document=text, now=now)

    return _done(request_id, form, verb, "answer", _("The answer is kept with its hash."))


@blueprint.post(f"{_ONE}/data.zip")
@handler
@steps_up
def hand_out(request_id: int) -> Response:
    """Everything held on the person, to be handed to them."""

    def pieces() -> Any:
        yield presenter.archive(dossier.gather(db.session, current_actor(), request_id, now=utc_now()))

    return saved_file(pieces, "datos-del-titular.zip", "application/zip")


@blueprint.get(f"{_ONE}/answer.txt")
@handler
def proof(request_id: int) -> Response:
    """The answer as it was given, byte for byte as it was hashed."""
    text = request_pages.answered(request_id)
    return saved_file(lambda: iter([text.encode()]), "respuesta.txt", "text/plain")


@blueprint.post('/holds/of/<ref("case"):case_id>')
@handler
def hold(case_id: int) -> Response:
    """Hold the data of a case's debtor fast."""
    form = HoldForm(request.form)
    get_case(db.session, current_actor(), case_id)
    if form.validate():
        try:
            with transaction(db.session):
                holds.place(db.session, current_actor(), case_id, **form.said, now=utc_now())
        except REFUSALS as error:
            flash(refusal(error), "error")
        else:
            flash(_("The data of this person stay until the hold ends."), "success")
    else:
        flash(_("Write why the data must stay, and a date that can be read."), "error")
    return redirect(url_for("cases.show", case_id=case_id) + "#hold", code=303)


@blueprint.post('/holds/<ref("hold"):hold_id>/lift')
@handler
def lift(hold_id: int) -> Response:
    """End a hold with a reason."""
    form = ReasonForm(request.form)
    try:
        with transaction(db.session):
            holds.lift(db.session, current_actor(), hold_id, reason=form.reason.data or "", now=utc_now())
    except REFUSALS as error:
        flash(refusal(error), "error")
    else:
        flash(_("The hold was lifted."), "success")
    return redirect(url_for(".retention"), code=303)


def _done(
    request_id: int, form: PortalForm, verb: Callable[..., Any], name: str, words: str
) -> Response | tuple[str, int]:
    if form.validate():
        try:
            with transaction(db.session):
                verb(db.session, current_actor(), request_id, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(words, "success")
            return redirect(url_for("requests.show", request_id=request_id), code=303)
    return request_pages.page(request_id, refused={name: form}), form.refused_with
