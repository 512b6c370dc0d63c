"""Files: sent, understood, checked, decided on; one address per file, which shows whatever stage it is at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Response as AnyResponse

from agencies.kernel import work
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from portal.extensions import db
from portal.forms.fields import references
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.i18n import say
from portal.identity import current_actor
from portal.presenters import file_totals
from portal.presenters import uploads as presenter
from portal.presenters.file_list import CHOICES, FileFilter
from portal.receiving import incoming_of
from portal.security import requires, takes_files
from portal.views import choices, paging, sending
from portal.views.seen import seen_file
from portal.views.stages import at_work, mapping_form, ports, shows_rows, stage_of
from uploads import confirming, queries, receiving, service
from uploads.lifecycle import UploadMovedOn
from uploads.models import UploadState

blueprint = Blueprint("uploads", __name__, url_prefix="/uploads")
#: A creditor sends portfolios and what changes in them, an agency reports and says what it found.
SENDERS = (Permission.PORTFOLIO_UPLOAD, Permission.REPORT_SUBMIT, Permission.LOCATE_WORK)
sender = requires(*SENDERS)


@blueprint.get("/")
@sender
def index() -> str:
    """Everything the organisation ever sent."""
    actor = current_actor()
    wanted = FileFilter.from_arguments(request.args, references())
    after = paging.after(datetime, int)
    page = queries.list_uploads(db.session, actor, after=after, **wanted.asked(actor.time_zone))
    return render_template(
        "uploads/index.html",
        page=page,
        pages=paging.addresses(page),
        wanted=wanted,
        kinds=choices.kinds_of_files(actor),
        states=CHOICES,
        senders=choices.people(db.session, queries.list_senders(db.session, actor)),
        people=choices.people(db.session, (one.created_by for one in page.rows)),
        names=choices.organisations(db.session, (one.creditor_id for one in page.rows)),
        show=presenter,
        figures=file_totals,
    )


@blueprint.get("/new")
@sender
def new() -> str:
    """Where a file is chosen; the report it is for can stand in the address."""
    actor = current_actor()
    return sending.page(actor, sending.file_form(db.session, actor, request.args, utc_now()))


@blueprint.post("/new")
@sender
@takes_files
def send() -> AnyResponse | tuple[str, int]:
    """Take a file in; the same bytes again lead to the first one."""
    actor, now = current_actor(), utc_now()
    form = sending.file_form(db.session, actor, CombinedMultiDict([request.files, request.form]), now)
    if not form.validate():
        return sending.page(actor, form), 400
    with transaction(db.session):
        received = receiving.receive(
            db.session,
            actor,
            incoming_of(form.file.data),
            filename=form.file.data.filename,
            **sending.purpose(db.session, actor, form, now),
            reads_as_before=True,
            allowance=ports().allowance,
            now=now,
        )
    again = 1 if received.is_repeat else None
    return redirect(url_for(".show", upload_id=received.upload.id, again=again), code=303)


@blueprint.get('/<ref("upload"):upload_id>')
@sender
def show(upload_id: int) -> str:
    """One file at its stage."""
    return shown(upload_id)


@blueprint.get('/<ref("upload"):upload_id>/progress')
@sender
def progress(upload_id: int) -> Response:
    """How far the work is; when it is over the page is loaded anew."""
    actor = current_actor()
    upload = queries.get_upload(db.session, actor, upload_id)
    now = at_work(db.session, actor, upload)
    if now is None:
        return Response(headers={"HX-Refresh": "true"})
    return Response(render_template("uploads/_progress.html", upload=upload, progress=now, show=presenter))


@blueprint.post('/<ref("upload"):upload_id>/columns')
@sender
def confirm(upload_id: int) -> AnyResponse | tuple[str, int]:
    """Settle what the columns are and have the rows checked."""
    actor = current_actor()
    upload = queries.get_upload(db.session, actor, upload_id)
    form, _proposal = mapping_form(db.session, actor, upload)
    if upload.state is not UploadState.RECEIVED:
        # Whatever the form says: its fields are not on the page of any later stage.
        refuse(form, UploadMovedOn())
    elif form.validate():
        try:
            with transaction(db.session):
                confirming.confirm(
                    db.session, actor, upload_id, mapping=form.mapping, options=form.options, now=utc_now()
                )
        except REFUSALS as error:
            refuse(form, error)
        else:
            return redirect(url_for(".show", upload_id=upload_id), code=303)
    return shown(upload_id, form=form), form.refused_with


@blueprint.post('/<ref("upload"):upload_id>/apply')
@sender
def apply(upload_id: int) -> AnyResponse | tuple[str, int]:
    """Take the checked rows over: all of them, or the good ones only."""
    form = RefusalForm()
    try:
        with transaction(db.session):
            service.apply(
                db.session,
                current_actor(),
                upload_id,
                good_rows_only=request.form.get("good_rows_only") == "yes",
                now=utc_now(),
            )
    except REFUSALS as error:
        refuse(form, error)
        return shown(upload_id, form=form), form.refused_with
    return redirect(url_for(".show", upload_id=upload_id), code=303)


@blueprint.post('/<ref("upload"):upload_id>/reject')
@sender
def reject(upload_id: int) -> AnyResponse:
    """Turn the file away."""
    with transaction(db.session):
        service.reject(db.session, current_actor(), upload_id, now=utc_now())
    flash(_("The file was turned away. Nothing of it was taken over."), "success")
    return redirect(url_for(".show", upload_id=upload_id), code=303)


@blueprint.post('/<ref("upload"):upload_id>/retry')
@sender
def retry(upload_id: int) -> AnyResponse:
    """Let work that gave up start again."""
    actor = current_actor()
    with transaction(db.session):
        stopped = at_work(db.session, actor, queries.get_upload(db.session, actor, upload_id))
        if stopped is not None and stopped.failed and stopped.work_id is not None:
            work.retry(db.session, actor, stopped.work_id, now=utc_now())
    return redirect(url_for(".show", upload_id=upload_id), code=303)


@blueprint.get('/<ref("upload"):upload_id>/errors')
@sender
def errors(upload_id: int) -> str:
    """The rejected rows, all or those with one problem."""
    actor, code, is_remark = current_actor(), request.args.get("code"), "remarks" in request.args
    upload = queries.sent_upload(db.session, actor, upload_id)
    after = paging.after(int, str, str)
    page = queries.list_errors(db.session, actor, upload_id, after, code=code, is_warning=is_remark)
    seen_file(upload)
    groups = queries.error_groups(db.session, actor, upload_id, is_warning=is_remark)
    return render_template(
        "uploads/errors.html",
        upload=upload,
        groups=presenter.grouped(upload.kind, groups, (), say),
        lines=presenter.fault_lines(upload.kind, page.rows, say),
        code=code,
        is_remark=is_remark,
        page=page,
        pages=paging.addresses(page),
    )


def shown(upload_id: int, **given: Any) -> str:
    """The page of one file at its stage."""
    actor = current_actor()
    upload = queries.get_upload(db.session, actor, upload_id)
    template, found = stage_of(db.session, actor, upload)
    if shows_rows(upload):
        seen_file(upload)
    found |= given
    return render_template(template, upload=upload, show=presenter, figures=file_totals, **found)
