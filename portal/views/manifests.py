"""Files of placed cases: what was handed out, what the agency loaded of it, and its own numbers."""

from __future__ import annotations

from typing import IO

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.manifests import handing, loading, numbers
from assignments.placements.queries import get_consignment
from portal.extensions import db
from portal.forms.fields import references
from portal.forms.manifests import LoadedForm, NumbersForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import manifests as presenter
from portal.presenters import placements
from portal.security import requires, steps_up
from portal.views.downloads import XLSX, written_file
from portal.workbooks import write_streamed

blueprint = Blueprint("manifests", __name__, url_prefix="/manifests")


@blueprint.get('/<ref("consignment"):consignment_id>')
@requires(Permission.PLACEMENT_VIEW)
def show(consignment_id: int) -> str:
    """The files of a consignment with their totals."""
    return _page(consignment_id, LoadedForm(), NumbersForm())


@blueprint.get('/<ref("consignment"):consignment_id>/cases.xlsx')
@requires(Permission.MANIFEST_DOWNLOAD)
@steps_up
def download(consignment_id: int) -> Response:
    """The consignment's cases as a workbook, with the control totals on a sheet of their own."""
    actor, now = current_actor(), utc_now()
    row = get_consignment(db.session, actor, consignment_id)

    def write(file: IO[bytes]) -> None:
        pieces = handing.hand_out(db.session, actor, consignment_id, references(), most=handing.MOST_OF_SHEET, now=now)
        sheets = presenter.Sheets(pieces)
        write_streamed(file, sheets, made_at=sheets.made_at)

    return written_file(write, placements.file_name(row).replace(".csv", ".xlsx"), XLSX)


@blueprint.post('/<ref("consignment"):consignment_id>/loaded')
@requires(Permission.PLACEMENT_ACKNOWLEDGE)
def loaded(consignment_id: int) -> Response | tuple[str, int]:
    """Say what was loaded."""
    actor = current_actor()
    currency = get_consignment(db.session, actor, consignment_id).currency or ""
    form = LoadedForm(request.form).offer(currency)
    if form.validate():
        stated, at = form.stated(currency), form.number.data or 0
        try:
            with transaction(db.session):
                row = loading.state_loaded(db.session, actor, consignment_id, at, stated, now=utc_now())
                flash(*_told(is_loaded=row.loaded_at is not None))
        except REFUSALS as error:
            refuse(form, error)
        else:
            return redirect(url_for(".show", consignment_id=consignment_id), code=303)
    return _page(consignment_id, form, NumbersForm()), form.refused_with


@blueprint.post('/<ref("consignment"):consignment_id>/numbers')
@requires(Permission.PLACEMENT_ACKNOWLEDGE)
def number(consignment_id: int) -> Response | tuple[str, int]:
    """State the agency's own numbers."""
    actor, form = current_actor(), NumbersForm(request.form)
    row = get_consignment(db.session, actor, consignment_id)
    if form.validate():
        try:
            pairs = numbers.read_pairs(form.pairs.data or "")
            with transaction(db.session):
                changed = numbers.state_numbers(db.session, actor, row.creditor_id, pairs, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(ngettext("%(num)s number was taken.", "%(num)s numbers were taken.", changed), "success")
            return redirect(url_for(".show", consignment_id=consignment_id), code=303)
    return _page(consignment_id, LoadedForm(), form), form.refused_with


def _told(*, is_loaded: bool) -> tuple[str, str]:
    if is_loaded:
        return _("Count and value are those of the file. It is confirmed as loaded."), "success"
    return _("These are not the totals of the file. Do not process it; the creditor has been told."), "error"


def _page(consignment_id: int, form: LoadedForm, pairs: NumbersForm) -> str:
    actor = current_actor()
    row = get_consignment(db.session, actor, consignment_id)
    rows = loading.list_manifests(db.session, actor, consignment_id)
    return render_template(
        "manifests/show.html",
        row=row,
        lines=presenter.lines(rows),
        may_state=presenter.may_state(row, rows, actor),
        may_number=presenter.may_number(row, actor),
        may_download=placements.may_download(row, actor),
        form=form,
        pairs=pairs,
    )
