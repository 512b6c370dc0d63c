"""What an agency holds of a creditor, as the story chooses from it and takes from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import select

from agencies.kernel import clock
from assignments.placements.models import Placement
from portal.demo.agencies import AgencyProfile
from portal.demo.cast import CreditorProfile, agency_members
from portal.demo.chronology import ZONE
from portal.demo.reporting import payments_of
from portal.demo.world import Held, World

#: Nobody gives a case up sooner.
PATIENCE = timedelta(days=45)


def hopeless(
    world: World, creditor: CreditorProfile, agency: AgencyProfile, percent: float, least: int, now: datetime
) -> list[str]:
    """A share of the accounts that an agency has had for some time, none of which ever pays it."""
    today = clock.local_date(now, ZONE)
    held_long = [one for one in world.held[creditor.key, agency.key] if one.taken_on < today - PATIENCE]
    free = sorted(account for held in held_long for account in _accounts(held) - _paying(world, creditor, agency, held))
    count = max(least, round(sum(len(held.debts) for held in held_long) * percent / 100))
    return free[:: max(1, len(free) // count)][:count]


def take_from(world: World, creditor: CreditorProfile, agency: AgencyProfile, now: datetime) -> list[str]:
    """Keep in mind which accounts have left an agency at a time, as the product knows it; returns them."""
    creditor_id = world.actor(creditor.members[0]).tenant
    with world.acting(agency_members(agency)[0]) as (session, actor):
        ended = session.scalars(
            select(Placement.account_ref)
            .where(Placement.agency_id == actor.tenant, Placement.creditor_id == creditor_id, Placement.ended_at == now)
            .order_by(Placement.account_ref)
        ).all()
    _end(world.held[creditor.key, agency.key], ended, clock.local_date(now, ZONE))
    return list(ended)


def _end(holdings: Iterable[Held], accounts: Iterable[str], day: date) -> None:
    gone = set(accounts)
    for held in holdings:
        for account in _accounts(held) & gone:
            held.ended[account] = day


def _accounts(held: Held) -> set[str]:
    return {debt.account for debt in held.debts} - set(held.ended) - held.reserved


def _paying(world: World, creditor: CreditorProfile, agency: AgencyProfile, held: Held) -> set[str]:
    return {one.account for one in payments_of(world, creditor, agency, held)}
