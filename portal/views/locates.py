"""Locate orders: the creditor orders people by filter or one by one; the agency takes batches on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.mandates.queries import terms_of
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from assignments.cases import queries as cases
from assignments.locates import ordering, queries, verifying
from assignments.locates.handing_out import orders_file
from assignments.locates.models import OrderState
from assignments.locates.people import Estimate, estimate
from assignments.reads.models import ReadKind
from assignments.reads.service import NAME
from portal.extensions import db
from portal.forms.locates import OrderForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import attestations
from portal.presenters import locates as presenter
from portal.security import requires
from portal.views import choices, gates, paging
from portal.views.downloads import csv_file
from portal.views.seen import seen

blueprint = Blueprint("locates", __name__, url_prefix="/locates")


@blueprint.get("/")
@requires(Permission.LOCATE_VIEW)
def index() -> str:
    """Every batch of orders, newest first."""
    actor, chosen = current_actor(), request.args.get("state", "")
    state = OrderState.SENT if chosen == "sent" else None
    page = queries.list_batches(db.session, actor, state=state, after=paging.after(int))
    return _page(
        "locates/index.html",
        page=page,
        pages=paging.addresses(page),
        chosen=chosen,
        may_order=actor.may(Permission.LOCATE_ORDER),
    )


@blueprint.get("/new")
@requires(Permission.LOCATE_ORDER)
def new() -> str:
    """Choose whom to look for; a filter, a return code or a case may stand in the address already."""
    return _ordering(OrderForm(request.args))


@blueprint.post("/new")
@requires(Permission.LOCATE_ORDER)
def order() -> Response | tuple[str, int]:
    """Show the cost, or order exactly what was shown."""
    actor, form, now = current_actor(), OrderForm(request.form), utc_now()
    _offer(form)
    if request.form.get("then") != "order":
        return _ordering(form), 200
    if form.validate():
        try:
            with transaction(db.session):
                people = form.people(home_currency(db.session, actor))
                made = ordering.order(db.session, actor, people, **form.terms(), now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Ordered. The agency has been told."), "success")
            return redirect(url_for(".batch", batch_id=made.id), code=303)
    return _ordering(form), form.refused_with


@blueprint.get('/<ref("locate_batch"):batch_id>')
@requires(Permission.LOCATE_VIEW)
def batch(batch_id: int) -> str:
    """One batch: its terms, how far it has come, and its orders."""
    actor, chosen = current_actor(), request.args.get("state", "")
    row = queries.get_batch(db.session, actor, batch_id)
    state = OrderState(chosen) if chosen in set(OrderState) else None
    page = queries.list_orders(db.session, actor, batch_id, state=state, after=paging.after(int))
    seen(ReadKind.LIST, ((one.creditor_id, one.case_id) for one in page.rows if one.name), fields=NAME)
    terms = terms_of(db.session, actor, [row.mandate_version_id])[row.mandate_version_id]
    return _page(
        "locates/batch.html",
        row=row,
        page=page,
        pages=paging.addresses(page),
        chosen=chosen,
        terms=terms,
        actor=actor,
        snapshot=gates.kept(db.session, actor, row.snapshot_id),
        standings=attestations,
    )


@blueprint.post('/<ref("locate_batch"):batch_id>/acknowledge')
@requires(Permission.PLACEMENT_ACKNOWLEDGE)
def acknowledge(batch_id: int) -> Response:
    """The agency takes the orders on."""
    with transaction(db.session):
        ordering.acknowledge(db.session, current_actor(), batch_id, now=utc_now())
    flash(_("You have taken these orders on. They are in the queue now."), "success")
    return redirect(url_for(".batch", batch_id=batch_id), code=303)


@blueprint.post('/<ref("locate_batch"):batch_id>/withdraw')
@requires(Permission.LOCATE_ORDER)
def withdraw(batch_id: int) -> Response:
    """Take back what is not handed in; the agency's access ends at once."""
    with transaction(db.session):
        ordering.withdraw(db.session, current_actor(), batch_id, now=utc_now())
    flash(_("Taken back. The agency no longer sees these people."), "success")
    return redirect(url_for(".batch", batch_id=batch_id), code=303)


@blueprint.post('/<ref("locate_batch"):batch_id>/close-empty')
@requires(Permission.LOCATE_VERIFY)
def close_empty(batch_id: int) -> Response:
    """Close the orders on which nothing was found."""
    with transaction(db.session):
        verifying.close_empty(db.session, current_actor(), batch_id, now=utc_now())
    flash(_("The orders on which nothing was found are closed."), "success")
    return redirect(url_for(".batch", batch_id=batch_id), code=303)


@blueprint.get('/<ref("locate_batch"):batch_id>/orders.csv')
@requires(Permission.MANIFEST_DOWNLOAD)
def download(batch_id: int) -> Response:
    """The open orders as a file."""
    actor, now = current_actor(), utc_now()
    row = queries.get_batch(db.session, actor, batch_id)
    return csv_file(lambda: orders_file(db.session, actor, batch_id, now=now), presenter.file_name(row))


def _offer(form: OrderForm) -> None:
    actor = current_actor()
    form.offer_terms(cases.facets(db.session, actor), choices.locate_mandates(db.session, actor, utc_now()))


def _ordering(form: OrderForm) -> str:
    _offer(form)
    found, refused = _estimate()
    if found is not None:
        form.expected.data, form.expected.raw_data = found.orders, None
    account = cases.get_case(db.session, current_actor(), form.case_id).case.account_ref if form.case_id else None
    return _page("locates/new.html", form=form, estimate=found, refused=refused, account=account)


def _estimate() -> tuple[Estimate | None, OrderForm | None]:
    """What the order would hold and cost, as soon as it says under which mandate; else what speaks against it."""
    actor, only = current_actor(), OrderForm(request.values)
    _offer(only)
    only.validate()
    filter_fields = ("portfolio", "min_balance", "max_balance", "min_dpd", "max_dpd", "mandate", "fee_class")
    if only.mandate.number is None or any(name in only.errors for name in filter_fields):
        return None, None
    try:
        people = only.people(home_currency(db.session, actor))
        mandate_id, fee_class = only.mandate.number, only.chosen_class
        return estimate(db.session, actor, people, mandate_id=mandate_id, fee_class=fee_class, now=utc_now()), None
    except REFUSALS as error:
        refused = OrderForm()
        refuse(refused, error)
        return None, refused


def _page(template: str, **shown: object) -> str:
    return render_template(template, show=presenter, **shown)
