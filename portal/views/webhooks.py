"""Webhooks of the organisation: made, watched, paused, given another secret, removed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from agencies.webhooks import service
from portal.addresses import allows_loopback
from portal.extensions import db
from portal.forms.refusals import REFUSALS, refuse
from portal.forms.webhooks import WebhookForm
from portal.identity import current_actor
from portal.presenters.webhooks import delivery, line
from portal.security import requires, steps_up

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@blueprint.get("/")
@requires(Permission.WEBHOOK_MANAGE)
def index() -> str:
    """The organisation's webhooks."""
    found, now = service.list_webhooks(db.session, current_actor()), utc_now()
    return render_template("webhooks/index.html", webhooks=[line(one, now) for one in found])


@blueprint.get("/new")
@requires(Permission.WEBHOOK_MANAGE)
@steps_up
def new() -> str:
    """Ask where it is and what it is told."""
    return render_template("webhooks/new.html", form=WebhookForm().offer(current_actor().side))


@blueprint.post("/new")
@requires(Permission.WEBHOOK_MANAGE)
@steps_up
def make() -> str | tuple[str, int]:
    """Make it, and show its secret this once."""
    actor, now = current_actor(), utc_now()
    form = WebhookForm(request.form).offer(actor.side)
    try:
        if form.validate():
            given = form.values(actor.side)
            with transaction(db.session):
                made = service.make(db.session, actor, **given, may_loopback=allows_loopback(), now=now)
            return render_template("webhooks/made.html", made=made)
    except REFUSALS as refused:
        refuse(form, refused)
    return render_template("webhooks/new.html", form=form), form.refused_with


@blueprint.get('/<ref("webhook"):webhook_id>')
@requires(Permission.WEBHOOK_MANAGE)
def show(webhook_id: int) -> str:
    """One webhook and its last messages."""
    actor = current_actor()
    webhook = line(service.get_webhook(db.session, actor, webhook_id), utc_now())
    sent = [delivery(one) for one in service.list_deliveries(db.session, actor, webhook_id)]
    return render_template("webhooks/show.html", webhook=webhook, deliveries=sent)


@blueprint.post('/<ref("webhook"):webhook_id>/secret')
@requires(Permission.WEBHOOK_MANAGE)
@steps_up
def renew_secret(webhook_id: int) -> str:
    """Give it another secret, and show that this once."""
    with transaction(db.session):
        made = service.renew_secret(db.session, current_actor(), webhook_id, now=utc_now())
    return render_template("webhooks/made.html", made=made)


@blueprint.post('/<ref("webhook"):webhook_id>/test')
@requires(Permission.WEBHOOK_MANAGE)
def test(webhook_id: int) -> Response:
    """Send a message that says nothing but that it arrives."""
    with transaction(db.session):
        service.send_test(db.session, current_actor(), webhook_id, now=utc_now())
    return _back(webhook_id, _("The test is on its way. Open this page again in a moment to see what was answered."))


@blueprint.post('/<ref("webhook"):webhook_id>/pause')
@requires(Permission.WEBHOOK_MANAGE)
def pause(webhook_id: int) -> Response:
    """Send nothing for now."""
    with transaction(db.session):
        service.pause(db.session, current_actor(), webhook_id, now=utc_now())
    return _back(webhook_id, _("The webhook is paused. What happens meanwhile is not sent later."))


@blueprint.post('/<ref("webhook"):webhook_id>/resume')
@requires(Permission.WEBHOOK_MANAGE)
def resume(webhook_id: int) -> Response:
    """Send again what happens from now on."""
    with transaction(db.session):
        service.resume(db.session, current_actor(), webhook_id, now=utc_now())
    return _back(webhook_id, _("The webhook works again, for what happens from now on."))


@blueprint.post('/<ref("webhook"):webhook_id>/remove')
@requires(Permission.WEBHOOK_MANAGE)
def remove(webhook_id: int) -> Response:
    """End it for good."""
    with transaction(db.session):
        service.remove(db.session, current_actor(), webhook_id, now=utc_now())
    flash(_("The webhook is removed and its secret forgotten."), "success")
    return redirect(url_for(".index"), code=303)


@blueprint.post('/<ref("webhook"):webhook_id>/messages/<ref("webhook_delivery"):delivery_id>/send')
@requires(Permission.WEBHOOK_MANAGE)
def send_again(webhook_id: int, delivery_id: int) -> Response:
    """Send a message that did not arrive once more, under the same id."""
    with transaction(db.session):
        service.send_again(db.session, current_actor(), webhook_id, delivery_id, now=utc_now())
    return _back(webhook_id, _("The message is on its way again."))


def _back(webhook_id: int, told: str) -> Response:
    flash(told, "success")
    return redirect(url_for(".show", webhook_id=webhook_id), code=303)
