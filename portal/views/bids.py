"""An agency looks at the lots offered to it, bids, changes its bid and takes it back."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.attestations.gates import GateClosed
from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from assignments.marketplace import bids, queries
from assignments.marketplace.models import Outcome
from assignments.marketplace.sheets import terms_asked
from assignments.marketplace.tape import tape_of
from portal.extensions import db
from portal.forms.market import BidForm, as_typed
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.i18n import language
from portal.identity import current_actor
from portal.presenters import attestations
from portal.presenters import market as presenter
from portal.security import requires
from portal.views import gates, paging

blueprint = Blueprint("bids", __name__, url_prefix="/market")
_BID = Permission.BID_SUBMIT


@blueprint.route('/lots/<ref("lot"):lot_id>/bid', methods=["GET", "POST"])
@requires(_BID)
def bid(lot_id: int) -> str | Response | tuple[str, int]:
    """Bid on a lot, or put another bid in the place of the one before."""
    actor, now = current_actor(), utc_now()
    row = queries.get_offer(db.session, actor, lot_id)
    form = BidForm(request.form, data=_first_values(row))
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                bids.submit(db.session, actor, lot_id, form.proposal, now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Your bid is in, sealed until bids close. You can change it until then."), "success")
            return redirect(url_for("market.show", lot_id=lot_id), code=303)
    return _bidding(row, form, now)


@blueprint.post('/lots/<ref("lot"):lot_id>/bid/withdraw')
@requires(_BID)
def withdraw(lot_id: int) -> Response | tuple[str, int]:
    """Take the bid back."""
    actor, form = current_actor(), RefusalForm()
    try:
        with transaction(db.session):
            bids.withdraw(db.session, actor, lot_id, now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return offered(actor, lot_id, utc_now(), form), form.refused_with
    flash(_("Your bid was withdrawn. You can bid again until bids close."), "success")
    return redirect(url_for("market.show", lot_id=lot_id), code=303)


def board(actor: Actor, now: datetime) -> str:
    """The lots offered to the agency, with what it has done on each."""
    chosen = request.args.get("state", "")
    outcomes = {"won": Outcome.WON, "declined": Outcome.DECLINED}
    is_open = True if chosen == "open" else None
    page = queries.list_offers(
        db.session, actor, is_open=is_open, outcome=outcomes.get(chosen), after=paging.after(int), now=now
    )
    return _page("market/board.html", page=page, pages=paging.addresses(page), chosen=chosen, now=now)


def offered(actor: Actor, lot_id: int, now: datetime, form: RefusalForm | None = None) -> str:
    """A lot as the agency may see it: its figures where it may bid, else what stands in the way."""
    reasons = _look(actor, lot_id, now)
    row = queries.get_offer(db.session, actor, lot_id)
    tape = tape_of(row.offer.tape) if row.shows_tape and not reasons else None
    return _page(
        "market/offer.html",
        row=row,
        form=form or RefusalForm(),
        now=now,
        reasons=reasons,
        tape=tape,
        tables=presenter.tape_tables(tape, language()) if tape else [],
        samples=presenter.samples(tape) if tape else ([], []),
        terms=terms_asked(row.offer.terms),
        count=queries.count_bids(db.session, row.offer.creditor_id, lot_id),
        may_bid=presenter.may_bid(row, actor, now) and not reasons,
    )


def _look(actor: Actor, lot_id: int, now: datetime) -> list[attestations.Reason]:
    try:
        with transaction(db.session):
            bids.look(db.session, actor, lot_id, now=now)
    except GateClosed as closed:
        return gates.told(db.session, closed.obstacles)
    return []


def _first_values(row: queries.OfferRow) -> dict[str, object]:
    if row.bid is not None:
        return as_typed(row.bid)
    first, last = (local_date(at, row.time_zone) for at in (row.offer.bids_until, row.offer.decision_until))
    return {"starts_on": first, "valid_until": last}


def _bidding(row: queries.OfferRow, form: BidForm, now: datetime) -> str | Response | tuple[str, int]:
    actor = current_actor()
    if not presenter.may_bid(row, actor, now) or _look(actor, row.offer.lot_id, now):
        # Whoever may not bid learns on the lot's own page why; what was typed came too late.
        page = RefusalForm()
        page.form_errors.extend(form.form_errors)
        return offered(actor, row.offer.lot_id, now, page), form.refused_with if form.errors else 409
    tape = tape_of(row.offer.tape)
    page_of = _page("market/bid.html", row=row, form=form, tape=tape, terms=terms_asked(row.offer.terms), now=now)
    return page_of, form.refused_with if form.errors else 200


def _page(template: str, **shown: object) -> str:
    return render_template(template, show=presenter, **shown)
