"""The comparison of agencies on recovery, service levels, attestations, conduct and cost; one agency; the panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flask import Blueprint, Response, render_template, request

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.errors import NotFound, msg
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from assignments import comparison, performance
from portal.extensions import db
from portal.forms.scorecards import ComparisonForm
from portal.i18n import locale, say
from portal.identity import current_actor
from portal.presenters import attestations
from portal.presenters import comparison as presenter
from portal.presenters import comparison_files as files
from portal.presenters import figures as words
from portal.presenters import panel as panel_presenter
from portal.presenters import scorecards as curves
from portal.security import requires
from portal.views import choices
from portal.views.downloads import CSV, XLSX, saved_file

blueprint = Blueprint("scorecards", __name__, url_prefix="/scorecards")


def _asked() -> tuple[ComparisonForm, presenter.View, list[presenter.Line]]:
    """What was asked for, and the lines that answer it."""
    actor, now, form = current_actor(), utc_now(), ComparisonForm(request.args)
    form.offer(comparison.choices(db.session, actor), [one.code for one in presenter.shown_columns(actor)])
    view = form.view(home=home_currency(db.session, actor))
    compared = comparison.compare(
        db.session, actor, currency=view.currency, months=view.months, window=view.window, now=now
    )
    names = choices.organisations(db.session, (one.facts.creditor_id for one in compared))
    return form, view, presenter.lines(compared, view, actor.side, names)


@blueprint.get("/")
@requires(Permission.SCORECARD_VIEW)
def index() -> str:
    """Every agency beside the others, or an agency's own results by creditor with the panel around it."""
    actor, now = current_actor(), utc_now()
    form, view, lines = _asked()
    found = performance.curves(db.session, actor, currency=view.currency, window=view.window, now=now)
    table = curves.curve_table(found, view.currency, actor.side, {line.partner_id: line.name for line in lines})
    return render_template(
        "scorecards/index.html",
        form=form,
        view=view,
        lines=lines,
        columns=presenter.shown_columns(actor, view),
        table=table,
        chart=presenter.chart(lines, _language()),
        curve=curves.curve_lines(table, say(msg("Months since placement")), _language()),
        panels=_panels(view, lines) if actor.side is Side.AGENCY else [],
        panel_heads=panel_presenter.HEADS,
        why=curves.reason,
        show=presenter,
        words=words,
    )


@blueprint.get("/listing.csv", defaults={"kind": "csv"})
@blueprint.get("/listing.xlsx", defaults={"kind": "xlsx"})
@requires(Permission.SCORECARD_VIEW)
def export(kind: str) -> Response:
    """Exactly what the page shows, as a file; recorded before it leaves."""
    actor, now = current_actor(), utc_now()
    _, view, lines = _asked()
    shown = presenter.shown_columns(actor, view)

    def pieces() -> Iterator[bytes]:
        comparison.record_export(db.session, actor, lines=len(lines), currency=view.currency, kind=kind, now=now)
        yield files.FILES[kind](shown, lines, view, actor.side)

    name = files.file_name(local_date(now, actor.time_zone), kind)
    return saved_file(pieces, name, XLSX if kind == "xlsx" else CSV)


@blueprint.get('/<ref("counterpart"):partner_id>')
@requires(Permission.SCORECARD_VIEW)
def show(partner_id: int) -> str:
    """One agency (for an agency: one creditor) by month of placement, with everything behind its figures."""
    actor, now = current_actor(), utc_now()
    form, view, lines = _asked()
    line = presenter.line_of(lines, partner_id)
    if line is None:
        raise NotFound
    months = performance.monthly(
        db.session,
        actor,
        currency=view.currency,
        months=view.months,
        window=replace(view.window, partner_id=partner_id),
        now=now,
    )
    return render_template(
        "scorecards/show.html",
        form=form,
        view=view,
        line=line,
        months=presenter.monthly(months),
        columns=presenter.shown_columns(actor, view),
        standings=_attestations(line),
        until=attestations.until,
        show=presenter,
        words=words,
    )


def _attestations(line: presenter.Line) -> list[attestations.TemplateLine]:
    standing = line.compared.standing
    if standing is None:
        return []
    return attestations.lines(standing, attestations.titles(standing.catalogue), {}, current_actor())


def _panels(view: presenter.View, lines: list[presenter.Line]) -> list[panel_presenter.Panel]:
    """For each creditor an agency works for, the others of its panel; only what all of them allow is shown."""
    actor, now = current_actor(), utc_now()
    found = (
        (
            line,
            comparison.panel(db.session, actor, line.partner_id, currency=view.currency, months=view.months, now=now),
        )
        for line in lines
        if line.facts.cases
    )
    return [panel_presenter.panel(line, others) for line, others in found]


def _language() -> str:
    return locale().replace("_", "-")
