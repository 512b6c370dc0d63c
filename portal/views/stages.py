"""The page of each stage of a file, and what it shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import current_app, request
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from assignments.cases.queries import portfolios_of
from portal.forms.refusals import RefusalForm
from portal.forms.uploads import MappingForm
from portal.i18n import say
from portal.ports import Ports
from portal.presenters import mapping as mapping_presenter
from portal.presenters import uploads as presenter
from portal.views import choices
from uploads import confirming, queries
from uploads.models import Upload, UploadState
from uploads.preview import preview
from uploads.schemas.fields import Schema
from uploads.schemas.registry import SCHEMAS
from uploads.valuemaps import UnknownValue, described

#: Row errors read to find examples for each kind of fault.
_LOOKED_THROUGH = 400


def ports() -> Ports:
    """What this instance stands on."""
    found: Ports = current_app.extensions["encargo"]
    return found


def stage_of(session: Session, actor: Actor, upload: Upload) -> tuple[str, dict[str, Any]]:
    """The template for the stage the file is at, and what only that stage shows."""
    shown: dict[str, Any] = {
        "people": choices.people(session, [upload.created_by, upload.applied_by, upload.remembered_by]),
        "creditor_name": choices.organisations(session, [upload.creditor_id]).get(upload.creditor_id or 0),
    }
    if upload.state is UploadState.RECEIVED:
        return "uploads/mapping.html", shown | _mapping(session, actor, upload)
    if upload.state in {UploadState.CHECKING, UploadState.APPLYING}:
        return "uploads/progress.html", shown | {"progress": queries.progress(session, actor, upload.id)}
    if upload.state is UploadState.CHECKED:
        return "uploads/checked.html", shown | _faults(session, actor, upload) | {"form": RefusalForm()}
    if upload.state is UploadState.APPLIED:
        portfolios = portfolios_of(session, actor, upload.id)
        return "uploads/applied.html", shown | _faults(session, actor, upload) | {"portfolios": portfolios}
    fault = say(presenter.fault(upload), upload.fault_params or None)
    return "uploads/rejected.html", shown | {"fault": fault}


def _mapping(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    proposal, schema = confirming.proposal(session, actor, upload.id), SCHEMAS[upload.kind]
    # What was chosen on the page stays chosen when it is shown again.
    given = request.form if "columns-0" in request.form else None
    form = MappingForm(given, schema, proposal)
    before = proposal.remembered
    return {
        "proposal": proposal,
        "form": form,
        "schema": schema,
        "columns": mapping_presenter,
        "confirmer": choices.people(session, [before.confirmed_by if before else None]),
        **understood(session, actor, upload, form),
    }


def understood(session: Session, actor: Actor, upload: Upload, form: MappingForm) -> dict[str, Any]:
    """The first rows as what is chosen on the form reads them, and the values nobody knows."""
    seen = preview(session, actor, upload.id, mapping=form.mapping, options=form.options)
    return {"seen": seen, "rows": mapping_presenter.shown_rows(seen, say), **asked(SCHEMAS[upload.kind], seen.unknown)}


def asked(schema: Schema, unknown: Iterable[UnknownValue]) -> dict[str, Any]:
    """Values that stand for no code, each with what it may be said to mean."""
    return {"unknown": [(schema[one.field], one, mapping_presenter.codes(schema[one.field], say)) for one in unknown]}


def _faults(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    if not upload.rows_rejected:
        return {"groups": [], "unknown": []}
    groups = queries.error_groups(session, actor, upload.id)
    examples = queries.list_errors(session, actor, upload.id, limit=_LOOKED_THROUGH).rows
    schema = SCHEMAS[upload.kind]
    unknown = [one for name, counts in upload.unknown_values.items() for one in described(schema[name], counts)]
    return {"groups": presenter.grouped(upload.kind, groups, examples, say), **asked(schema, unknown)}
