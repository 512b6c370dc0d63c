"""Service levels: each clause of each agency, and what is behind each figure."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from agencies.kernel.clock import utc_now
from agencies.kernel.tenancy import Side
from agencies.mandates.models import Clause
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


@blueprint.get('/<ref("organisation"):organisation_id>/cases')
@requires(Permission.SLA_VIEW)
def cases(organisation_id: int) -> str:
    """The cases behind a figure of first activities."""
    actor, now = current_actor(), utc_now()
    stands = presenter.outcome_of(request.args.get("stands", "")) or Outcome.MISSED
    is_creditor = actor.side is Side.CREDITOR
    page = cases_of(
        db.session,
        actor,
        creditor_id=actor.tenant if is_creditor else organisation_id,
        agency_id=organisation_id if is_creditor else actor.tenant,
        stands=stands,
        after=paging.after(int),
        now=now,
    )
    names = choices.organisations(db.session, [organisation_id])
    if organisation_id not in names:
        abort(404)
    return render_template(
        "sla/cases.html",
        page=page,
        pages=paging.addresses(page),
        stands=stands,
        organisation_id=organisation_id,
        name=names[organisation_id],
        may_open=actor.may(Permission.CASE_VIEW),
        show=presenter,
    )


@blueprint.get('/<ref("organisation"):organisation_id>/<any(acknowledge,report_on_time,recall_answered):clause>')
@requires(Permission.SLA_VIEW)
def obligations(organisation_id: int, clause: str) -> str:
    """The consignments, reports or recalls behind a figure."""
    actor, now = current_actor(), utc_now()
    stands = presenter.outcome_of(request.args.get("stands", ""))
    found = [
        one
        for one in queries.obligations(db.session, actor, Clause(clause))
        if presenter.counterpart_id(one, actor) == organisation_id and (stands is None or one.outcome(now) is stands)
    ]
    names = choices.organisations(db.session, [organisation_id])
    if organisation_id not in names:
        abort(404)
    return render_template(
        "sla/obligations.html",
        rows=sorted(found, key=lambda one: one.due_at, reverse=True),
        clause=Clause(clause),
        stands=stands,
        organisation_id=organisation_id,
        name=names[organisation_id],
        now=now,
        show=presenter,
    )
