"""The list of cases as a file: covered as on the page, or with nothing covered, for a purpose."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, abort, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from agencies.approvals.exports import Taking
from agencies.kernel.clock import local_date, utc_now
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from assignments.cases import queries
from assignments.cases.listing import listing as cases_file
from assignments.cases.listing import taking_of, withheld
from assignments.cases.queries import Selection
from assignments.contacts.exporting import Sheet, full_listing, full_taking
from assignments.reads.taking import WINDOW
from portal.extensions import db
from portal.filters import instant
from portal.forms.cases import CaseFilterForm
from portal.forms.reveal import PurposeForm
from portal.i18n import say
from portal.identity import current_actor
from portal.presenters import listing
from portal.presenters.reads import PURPOSES
from portal.security import requires, steps_up
from portal.views import choices
from portal.views.cases import blueprint
from portal.views.downloads import csv_file
from portal.views.filtering import in_words, offer
from portal.views.second_person import asked, may_take_two


@blueprint.get("/listing.csv")
@requires(Permission.CASE_EXPORT)
@may_take_two
def export() -> Response:
    """Everything the filter shows but what may not be downloaded; a filter that cannot be read gives no file."""
    actor, now = current_actor(), utc_now()
    selection, _ = _filtered()
    return csv_file(
        lambda: cases_file(
            db.session,
            actor,
            selection,
            header=listing.header(actor.side),
            cells=partial(listing.cells, actor.side),
            now=now,
        ),
        listing.file_name(local_date(now, actor.time_zone)),
    )


@blueprint.post("/listing.csv")
@requires(Permission.CASE_EXPORT)
def ask_for_export() -> AnyResponse:
    """Ask a second person to let the list of this filter go."""
    actor = current_actor()
    selection, words = _filtered()
    out = withheld(db.session, actor, now=utc_now())
    return _asked(taking_of(db.session, actor, selection, without=out.creditor_ids), selection, words)


@blueprint.get("/in-full")
@requires(Permission.CASE_EXPORT_FULL)
def in_full() -> str:
    """What the list with nothing covered holds, and the question what for."""
    return _page(PurposeForm(request.args if "purpose" in request.args else None).offer())


@blueprint.get("/in-full.csv")
@requires(Permission.CASE_EXPORT_FULL)
@steps_up
@may_take_two
def full_file() -> Response | tuple[str, int]:
    """Everything the filter shows with nothing covered; without a purpose there is no file."""
    actor, now, form = current_actor(), utc_now(), PurposeForm(request.args).offer()
    selection, _ = _filtered()
    if not form.validate():
        return _page(form), 400
    sheet = Sheet(listing.full_header(actor.side), partial(listing.full_cells, actor.side, _mark(form)))
    return csv_file(
        lambda: full_listing(db.session, actor, selection, form.code, sheet, now=now),
        listing.file_name(local_date(now, actor.time_zone), is_full=True),
    )


@blueprint.post("/in-full.csv")
@requires(Permission.CASE_EXPORT_FULL)
def ask_for_full_file() -> AnyResponse:
    """Ask a second person to let the list go with nothing covered, for this purpose."""
    actor, now, form = current_actor(), utc_now(), PurposeForm(request.args).offer()
    selection, words = _filtered()
    if not form.validate():
        abort(400)
    out = withheld(db.session, actor, now=now)
    taking = full_taking(db.session, actor, selection, form.code, without=out.creditor_ids, now=now)
    return _asked(taking, selection, words)


def _page(form: PurposeForm) -> str:
    actor = current_actor()
    selection, words = _filtered()
    out = withheld(db.session, actor, now=utc_now())
    filtered: dict[str, Any] = {name: value for name, value in request.args.items() if value and name != "purpose"}
    return render_template(
        "cases/in_full.html",
        form=form,
        words=[(say(label), value) for label, value in words],
        cases=queries.totals(db.session, actor, selection, without=out.creditor_ids).cases,
        filtered=filtered,
        back=url_for(".index", **filtered),
        hours=int(WINDOW.total_seconds() // 3600),
    )


def _filtered() -> tuple[Selection, list[tuple[str, str]]]:
    """The filter of the address, and what of it a colleague may read; one that cannot be read selects nothing."""
    actor, form = current_actor(), CaseFilterForm(request.args)
    facets, currency = offer(form), home_currency(db.session, actor)
    if not form.validate():
        abort(400)
    selection = form.selection(currency)
    return selection, [(chip.label, listing.covered(chip)) for chip in in_words(selection, facets, currency)]


def _asked(taking: Taking, selection: Selection, words: list[tuple[str, str]]) -> AnyResponse:
    arguments = None if selection.search else {name: value for name, value in request.args.items() if value}
    return asked(taking, words=words, arguments=arguments)


def _mark(form: PurposeForm) -> str:
    """Who takes the file away, when and what for."""
    actor = current_actor()
    name = choices.people(db.session, [actor.user_id]).get(actor.user_id or 0, "–")
    return " · ".join((name, instant(utc_now()), say(PURPOSES[form.code])))
