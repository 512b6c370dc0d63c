"""The ledger: balances with each counterpart and the entries behind them."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from agencies.organisations.permissions import Permission
from assignments.ledger import statements
from assignments.ledger.fee_statements import fee_balances, list_fees
from portal.extensions import db
from portal.forms.fields import references
from portal.identity import current_actor
from portal.presenters import ledger as presenter
from portal.presenters import locates
from portal.security import requires
from portal.views import paging

blueprint = Blueprint("ledger", __name__, url_prefix="/ledger")


@blueprint.get("/")
@requires(Permission.LEDGER_VIEW)
def index() -> str:
    """Where the money stands, and every payment booked."""
    actor = current_actor()
    chosen = request.args.get("agency")
    agency_id = references().decode("organisation", chosen) if chosen else None
    page = statements.list_entries(db.session, actor, agency_id=agency_id, after=paging.after(int))
    return render_template(
        "ledger/index.html",
        balances=statements.balances(db.session, actor),
        fees=fee_balances(db.session, actor),
        agency_id=agency_id,
        may_open_cases=actor.may(Permission.CASE_VIEW),
        page=page,
        pages=paging.addresses(page),
        show=presenter,
    )


@blueprint.get("/fees")
@requires(Permission.LEDGER_VIEW)
def fees() -> str:
    """What findings have earned, one by one."""
    page = list_fees(db.session, current_actor(), after=paging.after(int))
    return render_template("ledger/fees.html", page=page, pages=paging.addresses(page), words=locates)
