"""Either side raises flags, the creditor confirms and lifts them; work stops in the transaction that raises one.

An agency's word stops work at once, before the creditor has looked: it protects the person, and costs a day at most.
Whoever places, recalls or gives back cases of a creditor waits meanwhile, so that nothing flagged is placed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, ReturnCode
from assignments.flags.models import Flag, FlagKind
from assignments.flags.rules import (
    OF_PERSON,
    OF_RETURN,
    EndReasonMissing,
    FactInFuture,
    check_care,
    check_stands,
    how_it_ends,
)
from assignments.flags.writing import BELIEVE, DEBTORS, HOLDERS, RAISE, one_at_a_time, settle

#: More than this at once is a slip, or work for a file.
MOST_CASES = 5_000


class NothingToFlag(Invalid):
    """Somebody must say which cases."""

    text = msg("Name at least one case, and at most 5,000 at once.")


class AccountsUnknown(Invalid):
    """Accounts were named that the creditor does not have, or the agency does not hold."""

    text = msg("These accounts are not among your cases: %(accounts)s.")


def raise_flags(
    session: Session,
    actor: Actor,
    *,
    creditor_id: int,
    case_ids: Collection[int],
    kind: FlagKind,
    since: date | None = None,
    note: str | None = None,
    now: datetime,
) -> int:
    """Flag cases of a creditor, or that the agency holds; work on them stops at once. Returns how many are new.

    What is flagged so already stays as it is; a creditor thereby confirms it. Raises `NothingToFlag`, `FactInFuture`,
    and `NotFound` when one of the cases is not the actor's to flag.
    """
    require(actor, Permission.FLAG_RAISE)
    wanted = sorted(set(case_ids))
    if not 0 < len(wanted) <= MOST_CASES:
        raise NothingToFlag
    today = _today(session, creditor_id, now)
    if since is not None and since > today:
        raise FactInFuture
    one_at_a_time(session, creditor_id)
    _check_own(session, actor, creditor_id, wanted)
    return _raise(session, actor, creditor_id, wanted, kind, since or today, note, now)


def find_cases(session: Session, actor: Actor, creditor_id: int, accounts: Sequence[str]) -> list[int]:
    """The cases behind accounts that the actor may flag; raises `NothingToFlag` and `AccountsUnknown`."""
    require(actor, Permission.FLAG_RAISE)
    wanted = list(dict.fromkeys(accounts))
    if not 0 < len(wanted) <= MOST_CASES:
        raise NothingToFlag
    rows = session.execute(
        select(Case.account_ref, Case.id).where(
            Case.creditor_id == creditor_id, _own(actor), Case.account_ref.in_(wanted)
        )
    )
    found: dict[str, int] = {row.account_ref: row.id for row in rows}
    missing = [account for account in wanted if account not in found]
    if missing:
        shown = ", ".join(missing[:5])
        raise AccountsUnknown(accounts=f"{shown} …" if len(missing) > 5 else shown)
    return [found[account] for account in wanted]


def raise_of_returns(
    session: Session, actor: Actor, creditor_id: int, case_ids: Collection[int], code: ReturnCode, *, now: datetime
) -> None:
    """What an agency says by the code of a return stands on the cases as a flag; called while it still holds them."""
    kind = OF_RETURN.get(code)
    if kind is not None and case_ids:
        _raise(session, actor, creditor_id, sorted(case_ids), kind, _today(session, creditor_id, now), None, now)


def confirm(session: Session, actor: Actor, flag_id: int, *, stops_work: bool = True, now: datetime) -> Flag:
    """The creditor says that it is so; work may go on with care where it says so. Again it changes nothing.

    Raises `NotFound`, `FlagOver` or `AlwaysStops`.
    """
    flag = _locked(session, actor, flag_id)
    check_stands(flag)
    check_care(flag.kind, stops_work=stops_work)
    if flag.confirmed_at is not None and flag.stops_work == stops_work:
        return flag
    flag.stops_work = stops_work
    if flag.confirmed_at is None:
        flag.confirmed_at, flag.confirmed_by = now, actor.user_id
    settle(session, flag.creditor_id, [flag.debtor_id])
    audit.record(
        session,
        actor,
        "flag.confirmed",
        now=now,
        organisations=_sides(flag),
        flag_id=flag.id,
        kind=flag.kind.value,
        stops_work=stops_work,
    )
    return flag


def lift(session: Session, actor: Actor, flag_id: int, *, reason: str, now: datetime) -> Flag:
    """The creditor takes a flag down: settled, or never so; what it stopped may go on. Again it changes nothing.

    Raises `NotFound` or `EndReasonMissing`.
    """
    flag = _locked(session, actor, flag_id)
    if flag.ended_at is not None:
        return flag
    if not reason.strip():
        raise EndReasonMissing
    flag.ended_at, flag.ended_by, flag.ended_how = now, actor.user_id, how_it_ends(flag)
    flag.end_reason = reason.strip()
    settle(session, flag.creditor_id, [flag.debtor_id])
    facts: dict[str, Any] = {"flag_id": flag.id, "kind": flag.kind.value, "how": flag.ended_how.value}
    audit.record(session, actor, "flag.lifted", now=now, organisations=_sides(flag), **facts)
    _tell_holders(session, actor, flag.creditor_id, [flag.debtor_id], "flag.lifted", f"{flag.id}", now)
    return flag


def lift_of_return(session: Session, actor: Actor, case: Case, code: ReturnCode, *, now: datetime) -> None:
    """A returned case that its creditor releases is settled: what its return had raised comes down with it."""
    kind = OF_RETURN.get(code)
    if kind is None:
        return
    standing = session.scalars(
        select(Flag)
        .where(
            Flag.creditor_id == case.creditor_id,
            Flag.debtor_id == case.debtor_id,
            Flag.kind == kind,
            Flag.ended_at.is_(None),
            Flag.is_of_person | (Flag.case_id == case.id),
        )
        .with_for_update()
    ).all()
    for flag in standing:
        flag.ended_at, flag.ended_by, flag.ended_how = now, actor.user_id, how_it_ends(flag)
    if standing:
        settle(session, case.creditor_id, [case.debtor_id])


def _raise(
    session: Session,
    actor: Actor,
    creditor_id: int,
    case_ids: list[int],
    kind: FlagKind,
    since: date,
    note: str | None,
    now: datetime,
) -> int:
    is_creditor = actor.side is Side.CREDITOR
    keys = {"creditor": creditor_id, "cases": case_ids, "kind": kind.value, "user": actor.user_id, "now": now}
    raised = session.scalars(
        RAISE,
        {
            **keys,
            "agency": None if is_creditor else actor.tenant,
            "of_person": kind in OF_PERSON,
            "since": since,
            "note": (note or "").strip() or None,
            "confirmed_at": now if is_creditor else None,
            "confirmed_by": actor.user_id if is_creditor else None,
        },
    ).all()
    if is_creditor:
        session.execute(BELIEVE, keys)
    if not raised:
        return 0
    people = session.execute(DEBTORS, keys).scalar_one()
    settle(session, creditor_id, people)
    sides = [creditor_id] if is_creditor else [creditor_id, actor.tenant]
    facts: dict[str, Any] = {"kind": kind.value, "cases": len(raised), "first_id": min(raised)}
    audit.record(session, actor, "flag.raised", now=now, organisations=sides, **facts)
    if is_creditor:
        _tell_holders(session, actor, creditor_id, people, "flag.raised", f"{min(raised)}", now)
    else:
        notify(
            session,
            creditor_id,
            "flag.raised",
            key=f"flag.raised:{min(raised)}",
            permission=Permission.FLAG_DECIDE,
            now=now,
            cases=len(raised),
            about=actor.tenant,
        )
    return len(raised)


def _tell_holders(
    session: Session,
    actor: Actor,
    creditor_id: int,
    people: Sequence[int],
    event: str,
    key: str,
    now: datetime,
) -> None:
    """Whoever holds cases of these people learns what has changed, and by whose word."""
    holders = session.execute(HOLDERS, {"creditor": creditor_id, "people": list(people)}).all()
    for agency_id, cases in holders:
        notify(
            session,
            agency_id,
            event,
            key=f"{event}:{key}",
            permission=Permission.FLAG_RAISE,
            now=now,
            cases=int(cases),
            about=actor.tenant,
        )


def _check_own(session: Session, actor: Actor, creditor_id: int, case_ids: list[int]) -> None:
    own = session.scalars(
        select(Case.id).where(Case.creditor_id == creditor_id, _own(actor), Case.id.in_(case_ids))
    ).all()
    if len(own) != len(case_ids):
        raise NotFound


def _own(actor: Actor) -> Any:
    return (Case.creditor_id if actor.side is Side.CREDITOR else Case.agency_id) == actor.tenant


def _locked(session: Session, actor: Actor, flag_id: int) -> Flag:
    require(actor, Permission.FLAG_DECIDE)
    creditor_id = require_side(actor, Side.CREDITOR)
    one_at_a_time(session, creditor_id)
    flag = session.scalar(
        select(Flag)
        .where(Flag.creditor_id == creditor_id, Flag.id == flag_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if flag is None:
        raise NotFound
    return flag


def _sides(flag: Flag) -> list[int]:
    return [flag.creditor_id] if flag.agency_id is None else [flag.creditor_id, flag.agency_id]


def _today(session: Session, creditor_id: int, now: datetime) -> date:
    # An agency sees the organisation only if it has a mandate with it.
    zone = session.scalar(select(Organisation.time_zone).where(Organisation.id == creditor_id))
    if zone is None:
        raise NotFound
    return local_date(now, zone)
