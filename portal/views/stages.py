"""The page of each stage of a file, and what it shows."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from assignments.cases.queries import find_portfolio
from portal.forms.refusals import RefusalForm
from portal.forms.uploads import MappingForm
from portal.i18n import say
from portal.ports import Ports
from portal.presenters import uploads as presenter
from portal.views import choices
from uploads import queries, service
from uploads.models import Upload, UploadState

#: Row errors read to find examples for each kind of fault.
_LOOKED_THROUGH = 400


def ports() -> Ports:
    """What this instance stands on."""
    found: Ports = current_app.extensions["encargo"]
    return found


def stage_of(session: Session, actor: Actor, upload: Upload) -> tuple[str, dict[str, Any]]:
    """The template for the stage the file is at, and what only that stage shows."""
    shown: dict[str, Any] = {
        "people": choices.people(session, [upload.created_by, upload.applied_by]),
        "creditor_name": choices.organisations(session, [upload.creditor_id]).get(upload.creditor_id or 0),
    }
    if upload.state is UploadState.RECEIVED:
        return "uploads/mapping.html", shown | _mapping(session, actor, upload)
    if upload.state in {UploadState.CHECKING, UploadState.APPLYING}:
        return "uploads/progress.html", shown | {"progress": queries.progress(session, actor, upload.id)}
    if upload.state is UploadState.CHECKED:
        return "uploads/checked.html", shown | _faults(session, actor, upload) | {"form": RefusalForm()}
    if upload.state is UploadState.APPLIED:
        portfolio = find_portfolio(session, actor, upload.id)
        portfolio_id = portfolio.id if portfolio else None
        return "uploads/applied.html", shown | _faults(session, actor, upload) | {"portfolio_id": portfolio_id}
    fault = say(presenter.fault(upload), upload.fault_params or None)
    return "uploads/rejected.html", shown | {"fault": fault}


def _mapping(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    proposal = service.proposal(session, actor, upload.id)
    form = MappingForm(None, presenter.schema_of(upload.kind), proposal)
    return {"proposal": proposal, "form": form}


def _faults(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    if not upload.rows_rejected:
        return {"groups": []}
    groups = queries.error_groups(session, actor, upload.id)
    examples = queries.list_errors(session, actor, upload.id, limit=_LOOKED_THROUGH).rows
    return {"groups": presenter.grouped(upload.kind, groups, examples, say)}
