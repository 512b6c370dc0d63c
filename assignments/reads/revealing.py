"""One field of one case in full: who may, how often, and what is written down of it - never the value itself.

The limit is counted in the log, so that it holds whatever else is down, and two requests of one person at the same
moment count one after the other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import TooMany, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.permissions import Permission
from assignments.reads import service as reads
from assignments.reads.models import CaseRead, Purpose, ReadKind, Subject
from assignments.reads.service import CaseKey

#: In an hour, by person: whoever works an agency's list calls, whoever supervises it looks something up.
MOST = {Side.CREDITOR: 60, Side.AGENCY: 200}
WINDOW = timedelta(hours=1)
#: A field stays on the screen this long.
SECONDS = 30


class TooManyReveals(TooMany):
    """More fields in full than the work of a person needs in an hour."""

    text = msg(
        "You have asked for more data in full than one person may in an hour. Go on later; your administrator was told."
    )


def permit(
    session: Session,
    actor: Actor,
    case: CaseKey,
    field: str,
    purpose: Purpose,
    *,
    now: datetime,
    subject: tuple[Subject, int] | None = None,
) -> None:
    """Write down that the actor sees a field in full; raises `Forbidden` and `TooManyReveals`.

    Whoever calls this has found the case among what the actor may work now, and shows the value afterwards.
    """
    require(actor, Permission.CONTACT_REVEAL)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"reveals of {actor.user_id}", 0))))
    if (wait := _wait(session, actor, now)) is not None:
        raise TooManyReveals(retry_after=wait)
    reads.note(session, actor, ReadKind.REVEAL, [case], now=now, fields=(field,), purpose=purpose, subject=subject)
    audit.record(
        session,
        actor,
        "contact.revealed",
        now=now,
        organisations={case[0], actor.tenant},
        case_id=case[1],
        field=field,
        purpose=purpose.value,
    )


def tell_of_limit(session: Session, actor: Actor, *, now: datetime) -> None:
    """Tell the organisation's administrators, once an hour and person, that somebody asked for too much."""
    audit.record(session, actor, "contact.reveal_refused", now=now, subject_user_id=actor.user_id)
    key = f"reveals/{actor.user_id}/{now:%Y%m%d%H}"
    notify(
        session,
        actor.tenant,
        "contact.reveals_limited",
        key=key,
        permission=Permission.USER_INVITE,
        now=now,
        most=MOST[actor.side],
        role=actor.role,
    )


def _wait(session: Session, actor: Actor, now: datetime) -> int | None:
    """Seconds until the next one, if the hour's are used up."""
    most = MOST[actor.side]
    statement = (
        select(CaseRead.at)
        .where(
            owned_by(actor, CaseRead.creditor_id, CaseRead.agency_id),
            CaseRead.kind == ReadKind.REVEAL,
            CaseRead.user_id == actor.user_id,
            CaseRead.at > now - WINDOW,
        )
        .order_by(CaseRead.at.desc())
        .limit(most)
    )
    latest = session.scalars(statement).all()
    if len(latest) < most:
        return None
    return max(1, int((latest[-1] + WINDOW - now).total_seconds()))
