"""What a comparison of bids is made of, gathered from the topics that know it."""

from __future__ import annotations

from datetime import datetime

from agencies.attestations.queries import AgencyStanding, standings
from agencies.kernel.clock import local_date
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from agencies.scorecards.facts import AgencyFacts
from assignments import performance
from assignments.marketplace.comparison import HORIZONS, Compared, compare
from assignments.marketplace.models import Lot
from assignments.marketplace.queries import list_bids
from assignments.sla.queries import compliance
from portal.extensions import db


def compared(actor: Actor, lot: Lot, now: datetime, *, months: int = HORIZONS[-1]) -> list[Compared]:
    """The opened bids of a lot on one base, the best expected first."""
    rows = list_bids(db.session, actor, lot.id)
    today = local_date(now, actor.time_zone)
    return compare(lot, rows, _facts(actor, lot, now) if rows else {}, months=months, today=today)


def longest_known(actor: Actor, lot: Lot, now: datetime) -> int:
    """The longest age at which a net back can be expected of somebody, so that the page opens on figures."""
    found = compared(actor, lot, now)
    return next((one for one in reversed(HORIZONS) if any(bid.at(one).net for bid in found)), HORIZONS[-1])


def standing_of(actor: Actor, now: datetime) -> dict[int, AgencyStanding]:
    """How each agency of the panel stands with its attestations today."""
    if not actor.may(Permission.ATTESTATION_VIEW):
        return {}
    return {one.agency_id: one for one in standings(db.session, actor, now=now)}


def kept_of(actor: Actor, now: datetime) -> dict[int, tuple[int, int]]:
    """What each agency kept in time of its service levels so far, and what was due: all clauses together."""
    if not actor.may(Permission.SLA_VIEW):
        return {}
    found: dict[int, tuple[int, int]] = {}
    for one in compliance(db.session, actor, now=now):
        met, due = found.get(one.agency_id, (0, 0))
        found[one.agency_id] = (met + one.met, due + one.met + one.missed)
    return found


def _facts(actor: Actor, lot: Lot, now: datetime) -> dict[int, list[AgencyFacts]]:
    return {
        months: performance.facts(db.session, actor, currency=lot.currency, months=months, now=now)
        for months in HORIZONS
    }
