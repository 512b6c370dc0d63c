"""The panel: which agencies a creditor deals with."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from agencies.standing import panel
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import agency_files as presenter
from portal.security import requires

blueprint = Blueprint("panel", __name__, url_prefix="/panel")


@blueprint.get("/")
@requires(Permission.MANDATE_MAKE)
def index() -> str:
    """The panel, and the agencies that could join it."""
    rows = panel.candidates(db.session, current_actor())
    return render_template("panel/index.html", rows=rows, show=presenter)


@blueprint.post('/<ref("organisation"):agency_id>')
@requires(Permission.MANDATE_MAKE)
def bring_in(agency_id: int) -> Response:
    """Put an agency on the panel; it can then attest, be offered lots, and be given mandates."""
    with transaction(db.session):
        panel.bring_in(db.session, current_actor(), agency_id, now=utc_now())
    flash(_("The agency is on your panel. It can attest to you now."), "success")
    return redirect(url_for(".index"), code=303)
