"""How a file is read: shown before it is confirmed, changed after, and what its codes mean."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from portal.extensions import db
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.forms.uploads import codes_of
from portal.i18n import say
from portal.identity import current_actor
from portal.presenters import uploads as presenter
from portal.presenters.mapping import meaning_of
from portal.views import choices
from portal.views.stages import understood
from portal.views.uploads import blueprint, sender, shown
from uploads import confirming, queries
from uploads.mapping import saved
from uploads.models import ValueMap
from uploads.schemas.registry import SCHEMAS


@blueprint.post('/<ref("upload"):upload_id>/preview')
@sender
def preview(upload_id: int) -> str:
    """The first rows under what is chosen on the page; nothing is kept."""
    if not request.headers.get("HX-Request"):
        return shown(upload_id)
    actor = current_actor()
    upload = queries.sent_upload(db.session, actor, upload_id)
    return render_template("uploads/_previewed.html", upload=upload, **understood(db.session, actor, upload))


@blueprint.post('/<ref("upload"):upload_id>/reopen')
@sender
def reopen(upload_id: int) -> Response:
    """Read a checked file differently."""
    with transaction(db.session):
        confirming.reopen(db.session, current_actor(), upload_id, now=utc_now())
    return redirect(url_for("uploads.show", upload_id=upload_id), code=303)


@blueprint.post('/<ref("upload"):upload_id>/codes')
@sender
def explain(upload_id: int) -> Response | tuple[str, int]:
    """Say what unknown values mean, and have the file checked again."""
    actor, form = current_actor(), RefusalForm()
    try:
        with transaction(db.session):
            confirming.explain_codes(db.session, actor, upload_id, codes_of(request.form), now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return shown(upload_id, form=form), form.refused_with
    return redirect(url_for("uploads.show", upload_id=upload_id), code=303)


@blueprint.get("/columns")
@sender
def columns() -> str:
    """What is saved of earlier files: who confirmed it, when, how often it was used."""
    actor = current_actor()
    mappings, codes = saved.list_saved(db.session, actor), saved.list_codes(db.session, actor)
    people = choices.people(db.session, [*(one.confirmed_by for one in mappings), *(one.confirmed_by for one in codes)])
    return render_template(
        "uploads/columns.html", mappings=mappings, codes=codes, people=people, meaning=_meaning, show=presenter
    )


@blueprint.post('/columns/<ref("saved_columns"):mapping_id>/forget')
@sender
def forget(mapping_id: int) -> Response:
    """Ask again for the next file with these columns."""
    with transaction(db.session):
        saved.forget_columns(db.session, current_actor(), mapping_id, now=utc_now())
    flash(_("Forgotten. The next file with these columns is asked for again."), "success")
    return redirect(url_for(".columns"), code=303)


@blueprint.post('/columns/codes/<ref("saved_code"):map_id>/forget')
@sender
def forget_code(map_id: int) -> Response:
    """Ask again what a code stands for."""
    with transaction(db.session):
        saved.forget_code(db.session, current_actor(), map_id, now=utc_now())
    flash(_("Forgotten. You are asked what it means when it comes again."), "success")
    return redirect(url_for(".columns"), code=303)


def _meaning(one: ValueMap) -> str:
    return say(meaning_of(one.code, SCHEMAS[one.kind], one.field))
