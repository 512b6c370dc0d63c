"""What a person decides about two debtors that may be one: the same, and which of them stays, or two persons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from agencies.kernel import audit, work
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Debtor
from assignments.cases.reaching import NewPoint, add_points, known_points
from assignments.conduct.service import JUDGE
from assignments.contacts.models import ContactPoint, DebtorContact
from assignments.flags import writing as flags
from assignments.matches.models import DebtorMatch, MatchState
from uploads.sealed import Private, Told, open_private, seal_private


class AlreadyDecided(Conflict):
    """Somebody was quicker, or one of the two has been merged with a third."""

    text = msg("Somebody has decided about these two meanwhile. Reload the page and look again.")


class HeldByTwoAgencies(Conflict):
    """All debts of a person are with one agency."""

    text = msg(
        "Two agencies work these two debtors, and all debts of one person are with one agency. "
        "Recall the cases of one of them first."
    )


class NotOfThisPair(Invalid):
    """The debtor to keep is neither of the two."""

    text = msg("Choose which of the two debtors is to be kept.")


def merge(session: Session, actor: Actor, match_id: int, *, keep: int, now: datetime) -> DebtorMatch:
    """Put the cases of both with the debtor that is kept, and judge anew what agencies did with that one person.

    Raises `AlreadyDecided`, `HeldByTwoAgencies` and `NotOfThisPair`.
    """
    match = _open_match(session, actor, match_id)
    if keep not in {match.debtor_id, match.other_id}:
        raise NotOfThisPair
    gone = match.other_id if keep == match.debtor_id else match.debtor_id
    debtors = _locked(session, match.creditor_id, keep, gone)
    if any(one.merged_into is not None for one in debtors):
        raise AlreadyDecided
    if len({one.agency_id for one in debtors} - {None}) > 1:
        raise HeldByTwoAgencies
    told = _told(session, match.creditor_id, keep, gone)
    moved = session.execute(
        text("select merge_debtors(:creditor, :keep, :gone)"),
        {"creditor": match.creditor_id, "keep": keep, "gone": gone},
    ).scalar_one()
    _seal_anew(session, match.creditor_id, keep, told)
    flags.move(session, match.creditor_id, gone=gone, keep=keep, now=now)
    _close(match, actor, MatchState.MERGED, now)
    match.kept_id, match.moved_cases = keep, sorted(moved)
    session.flush()
    session.expire_all()
    # Limits on contacts run per person.
    work.request(session, actor, JUDGE, f"debtor:{keep}:{match_id}", {"debtor_ids": [keep]}, now=now)
    audit.record(
        session, actor, "debtors.merged", now=now, debtor_id=keep, other_id=gone, match_id=match_id, cases=len(moved)
    )
    return match


def dismiss(session: Session, actor: Actor, match_id: int, *, now: datetime) -> DebtorMatch:
    """Two persons: they are not proposed again. Raises `AlreadyDecided`."""
    match = _open_match(session, actor, match_id)
    _close(match, actor, MatchState.DISMISSED, now)
    audit.record(
        session,
        actor,
        "debtors.told_apart",
        now=now,
        debtor_id=match.debtor_id,
        other_id=match.other_id,
        match_id=match_id,
    )
    return match


def _open_match(session: Session, actor: Actor, match_id: int) -> DebtorMatch:
    require(actor, Permission.PORTFOLIO_UPLOAD)
    match = session.scalar(
        select(DebtorMatch)
        .where(DebtorMatch.creditor_id == require_side(actor, Side.CREDITOR), DebtorMatch.id == match_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if match is None:
        raise NotFound
    if match.state is not MatchState.PROPOSED:
        raise AlreadyDecided
    return match


def _locked(session: Session, creditor_id: int, *debtor_ids: int) -> list[Debtor]:
    # Whoever places cases waits, so that no agency takes one of the two meanwhile.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('placing', :creditor))"), {"creditor": creditor_id}
    )
    statement = select(Debtor).where(Debtor.creditor_id == creditor_id, Debtor.id.in_(debtor_ids)).order_by(Debtor.id)
    return list(session.scalars(statement.execution_options(populate_existing=True)))


@dataclass(frozen=True)
class _Told:
    """What was told of a debtor that goes, opened while it is still itself."""

    kept: Private
    gone: Private
    #: The points that move along, by id, and the ways to reach it that stand with itself.
    points: dict[int, Private]
    own: list[tuple[str, Told]]


def _told(session: Session, creditor_id: int, keep: int, gone: int) -> _Told:
    kept_debtor, gone_debtor = (session.get_one(Debtor, (creditor_id, one)) for one in (keep, gone))
    moving = select(DebtorContact).where(DebtorContact.creditor_id == creditor_id, DebtorContact.debtor_id == gone)
    points = session.scalars(moving.order_by(DebtorContact.place)).all()
    return _Told(
        kept_debtor.private,
        gone_debtor.private,
        {
            one.place: open_private(keyring_of(session), creditor_id, one.identity, one.sealed)
            for one in points
            if one.place > 0
        },
        [(one.kind.value, one.told) for one in points if one.place < 0],
    )


def _seal_anew(session: Session, creditor_id: int, keep: int, told: _Told) -> None:
    """What was told of the one that went is bound to the one that stays from now on."""
    keyring = keyring_of(session)
    identity = session.scalars(
        select(Debtor.identity).where(Debtor.creditor_id == creditor_id, Debtor.id == keep)
    ).one()
    for point_id, private in told.points.items():
        session.execute(
            update(ContactPoint)
            .where(ContactPoint.creditor_id == creditor_id, ContactPoint.debtor_id == keep, ContactPoint.id == point_id)
            .values(sealed=seal_private(keyring, creditor_id, identity, private))
        )
    if told.kept.national_id is None and told.gone.national_id is not None:
        one = replace(told.kept, national_id=told.gone.national_id, id_check_digit=told.gone.id_check_digit)
        session.execute(
            update(Debtor)
            .where(Debtor.creditor_id == creditor_id, Debtor.id == keep)
            .values(sealed=seal_private(keyring, creditor_id, identity, one))
        )
    known = {(kind, one.form) for kind, one in known_points(session, creditor_id, [keep], stopped=True).get(keep, ())}
    new = [NewPoint(keep, kind, one) for kind, one in told.own if (kind, one.form) not in known]
    add_points(session, creditor_id, new)


def _close(match: DebtorMatch, actor: Actor, state: MatchState, now: datetime) -> None:
    match.state, match.decided_at, match.decided_by = state, now, actor.user_id
