"""Portfolio indicators: ageing, overdue share and roll rates, on any day since the hand-over."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, abort, render_template, request

from agencies.kernel.clock import local_date, utc_now
from agencies.organisations.permissions import Permission
from assignments.indicators import queries
from assignments.indicators.ageing import Ageing, Move
from portal.extensions import db
from portal.forms.indicators import Days, IndicatorsForm
from portal.i18n import locale
from portal.identity import current_actor
from portal.presenters import indicators as presenter
from portal.security import requires
from portal.views.downloads import csv_file

blueprint = Blueprint("indicators", __name__, url_prefix="/indicators")


@blueprint.get("/")
@requires(Permission.SCORECARD_VIEW)
def index() -> str:
    """What stood in each band on a day, and what moved since another one."""
    form, days = _form()
    views = presenter.views(*_found(form, days), str(locale()).replace("_", "-")) if days else []
    return render_template("indicators/index.html", form=form, days=days, views=views, show=presenter)


@blueprint.get("/listing.csv")
@requires(Permission.SCORECARD_VIEW)
def export() -> Response:
    """The same figures as a file; days that cannot be read give none."""
    actor, (form, days) = current_actor(), _form()
    if days is None:
        abort(400)
    portfolio_id = form.portfolio.number

    def pieces() -> Iterator[bytes]:
        queries.record_export(db.session, actor, portfolio_id=portfolio_id, on=days.on, now=utc_now())
        return presenter.pieces(*_found(form, days), days.on, days.since)

    return csv_file(pieces, f"indicators-{days.on:%Y-%m-%d}.csv")


def _form() -> tuple[IndicatorsForm, Days | None]:
    actor, form = current_actor(), IndicatorsForm(request.args)
    days = form.offer(queries.portfolio_names(db.session, actor), local_date(utc_now(), actor.time_zone))
    return form, days


def _found(form: IndicatorsForm, days: Days) -> tuple[list[Ageing], list[Move]]:
    """What the form asks for."""
    actor, portfolio_id = current_actor(), form.portfolio.number
    return (
        queries.ageing(db.session, actor, on=days.on, portfolio_id=portfolio_id),
        queries.moves(db.session, actor, since=days.since, until=days.on, portfolio_id=portfolio_id),
    )
