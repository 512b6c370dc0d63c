"""The page of each stage of a file, and what it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import current_app, request
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from assignments import intake
from assignments.cases.queries import portfolios_of
from assignments.inventories.queries import inventory_of
from assignments.placements.recall_queries import recalls_of_upload
from assignments.undoing import UNDO
from portal.forms.refusals import RefusalForm
from portal.forms.uploads import CODE, MappingForm, chosen_columns, codes_of
from portal.i18n import say
from portal.ports import Ports
from portal.presenters import mapping as mapping_presenter
from portal.presenters import recalls
from portal.presenters import uploads as presenter
from portal.presenters.file_history import happenings
from portal.views import choices
from portal.views.opened import container
from uploads import confirming, queries
from uploads.checking.preview import chosen, preview
from uploads.history import Moment, history
from uploads.kinds import SENDERS_PERMISSION
from uploads.mapping.proposals import Proposal
from uploads.mapping.valuemaps import UnknownValue, described
from uploads.models import Upload, UploadKind, UploadState
from uploads.originals import is_as_sent, is_handed_out
from uploads.queries import Progress
from uploads.schemas.fields import Schema
from uploads.schemas.registry import SCHEMAS

#: Row errors read to find examples for each kind of fault.
_LOOKED_THROUGH = 400


def ports() -> Ports:
    """What this instance stands on."""
    found: Ports = current_app.extensions["encargo"]
    return found


def stage_of(session: Session, actor: Actor, upload: Upload) -> tuple[str, dict[str, Any]]:
    """The template for the stage the file is at, and what only that stage shows."""
    shown: dict[str, Any] = {
        "people": choices.people(session, _people(upload, moments := history(session, actor, upload.id))),
        "moments": happenings(moments, say),
        "may_have_original": is_handed_out(upload) and actor.may(SENDERS_PERMISSION[upload.kind]),
        "is_as_sent": is_as_sent(upload),
        "creditor_name": choices.organisations(session, [upload.creditor_id]).get(upload.creditor_id or 0),
    }
    if upload.state is UploadState.RECEIVED:
        return "uploads/mapping.html", shown | _mapping(session, actor, upload)
    if (running := at_work(session, actor, upload)) is not None:
        return "uploads/progress.html", shown | {"progress": running}
    if upload.state is UploadState.CHECKED:
        return "uploads/checked.html", shown | _faults(session, actor, upload) | {"form": RefusalForm()}
    if upload.state is UploadState.APPLIED:
        portfolios = portfolios_of(session, actor, upload.id)
        told = {"portfolios": portfolios, **_undoing(session, actor, upload), **_recalled(session, actor, upload)}
        if upload.kind is UploadKind.INVENTORY:
            told["inventory_id"] = inventory_of(session, actor, upload.id)
        return "uploads/applied.html", shown | _faults(session, actor, upload) | told
    if upload.state is UploadState.UNDONE:
        return "uploads/undone.html", shown
    fault = say(presenter.fault(upload), presenter.fault_words(upload) or None)
    return "uploads/rejected.html", shown | {"fault": fault}


def shows_rows(upload: Upload) -> bool:
    """Whether the page of the file's stage shows some of its rows: the first ones, or what is wrong with others."""
    is_read = upload.state in {UploadState.RECEIVED, UploadState.CHECKED, UploadState.APPLIED}
    return is_read and bool(upload.state is UploadState.RECEIVED or upload.rows_rejected or upload.warning_counts)


def at_work(session: Session, actor: Actor, upload: Upload) -> Progress | None:
    """How far the work is that the file waits for; None when it waits for nothing."""
    if upload.state in {UploadState.OPENING, UploadState.CHECKING, UploadState.APPLYING}:
        return queries.progress(session, actor, upload.id)
    if upload.state is not UploadState.APPLIED or not actor.may(SENDERS_PERMISSION[upload.kind]):
        return None
    undoing = queries.progress(session, actor, upload.id, work_kind=UNDO)
    return undoing if undoing.is_open else None


def _undoing(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    """Whether an applied file can be taken back, and why the last try came to nothing."""
    if not (intake.can_be_undone(upload.kind) and actor.may(SENDERS_PERMISSION[upload.kind])):
        return {"may_undo": False, "undoing": None}
    return {"may_undo": True, "undoing": queries.progress(session, actor, upload.id, work_kind=UNDO)}


def _people(upload: Upload, moments: Iterable[Moment]) -> list[int | None]:
    named = [upload.created_by, upload.applied_by, upload.undone_by, upload.remembered_by]
    return [*named, *(one.user_id for one in moments)]


def _recalled(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    """The recalls a list became."""
    if upload.kind is not UploadKind.RECALL_LIST:
        return {}
    return {"recalls_made": recalls_of_upload(session, actor, upload.id), "recall_words": recalls}


def _mapping(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    found = understood(session, actor, upload)
    before = found["proposal"].remembered
    return {
        "container": container(session, actor, upload),
        "confirmer": choices.people(session, [before.confirmed_by if before else None]),
        **found,
    }


def mapping_form(session: Session, actor: Actor, upload: Upload) -> tuple[MappingForm, Proposal]:
    """The form of columns with what was chosen on the page, and what the columns chosen prove."""
    if "columns-0" not in request.form:
        proposal = confirming.proposal(session, actor, upload.id)
        return MappingForm(None, SCHEMAS[upload.kind], proposal), proposal
    proposal = chosen(session, actor, upload.id, mapping=chosen_columns(request.form))
    return MappingForm(request.form, SCHEMAS[upload.kind], proposal), proposal


def understood(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    """What is chosen on the page, the first rows as that reads them, and the values nobody knows."""
    schema = SCHEMAS[upload.kind]
    form, proposal = mapping_form(session, actor, upload)
    seen = preview(session, actor, upload.id, mapping=form.mapping, options=form.options)
    unknown = seen.unknown
    likely = {f"{CODE}{one.field}:{one.written}": one.likely for one in unknown if one.likely}
    if likely and "columns-0" not in request.form:
        # What the page fills in for a value counts as said until somebody says otherwise.
        codes = codes_of(likely)
        seen = preview(session, actor, upload.id, mapping=form.mapping, options=replace(form.options, codes=codes))
    return {
        "proposal": proposal,
        "form": form,
        "schema": schema,
        "columns": mapping_presenter,
        "seen": seen,
        "rows": mapping_presenter.shown_rows(seen, say, form.unsaid),
        **asked(schema, unknown),
    }


def asked(schema: Schema, unknown: Iterable[UnknownValue]) -> dict[str, Any]:
    """Values that stand for no code, each with what it may be said to mean."""
    return {"unknown": [(schema[one.field], one, mapping_presenter.codes(schema[one.field], say)) for one in unknown]}


def _faults(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    """What is wrong with rejected rows and what was remarked on good ones, each kind with its examples."""
    told: dict[str, Any] = {"groups": [], "remarks": [], "unknown": []}
    if not actor.may(SENDERS_PERMISSION[upload.kind]):
        return told
    schema = SCHEMAS[upload.kind]
    if upload.rows_rejected:
        told["groups"] = _grouped(session, actor, upload, is_warning=False)
        unknown = [one for name, counts in upload.unknown_values.items() for one in described(schema[name], counts)]
        told |= asked(schema, unknown)
    if upload.warning_counts:
        told["remarks"] = _grouped(session, actor, upload, is_warning=True)
    return told


def _grouped(session: Session, actor: Actor, upload: Upload, *, is_warning: bool) -> list[presenter.GroupLine]:
    groups = queries.error_groups(session, actor, upload.id, is_warning=is_warning)
    examples = queries.list_errors(session, actor, upload.id, is_warning=is_warning, limit=_LOOKED_THROUGH).rows
    return presenter.grouped(upload.kind, groups, examples, say)
