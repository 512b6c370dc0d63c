"""Service levels: each clause of each agency, and what is behind each figure."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Permission
from assignments.placements.queries import get_consignment
from assignments.sla import idle as idling
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


@blueprint.get("/idle")
@requires(Permission.SLA_VIEW)
def idle() -> str:
    """What nobody worked 3, 7 and 14 days after it was taken on, by consignment."""
    actor = current_actor()
    rows = idling.idle_watch(db.session, actor, now=utc_now())
    return render_template("sla/idle.html", rows=rows, days=idling.DAYS, show=presenter)


@blueprint.get('/idle/<ref("consignment"):consignment_id>')
@requires(Permission.SLA_VIEW)
def idle_cases(consignment_id: int) -> str:
    """The cases of a consignment that nobody has worked yet."""
    actor = current_actor()
    row = get_consignment(db.session, actor, consignment_id)
    days = request.args.get("days", 7, type=int)
    page = idling.idle_cases(db.session, actor, consignment_id, days=days, after=paging.after(int), now=utc_now())
    return render_template(
        "sla/idle_cases.html",
        row=row,
        page=page,
        pages=paging.addresses(page),
        days=days,
        may_recall=bool(page.rows) and actor.may(Permission.RECALL_MAKE),
        may_open=actor.may(Permission.CASE_VIEW),
    )


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
