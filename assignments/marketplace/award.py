"""The award: a lot becomes mandates and placements, and every other bid is declined, in one transaction.

The lot's row is held from the first statement on, so that of many who press at once one goes through and the others
see that it is done. The cases are read again, and they are those the lot was listed with: what moved since is neither
placed nor paid for, what came since was never bid on, and whoever awards has seen the split as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.approvals.limits import SecondPersonNeeded, needs_second
from agencies.approvals.models import ApprovalKind
from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.money import BASIS
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates import service as mandates
from agencies.mandates.models import Mandate
from agencies.mandates.signing import Signer
from agencies.organisations.models import Organisation, User
from agencies.organisations.permissions import Permission
from assignments.cases.models import CaseState
from assignments.cases.queries import Selection
from assignments.marketplace.models import DeclineReason, Lot, LotOffer, LotState, Outcome
from assignments.marketplace.queries import BidRow, get_lot, list_bids
from assignments.marketplace.service import bidders_of, locked, move, tell_agency
from assignments.marketplace.sheets import average_rate, terms_with
from assignments.placements import service as placements
from assignments.placements.allocation import digest as digest_of
from assignments.placements.models import Wave
from assignments.placements.planning import Plan, Terms, plan
from assignments.placements.preview import Preview, preview_of
from assignments.placements.strategy import by_shares
from assignments.placements.writing import hold_placing


class LotAlreadyAwarded(Conflict):
    """A lot is awarded once."""

    text = msg("This lot has already been awarded.")


class LotNotDecidable(Conflict):
    """Only a lot whose bids are open can be awarded."""

    text = msg("This lot cannot be awarded: its bids are not open, or it is over.")


class NoSuchBid(Invalid):
    """Whoever wins has bid."""

    text = msg("One of the agencies you chose has no bid on this lot.")


class BidExpired(Invalid):
    """A bid binds its agency until its last day."""

    text = msg("The bid of %(name)s was valid until %(until)s and cannot win any more.")


class BidBeginsLater(Conflict):
    """The cases go out and their clocks start at once, so nobody wins before the day from which it can work."""

    text = msg("The bid of %(name)s begins on %(day)s. Award it from then on, or ask the agency for an earlier start.")


class WinnersDoNotFit(Invalid):
    """One winner takes all; several share all."""

    text = msg("The shares must be above 0 % and come to 100 % together.")


class OneWinnerOnly(Invalid):
    """The lot was not offered in parts."""

    text = msg("This lot was offered to one winner. Choose one agency.")


class AboveReserve(Invalid):
    """The creditor set a limit for itself."""

    text = msg("The bid of %(name)s costs more on average than the highest commission you set for this lot.")


class BeyondCapacity(Invalid):
    """An agency said how much it can take."""

    text = msg("%(name)s can take %(capacity)s cases and would receive %(cases)s. Give it a smaller share.")


class AwardMoved(Conflict):
    """The cases or the bids are not as they were when the award was looked at."""

    text = msg("The cases of the lot have changed since you looked at the award. Look at it again.")


@dataclass(frozen=True)
class AwardPreview:
    """What an award would do now, and what has become of the lot since it was listed."""

    preview: Preview
    #: Of exactly this split; the award is refused when another one would come out.
    digest: str

    def cases_gone(self, lot: Lot) -> int:
        """How many of the cases with which the lot was listed cannot be placed any more."""
        return lot.cases - self.preview.cases


def preview_award(
    session: Session, actor: Actor, lot_id: int, *, shares: Mapping[int, int], now: datetime
) -> AwardPreview:
    """Who would get what if the lot were awarded now in these shares; raises what the award would refuse."""
    require(actor, Permission.LOT_AWARD)
    lot = get_lot(session, actor, lot_id)
    drawn, _ = _drawn(session, actor, lot, shares, now)
    return AwardPreview(drawn.preview, _digest(drawn))


def award(
    session: Session,
    actor: Actor,
    lot_id: int,
    *,
    shares: Mapping[int, int],
    digest: str | None = None,
    reasons: Mapping[int, DeclineReason] | None = None,
    now: datetime,
) -> Lot:
    """Award a closed lot: a mandate from each winning bid, the placements, a short reason for every other bidder.

    `shares` by agency come to 10,000. With `digest` exactly the previewed split is placed. Raises `LotAlreadyAwarded`,
    `AwardMoved`, `SecondPersonNeeded`, what the bids and shares are refused for, and what mandates and placements
    refuse.
    """
    require(actor, Permission.LOT_AWARD)
    lot = locked(session, require_side(actor, Side.CREDITOR), lot_id)
    if lot.state is LotState.AWARDED:
        raise LotAlreadyAwarded
    # No other placement of this creditor comes between what is read here and what is placed.
    hold_placing(session, lot.creditor_id)
    drawn, winners = _drawn(session, actor, lot, shares, now)
    if digest is not None and digest != _digest(drawn):
        raise AwardMoved
    if needs_second(session, actor, ApprovalKind.AWARD, drawn.preview.value_minor, lot.currency):
        raise SecondPersonNeeded
    made = [_make_mandate(session, actor, lot, row, now) for row in winners]
    wave = _place(session, actor, lot, made, shares, now)
    lot.wave_id, lot.ended_by = wave.id, actor.user_id
    move(session, lot, LotState.AWARDED, now)
    _settle(session, actor, lot, made, shares, reasons or {}, now)
    preview = preview_of(wave)
    audit.record(
        session,
        actor,
        "lot.awarded",
        now=now,
        lot_id=lot.id,
        wave_id=wave.id,
        shares={str(agency): share for agency, share in shares.items()},
        cases=preview.cases,
        value_minor=preview.value_minor,
        currency=lot.currency,
    )
    return lot


def _drawn(
    session: Session, actor: Actor, lot: Lot, shares: Mapping[int, int], now: datetime
) -> tuple[Plan, list[BidRow]]:
    today = local_date(now, actor.time_zone)
    if lot.state is not LotState.CLOSED or lot.decision_until <= now:
        raise LotNotDecidable
    winners = _winners(session, actor, lot, shares, today)
    drawn = plan(
        session,
        actor,
        _selection(lot),
        [Terms(row.agency_id, row.agency_name, 0, lot.name, 0, terms_with(lot.terms, row.bid)) for row in winners],
        seed=lot.seed,
        strategy=by_shares(shares, lot.bands),
        on=today,
    )
    if not drawn.preview.cases:
        raise placements.NothingToPlace
    for row in winners:
        cases = next(one.cases for one in drawn.preview.agencies if one.agency_id == row.agency_id)
        if row.bid.capacity is not None and cases > row.bid.capacity:
            raise BeyondCapacity(name=row.agency_name, capacity=row.bid.capacity, cases=cases)
    return drawn, winners


def _winners(session: Session, actor: Actor, lot: Lot, shares: Mapping[int, int], today: date) -> list[BidRow]:
    if not shares or min(shares.values()) < 1 or sum(shares.values()) != BASIS:
        raise WinnersDoNotFit
    if len(shares) > 1 and not lot.is_split:
        raise OneWinnerOnly
    bids = {row.agency_id: row for row in list_bids(session, actor, lot.id)}
    if not set(shares) <= set(bids):
        raise NoSuchBid
    winners = [bids[agency_id] for agency_id in sorted(shares)]
    for row in winners:
        if row.bid.valid_until < today:
            raise BidExpired(name=row.agency_name, until=row.bid.valid_until)
        if row.bid.starts_on > today:
            raise BidBeginsLater(name=row.agency_name, day=row.bid.starts_on)
        if lot.reserve_bp is not None and average_rate(terms_with(lot.terms, row.bid), lot.mix) > lot.reserve_bp:
            raise AboveReserve(name=row.agency_name)
    return winners


def _selection(lot: Lot) -> Selection:
    """The cases with which the lot was listed, and no others that its filter would let through by now."""
    return Selection(state=CaseState.OPEN, lot_id=lot.id)


def _digest(drawn: Plan) -> str:
    return digest_of(drawn.case_ids, drawn.agency_ids, drawn.balances, drawn.rates)


def _make_mandate(session: Session, actor: Actor, lot: Lot, row: BidRow, now: datetime) -> Mandate:
    return mandates.make(
        session,
        actor,
        agency_id=row.agency_id,
        name=_free_name(session, lot, f"{lot.name} · {row.agency_name}"),
        terms=terms_with(lot.terms, row.bid),
        valid_from=local_date(now, actor.time_zone),
        service=lot.service,
        awarded=mandates.Awarded(
            lot_id=lot.id,
            creditor=Signer(_name_of(session, actor), lot.name),
            # Who bid for the agency is not the creditor's to read: the agency signs by its name.
            agency=Signer(row.agency_name, lot.name),
            bid_at=row.bid.submitted_at,
            bid_by=row.bid.submitted_by,
        ),
        now=now,
    )


def _name_of(session: Session, actor: Actor) -> str:
    """Who awards, by name; a job in nobody's name signs for its organisation."""
    person = session.scalar(select(User.name).where(User.id == actor.user_id))
    return person or session.scalars(select(Organisation.name).where(Organisation.id == actor.tenant)).one()


def _free_name(session: Session, lot: Lot, wanted: str) -> str:
    """A name no mandate has: whoever awards cannot rename what the lot and the bidder are called."""
    taken = set(session.scalars(select(Mandate.name).where(Mandate.creditor_id == lot.creditor_id)))
    names = (wanted if number == 1 else f"{wanted} ({number})" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _place(
    session: Session, actor: Actor, lot: Lot, made: Sequence[Mandate], shares: Mapping[int, int], now: datetime
) -> Wave:
    wave = placements.draft(
        session,
        actor,
        name=lot.name,
        selection=_selection(lot),
        mandate_ids=[mandate.id for mandate in made],
        seed=lot.seed,
        bands=lot.bands,
        shares=shares,
        now=now,
    )
    return placements.place(session, actor, wave.id, digest=str(wave.digest), now=now)


def _settle(
    session: Session,
    actor: Actor,
    lot: Lot,
    made: Sequence[Mandate],
    shares: Mapping[int, int],
    reasons: Mapping[int, DeclineReason],
    now: datetime,
) -> None:
    mandate_of = {mandate.agency_id: mandate.id for mandate in made}
    bids = {row.agency_id for row in list_bids(session, actor, lot.id)}
    for agency_id in bidders_of(session, lot):
        offer = session.get(LotOffer, (lot.creditor_id, agency_id, lot.id))
        if offer is None:
            raise NotFound
        if agency_id in shares:
            offer.outcome, offer.share_bp, offer.mandate_id = Outcome.WON, shares[agency_id], mandate_of[agency_id]
        elif agency_id in bids:
            offer.outcome, offer.reason = Outcome.DECLINED, reasons.get(agency_id, DeclineReason.RETURN)
        else:
            offer.outcome = Outcome.ABSENT
            continue
        kind = f"bid.{offer.outcome.value}"
        audit.record(session, actor, kind, now=now, organisations=[agency_id], lot_id=lot.id, reason=offer.reason)
        tell_agency(session, lot, agency_id, kind, now)
    session.flush()
