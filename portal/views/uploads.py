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
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission
from portal.extensions import db
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.forms.uploads import FileForm, MappingForm, ReportFileForm
from portal.i18n import say
from portal.identity import current_actor
from portal.presenters import uploads as presenter
from portal.receiving import incoming_of
from portal.security import requires, takes_files
from portal.views import choices, paging
from portal.views.downloads import csv_file
from portal.views.stages import ports, stage_of
from uploads import queries, service
from uploads.errorfile import error_file as rejected_rows
from uploads.faults import ROW_FAULTS
from uploads.lifecycle import UploadMovedOn
from uploads.models import UploadKind, UploadState

blueprint = Blueprint("uploads", __name__, url_prefix="/uploads")
#: A creditor sends portfolios, an agency reports and says what it found.
sender = requires(Permission.PORTFOLIO_UPLOAD, Permission.REPORT_SUBMIT, Permission.LOCATE_WORK)


@blueprint.get("/")
@sender
def index() -> str:
    """Everything the organisation ever sent."""
    actor = current_actor()
    asked = request.args.get("kind")
    kind = UploadKind(asked) if asked in set(UploadKind) else None
    chosen = request.args.get("state", "")
    state = presenter.WAITING[chosen][1] if chosen in presenter.WAITING else None
    after = paging.after(datetime, int)
    page = queries.list_uploads(db.session, actor, kind, after, state=state, has_failed=chosen == "failed")
    return render_template(
        "uploads/index.html",
        page=page,
        pages=paging.addresses(page),
        kind=kind,
        chosen=chosen,
        kinds=choices.kinds_of_files(actor),
        people=choices.people(db.session, (one.created_by for one in page.rows)),
        names=choices.organisations(db.session, (one.creditor_id for one in page.rows)),
        show=presenter,
    )


@blueprint.get("/new")
@sender
def new() -> str:
    """Where a file is chosen; the report it is for can stand in the address."""
    return _sending(_file_form(current_actor(), request.args))


@blueprint.post("/new")
@sender
@takes_files
def send() -> AnyResponse | tuple[str, int]:
    """Take a file in; the same bytes again lead to the first one."""
    actor, now = current_actor(), utc_now()
    form = _file_form(actor, CombinedMultiDict([request.files, request.form]))
    if not form.validate():
        return _sending(form), 400
    with transaction(db.session):
        received = service.receive(
            db.session,
            actor,
            incoming_of(form.file.data),
            filename=form.file.data.filename,
            **choices.purpose(db.session, actor, form, now),
            now=now,
        )
    again = 1 if received.is_repeat else None
    return redirect(url_for(".show", upload_id=received.upload.id, again=again), code=303)


@blueprint.get('/<ref("upload"):upload_id>')
@sender
def show(upload_id: int) -> str:
    """One file at its stage."""
    return _shown(upload_id)


@blueprint.get('/<ref("upload"):upload_id>/progress')
@sender
def progress(upload_id: int) -> Response:
    """How far the work is; when it is over the page is loaded anew."""
    actor = current_actor()
    upload = queries.get_upload(db.session, actor, upload_id)
    if upload.state not in {UploadState.CHECKING, UploadState.APPLYING}:
        return Response(headers={"HX-Refresh": "true"})
    now = queries.progress(db.session, actor, upload_id)
    return Response(render_template("uploads/_progress.html", upload=upload, progress=now, show=presenter))


@blueprint.post('/<ref("upload"):upload_id>/columns')
@sender
def confirm(upload_id: int) -> AnyResponse | tuple[str, int]:
    """Settle what the columns are and have the rows checked."""
    actor = current_actor()
    upload = queries.get_upload(db.session, actor, upload_id)
    proposal = service.proposal(db.session, actor, upload_id)
    form = MappingForm(request.form, presenter.schema_of(upload.kind), proposal)
    if upload.state is not UploadState.RECEIVED:
        # Whatever the form says: its fields are not on the page of any later stage.
        refuse(form, UploadMovedOn())
    elif form.validate():
        try:
            with transaction(db.session):
                service.confirm(db.session, actor, upload_id, mapping=form.mapping, options=form.options, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            return redirect(url_for(".show", upload_id=upload_id), code=303)
    return _shown(upload_id, form=form), form.refused_with


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
        return _shown(upload_id, form=form), form.refused_with
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
        stopped = queries.progress(db.session, actor, upload_id)
        if stopped.failed and stopped.work_id is not None:
            work.retry(db.session, actor, stopped.work_id, now=utc_now())
    return redirect(url_for(".show", upload_id=upload_id), code=303)


@blueprint.get('/<ref("upload"):upload_id>/errors')
@sender
def errors(upload_id: int) -> str:
    """The rejected rows, all or those with one problem."""
    actor, code = current_actor(), request.args.get("code")
    upload = queries.get_upload(db.session, actor, upload_id)
    page = queries.list_errors(db.session, actor, upload_id, paging.after(int, str, str), code=code)
    groups = presenter.grouped(upload.kind, queries.error_groups(db.session, actor, upload_id), (), say)
    lines = presenter.fault_lines(upload.kind, page.rows, say)
    return render_template(
        "uploads/errors.html",
        upload=upload,
        groups=groups,
        lines=lines,
        code=code,
        page=page,
        pages=paging.addresses(page),
    )


@blueprint.get('/<ref("upload"):upload_id>/rejected.csv')
@sender
def error_file(upload_id: int) -> Response:
    """The rejected rows as they were sent, each with its reasons."""
    actor = current_actor()
    upload = queries.get_upload(db.session, actor, upload_id)

    def reason(label: str, code: str) -> str:
        return say(ROW_FAULTS[code], {"field": say(label), "value": ""})

    return csv_file(
        lambda: rejected_rows(db.session, actor, ports().storage, upload_id, say=reason, reasons=_("reasons")),
        presenter.error_file_name(upload),
    )


def _file_form(actor: Actor, given: Any) -> FileForm:
    if actor.side is Side.CREDITOR:
        return FileForm(given)
    form = ReportFileForm(given)
    reports = choices.reports(db.session, actor, utc_now()) if actor.may(Permission.REPORT_SUBMIT) else []
    form.offer(choices.kinds_of_files(actor), reports, choices.creditors(db.session, actor))
    return form


def _sending(form: FileForm) -> str:
    schemas = [presenter.schema_of(kind) for kind in choices.kinds_of_files(current_actor())]
    return render_template(
        "uploads/new.html",
        form=form,
        schema=schemas[0],
        schemas=schemas,
        max_bytes=ports().settings.max_upload_bytes,
        show=presenter,
    )


def _shown(upload_id: int, **given: Any) -> str:
    actor = current_actor()
    upload = queries.get_upload(db.session, actor, upload_id)
    template, found = stage_of(db.session, actor, upload)
    found |= given
    return render_template(template, upload=upload, show=presenter, **found)
