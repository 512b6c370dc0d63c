"""The base of every form, and the token that proves a request came from one of our pages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask import abort, current_app, request, session
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, Form, FormField, PasswordField
from wtforms.csrf.session import SessionCSRF
from wtforms.i18n import get_translations

from portal.i18n import language

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
#: Control characters but for the tabulator and the ends of lines; PostgreSQL's text cannot hold the first of them.
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class CsrfForm(Form):
    """Issues and checks the token, which belongs to the browser's session; nothing else is in it."""

    class Meta:
        csrf = True
        csrf_class = SessionCSRF
        csrf_time_limit = timedelta(hours=12)


class PortalForm(Form):
    """A form of the portal: texts trimmed, messages in the reader's language.

    The token is checked once for every unsafe request, before the view runs, so a form does not check it again.
    """

    #: The status of a page that shows the form again.
    refused_with = 400

    class Meta:
        csrf = False

        def get_translations(self, _form: Form) -> Any:
            """WTForms speaks both languages by itself; our own messages are translated where they are shown."""
            return get_translations([language()])

        def bind_field(self, form: Form, unbound_field: Any, options: dict[str, Any]) -> Any:
            filters = list(unbound_field.kwargs.get("filters", ()))
            if issubclass(unbound_field.field_class, (FieldList, FormField)):
                # A list and a form within have no text of their own and take no filters; their entries do.
                return unbound_field.bind(form=form, **options)
            if unbound_field.field_class is not PasswordField:
                filters.append(_trimmed)
            return unbound_field.bind(form=form, filters=filters, **options)


def csrf_token() -> str:
    """The token for forms and headers of this browser's session."""
    token: str = getattr(CsrfForm(meta=_meta())[FIELD], "current_token")  # noqa: B009  untyped in WTForms
    return token


def check_csrf() -> None:
    """Refuse an unsafe request that does not carry the token in its header or form; 400."""
    if request.method in SAFE_METHODS or request.endpoint is None:
        return
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if "csrf" not in session or not CsrfForm(MultiDict({FIELD: given}), meta=_meta()).validate():
        abort(400, "csrf")


def check_letters() -> None:
    """Refuse a request whose address or form holds letters nobody types, such as a NUL; 400."""
    for given in (request.args, request.form):
        for name, values in given.lists():
            if any(_HIDDEN.search(text) for text in (name, *values)):
                abort(400, "letters")


def _meta() -> dict[str, Any]:
    return {"csrf_secret": current_app.secret_key.encode(), "csrf_context": session}  # type: ignore[union-attr]


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
