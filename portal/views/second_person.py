"""Files that take a second person: the page that says so, and the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.approvals.exports import ExportNeedsSecond, Taking, ask_to_take
from agencies.approvals.models import ApprovalKind
from agencies.approvals.queries import find_pending
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from portal.extensions import db
from portal.i18n import refusal
from portal.identity import current_actor

View = TypeVar("View", bound=Callable[..., Any])


def may_take_two(view: View) -> View:
    """The view hands out a file that may take a second person; the same address then takes the request."""

    @wraps(view)
    def handed_out(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except ExportNeedsSecond as error:
            return _needed(error), 409

    return handed_out  # type: ignore[return-value]


def asked(taking: Taking, *, words: Sequence[tuple[str, str]], arguments: Mapping[str, str] | None) -> Response:
    """Ask a second person, and go to what was asked."""
    with transaction(db.session):
        made = ask_to_take(db.session, current_actor(), taking, words=words, arguments=arguments, now=utc_now())
    flash(_("Asked. When a second person approves, you can download this file for 24 hours."), "success")
    return redirect(url_for("approvals.show", approval_id=made.id), code=303)


def _needed(error: ExportNeedsSecond) -> str:
    actor, now = current_actor(), utc_now()
    waiting = find_pending(db.session, actor, ApprovalKind.EXPORT, about=error.taking.about(actor), now=now)
    return render_template(
        "approvals/needed.html", told=refusal(error), waiting=waiting, address=request.full_path.rstrip("?")
    )
