"""Conduct: how agencies keep the contact rules, what they broke, and all that was done with one person."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, render_template, request

from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from assignments.conduct import listing, queries, rules
from assignments.reads.models import ReadKind, Subject
from portal.extensions import db
from portal.forms.conduct import ConductFilterForm
from portal.identity import current_actor
from portal.presenters import conduct as presenter
from portal.security import requires
from portal.views import choices, paging
from portal.views.seen import seen

blueprint = Blueprint("conduct", __name__, url_prefix="/conduct")


@blueprint.get("/")
@requires(Permission.CONDUCT_VIEW)
def index() -> str:
    """Each agency's figures, and under them what was found, the newest first."""
    actor, form = current_actor(), ConductFilterForm(request.args)
    lines = _agencies()
    form.offer(
        [(line.partner_id, line.name) for line in lines],
        queries.list_months(db.session, actor),
        is_creditor=actor.side is Side.CREDITOR,
    )
    after = paging.after(datetime, int)
    # A filter that cannot be read selects nothing; the form says which field.
    page = listing.list_found(db.session, actor, form.filter(), after=after) if form.validate() else None
    return render_template(
        "conduct/index.html",
        lines=lines,
        form=form,
        found=presenter.found_lines(page.rows, actor.side) if page else [],
        pages=paging.addresses(page) if page else {},
        version=rules.version(),
        show=presenter,
    )


@blueprint.get('/person/<ref("debtor"):debtor_id>')
@requires(Permission.CONDUCT_VIEW)
def person(debtor_id: int) -> str:
    """Everything every agency did with one debtor; for the creditor alone."""
    actor = current_actor()
    found = listing.get_person(db.session, actor, debtor_id)
    seen(ReadKind.PAGE, [(actor.tenant, one) for one in found.case_ids], subject=(Subject.DEBTOR, debtor_id))
    page = listing.timeline(db.session, actor, debtor_id, after=paging.after(datetime, int))
    return render_template(
        "conduct/person.html",
        person=found,
        touches=presenter.found_lines(page.rows, actor.side),
        pages=paging.addresses(page),
        show=presenter,
    )


def _agencies() -> list[presenter.AgencyLine]:
    actor = current_actor()
    found = queries.conduct_of(db.session, actor)
    names = choices.organisations(
        db.session, [one.agency_id if actor.side is Side.CREDITOR else one.creditor_id for one in found]
    )
    return presenter.agency_lines(found, actor.side, names)
