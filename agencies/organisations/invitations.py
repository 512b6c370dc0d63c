"""An invitation goes by letter alone, to the address that was invited: whoever invites never sees a link.

Whoever could read the link of a person they made up would be that person too.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import letters
from agencies.kernel.tenancy import Actor
from agencies.organisations import credentials, heads
from agencies.organisations.models import Invitation, User, UserState
from agencies.organisations.service import Invited

#: The kind of letter.
LETTER = "invitation"


def post(session: Session, actor: Actor, invited: Invited, *, now: datetime) -> None:
    """Have the invitation sent, in the transaction that makes it; everybody else who manages the place is told."""
    letters.post(
        session,
        user_id=invited.user.id,
        kind=LETTER,
        key=f"invitation/{invited.invitation_id}",
        now=now,
        invitation_id=invited.invitation_id,
    )
    home, key = invited.user.organisation_id, str(invited.invitation_id)
    heads.tell_others(session, actor, home, heads.INVITED, about=invited.user.id, key=key, now=now)


def send(session: Session, actor: Actor, invitation_id: int, *, now: datetime) -> Invited | None:
    """A link for the letter, good as long as the invitation is; None when that was used, replaced or is over."""
    row = session.execute(
        select(Invitation, User)
        .join(User, User.id == Invitation.user_id)
        .where(
            Invitation.id == invitation_id,
            Invitation.organisation_id == actor.tenant,
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
            User.state == UserState.INVITED,
        )
    ).one_or_none()
    if row is None:
        return None
    first, user = row
    token = credentials.new_token()
    sent = Invitation(
        organisation_id=first.organisation_id,
        user_id=first.user_id,
        token_hash=credentials.digest(token),
        invited_by=first.invited_by,
        created_at=now,
        expires_at=first.expires_at,
    )
    session.add(sent)
    session.flush()
    return Invited(user, token, first.expires_at, sent.id)
