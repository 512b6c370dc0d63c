"""Which person a provider's subject is: tied at the first coming in, and for good only once it is proved.

Whoever sets an organisation's provider could have it say that somebody else is a person of the organisation. So whoever
has a second factor here proves it before the tie is made; until then it waits in the session that would make it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from agencies.kernel import audit, letters
from agencies.kernel.errors import Forbidden, msg
from agencies.kernel.tenancy import DOOR
from agencies.organisations.models import Invitation, User, UserState, WebSession
from agencies.organisations.providers import SignInLink


class CompanySignInRefused(Forbidden):
    """Every reason alike, because whoever is outside learns nothing about who is inside."""

    text = msg(
        "Your organisation’s sign-in did not open an access here. Your address must be confirmed there, and the person "
        "who administers Encargo in your organisation must have invited you with it."
    )


@dataclass(frozen=True)
class Claims:
    """What a provider has said about somebody, once its word was checked."""

    issuer: str
    subject: str
    email: str
    #: None when the provider does not say.
    email_verified: bool | None
    name: str = ""


@dataclass(frozen=True)
class Arrival:
    """Whom a provider's word lets in, and what is tied only after the person's own factor."""

    user: User
    waits: Claims | None = None


def tie(session: Session, user: User, claims: Claims, *, now: datetime) -> None:
    """Let a subject be this person from now on, and tell the person."""
    if user.state is UserState.INVITED:
        _accept(session, user, claims, now)
    made = SignInLink(
        organisation_id=user.organisation_id,
        user_id=user.id,
        issuer=claims.issuer,
        subject=claims.subject,
        linked_at=now,
    )
    _keep(session, made, now)


def tie_proved(session: Session, session_id: int, *, now: datetime) -> None:
    """The person's own factor was proved in this session: tie what waits in it; raises `CompanySignInRefused`."""
    row = session.execute(
        select(WebSession.organisation_id, WebSession.user_id, WebSession.ties_issuer, WebSession.ties_subject).where(
            WebSession.id == session_id, WebSession.ties_issuer.is_not(None)
        )
    ).one_or_none()
    if row is None:
        return
    home, user_id, issuer, subject = row
    taken = select(SignInLink.user_id).where(
        SignInLink.organisation_id == home,
        SignInLink.issuer == issuer,
        (SignInLink.user_id == user_id) | (SignInLink.subject == subject),
    )
    if session.scalar(taken) is not None:
        raise CompanySignInRefused
    session.execute(update(WebSession).where(WebSession.id == session_id).values(ties_issuer=None, ties_subject=None))
    made = SignInLink(organisation_id=home, user_id=user_id, issuer=issuer, subject=subject, linked_at=now)
    _keep(session, made, now)


def _accept(session: Session, user: User, claims: Claims, now: datetime) -> None:
    user.state, user.entitled_since = UserState.ACTIVE, now
    user.name = user.name or "".join(one for one in claims.name if one.isprintable()).strip()[:120]
    session.execute(
        update(Invitation)
        .where(Invitation.user_id == user.id, Invitation.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def _keep(session: Session, made: SignInLink, now: datetime) -> None:
    session.add(made)
    session.flush()
    user_id, organisation_id = made.user_id, made.organisation_id
    letters.post(session, user_id=user_id, kind="sso.linked", key=f"sso/{user_id}/{now.timestamp()}", now=now)
    audit.record(
        session, DOOR, "user.sign_in_linked", now=now, organisations=[organisation_id], subject_user_id=user_id
    )
