"""The kinds of files in words: what each is for, its columns, and a template to fill in."""

from __future__ import annotations

from flask import Response, render_template, request

from agencies.kernel.errors import NotFound
from portal.i18n import say
from portal.identity import current_actor
from portal.kindbooks import template_book
from portal.presenters import kinds as presenter
from portal.presenters.uploads import KINDS
from portal.views import choices
from portal.views.downloads import XLSX, saved_file
from portal.views.uploads import blueprint, sender
from uploads.models import UploadKind
from uploads.schemas.registry import SCHEMAS


@blueprint.get("/kinds")
@sender
def kinds() -> str:
    """Every kind of file the actor sends."""
    schemas = {kind: SCHEMAS[kind] for kind in choices.kinds_of_files(current_actor())}
    return render_template("uploads/kinds.html", schemas=schemas, names=KINDS)


@blueprint.get("/kind")
@sender
def kind() -> str:
    """One kind, column by column; raises `NotFound` for what the actor does not send."""
    asked = _asked()
    schema = SCHEMAS[asked]
    lines = presenter.field_lines(schema, say)
    return render_template("uploads/kind.html", kind=asked, schema=schema, lines=lines, names=KINDS)


@blueprint.get("/template.xlsx")
@sender
def template() -> Response:
    """The template of a kind, in the reader's language."""
    asked = _asked()
    columns, words = presenter.book_of(SCHEMAS[asked], say)
    return saved_file(lambda: iter([template_book(columns, words)]), presenter.file_name(asked, say), XLSX)


def _asked() -> UploadKind:
    found = [one for one in choices.kinds_of_files(current_actor()) if one.value == request.args.get("kind")]
    if not found:
        raise NotFound
    return found[0]
