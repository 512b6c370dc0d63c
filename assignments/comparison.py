"""Puts the agencies of a panel side by side on all three axes, and an agency beside the others without their names.

Recovery comes from the cells, service levels, attestations and conduct from their own topics; each is read once for all
agencies, however many there are. What an actor may not see is left out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from agencies.attestations.queries import AgencyStanding, standings
from agencies.kernel import audit
from agencies.kernel.clock import first_of_month, local_date
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.scorecards.facts import EVERYTHING, AgencyFacts, Window
from agencies.scorecards.models import PlacementCell
from agencies.standing.panel import members
from assignments import performance
from assignments.conduct.queries import Conduct, conduct_of
from assignments.ledger.models import Entry, EntryKind
from assignments.sla.queries import Compliance, compliance


@dataclass(frozen=True)
class Compared:
    """One agency with one creditor in one currency, on every axis the actor may see."""

    facts: AgencyFacts
    #: What the creditor placed with all of its agencies, counted alike; an agency knows its own only.
    all_placed_minor: int | None
    standing: AgencyStanding | None
    #: One for each clause of the terms.
    compliance: tuple[Compliance, ...]
    conduct: Conduct | None
    #: What the agency earned by locating, in the same currency; none where the view is limited: a fee belongs to
    #: no placement, and all fees ever with the commission of a few placements would tell nothing.
    fees_minor: int | None


@dataclass(frozen=True)
class Choices:
    """What there are figures of: currencies with the most cases first, months of placement, balance bands."""

    currencies: tuple[str, ...]
    months: tuple[date, ...]
    strata: tuple[str, ...]


@dataclass(frozen=True)
class Position:
    """An agency of a creditor's panel without its name: rates only, rounded, and with no number that tells its size."""

    gross: float
    gross_low: float | None
    gross_high: float | None
    net: float
    net_low: float | None
    net_high: float | None
    on_time: float | None
    first_activity: float | None
    compliant: float | None


def choices(session: Session, actor: Actor) -> Choices:
    """What the comparison can be limited to."""
    require(actor, Permission.SCORECARD_VIEW)
    rows = session.execute(
        select(
            PlacementCell.currency,
            PlacementCell.placement_month,
            PlacementCell.stratum,
            func.sum(PlacementCell.cases),
        )
        .where(owned_by(actor, PlacementCell.creditor_id, PlacementCell.agency_id))
        .group_by(PlacementCell.currency, PlacementCell.placement_month, PlacementCell.stratum)
    ).all()
    cases: dict[str, int] = {}
    for currency, _, _, count in rows:
        cases[currency] = cases.get(currency, 0) + int(count)
    return Choices(
        tuple(sorted(cases, key=lambda code: (-cases[code], code))),
        tuple(sorted({month for _, month, _, _ in rows})),
        tuple(sorted({stratum for _, _, stratum, _ in rows}, key=_band)),
    )


def compare(
    session: Session,
    actor: Actor,
    *,
    currency: str,
    months: int | None = None,
    window: Window = EVERYTHING,
    now: datetime,
) -> list[Compared]:
    """Every agency of the creditor's panel, also those that were given nothing; for an agency, each of its creditors.

    The window limits what was placed. Service levels, attestations and conduct are those of the whole relation; locate
    fees count only where nothing is limited.
    """
    facts = performance.facts(session, actor, currency=currency, months=months, window=window, now=now)
    facts += _unplaced(session, actor, facts, currency, months, window)
    whole = sum(one.placed_minor for one in facts) if actor.side is Side.CREDITOR else None
    stood = {}
    if actor.may(Permission.ATTESTATION_VIEW):
        stood = {(one.creditor_id, one.agency_id): one for one in standings(session, actor, now=now)}
    kept: dict[tuple[int, int], list[Compliance]] = defaultdict(list)
    if actor.may(Permission.SLA_VIEW):
        for one in compliance(session, actor, now=now):
            kept[one.creditor_id, one.agency_id].append(one)
    fees = None if is_partial(months, window) else _locate_fees(session, actor, currency)
    behaved = {}
    if actor.may(Permission.CONDUCT_VIEW):
        behaved = {(one.creditor_id, one.agency_id): one for one in conduct_of(session, actor)}
    return [
        Compared(
            one,
            whole,
            stood.get((one.creditor_id, one.agency_id)),
            tuple(kept[one.creditor_id, one.agency_id]),
            behaved.get((one.creditor_id, one.agency_id)),
            None if fees is None else fees.get((one.creditor_id, one.agency_id), 0),
        )
        for one in facts
    ]


def is_partial(months: int | None, window: Window) -> bool:
    """Whether a view holds only a part of the placements, so that its cost is commission without locate fees."""
    return months is not None or replace(window, partner_id=None) != EVERYTHING


def record_export(session: Session, actor: Actor, *, lines: int, currency: str, kind: str, now: datetime) -> None:
    """Write into the trail that the comparison leaves as a file."""
    require(actor, Permission.SCORECARD_VIEW)
    audit.record(session, actor, "comparison.exported", now=now, lines=lines, currency=currency, file_kind=kind)


def panel(
    session: Session, actor: Actor, creditor_id: int, *, currency: str, months: int | None, now: datetime
) -> list[Position]:
    """The other agencies of a creditor's panel, unnamed; nothing where fewer than three have enough data.

    The database adds them up as their owner and hands out rates only. Their order tells nothing: it is drawn anew for
    each agency that looks and for each choice, so that two who lay their pages together cannot line the rows up.
    """
    require(actor, Permission.SCORECARD_VIEW)
    require_side(actor, Side.AGENCY)
    zone = session.scalar(select(Organisation.time_zone).where(Organisation.id == creditor_id))
    if zone is None:
        return []
    rows = session.execute(
        text("select * from panel_positions(:creditor, :currency, cast(:months as bigint), :this_month, :now)"),
        {
            "creditor": creditor_id,
            "currency": currency,
            "months": months,
            "this_month": first_of_month(local_date(now, zone)),
            "now": now,
        },
    )
    return [Position(*row) for row in rows]


def _unplaced(
    session: Session,
    actor: Actor,
    facts: list[AgencyFacts],
    currency: str,
    months: int | None,
    window: Window,
) -> list[AgencyFacts]:
    """Members of the panel that were given nothing: they have service levels and attestations all the same."""
    placed = {(one.creditor_id, one.agency_id) for one in facts}
    missing = [one for one in members(session, actor) if (one.creditor_id, one.agency_id) not in placed]
    if window.partner_id is not None:
        missing = [one for one in missing if window.partner_id in (one.creditor_id, one.agency_id)]
    if not missing:
        return []
    names = dict(
        session.execute(
            select(Organisation.id, Organisation.name).where(Organisation.id.in_([one.agency_id for one in missing]))
        ).all()
    )
    return [
        AgencyFacts(
            creditor_id=one.creditor_id,
            agency_id=one.agency_id,
            agency_name=names[one.agency_id],
            currency=currency,
            months=months,
            first_month=None,
            last_month=None,
            cases=0,
            placed_minor=0,
            payments=0,
            collected_minor=0,
            commission_minor=0,
            payers=0,
            activities=0,
            reports_due=0,
            reports_on_time=0,
        )
        for one in missing
    ]


def _locate_fees(session: Session, actor: Actor, currency: str) -> dict[tuple[int, int], int]:
    rows = session.execute(
        select(Entry.creditor_id, Entry.agency_id, func.sum(Entry.total_minor))
        .where(
            owned_by(actor, Entry.creditor_id, Entry.agency_id),
            Entry.kind == EntryKind.LOCATE_FEE,
            Entry.currency == currency,
        )
        .group_by(Entry.creditor_id, Entry.agency_id)
    )
    return {(creditor, agency): int(fees) for creditor, agency, fees in rows}


def _band(stratum: str) -> tuple[int, ...]:
    return tuple(int(part) for part in stratum.split("/")[::-1] if part.isdigit())
