"""What the page of a received file shows of how it was opened, and the form to have it read from another place."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from portal.forms.containers import SheetForm
from portal.i18n import say
from portal.presenters import containers as presenter
from uploads import filelayouts
from uploads.models import Upload


def sheet_form(session: Session, actor: Actor, upload: Upload, given: Any) -> SheetForm:
    """The form with the sheets and layouts there are for a file; what was taken is filled in."""
    layouts = presenter.layout_choices(filelayouts.offered(session, actor), say)
    taken = presenter.taken(upload)
    return SheetForm(given, presenter.sheets(upload), layouts, sheet=taken.sheet, layout=taken.layout)


def container(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    """How a file was opened; nothing to show for files sent before that was written down."""
    taken = presenter.taken(upload)
    return {
        "is_shown": presenter.is_shown(upload),
        "facts": presenter.facts(upload, say),
        "notes": presenter.notes(upload, say),
        "has_sheets": bool(presenter.sheets(upload)),
        "is_fixed": taken.is_fixed,
        "needs_layout": taken.needs_layout,
        "takes_layout": taken.is_fixed or taken.needs_layout,
        "form": sheet_form(session, actor, upload, None),
    }
