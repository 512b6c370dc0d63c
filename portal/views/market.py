"""Lots: offered, compared and awarded by the creditor, looked at by the agencies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from assignments.cases import queries as cases
from assignments.marketplace import award as awarding
from assignments.marketplace import comparison, exports, queries, second_person, service
from assignments.marketplace.models import LotState
from assignments.marketplace.sheets import terms_asked
from assignments.marketplace.tape import tape_of
from portal.extensions import db
from portal.filters import money
from portal.forms.cases import SelectionForm
from portal.forms.market import DecisionForm, LotForm, decision_form
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.i18n import language, say
from portal.identity import current_actor
from portal.presenters import market as presenter
from portal.presenters import market_bids
from portal.presenters.cases import chips
from portal.security import requires
from portal.views import choices, market_facts, paging
from portal.views.bids import board, offered
from portal.views.downloads import csv_file

blueprint = Blueprint("market", __name__, url_prefix="/market")
_VIEW, _OFFER, _AWARD = Permission.LOT_VIEW, Permission.LOT_OFFER, Permission.LOT_AWARD


@blueprint.get("/")
@requires(_VIEW)
def index() -> str:
    """The creditor's lots, or the lots offered to an agency."""
    actor, now = current_actor(), utc_now()
    if actor.side is Side.AGENCY:
        return board(actor, now)
    _advance(actor)
    chosen = request.args.get("state", "")
    state = LotState(chosen) if chosen in set(LotState) else None
    page = queries.list_lots(db.session, actor, state=state, after=paging.after(int))
    pages, may_offer = paging.addresses(page), actor.may(_OFFER)
    return _page("market/index.html", page=page, pages=pages, chosen=chosen, may_offer=may_offer)


@blueprint.get("/new")
@requires(_OFFER)
def new() -> str:
    """Choose cases, agencies and a timetable; a filter may stand in the address already."""
    return _preparing(LotForm(request.args), SelectionForm(request.args))


@blueprint.post("/new")
@requires(_OFFER)
def draft() -> Response | tuple[str, int]:
    """Prepare a lot, to be looked at as the agencies will see it."""
    actor, form = current_actor(), LotForm(request.form)
    _invite(form)
    if form.validate():
        values = form.lot(home_currency(db.session, actor), actor.time_zone)
        try:
            with transaction(db.session):
                lot = service.propose(db.session, actor, **values, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            return redirect(url_for(".show", lot_id=lot.id), code=303)
    return _preparing(form, SelectionForm(request.form)), form.refused_with


@blueprint.get('/lots/<ref("lot"):lot_id>')
@requires(_VIEW)
def show(lot_id: int) -> str:
    """One lot: the creditor's own, or as it is offered to an agency."""
    actor, now = current_actor(), utc_now()
    return offered(actor, lot_id, now) if actor.side is Side.AGENCY else _shown(lot_id, RefusalForm())


@blueprint.post('/lots/<ref("lot"):lot_id>/list')
@requires(_OFFER)
def list_lot(lot_id: int) -> Response | tuple[str, int]:
    """Show the lot to its agencies."""
    return _moved(lot_id, service.list_lot, _("The agencies have been told and can bid."))


@blueprint.post('/lots/<ref("lot"):lot_id>/withdraw')
@requires(_OFFER)
def withdraw(lot_id: int) -> Response | tuple[str, int]:
    """Take the lot back."""
    return _moved(lot_id, service.withdraw, _("The lot was withdrawn. Its bids stay sealed."))


@blueprint.get('/lots/<ref("lot"):lot_id>/bids')
@requires(_VIEW)
def bids(lot_id: int) -> str:
    """The opened bids side by side."""
    return _compared(lot_id, decision_form(request.args, _rows(lot_id)))


@blueprint.get('/lots/<ref("lot"):lot_id>/bids.csv')
@requires(_VIEW)
def download(lot_id: int) -> Response:
    """The comparison as a file."""
    actor, now = current_actor(), utc_now()
    _advance(actor)
    lot = queries.get_lot(db.session, actor, lot_id)
    found = market_facts.compared(actor, lot, now)
    rows = [market_bids.header(lot), *(market_bids.cells(lot, one) for one in found)]
    return csv_file(lambda: exports.bids_file(db.session, actor, lot, rows, now=now), market_bids.file_name(lot))


@blueprint.get('/lots/<ref("lot"):lot_id>/award')
@requires(_AWARD)
def award(lot_id: int) -> str | tuple[str, int]:
    """What an award in the chosen shares would do; nothing is placed yet."""
    form = decision_form(request.args, _rows(lot_id))
    if not request.args:
        return _compared(lot_id, form)
    page = _previewed(lot_id, form)
    return page if page is not None else (_compared(lot_id, form), form.refused_with)


@blueprint.post('/lots/<ref("lot"):lot_id>/award')
@requires(_AWARD)
def decide(lot_id: int) -> Response | tuple[str, int]:
    """Award exactly what was shown."""
    actor, form = current_actor(), decision_form(request.form, _rows(lot_id))
    if form.validate():
        chosen: dict[str, Any] = {"shares": form.shares, "reasons": form.reasons, "digest": form.digest.data}
        try:
            with transaction(db.session):
                asked = second_person.award_or_ask(db.session, actor, lot_id, **chosen, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            if asked is not None:
                flash(_("Asked. The lot is awarded when a second person approves exactly this."), "success")
                return redirect(url_for("approvals.show", approval_id=asked.id), code=303)
            flash(_("The lot was awarded, the cases were placed and every bidder has been told."), "success")
            return redirect(url_for(".show", lot_id=lot_id), code=303)
    return _previewed(lot_id, form) or _compared(lot_id, form), form.refused_with


def _advance(actor: Actor) -> None:
    """What the timetable says has happened, also when the sweep has not come by yet."""
    now = utc_now()
    if not actor.may(_OFFER):
        return
    for lot_id in service.due_lots(db.session, actor, now=now):
        with transaction(db.session):
            service.advance(db.session, actor, lot_id, now=now)


def _moved(lot_id: int, verb: Callable[..., object], told: str) -> Response | tuple[str, int]:
    form = RefusalForm()
    try:
        with transaction(db.session):
            verb(db.session, current_actor(), lot_id, now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return _shown(lot_id, form), form.refused_with
    flash(told, "success")
    return redirect(url_for(".show", lot_id=lot_id), code=303)


def _rows(lot_id: int) -> list[queries.BidRow]:
    _advance(current_actor())
    return queries.list_bids(db.session, current_actor(), lot_id)


def _invite(form: LotForm) -> None:
    actor = current_actor()
    form.offer(cases.facets(db.session, actor))
    form.invite(choices.panel(db.session, actor))


def _preparing(form: LotForm, selection: SelectionForm) -> str:
    actor = current_actor()
    _invite(form)
    selection.offer(cases.facets(db.session, actor))
    currency = home_currency(db.session, actor)
    totals = cases.totals(db.session, actor, selection.selection(currency)) if selection.validate() else None
    return _page("market/new.html", form=form, totals=totals, zone=actor.time_zone)


def _shown(lot_id: int, form: RefusalForm) -> str:
    actor, now = current_actor(), utc_now()
    _advance(actor)
    lot = queries.get_lot(db.session, actor, lot_id)
    tape = tape_of(lot.tape)
    names = choices.named_facets(cases.facets(db.session, actor))
    chosen = cases.Selection.from_dict(lot.selection)
    return _page(
        "market/lot.html",
        lot=lot,
        form=form,
        now=now,
        tape=tape,
        tables=presenter.tape_tables(tape, language()),
        samples=presenter.samples(tape),
        terms=terms_asked(lot.terms),
        chips=chips(chosen, names, lambda minor: money(minor, lot.currency), say),
        invitations=queries.list_invitations(db.session, actor, lot_id),
        count=queries.count_bids(db.session, lot.creditor_id, lot_id),
        opened=queries.list_bids(db.session, actor, lot_id),
        asked=second_person.find_asked(db.session, actor, lot_id, now=now),
    )


def _compared(lot_id: int, form: DecisionForm) -> str:
    actor, now = current_actor(), utc_now()
    lot = queries.get_lot(db.session, actor, lot_id)
    asked = request.args.get("months", type=int)
    months = asked if asked in comparison.HORIZONS else market_facts.longest_known(actor, lot, now)
    found = market_facts.compared(actor, lot, now, months=months)
    standing, kept = market_facts.standing_of(actor, now), market_facts.kept_of(actor, now)
    return _page(
        "market/bids.html",
        lot=lot,
        form=form,
        months=months,
        now=now,
        lines=[market_bids.line(lot, one, standing.get(one.row.agency_id)) for one in found],
        chart=market_bids.chart(found, language()),
        facts=market_bids,
        kept={agency_id: market_bids.kept(*one) for agency_id, one in kept.items()},
    )


def _previewed(lot_id: int, form: DecisionForm) -> str | None:
    """The page of an award as it would be now; nothing where it would be refused, which then stands on the form."""
    actor, now = current_actor(), utc_now()
    lot = queries.get_lot(db.session, actor, lot_id)
    try:
        seen = awarding.preview_award(db.session, actor, lot_id, shares=form.shares, now=now)
    except REFUSALS as error:
        refuse(form, error)
        return None
    is_two = second_person.is_needed(db.session, actor, seen)
    return _page(
        "market/award.html", lot=lot, form=form, seen=seen, preview=seen.preview, facts=market_bids, is_two=is_two
    )


def _page(template: str, **shown: object) -> str:
    return render_template(template, show=presenter, **shown)
