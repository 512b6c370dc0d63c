"""A colleague's lost second factor is taken away, so that they set up a new one at their next sign-in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from agencies.kernel import letters
from agencies.kernel.errors import Conflict, msg
from agencies.kernel.tenancy import Actor
from agencies.organisations import heads, sessions
from agencies.organisations.factors import forget_factors, has_factor
from agencies.organisations.service import manageable_user, record_about


class NotYourOwnFactor(Conflict):
    """Whoever has stolen a session must not get rid of the second factor."""

    text = msg("You cannot reset your own second factor. Change it on the page of your account, or ask a colleague.")


class NothingToReset(Conflict):
    """Whoever has no factor sets one up anyway."""

    text = msg("This person has no second factor: they set one up at their next sign-in.")


def reset(session: Session, actor: Actor, user_id: int, *, now: datetime) -> None:
    """Take app, passkeys and recovery codes of somebody away; they are signed out everywhere and get a letter.

    The platform does so for the only one who manages an organisation, whom nobody there can help. Raises
    `NotYourOwnFactor`, `NothingToReset`, `HeadedByItsOwn` or `NotFound`.
    """
    user = manageable_user(session, actor, user_id)
    if user.id == actor.user_id:
        raise NotYourOwnFactor
    heads.check_may_change(session, actor, user, but_for=user.id)
    if not has_factor(session, user.organisation_id, user.id):
        raise NothingToReset
    forget_factors(session, user.organisation_id, user.id)
    sessions.end_all(session, actor, user.id, now=now)
    record_about(session, actor, user, "user.factor_reset", now)
    key = f"factor/{user.id}/{now.timestamp()}"
    letters.post(session, user_id=user.id, kind="factor.reset", key=key, now=now)
