"""An agency looks at a lot, bids, changes its bid and takes it back, until the second in which bids close.

A bid is known to its agency alone: it is written where no other role can read, and told in no other trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.attestations.gates import Act, pass_gate
from agencies.attestations.queries import standings
from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.money import BASIS
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.schedule import AgeBand, by_age
from agencies.mandates.terms import TermSheet, check_terms
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.marketplace.models import Bid, BidState, LotOffer, LotState
from assignments.marketplace.tape import AGE_STARTS

MAX_FIRST_CONTACT = 720


class BiddingOver(Conflict):
    """Bids close to the second."""

    text = msg("The time for bids on this lot is over.")


class NothingBid(Conflict):
    """There is no bid to take back."""

    text = msg("You have no bid on this lot.")


class BandsUnknown(Invalid):
    """Everybody prices the same ages, so that prices can be compared."""

    text = msg("Give a commission for the age bands of the lot, each once.")


class CapacityMissing(Invalid):
    """A capacity is a number of cases."""

    text = msg("The capacity must be at least one case; leave it empty if you can take them all.")


class PromiseOutOfRange(Invalid):
    """What is expected back lies between nothing and everything, and does not shrink with time."""

    text = msg("The expected recovery lies between 0 % and 100 %, and at 12 months not below that at 6.")


class BidTooShort(Invalid):
    """A bid that ends before it can be opened is none."""

    text = msg("The bid must be valid at least until %(until)s, when bids close.")


class FirstContactOutOfRange(Invalid):
    """A first contact is promised within days."""

    text = msg("The first contact must be promised within 1 to 720 business hours.")


@dataclass(frozen=True)
class Proposal:
    """What an agency offers for a lot."""

    #: On debts younger than the first age band, or of unknown age.
    commission_bp: int
    starts_on: date
    valid_until: date
    #: Age in days from which another commission applies -> that commission.
    bands: Mapping[int, int]
    capacity: int | None = None
    first_contact_hours: int | None = None
    promise_6_bp: int | None = None
    promise_12_bp: int | None = None
    basis: str = ""
    subcontractors: str = ""
    data_country: str = ""
    conflicts: str = ""
    note: str = ""


def look(session: Session, actor: Actor, lot_id: int, *, now: datetime) -> LotOffer:
    """Look at a lot, while bids are taken with its masked figures; the first look at them is recorded on both sides.

    Raises `NotFound`, and `GateClosed` with what the agency must see to before it may look and bid.
    """
    offer = _mine(session, actor, lot_id, is_held=False)
    _gate(session, actor, offer, now)
    if offer.seen_at is None and offer.state is LotState.LISTED:
        offer.seen_at = now
        audit.record(
            session,
            actor,
            "lot.seen",
            now=now,
            organisations=[offer.creditor_id, offer.agency_id],
            lot_id=lot_id,
        )
    return offer


def submit(session: Session, actor: Actor, lot_id: int, proposal: Proposal, *, now: datetime) -> Bid:
    """Bid, or put another bid in the place of the one before; raises `BiddingOver` from the closing second on."""
    offer = _open(session, actor, lot_id, now)
    _gate(session, actor, offer, now)
    _check(proposal, _last_day(session, offer))
    bid = _find(session, offer)
    is_new = bid is None
    if bid is None:
        bid = Bid(creditor_id=offer.creditor_id, agency_id=offer.agency_id, lot_id=lot_id)
    for name, value in asdict(proposal).items():
        setattr(bid, name, value)
    bid.bands = [[start, proposal.bands[start]] for start in sorted(proposal.bands)]
    bid.state = BidState.SUBMITTED
    bid.attestations = _snapshot(session, actor, offer, now)
    bid.submitted_at, bid.submitted_by = now, actor.user_id
    session.add(bid)
    session.flush()
    _record(session, actor, "bid.submitted" if is_new else "bid.changed", bid, now)
    return bid


def withdraw(session: Session, actor: Actor, lot_id: int, *, now: datetime) -> Bid:
    """Take the bid back before bids close; another one may follow."""
    offer = _open(session, actor, lot_id, now)
    bid = _find(session, offer)
    if bid is None or bid.state is not BidState.SUBMITTED:
        raise NothingBid
    bid.state = BidState.WITHDRAWN
    session.flush()
    _record(session, actor, "bid.withdrawn", bid, now)
    return bid


def _mine(session: Session, actor: Actor, lot_id: int, *, is_held: bool) -> LotOffer:
    require(actor, Permission.LOT_VIEW)
    agency_id = require_side(actor, Side.AGENCY)
    statement = select(LotOffer).where(LotOffer.agency_id == agency_id, LotOffer.lot_id == lot_id)
    if is_held:
        # The lot closes by changing this row: whichever comes first, the other waits and then sees it.
        statement = statement.with_for_update()
    offer = session.scalar(statement.execution_options(populate_existing=True))
    if offer is None:
        raise NotFound
    return offer


def _open(session: Session, actor: Actor, lot_id: int, now: datetime) -> LotOffer:
    require(actor, Permission.BID_SUBMIT)
    offer = _mine(session, actor, lot_id, is_held=True)
    if offer.state is not LotState.LISTED or now >= offer.bids_until:
        raise BiddingOver
    return offer


def _gate(session: Session, actor: Actor, offer: LotOffer, now: datetime) -> None:
    if offer.state is LotState.LISTED:
        pass_gate(session, actor, Act.BID, creditor_id=offer.creditor_id, agency_ids=[offer.agency_id], now=now)


def _find(session: Session, offer: LotOffer) -> Bid | None:
    return session.get(Bid, (offer.creditor_id, offer.agency_id, offer.lot_id), populate_existing=True)


def _last_day(session: Session, offer: LotOffer) -> date:
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == offer.creditor_id)).one()
    return local_date(offer.bids_until, zone)


def _check(proposal: Proposal, last_day: date) -> None:
    if not set(proposal.bands) <= set(AGE_STARTS):
        raise BandsUnknown
    check_terms(
        TermSheet(
            commission_bp=proposal.commission_bp,
            lines=by_age(AgeBand(start, rate) for start, rate in proposal.bands.items()),
        )
    )
    if proposal.capacity is not None and proposal.capacity < 1:
        raise CapacityMissing
    if proposal.first_contact_hours is not None and not 1 <= proposal.first_contact_hours <= MAX_FIRST_CONTACT:
        raise FirstContactOutOfRange
    six, twelve = proposal.promise_6_bp, proposal.promise_12_bp
    if any(one is not None and not 0 <= one <= BASIS for one in (six, twelve)) or (
        six is not None and twelve is not None and twelve < six
    ):
        raise PromiseOutOfRange
    if proposal.valid_until < last_day:
        raise BidTooShort(until=last_day)


def _snapshot(session: Session, actor: Actor, offer: LotOffer, now: datetime) -> list[dict[str, Any]]:
    stood = standings(session, actor, creditor_id=offer.creditor_id, now=now)
    return [
        {"code": one.code, "state": one.state.value, "valid_until": one.valid_until and one.valid_until.isoformat()}
        for relation in stood
        for one in relation.templates
    ]


def _record(session: Session, actor: Actor, action: str, bid: Bid, now: datetime) -> None:
    # For the bidder's own trail only: the creditor's would tell of the bid before it is opened.
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[bid.agency_id],
        lot_id=bid.lot_id,
        commission_bp=bid.commission_bp,
        valid_until=bid.valid_until,
    )
