"""Lots, offers and bids as the two sides may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, select, text
from sqlalchemy.orm import Session

from agencies.attestations.gates import Act, Blocked, obstacles
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.marketplace.models import Bid, BidState, Lot, LotOffer, LotState, OpenedBid, Outcome


@dataclass(frozen=True)
class OfferRow:
    """A lot on an agency's board, with its creditor's name, clock and the agency's own bid."""

    offer: LotOffer
    creditor_name: str
    country: str
    time_zone: str
    bid: Bid | None

    def is_open(self, now: datetime) -> bool:
        """Whether a bid may still be made, changed or taken back."""
        return self.offer.state is LotState.LISTED and now < self.offer.bids_until

    @property
    def shows_tape(self) -> bool:
        """Whether the masked figures may be shown to an agency that has passed the gate."""
        is_seen = self.offer.state is LotState.CLOSED and self.offer.seen_at is not None
        return self.offer.state is LotState.LISTED or is_seen

    @property
    def has_bid(self) -> bool:
        """Whether the agency's bid counts, or did when bids closed."""
        return self.bid is not None and self.bid.state is BidState.SUBMITTED


@dataclass(frozen=True)
class Invitation:
    """One invited agency, as its creditor sees it."""

    agency_id: int
    agency_name: str
    offer: LotOffer


@dataclass(frozen=True)
class BidRow:
    """One opened bid with its agency."""

    agency_id: int
    agency_name: str
    bid: OpenedBid
    offer: LotOffer


def list_lots(session: Session, actor: Actor, *, state: LotState | None = None, after: int | None = None) -> Page[Lot]:
    """The creditor's lots, newest first."""
    statement = select(Lot).where(Lot.creditor_id == _creditor(actor))
    if state is not None:
        statement = statement.where(Lot.state == state)
    if after is not None:
        statement = statement.where(Lot.id < after)
    return cut(session.scalars(statement.order_by(Lot.id.desc()).limit(PAGE + 1)).all(), PAGE, lambda lot: lot.id)


def get_lot(session: Session, actor: Actor, lot_id: int) -> Lot:
    """One lot of the creditor; raises `NotFound`."""
    lot = session.scalar(select(Lot).where(Lot.creditor_id == _creditor(actor), Lot.id == lot_id))
    if lot is None:
        raise NotFound
    return lot


def list_invitations(session: Session, actor: Actor, lot_id: int) -> list[Invitation]:
    """The agencies a lot was offered to, by name; nothing of it tells who has bid."""
    rows = session.execute(
        select(Organisation.name, LotOffer)
        .join(Organisation, Organisation.id == LotOffer.agency_id)
        .where(LotOffer.creditor_id == _creditor(actor), LotOffer.lot_id == lot_id)
        .order_by(Organisation.name, LotOffer.agency_id)
    )
    return [Invitation(offer.agency_id, name, offer) for name, offer in rows]


def list_bids(session: Session, actor: Actor, lot_id: int) -> list[BidRow]:
    """The bids on a lot as they were opened, by name of the agency; none before."""
    rows = session.execute(
        select(Organisation.name, OpenedBid, LotOffer)
        .join(Organisation, Organisation.id == OpenedBid.agency_id)
        .join(
            LotOffer,
            and_(
                LotOffer.creditor_id == OpenedBid.creditor_id,
                LotOffer.agency_id == OpenedBid.agency_id,
                LotOffer.lot_id == OpenedBid.lot_id,
            ),
        )
        .where(OpenedBid.creditor_id == _creditor(actor), OpenedBid.lot_id == lot_id)
        .order_by(Organisation.name, OpenedBid.agency_id)
    )
    return [BidRow(bid.agency_id, name, bid, offer) for name, bid, offer in rows]


def list_offers(
    session: Session,
    actor: Actor,
    *,
    is_open: bool | None = None,
    outcome: Outcome | None = None,
    after: int | None = None,
    now: datetime,
) -> Page[OfferRow]:
    """The lots offered to the agency, newest first."""
    statement = _offers(actor)
    listed = and_(LotOffer.state == LotState.LISTED, LotOffer.bids_until > now)
    if is_open is not None:
        statement = statement.where(listed if is_open else ~listed)
    if outcome is not None:
        statement = statement.where(LotOffer.outcome == outcome)
    if after is not None:
        statement = statement.where(LotOffer.lot_id < after)
    rows = session.execute(statement.order_by(LotOffer.lot_id.desc()).limit(PAGE + 1)).all()
    return cut([OfferRow(*row) for row in rows], PAGE, lambda row: row.offer.lot_id)


def get_offer(session: Session, actor: Actor, lot_id: int) -> OfferRow:
    """A lot as it was offered to the agency, with the agency's own bid; raises `NotFound`."""
    row = session.execute(_offers(actor).where(LotOffer.lot_id == lot_id)).one_or_none()
    if row is None:
        raise NotFound
    return OfferRow(*row)


def count_bids(session: Session, creditor_id: int, lot_id: int) -> int | None:
    """How many bids lie on a lot, where its creditor chose to let everybody know; else nothing."""
    found: int | None = session.execute(
        text("select count_bids(:creditor, :lot)"), {"creditor": creditor_id, "lot": lot_id}
    ).scalar()
    return found


def bid_obstacles(session: Session, actor: Actor, offer: LotOffer, *, now: datetime) -> tuple[Blocked, ...]:
    """What keeps the agency from looking at the figures and bidding while bids are taken; nothing when all is well."""
    if offer.state is not LotState.LISTED:
        return ()
    found = obstacles(session, actor, Act.BID, creditor_id=offer.creditor_id, agency_ids=[offer.agency_id], now=now)
    return found.get(offer.agency_id, ())


def _offers(actor: Actor) -> Select[LotOffer, str, str, str, Bid | None]:
    require(actor, Permission.LOT_VIEW)
    agency_id = require_side(actor, Side.AGENCY)
    return (
        select(LotOffer, Organisation.name, Organisation.country, Organisation.time_zone, Bid)
        .join(Organisation, Organisation.id == LotOffer.creditor_id)
        .outerjoin(
            Bid,
            and_(
                Bid.creditor_id == LotOffer.creditor_id,
                Bid.agency_id == LotOffer.agency_id,
                Bid.lot_id == LotOffer.lot_id,
            ),
        )
        .where(LotOffer.agency_id == agency_id)
    )


def _creditor(actor: Actor) -> int:
    require(actor, Permission.LOT_VIEW)
    return require_side(actor, Side.CREDITOR)
