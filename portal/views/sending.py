"""The forms files are sent by, filled with what this person may send, and what a sent file is for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from flask import render_template
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from assignments.reports.queries import get_report
from portal.forms.sending import FileForm, KindForm, ReportFileForm, ReportKindForm, ReportTransferForm, TransferForm
from portal.presenters import uploads as presenter
from portal.views import choices
from portal.views.stages import ports
from uploads import transfers
from uploads.models import UploadKind

Form = TypeVar("Form", bound=KindForm)


def file_form(session: Session, actor: Actor, given: Any, now: datetime) -> FileForm | ReportFileForm:
    """The form of a file that comes whole."""
    form = FileForm(given) if actor.side is Side.CREDITOR else ReportFileForm(given)
    return _offer(session, actor, form, now)


def transfer_form(session: Session, actor: Actor, given: Any, now: datetime) -> TransferForm | ReportTransferForm:
    """The form of a file that comes in pieces."""
    form = TransferForm(given) if actor.side is Side.CREDITOR else ReportTransferForm(given)
    return _offer(session, actor, form, now)


def purpose(session: Session, actor: Actor, form: KindForm, now: datetime) -> dict[str, Any]:
    """What a file is for, as the services take it."""
    told: dict[str, Any] = {"kind": UploadKind(form.kind.data), "control": form.control}
    if not isinstance(form, ReportKindForm):
        return told
    report_id = form.report_id
    if report_id is None:
        return told | {"creditor_id": form.creditor.number}
    creditor_id = get_report(session, actor, report_id, now=now).creditor_id
    return told | {"creditor_id": creditor_id, "report_id": report_id}


def page(actor: Actor, form: FileForm | ReportFileForm) -> str:
    """Where a file is chosen."""
    kinds = choices.kinds_of_files(actor)
    return render_template(
        "uploads/new.html",
        form=form,
        schemas=[presenter.schema_of(kind) for kind in kinds],
        max_bytes=ports().settings.max_upload_bytes,
        pieces_from=transfers.WORTH_IT,
        accepted=presenter.ACCEPTED,
        show=presenter,
    )


def _offer(session: Session, actor: Actor, form: Form, now: datetime) -> Form:
    form.offer_kinds(choices.kinds_of_files(actor), home_currency(session, actor))
    if isinstance(form, ReportKindForm):
        reports = choices.reports(session, actor, now) if actor.may(Permission.REPORT_SUBMIT) else []
        form.offer(reports, choices.creditors(session, actor))
    return form
