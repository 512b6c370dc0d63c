"""A creditor's panel: whom it looks at, works with, suspends and removes; an agency may decline an invitation.

The row of the two stands from the first invitation on, because mandates and attestations stand on it; its state says
whether anything new may be placed, and every move is kept with its reason.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation, OrganisationKind, OrganisationState
from agencies.organisations.permissions import Permission
from agencies.standing.models import PanelMember, PanelMove, PanelState
from agencies.standing.panelmoves import NEEDS_REASON, check


class PanelReasonMissing(Invalid):
    """Whoever keeps somebody out says why."""

    text = msg("Say why: the other side reads it.")


class KeptOut(Conflict):
    """It was decided otherwise, with a reason."""

    text = msg("This agency is suspended, was removed from the panel or declined. Decide on its page first.")


class AgencyNotApproved(Invalid):
    """Creditors deal with agencies that may work."""

    text = msg("This agency is not approved to work.")


def bring_in(session: Session, actor: Actor, agency_id: int, *, now: datetime) -> None:
    """Put an agency on the creditor's panel without more ado; a second time changes nothing.

    Raises `NotFound`, `AgencyNotApproved`, and `KeptOut` for an agency that is suspended, was removed or declined.
    """
    creditor_id = _chooser(actor)
    _check_agency(session, agency_id)
    known = _find(session, creditor_id, agency_id)
    if known is not None:
        if known.state in NEEDS_REASON:
            # Otherwise a new mandate would undo in passing what somebody decided with a reason.
            raise KeptOut
        if known.state is not PanelState.ON_PANEL:
            _take(session, actor, known, PanelState.ON_PANEL, "", now)
        return
    _add(session, actor, creditor_id, agency_id, PanelState.ON_PANEL, "panel.joined", now)


def invite(session: Session, actor: Actor, agency_id: int, *, now: datetime) -> None:
    """Ask an agency whether it would work for the creditor; from then on the creditor reads its file.

    A second time changes nothing. Raises `NotFound`, `AgencyNotApproved` or `PanelMovedOn`.
    """
    creditor_id = _chooser(actor)
    _check_agency(session, agency_id)
    known = _find(session, creditor_id, agency_id)
    if known is None:
        _add(session, actor, creditor_id, agency_id, PanelState.CANDIDATE, "panel.invited", now)
        _notify(session, actor, agency_id, "panel.invited", now)
    elif known.state is not PanelState.CANDIDATE:
        _take(session, actor, known, PanelState.CANDIDATE, "", now)


def decide(
    session: Session, actor: Actor, agency_id: int, state: PanelState, *, reason: str = "", now: datetime
) -> None:
    """Take an agency on the creditor's panel to another state; a second press changes nothing.

    Raises `NotFound`, `PanelMovedOn` and, where somebody is kept out, `PanelReasonMissing`.
    """
    known = _find(session, _chooser(actor), agency_id)
    if known is None:
        raise NotFound
    if known.state is not state:
        _take(session, actor, known, state, reason.strip(), now)


def decline(session: Session, actor: Actor, creditor_id: int, *, reason: str, now: datetime) -> None:
    """Tell a creditor that the agency does not want to be on its panel; a second press changes nothing."""
    require(actor, Permission.STANDING_EDIT)
    known = _find(session, creditor_id, require_side(actor, Side.AGENCY))
    if known is None:
        raise NotFound
    if known.state is not PanelState.DECLINED:
        _take(session, actor, known, PanelState.DECLINED, reason.strip(), now)


def stopped(session: Session, creditor_id: int, agency_ids: Collection[int]) -> dict[int, PanelState]:
    """The agencies that get nothing new from this creditor, each with how it stands to it."""
    rows = session.execute(
        select(PanelMember.agency_id, PanelMember.state).where(
            PanelMember.creditor_id == creditor_id,
            PanelMember.agency_id.in_(agency_ids),
            PanelMember.state != PanelState.ON_PANEL,
        )
    )
    return {agency_id: state for agency_id, state in rows}  # noqa: C416  a row is not a pair for dict()


def list_moves(session: Session, actor: Actor, other_id: int) -> list[PanelMove]:
    """Every decision about the two, newest first."""
    require(actor, Permission.STANDING_VIEW)
    theirs = PanelMove.agency_id if actor.side is Side.CREDITOR else PanelMove.creditor_id
    statement = select(PanelMove).where(owned_by(actor, PanelMove.creditor_id, PanelMove.agency_id), theirs == other_id)
    return list(session.scalars(statement.order_by(PanelMove.id.desc())))


def find_member(session: Session, actor: Actor, other_id: int) -> PanelMember | None:
    """How the actor's organisation and another one stand to each other, if they have to do with each other."""
    pair = (actor.tenant, other_id) if actor.side is Side.CREDITOR else (other_id, actor.tenant)
    return session.get(PanelMember, pair)


def members(session: Session, actor: Actor) -> list[PanelMember]:
    """The panel's relations the actor's organisation is part of, whichever side it is on."""
    return list(
        session.scalars(
            select(PanelMember)
            .where(owned_by(actor, PanelMember.creditor_id, PanelMember.agency_id))
            .order_by(PanelMember.creditor_id, PanelMember.agency_id)
        )
    )


def on_panel(session: Session, actor: Actor) -> set[int]:
    """The agencies a creditor may give new work to, as far as its panel says."""
    return {one.agency_id for one in members(session, actor) if one.state is PanelState.ON_PANEL}


@dataclass(frozen=True)
class Candidate:
    """An agency on the platform, and since when it is on the creditor's panel."""

    agency_id: int
    name: str
    tax_id: str
    country: str
    state: OrganisationState
    joined_at: datetime | None
    #: None for an agency the creditor has nothing to do with.
    standing: PanelState | None


def candidates(session: Session, actor: Actor) -> list[Candidate]:
    """Every agency a creditor can deal with: its panel first, then those that may work, by name."""
    require(actor, Permission.STANDING_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    rows = session.execute(
        select(
            Organisation.id,
            Organisation.name,
            Organisation.tax_id,
            Organisation.country,
            Organisation.state,
            PanelMember.joined_at,
            PanelMember.state.label("standing"),
        )
        .outerjoin(PanelMember, and_(PanelMember.creditor_id == creditor_id, PanelMember.agency_id == Organisation.id))
        .where(
            Organisation.kind == OrganisationKind.AGENCY,
            or_(PanelMember.joined_at.is_not(None), Organisation.state == OrganisationState.APPROVED),
        )
        .order_by(PanelMember.joined_at.is_(None), func.lower(Organisation.name), Organisation.id)
    )
    return [Candidate(*row) for row in rows]


def _chooser(actor: Actor) -> int:
    require(actor, Permission.MANDATE_MAKE)
    return require_side(actor, Side.CREDITOR)


def _check_agency(session: Session, agency_id: int) -> None:
    agency = session.scalar(
        select(Organisation).where(Organisation.id == agency_id, Organisation.kind == OrganisationKind.AGENCY)
    )
    if agency is None:
        raise NotFound
    if agency.state is not OrganisationState.APPROVED:
        raise AgencyNotApproved


def _find(session: Session, creditor_id: int, agency_id: int) -> PanelMember | None:
    return session.scalar(
        select(PanelMember)
        .where(PanelMember.creditor_id == creditor_id, PanelMember.agency_id == agency_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _add(
    session: Session, actor: Actor, creditor_id: int, agency_id: int, state: PanelState, action: str, now: datetime
) -> None:
    added = session.scalar(
        insert(PanelMember)
        .values(
            creditor_id=creditor_id,
            agency_id=agency_id,
            joined_at=now,
            joined_by=actor.user_id,
            state=state,
            state_at=now,
            reason="",
        )
        .on_conflict_do_nothing()
        .returning(PanelMember.agency_id)
    )
    # Somebody else was quicker: what they did stands.
    if added is not None:
        _keep_move(session, actor, creditor_id, agency_id, state, "", now)
        _record(session, actor, action, creditor_id, agency_id, now)


def _take(session: Session, actor: Actor, member: PanelMember, state: PanelState, reason: str, now: datetime) -> None:
    check(member.state, state, actor.side)
    if state in NEEDS_REASON and not reason:
        raise PanelReasonMissing
    was_apart = member.state is not PanelState.SUSPENDED
    member.state, member.state_at, member.reason = state, now, reason
    if state is PanelState.ON_PANEL and was_apart:
        member.joined_at, member.joined_by = now, actor.user_id
    _keep_move(session, actor, member.creditor_id, member.agency_id, state, reason, now)
    action = _ACTIONS[state]
    _record(session, actor, action, member.creditor_id, member.agency_id, now)
    other = member.agency_id if actor.side is Side.CREDITOR else member.creditor_id
    _notify(session, actor, other, action, now)


#: What each state is reached by, in the trail and as a notice.
_ACTIONS = {
    PanelState.CANDIDATE: "panel.invited",
    PanelState.UNDER_REVIEW: "panel.reviewed",
    PanelState.ON_PANEL: "panel.joined",
    PanelState.SUSPENDED: "panel.suspended",
    PanelState.REMOVED: "panel.removed",
    PanelState.DECLINED: "panel.declined",
}


def _keep_move(
    session: Session, actor: Actor, creditor_id: int, agency_id: int, state: PanelState, reason: str, now: datetime
) -> None:
    session.add(
        PanelMove(
            creditor_id=creditor_id,
            agency_id=agency_id,
            state=state,
            at=now,
            by_user_id=actor.user_id,
            by_organisation_id=actor.tenant,
            reason=reason,
        )
    )
    session.flush()


def _record(session: Session, actor: Actor, action: str, creditor_id: int, agency_id: int, now: datetime) -> None:
    other = agency_id if actor.side is Side.CREDITOR else creditor_id
    audit.record(session, actor, action, now=now, organisations=[creditor_id, agency_id], organisation_id=other)


def _notify(session: Session, actor: Actor, other_id: int, kind: str, now: datetime) -> None:
    permission = Permission.STANDING_EDIT if actor.side is Side.CREDITOR else Permission.MANDATE_MAKE
    key = f"{kind}:{actor.tenant}:{now.timestamp()}"
    notify(session, other_id, kind, key=key, permission=permission, now=now, about=actor.tenant)
