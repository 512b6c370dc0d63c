"""The investigator's queue, and one screen per person: what is known, what was found, what is handed in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict, FileStorage
from werkzeug.wrappers import Response

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.files import StoredFile, media_type_of, plain_name
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.locates import desk, investigating, queries
from assignments.locates.models import FindingKind, OrderState
from assignments.reads.models import ReadKind
from assignments.reads.service import NAME
from portal.extensions import db
from portal.forms.locates import FindingForm, HandInForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import locates as presenter
from portal.presenters.reads import PURPOSES
from portal.receiving import incoming_of
from portal.security import requires, takes_documents
from portal.views import paging
from portal.views.seen import seen
from portal.views.stages import ports
from uploads.stores.keys import evidence_key

blueprint = Blueprint("investigation", __name__, url_prefix="/investigation")
worker = requires(Permission.LOCATE_WORK)


@blueprint.get("/")
@worker
def queue() -> str:
    """What there is to do, the most urgent first."""
    page = queries.queue(db.session, current_actor(), after=paging.after(date, int, int))
    today = local_date(utc_now(), current_actor().time_zone)
    seen(ReadKind.WORK_LIST, ((one.creditor_id, one.case_id) for one in page.rows), fields=NAME)
    return _page("locates/queue.html", page=page, pages=paging.addresses(page), today=today)


@blueprint.get('/<ref("locate_order"):order_id>')
@worker
def order(order_id: int) -> str:
    """One person; that somebody looked is recorded."""
    return _desk(order_id, FindingForm(), HandInForm())


@blueprint.post('/<ref("locate_order"):order_id>/check')
@worker
def check(order_id: int) -> str:
    """What is said at once about something typed; by POST, so that it stands in no log of addresses."""
    kind, value = request.form.get("kind", ""), request.form.get("value", "").strip()
    queries.get_order(db.session, current_actor(), order_id)
    if kind not in set(FindingKind) or not value:
        return ""
    found = investigating.check(db.session, current_actor(), order_id, FindingKind(kind), value)
    return _page("locates/_check.html", said=presenter.said(found))


@blueprint.post('/<ref("locate_order"):order_id>/findings')
@worker
@takes_documents
def add(order_id: int) -> Response | tuple[str, int]:
    """Keep a finding as a draft."""
    actor, now = current_actor(), utc_now()
    form = FindingForm(CombinedMultiDict([request.files, request.form])).offer(local_date(now, actor.time_zone))
    if form.validate():
        try:
            with _kept(form.file.data) as file, transaction(db.session):
                investigating.add(db.session, actor, order_id, form.found(file), now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            return redirect(url_for(".order", order_id=order_id) + "#findings", code=303)
    return _desk(order_id, form, HandInForm()), form.refused_with


@blueprint.post('/drafts/<ref("finding"):finding_id>/drop')
@worker
def drop(finding_id: int) -> Response:
    """Take a draft out."""
    with transaction(db.session):
        found = investigating.drop(db.session, current_actor(), finding_id)
        order_id = found.id
    return redirect(url_for(".order", order_id=order_id) + "#findings", code=303)


@blueprint.post('/<ref("locate_order"):order_id>/hand-in')
@worker
def hand_in(order_id: int) -> Response | tuple[str, int]:
    """Hand the order in and go on with the next one."""
    actor, form = current_actor(), HandInForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                following = queries.next_in_queue(db.session, actor, order_id)
                searched, is_empty = form.searched.data or "", form.is_nothing_found.data
                investigating.submit(
                    db.session, actor, order_id, searched=searched, is_nothing_found=is_empty, now=utc_now()
                )
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Handed in. The creditor verifies it now."), "success")
            target = url_for(".order", order_id=following) if following else url_for(".queue")
            return redirect(target, code=303)
    return _desk(order_id, FindingForm(), form), form.refused_with


def _desk(order_id: int, form: FindingForm, handing_in: HandInForm) -> str:
    actor, now = current_actor(), utc_now()
    with transaction(db.session):
        subject = investigating.look(db.session, actor, order_id, now=now)
        row = queries.get_order(db.session, actor, order_id)
        batch = queries.get_batch(db.session, actor, row.batch_id)
    return _page(
        "locates/order.html",
        subject=subject,
        covered=presenter.covered_subject(subject),
        purposes=PURPOSES,
        order=row,
        batch=batch,
        findings=desk.list_findings(db.session, actor, order_id),
        form=form.offer(local_date(now, actor.time_zone)),
        handing_in=handing_in,
        is_open=row.state in {OrderState.ACKNOWLEDGED, OrderState.SUBMITTED},
        following=queries.next_in_queue(db.session, actor, order_id),
    )


@contextmanager
def _kept(sent: FileStorage | None) -> Iterator[StoredFile | None]:
    """Keep the bytes first and the row after; the bytes go again when the row does not come."""
    if not sent or not sent.filename:
        yield None
        return
    incoming, name = incoming_of(sent), plain_name(sent.filename)
    with incoming.look() as content:
        media_type = media_type_of(name, incoming.size, content)
    stored = StoredFile(
        evidence_key(current_actor().tenant, secrets.token_hex(16)), name, media_type, incoming.size, incoming.digest()
    )
    incoming.keep(stored.key)
    try:
        yield stored
    except BaseException:
        ports().storage.delete(stored.key)
        raise


def _page(template: str, **shown: object) -> str:
    return render_template(template, show=presenter, **shown)
