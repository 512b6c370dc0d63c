"""Lots and bids for tests: plain functions over the services, at instants that the database's clock has passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import update

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.mandates.terms import CUSTOMARY_PROMISES, TermSheet
from assignments.cases.models import Case
from assignments.cases.queries import Selection
from assignments.marketplace import award as awarding
from assignments.marketplace import bids, service
from assignments.marketplace.models import Bid, Lot
from portal.ports import Ports
from tests import loop
from tests.attested import attest_all

LISTED_AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
CLOSES_AT = LISTED_AT + timedelta(days=3)
DECIDED_BY = LISTED_AT + timedelta(days=20)
AFTER = CLOSES_AT + timedelta(hours=1)
_numbers = count(1)


def attest(ports: Ports, creditor: Actor, agencies: Sequence[Actor]) -> None:
    """Bring agencies onto the panel with everything attested."""
    for agency in agencies:
        attest_all(ports, creditor, agency, now=LISTED_AT - timedelta(days=10))


def add_portfolio(ports: Ports, creditor: Actor, cases: int = 60, *, start: int = 1, currency: str = "COP") -> None:
    """Open cases of several ages, products and regions."""
    new = [
        loop.NewCase(f"L{n:05}", 40_000 + 1_000 * n, currency=currency, phones=(f"30011{n:05}",) if n % 3 else ())
        for n in range(start, start + cases)
    ]
    loop.add_cases(ports, creditor, new)
    with ports.session(creditor) as session, transaction(session):
        for n, one in enumerate(new):
            session.execute(
                update(Case)
                .where(Case.account_ref == one.account_ref)
                .values(
                    days_past_due=(n * 37) % 400,
                    product=("Tarjeta", "Consumo")[n % 2],
                    region=("Antioquia", "Valle", "Atlántico")[n % 3],
                )
            )


def draft_lot(ports: Ports, creditor: Actor, *, now: datetime = LISTED_AT, **options: Any) -> Lot:
    """Prepare a lot of everything open."""
    with ports.session(creditor) as session, transaction(session):
        return service.propose(
            session,
            creditor,
            **{
                "name": f"Lote {next(_numbers)}",
                "selection": Selection(),
                "timetable": service.Timetable(CLOSES_AT, DECIDED_BY),
                "terms": TermSheet(report_due_days=5, promises=CUSTOMARY_PROMISES, tail_days=30),
                **options,
            },
            now=now,
        )


def offer(ports: Ports, creditor: Actor, *, now: datetime = LISTED_AT, **options: Any) -> Lot:
    """Prepare a lot and list it."""
    lot = draft_lot(ports, creditor, now=now, **options)
    with ports.session(creditor) as session, transaction(session):
        return service.list_lot(session, creditor, lot.id, now=now)


def bid(
    ports: Ports,
    agency: Actor,
    lot: Lot,
    commission_bp: int = 2_000,
    *,
    now: datetime = LISTED_AT + timedelta(hours=1),
    bands: Mapping[int, int] | None = None,
    **options: Any,
) -> Bid:
    """Bid, or change the bid."""
    proposal = bids.Proposal(
        commission_bp=commission_bp,
        bands=bands or {},
        **{"starts_on": date(2026, 3, 5), "valid_until": date(2026, 4, 30), **options},
    )
    with ports.session(agency) as session, transaction(session):
        return bids.submit(session, agency, lot.id, proposal, now=now)


def close(ports: Ports, creditor: Actor, lot: Lot, *, now: datetime = CLOSES_AT) -> Lot:
    """Let the time pass."""
    with ports.session(creditor) as session, transaction(session):
        return service.advance(session, creditor, lot.id, now=now)


def award(
    ports: Ports, creditor: Actor, lot: Lot, shares: Mapping[int, int], *, now: datetime = AFTER, **options: Any
) -> Lot:
    """Award a lot."""
    with ports.session(creditor) as session, transaction(session):
        return awarding.award(session, creditor, lot.id, shares=shares, now=now, **options)


def settle(ports: Ports, creditor: Actor, agency: Actor, mark: str) -> None:
    """By the clock of the machine, a lot whose bids are open and one whose bids are sealed."""
    now, before = utc_now(), utc_now() - timedelta(hours=2)
    last = (now + timedelta(days=30)).date()
    loop.add_cases(ports, creditor, [loop.NewCase(f"{mark}-LOT-{n}", 30_000 + n) for n in range(12)])
    chosen = Selection(search=f"{mark}-LOT")
    for hours in (-1, 1):
        timetable = service.Timetable(now + timedelta(hours=hours), now + timedelta(days=5))
        lot = offer(
            ports,
            creditor,
            name=f"{mark} {hours}",
            selection=chosen,
            now=before,
            timetable=timetable,
            invited=[agency.tenant],
        )
        bid(ports, agency, lot, note=mark, now=before, valid_until=last)
        close(ports, creditor, lot, now=now)
