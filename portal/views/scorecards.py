"""The comparison of agencies: what each collected for what it was given, at the same age where asked for."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Permission
from assignments import performance
from portal.extensions import db
from portal.i18n import locale
from portal.identity import current_actor
from portal.presenters import scorecards as presenter
from portal.security import requires
from portal.views import choices

blueprint = Blueprint("scorecards", __name__, url_prefix="/scorecards")


@blueprint.get("/")
@requires(Permission.SCORECARD_VIEW)
def index() -> str:
    """Every agency beside the others, or an agency's own results by creditor."""
    actor, now = current_actor(), utc_now()
    months = request.args.get("months", type=int)
    months = months if months in presenter.AGES else None
    facts = performance.facts(db.session, actor, months=months, now=now)
    offered = presenter.currencies(facts)
    currency = next((one for one in offered if one == request.args.get("currency")), offered[0] if offered else "")
    names = choices.organisations(db.session, (one.creditor_id for one in facts))
    lines = presenter.lines(facts, currency, actor.side, names)
    curves = performance.curves(db.session, actor, currency=currency or None, now=now)
    table = presenter.curve_table(curves, currency, actor.side, names)
    language = locale().replace("_", "-")
    return render_template(
        "scorecards/index.html",
        lines=lines,
        months=months,
        currency=currency,
        currencies=offered,
        table=table,
        bars=presenter.bars(lines, [_("Gross recovery"), _("Net back to the creditor")], language),
        curve=presenter.curve_lines(table, _("Months since placement"), language),
        show=presenter,
    )
