"""One covered field of a case in full: for a purpose, for half a minute, and written down."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.contacts import revealing
from assignments.contacts.revealing import Revealed
from assignments.locates import revealing as locates
from assignments.reads.models import Purpose
from assignments.reads.revealing import SECONDS, TooManyReveals, tell_of_limit
from portal.extensions import db
from portal.forms.reveal import RevealForm
from portal.i18n import say
from portal.identity import current_actor
from portal.presenters.reads import FIELDS
from portal.security import requires

blueprint = Blueprint("reveal", __name__)
revealer = requires(Permission.CONTACT_REVEAL)


@blueprint.post('/cases/<ref("case"):case_id>/reveal')
@revealer
def case(case_id: int) -> Response:
    """A field of a case's debtor."""
    actor, now = current_actor(), utc_now()
    return answer(
        lambda field, purpose: revealing.reveal(db.session, actor, case_id, field, purpose, now=now),
        url_for("cases.show", case_id=case_id),
    )


@blueprint.post('/investigation/<ref("locate_order"):order_id>/reveal')
@revealer
def subject(order_id: int) -> Response:
    """A field of a person to be found."""
    actor, now = current_actor(), utc_now()
    return answer(
        lambda field, purpose: locates.reveal_subject(db.session, actor, order_id, field, purpose, now=now),
        url_for("investigation.order", order_id=order_id),
    )


@blueprint.post('/findings/<ref("finding"):finding_id>/reveal')
@revealer
def finding(finding_id: int) -> Response:
    """What was found."""
    actor, now = current_actor(), utc_now()
    return answer(
        lambda _field, purpose: locates.reveal_finding(db.session, actor, finding_id, purpose, now=now),
        url_for("findings.show", finding_id=finding_id),
    )


def answer(find: Callable[[str, Purpose], Revealed], back: str) -> Response:
    """The field on a page of its own, or bare for the page's script; a refusal for want of a purpose says so."""
    form = RevealForm(request.form).offer()
    if not form.validate():
        return _shown(None, form, back, 400)
    try:
        with transaction(db.session):
            found = find(str(form.field.data), form.code)
    except TooManyReveals:
        with transaction(db.session):
            tell_of_limit(db.session, current_actor(), now=utc_now())
        raise
    return _shown(found, form, back, 200)


def _shown(found: Revealed | None, form: RevealForm, back: str, status: int) -> Response:
    if request.accept_mimetypes.best == "application/json":
        told = {"value": found.text, "seconds": SECONDS} if found else {"refused": say(str(form.refusal))}
        response = make_response(jsonify(told), status)
    else:
        label = say(FIELDS[found.field]) if found else ""
        page = render_template("reveal/shown.html", found=found, label=label, form=form, back=back, seconds=SECONDS)
        response = make_response(page, status)
    if found is not None:
        # Without a script too, the value leaves the screen by itself.
        response.headers["Refresh"] = f"{SECONDS}; url={back}"
    return response
