"""Drafts, commits and acknowledges waves; `place` is the only maker of placements.

A wave is committed exactly as it was previewed: `place` draws the split again under a lock and compares digests, so
whoever decides has seen what happens, and of two overlapping waves the later one is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import first_of_month, local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.models import MandateVersion, Service
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.scorecards.cells import PlacedDelta, add_placed
from assignments.cases.queries import Selection
from assignments.placements.admission import admit, keep_standing, rooms_for
from assignments.placements.allocation import SEEDS
from assignments.placements.history import explain
from assignments.placements.holding import hold_taken_on
from assignments.placements.lifecycle import check_move
from assignments.placements.models import Consignment, Placement, PlacementState, Wave, WaveState
from assignments.placements.planning import Plan, Terms, plan
from assignments.placements.rejections import count_rejected
from assignments.placements.strategy import Strategy, by_shares
from assignments.placements.taking_part import terms_for
from assignments.placements.writing import Sent, hold_placing, row_count, write


class WaveNameMissing(Invalid):
    """A wave is known by its name, also to the agencies."""

    text = msg("Give the placement a name.")


class NothingToPlace(Invalid):
    """Every selected case is held back."""

    text = msg("None of the selected cases can be placed.")


class SelectionMoved(Conflict):
    """What is selected now is not what was previewed."""

    text = msg("The selected cases or the terms have changed since the preview. Look at it again.")


class WaveAlreadyCommitted(Conflict):
    """A wave is committed once."""

    text = msg("This placement has already been made.")


def draft(
    session: Session,
    actor: Actor,
    *,
    name: str,
    selection: Selection,
    mandate_ids: Sequence[int],
    seed: int | None = None,
    bands: int = 5,
    shares: Mapping[int, int] | None = None,
    strategy: Strategy | None = None,
    now: datetime,
) -> Wave:
    """Draw a split of the selected cases among the mandates' agencies and keep its preview; nothing is placed yet.

    Without a strategy, each balance band is shared in equal parts, or by `shares` in ten-thousandths.
    """
    creditor_id = _planner(actor)
    if not name.strip():
        raise WaveNameMissing
    terms = terms_for(session, actor, mandate_ids, service=Service.COLLECT, on=_today(session, creditor_id, now))
    chosen = (strategy or by_shares(shares, bands)).check([one.agency_id for one in terms])
    wave = Wave(
        creditor_id=creditor_id,
        name=name.strip(),
        service=Service.COLLECT,
        state=WaveState.DRAFT,
        selection=selection.to_dict(),
        seed=secrets.randbelow(SEEDS) if seed is None else seed,
        bands=chosen.balance_bands,
        shares={str(agency): share for agency, share in chosen.shares.items()} or None,
        strategy=chosen.to_dict(),
        created_at=now,
        created_by=actor.user_id,
    )
    session.add(wave)
    session.flush()
    session.add_all(
        Consignment(
            creditor_id=creditor_id,
            agency_id=one.agency_id,
            wave_id=wave.id,
            mandate_version_id=one.version_id,
            name=wave.name,
        )
        for one in terms
    )
    _draw(session, actor, wave, terms, now)
    _record(session, actor, "wave.drafted", wave, now)
    return wave


def redraw(session: Session, actor: Actor, wave_id: int, *, seed: int | None = None, now: datetime) -> Wave:
    """Draw a draft again from what is selected and in force now, with its own seed unless another is given."""
    wave = _mine(session, _planner(actor), wave_id)
    if wave.state is not WaveState.DRAFT:
        raise WaveAlreadyCommitted
    if seed is not None:
        wave.seed = seed
    _draw(session, actor, wave, _present_terms(session, actor, wave, now), now)
    _record(session, actor, "wave.redrawn", wave, now)
    return wave


def place(session: Session, actor: Actor, wave_id: int, *, digest: str, now: datetime) -> Wave:
    """Commit a wave as previewed; a second time gives the first result.

    Raises `SelectionMoved` when the digest is not the one of what would be placed now, `NothingToPlace`,
    `WaveAlreadyCommitted` when something else was committed, `GateClosed` when an agency may not receive cases.
    """
    creditor_id = _planner(actor)
    # Two waves of one creditor are committed one after the other; the second one waits for the first.
    session.execute(text("set local lock_timeout = '120s'"))
    wave = _mine(session, creditor_id, wave_id)
    if wave.state is WaveState.COMMITTED:
        if wave.digest != digest:
            raise WaveAlreadyCommitted
        return wave
    hold_placing(session, creditor_id)
    terms = _present_terms(session, actor, wave, now)
    drawn = _plan(session, actor, wave, terms, now)
    if digest != wave.digest or digest != drawn.digest:
        raise SelectionMoved
    if not len(drawn.case_ids):
        raise NothingToPlace
    admit(session, actor, creditor_id, drawn.preview, now=now)
    keep_standing(session, actor, wave, drawn.preview, now=now)
    sent = write(session, wave, drawn, now=now)
    gather_statistics(session, len(drawn.case_ids), "debtors", "cases", "contact_points", "placements")
    wave.state, wave.committed_at, wave.committed_by = WaveState.COMMITTED, now, actor.user_id
    add_placed(session, _cells(session, wave, drawn, now))
    _record(session, actor, "wave.placed", wave, now)
    for one in sent:
        _record_sent(session, actor, wave, one, now)
    return wave


def acknowledge(session: Session, actor: Actor, consignment_id: int, *, now: datetime) -> Consignment:
    """The agency confirms that it received a consignment and takes its cases on; a second time changes nothing."""
    require(actor, Permission.PLACEMENT_ACKNOWLEDGE)
    agency_id = require_side(actor, Side.AGENCY)
    consignment = session.scalar(
        select(Consignment)
        .where(Consignment.agency_id == agency_id, Consignment.id == consignment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if consignment is None:
        raise NotFound
    if consignment.state is PlacementState.ACKNOWLEDGED:
        return consignment
    check_move(consignment.state, PlacementState.ACKNOWLEDGED)
    consignment.state = PlacementState.ACKNOWLEDGED
    consignment.acknowledged_at, consignment.acknowledged_by = now, actor.user_id
    explain(session, actor, "consignment.acknowledged", now=now)
    taken = session.execute(
        update(Placement)
        .where(
            Placement.agency_id == agency_id,
            Placement.creditor_id == consignment.creditor_id,
            Placement.consignment_id == consignment_id,
            Placement.state == PlacementState.SENT,
        )
        .values(state=PlacementState.ACKNOWLEDGED)
        .execution_options(synchronize_session=False)
    )
    # What its creditor held meanwhile is taken on, and not to be worked yet.
    hold_taken_on(session, consignment)
    audit.record(
        session,
        actor,
        "consignment.acknowledged",
        now=now,
        organisations=[consignment.creditor_id, agency_id],
        consignment_id=consignment_id,
        cases=consignment.cases,
        placed_minor=consignment.placed_minor,
        currency=consignment.currency,
        taken=row_count(taken),
        rejected=count_rejected(session, consignment),
    )
    return consignment


def strategy_of(wave: Wave) -> Strategy:
    """How a wave is shared; one drawn before there were strategies kept its bands and shares."""
    if wave.strategy:
        return Strategy.from_dict(wave.strategy)
    return by_shares({int(agency): share for agency, share in (wave.shares or {}).items()}, wave.bands)


def _planner(actor: Actor) -> int:
    require(actor, Permission.PLACEMENT_PLAN)
    return require_side(actor, Side.CREDITOR)


def _mine(session: Session, creditor_id: int, wave_id: int) -> Wave:
    wave = session.scalar(
        select(Wave)
        .where(Wave.creditor_id == creditor_id, Wave.id == wave_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if wave is None:
        raise NotFound
    return wave


def _today(session: Session, creditor_id: int, now: datetime) -> date:
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    return local_date(now, zone)


def _present_terms(session: Session, actor: Actor, wave: Wave, now: datetime) -> list[Terms]:
    mandate_ids = session.scalars(
        select(MandateVersion.mandate_id)
        .join(
            Consignment,
            (Consignment.creditor_id == MandateVersion.creditor_id)
            & (Consignment.mandate_version_id == MandateVersion.id),
        )
        .where(Consignment.creditor_id == wave.creditor_id, Consignment.wave_id == wave.id)
    ).all()
    on = _today(session, wave.creditor_id, now)
    return terms_for(session, actor, mandate_ids, service=wave.service, on=on)


def _plan(session: Session, actor: Actor, wave: Wave, terms: Sequence[Terms], now: datetime) -> Plan:
    strategy = strategy_of(wave)
    return plan(
        session,
        actor,
        Selection.from_dict(wave.selection),
        terms,
        seed=wave.seed,
        strategy=strategy,
        on=_today(session, wave.creditor_id, now),
        rooms=rooms_for(session, wave.creditor_id, strategy, [one.agency_id for one in terms]),
    )


def _draw(session: Session, actor: Actor, wave: Wave, terms: Sequence[Terms], now: datetime) -> None:
    drawn = _plan(session, actor, wave, terms, now)
    wave.digest, wave.preview = drawn.digest, drawn.preview.to_dict()
    for one in terms:
        session.execute(
            update(Consignment)
            .where(
                Consignment.creditor_id == wave.creditor_id,
                Consignment.wave_id == wave.id,
                Consignment.agency_id == one.agency_id,
            )
            .values(mandate_version_id=one.version_id)
        )


def _cells(session: Session, wave: Wave, drawn: Plan, now: datetime) -> list[PlacedDelta]:
    month = first_of_month(_today(session, wave.creditor_id, now))
    strata, squares = {band.band: band.stratum for band in drawn.preview.bands}, drawn.squares()
    return [
        PlacedDelta(
            creditor_id=wave.creditor_id,
            agency_id=cell.agency_id,
            currency=str(drawn.preview.currency),
            placement_month=month,
            stratum=strata[cell.band],
            cases=cell.cases,
            placed_minor=cell.value_minor,
            placed_squares=squares[cell.band, cell.agency_id],
        )
        for cell in drawn.preview.cells
        if cell.cases
    ]


def _record(session: Session, actor: Actor, action: str, wave: Wave, now: datetime) -> None:
    preview = wave.preview or {}
    audit.record(
        session,
        actor,
        action,
        now=now,
        wave_id=wave.id,
        seed=wave.seed,
        digest=wave.digest,
        cases=preview.get("cases"),
        value_minor=preview.get("value_minor"),
        currency=preview.get("currency"),
    )


def _record_sent(session: Session, actor: Actor, wave: Wave, sent: Sent, now: datetime) -> None:
    audit.record(
        session,
        actor,
        "consignment.sent",
        now=now,
        organisations=[wave.creditor_id, sent.agency_id],
        consignment_id=sent.consignment_id,
        cases=sent.cases,
        placed_minor=sent.placed_minor,
        currency=sent.currency,
    )
