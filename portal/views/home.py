"""The start page of each role: what needs me today."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, render_template

from agencies.attestations.queries import standings
from agencies.kernel.clock import utc_now
from agencies.kernel.tenancy import Actor
from agencies.organisations import queries
from agencies.organisations.permissions import Permission
from assignments import performance
from assignments.tasks import minds_attestations
from assignments.today import Waiting, list_waiting
from portal.extensions import db
from portal.identity import current_actor
from portal.presenters import home
from portal.presenters.headline import headlines
from portal.security import signed_in

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@signed_in
def index() -> str:
    """What waits for the person who looks."""
    actor, now = current_actor(), utc_now()
    page = home.home(
        actor,
        _waiting(actor),
        current_app.view_functions,
        now_local=now.astimezone(ZoneInfo(actor.time_zone)),
    )
    facts = performance.facts(db.session, actor, now=now) if actor.may(Permission.SCORECARD_VIEW) else []
    return render_template("home/index.html", home=page, headlines=headlines(facts))


def _waiting(actor: Actor) -> list[Waiting]:
    waiting = [*_attestations(actor), *list_waiting(db.session, actor, now=utc_now())]
    if actor.may(Permission.ORGANISATION_REGISTER):
        waiting += home.of_organisations(queries.count_organisations(db.session, actor))
    return waiting


def _attestations(actor: Actor) -> list[Waiting]:
    if not minds_attestations(actor):
        return []
    return home.of_attestations(actor, standings(db.session, actor, now=utc_now()))
