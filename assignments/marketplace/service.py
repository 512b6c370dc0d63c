"""A creditor offers a lot: prepares it, lists it, withdraws it; the timetable closes it and lets it expire.

Until a lot closes nothing in the creditor's reach tells of its bids: closing is what opens them, and the database
refuses it before the time is up.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from agencies.kernel import audit, work
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.models import Service
from agencies.mandates.terms import TermSheet, check_terms
from agencies.organisations.permissions import Permission
from agencies.standing import panel
from assignments.cases.queries import Selection
from assignments.marketplace.listing import write_down
from assignments.marketplace.models import Lot, LotOffer, LotState
from assignments.marketplace.reading import ReadLot, read_lot
from assignments.marketplace.sheets import stored_terms
from assignments.marketplace.tape import LEAST_DEBTORS, Tape, age_mix, masked_tape
from assignments.placements.allocation import MAX_BANDS, SEEDS

ADVANCE = "advance_lot"
LONGEST = timedelta(days=180)


class LotNameMissing(Invalid):
    """A lot is known by its name, also to the agencies."""

    text = msg("Give the lot a name.")


class LotNameTaken(Conflict):
    """A creditor's lots go by different names."""

    text = msg("You already have a lot called %(name)s. Choose another name.")


class TimetableWrong(Invalid):
    """Bids come first, then the decision."""

    text = msg("Bids must close in the future, and the decision must follow within 180 days.")


class NobodyInvited(Invalid):
    """A lot is offered to agencies of the panel."""

    text = msg("Invite at least one agency of your panel.")


class LotTooSmall(Invalid):
    """Figures of few people tell who they are."""

    text = msg("A lot needs at least %(least)s debtors whose open cases nobody works; this selection has %(found)s.")


class ReserveOutOfRange(Invalid):
    """A reserve is a commission."""

    text = msg("The highest commission must lie between 0 % and 100 %.")


class LotMoved(Conflict):
    """The lot is not where it was when it was looked at."""

    text = msg("This lot is no longer where it was. Reload the page and look again.")


@dataclass(frozen=True)
class Timetable:
    """Until when agencies bid, and until when the creditor decides."""

    bids_until: datetime
    decision_until: datetime


def propose(
    session: Session,
    actor: Actor,
    *,
    name: str,
    selection: Selection,
    timetable: Timetable,
    terms: TermSheet,
    invited: Sequence[int] = (),
    is_split: bool = False,
    shows_bid_count: bool = False,
    reserve_bp: int | None = None,
    bands: int = 5,
    now: datetime,
) -> Lot:
    """Prepare a lot that nobody is shown yet; `invited` empty means the whole panel as it is when listed."""
    creditor_id = _offerer(actor)
    if not name.strip():
        raise LotNameMissing
    # Of two requests with one name at the same time, the second waits here for the first and is told.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('lots', :creditor))"), {"creditor": creditor_id}
    )
    if session.scalar(select(Lot.id).where(Lot.creditor_id == creditor_id, Lot.name == name.strip())) is not None:
        raise LotNameTaken(name=name.strip())
    check_terms(terms)
    if reserve_bp is not None and not 0 <= reserve_bp <= 10_000:
        raise ReserveOutOfRange
    _check_timetable(timetable, now)
    _bidders(session, actor, invited)
    found = _found(session, actor, selection, now)
    lot = Lot(
        creditor_id=creditor_id,
        name=name.strip(),
        service=Service.COLLECT,
        state=LotState.DRAFT,
        selection=selection.to_dict(),
        terms=stored_terms(terms),
        is_split=is_split,
        shows_bid_count=shows_bid_count,
        invited=sorted(set(invited)),
        reserve_bp=reserve_bp,
        seed=secrets.randbelow(SEEDS),
        bands=min(max(bands, 1), MAX_BANDS),
        bids_until=timetable.bids_until,
        decision_until=timetable.decision_until,
        created_at=now,
        created_by=actor.user_id,
    )
    _fill(lot, found)
    session.add(lot)
    session.flush()
    _record(session, actor, "lot.drafted", lot, now)
    return lot


def list_lot(session: Session, actor: Actor, lot_id: int, *, now: datetime) -> Lot:
    """Show a lot to its agencies, as its cases stand now; raises `LotMoved` unless it is a draft."""
    lot = locked(session, _offerer(actor), lot_id)
    if lot.state is not LotState.DRAFT:
        raise LotMoved
    _check_timetable(Timetable(lot.bids_until, lot.decision_until), now)
    found = _found(session, actor, Selection.from_dict(lot.selection), now)
    _fill(lot, found)
    bidders = _bidders(session, actor, lot.invited)
    session.flush()
    write_down(session, lot, found[0].case_ids)
    lot.state, lot.listed_at = LotState.LISTED, now
    session.flush()
    session.add_all(_offer(lot, agency_id, now) for agency_id in bidders)
    session.flush()
    _record(session, actor, "lot.listed", lot, now)
    for agency_id in bidders:
        audit.record(session, actor, "lot.offered", now=now, organisations=[agency_id], lot_id=lot.id, cases=lot.cases)
        until = local_date(lot.bids_until, actor.time_zone).isoformat()
        tell_agency(session, lot, agency_id, "lot.listed", now, bids_until=until)
    for due in (lot.bids_until, lot.decision_until):
        # Done for the organisation, so that a lot closes also when who listed it has left.
        work.request(
            session,
            replace(actor, user_id=None),
            ADVANCE,
            f"{lot.id}:{due.isoformat()}",
            {"lot_id": lot.id},
            now=now,
            due_at=due,
        )
    return lot


def withdraw(session: Session, actor: Actor, lot_id: int, *, now: datetime) -> Lot:
    """Take a lot back; its sealed bids stay sealed for good."""
    lot = locked(session, _offerer(actor), lot_id)
    if lot.state not in {LotState.DRAFT, LotState.LISTED, LotState.CLOSED}:
        raise LotMoved
    was_shown = lot.state is not LotState.DRAFT
    lot.ended_by = actor.user_id
    move(session, lot, LotState.WITHDRAWN, now)
    _record(session, actor, "lot.withdrawn", lot, now)
    for agency_id in bidders_of(session, lot) if was_shown else ():
        tell_agency(session, lot, agency_id, "lot.withdrawn", now)
    return lot


def advance(session: Session, actor: Actor, lot_id: int, *, now: datetime) -> Lot:
    """Move a lot along its timetable: close it and open its bids, or let it expire; what is not due stays."""
    lot = locked(session, _viewer(actor), lot_id)
    if lot.state is LotState.LISTED and lot.bids_until <= now:
        _close(session, actor, lot, now)
    if lot.state is LotState.CLOSED and lot.decision_until <= now:
        move(session, lot, LotState.EXPIRED, now)
        _record(session, actor, "lot.expired", lot, now)
        for agency_id in bidders_of(session, lot):
            tell_agency(session, lot, agency_id, "lot.expired", now)
    return lot


def due_lots(session: Session, actor: Actor, *, now: datetime) -> list[int]:
    """The creditor's lots whose timetable has gone on without them."""
    rows = select(Lot.id).where(
        Lot.creditor_id == _viewer(actor),
        or_(
            (Lot.state == LotState.LISTED) & (Lot.bids_until <= now),
            (Lot.state == LotState.CLOSED) & (Lot.decision_until <= now),
        ),
    )
    return list(session.scalars(rows.order_by(Lot.id)))


def locked(session: Session, creditor_id: int, lot_id: int) -> Lot:
    """The creditor's lot, held until the end of the transaction; raises `NotFound`."""
    # A hundred people may press at once; each waits for the one before and then sees what that one did.
    session.execute(text("set local lock_timeout = '120s'"))
    lot = session.scalar(
        select(Lot)
        .where(Lot.creditor_id == creditor_id, Lot.id == lot_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if lot is None:
        raise NotFound
    return lot


def move(session: Session, lot: Lot, state: LotState, now: datetime) -> None:
    """Put a lot that is held, and its offers, into a state; with its end the agencies lose the masked figures."""
    lot.state = state
    kept: dict[str, object] = {"state": state}
    if state is LotState.CLOSED:
        lot.closed_at = now
    else:
        lot.ended_at = now
        kept |= {"ended_at": now, "tape": {}}
    session.flush()
    # Waits for every bid that is just being written: it holds its offer.
    session.execute(
        update(LotOffer)
        .where(LotOffer.creditor_id == lot.creditor_id, LotOffer.lot_id == lot.id)
        .values(**kept)
        .execution_options(synchronize_session="fetch")
    )


def bidders_of(session: Session, lot: Lot) -> list[int]:
    """The agencies a lot was offered to."""
    rows = select(LotOffer.agency_id).where(LotOffer.creditor_id == lot.creditor_id, LotOffer.lot_id == lot.id)
    return list(session.scalars(rows.order_by(LotOffer.agency_id)))


def tell_agency(session: Session, lot: Lot, agency_id: int, kind: str, now: datetime, **details: Any) -> None:
    """Leave a notice with an agency about a lot."""
    notify(
        session,
        agency_id,
        kind,
        key=f"{kind}:{lot.id}",
        permission=Permission.BID_SUBMIT,
        now=now,
        creditor_id=lot.creditor_id,
        lot_id=lot.id,
        name=lot.name,
        **details,
    )


def _offerer(actor: Actor) -> int:
    require(actor, Permission.LOT_OFFER)
    return require_side(actor, Side.CREDITOR)


def _viewer(actor: Actor) -> int:
    require(actor, Permission.LOT_VIEW)
    return require_side(actor, Side.CREDITOR)


def _check_timetable(timetable: Timetable, now: datetime) -> None:
    if not now < timetable.bids_until < timetable.decision_until <= now + LONGEST:
        raise TimetableWrong


def _bidders(session: Session, actor: Actor, invited: Sequence[int]) -> list[int]:
    on_panel = panel.on_panel(session, actor)
    if not on_panel or not set(invited) <= on_panel:
        raise NobodyInvited
    return sorted(set(invited) or on_panel)


def _found(session: Session, actor: Actor, selection: Selection, now: datetime) -> tuple[ReadLot, Tape]:
    found = read_lot(session, actor, selection, on=local_date(now, actor.time_zone))
    tape = masked_tape(found.cases, found.currency) if found else None
    if found is None or tape is None or tape.debtors < LEAST_DEBTORS:
        raise LotTooSmall(least=LEAST_DEBTORS, found=tape.debtors if tape else 0)
    return found, tape


def _fill(lot: Lot, found: tuple[ReadLot, Tape]) -> None:
    read, tape = found
    lot.currency = read.currency
    lot.cases, lot.debtors, lot.value_minor = tape.cases, tape.debtors, int(read.cases.balances.sum())
    lot.mix, lot.tape = age_mix(read.cases), tape.to_dict()


def _offer(lot: Lot, agency_id: int, now: datetime) -> LotOffer:
    return LotOffer(
        creditor_id=lot.creditor_id,
        agency_id=agency_id,
        lot_id=lot.id,
        name=lot.name,
        service=lot.service,
        state=lot.state,
        currency=lot.currency,
        tape=lot.tape,
        terms=lot.terms,
        is_split=lot.is_split,
        shows_bid_count=lot.shows_bid_count,
        bids_until=lot.bids_until,
        decision_until=lot.decision_until,
        offered_at=now,
    )


def _close(session: Session, actor: Actor, lot: Lot, now: datetime) -> None:
    move(session, lot, LotState.CLOSED, now)
    bids = session.execute(text("select open_bids(:lot, :now)"), {"lot": lot.id, "now": now}).scalar_one()
    audit.record(session, actor, "lot.closed", now=now, lot_id=lot.id, bids=bids)
    permission = Permission.LOT_AWARD
    details = {"lot_id": lot.id, "name": lot.name, "bids": bids}
    key = f"lot.closed:{lot.id}"
    notify(session, lot.creditor_id, "lot.closed", key=key, permission=permission, now=now, **details)


def _record(session: Session, actor: Actor, action: str, lot: Lot, now: datetime) -> None:
    audit.record(
        session,
        actor,
        action,
        now=now,
        lot_id=lot.id,
        cases=lot.cases,
        value_minor=lot.value_minor,
        currency=lot.currency,
    )
