"""Service levels: each clause of each agency, and what is behind each figure."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Permission
from assignments.sla import queries
from assignments.sla.cases import cases_of
from assignments.sla.clocks import Outcome
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import sla as presenter
from portal.security import requires
from portal.views import choices, paging

blueprint = Blueprint("sla", __name__, url_prefix="/service-levels")


@blueprint.get("/")
@requires(Permission.SLA_VIEW)
def index() -> str:
    """Every clause with its share, interval, target and light."""
    actor, now = current_actor(), utc_now()
    found = queries.compliance(db.session, actor, now=now)
    names = choices.organisations(db.session, {presenter.counterpart_id(one, actor) for one in found})
    return render_template("sla/index.html", lines=presenter.lines(found, names, actor), show=presenter)


@blueprint.get('/<ref("counterpart"):other_id>/cases')
@requires(Permission.SLA_VIEW)
def cases(other_id: int) -> str:
    """The cases behind a figure of first activities."""
    actor, now = current_actor(), utc_now()
    name = queries.name_of_partner(db.session, actor, other_id)
    stands = presenter.outcome_of(request.args.get("stands", "")) or Outcome.MISSED
    page = cases_of(db.session, actor, other_id, stands=stands, after=paging.after(int), now=now)
    return render_template(
        "sla/cases.html",
        page=page,
        pages=paging.addresses(page),
        stands=stands,
        other_id=other_id,
        name=name,
        may_open=actor.may(Permission.CASE_VIEW),
        show=presenter,
    )


@blueprint.get('/<ref("counterpart"):other_id>/obligations')
@requires(Permission.SLA_VIEW)
def obligations(other_id: int) -> str:
    """The consignments, reports or recalls behind a figure."""
    actor, now = current_actor(), utc_now()
    name = queries.name_of_partner(db.session, actor, other_id)
    clause = presenter.clause_of(request.args.get("clause", ""))
    stands = presenter.outcome_of(request.args.get("stands", ""))
    found = queries.obligations(db.session, actor, clause)
    return render_template(
        "sla/obligations.html",
        rows=presenter.behind(found, actor, other_id, stands, now),
        clause=clause,
        stands=stands,
        other_id=other_id,
        name=name,
        now=now,
        show=presenter,
    )
