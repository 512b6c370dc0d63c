"""Where in a file its table stands: another sheet, header row or layout, and the layouts themselves."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from portal.extensions import db
from portal.forms.containers import LayoutForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.views import choices
from portal.views.opened import sheet_form
from portal.views.uploads import blueprint, sender
from uploads import filelayouts, opening, queries


@blueprint.post('/<ref("upload"):upload_id>/sheet')
@sender
def choose_sheet(upload_id: int) -> AnyResponse:
    """Have the file read from another place or by another layout."""
    actor = current_actor()
    form = sheet_form(db.session, actor, queries.get_upload(db.session, actor, upload_id), request.form)
    if not form.validate():
        flash(_("Choose a sheet and a row of this file."), "error")
        return redirect(url_for("uploads.show", upload_id=upload_id), code=303)
    with transaction(db.session):
        opening.choose_sheet(
            db.session,
            actor,
            upload_id,
            sheet=form.sheet.data or None,
            header_row=form.header_row.data,
            layout=form.layout.data or None,
            now=utc_now(),
        )
    return redirect(url_for("uploads.show", upload_id=upload_id), code=303)


@blueprint.get("/layouts")
@sender
def layouts() -> str:
    """The layouts of fixed width, and a form for one more."""
    return _layouts(LayoutForm(None))


@blueprint.post("/layouts")
@sender
def add_layout() -> AnyResponse | tuple[str, int]:
    """Keep a layout, or the next version of one of that name."""
    form = LayoutForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                filelayouts.add_layout(
                    db.session,
                    current_actor(),
                    name=form.name.data or "",
                    columns=form.described,
                    begins_with=form.begins_with.data or "",
                    now=utc_now(),
                )
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The layout is kept. Files can be read by it from now on."), "success")
            return redirect(url_for("uploads.layouts"), code=303)
    return _layouts(form), form.refused_with


def _layouts(form: LayoutForm) -> str:
    kept = filelayouts.list_layouts(db.session, current_actor())
    people = choices.people(db.session, [one.created_by for one in kept])
    return render_template("uploads/layouts.html", layouts=kept, people=people, form=form)
