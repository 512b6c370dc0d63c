"""Links that go out by letter: one use, a limited life, and nothing kept of the token but its hash.

They are made by the job that writes the letter, as the organisation of the person; they are opened at the door. A
letter that has to be sent again carries another token, and the one before stays good: either may have arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base, code_type
from agencies.kernel.tenancy import Actor
from agencies.organisations import credentials
from agencies.organisations.models import Organisation, OrganisationState, User, UserState


class Purpose(StrEnum):
    """What a link lets its holder do; it is good for nothing else."""

    PASSWORD = "password"  # noqa: S105  # nosec B105  a kind of link
    CONFIRM_EMAIL = "confirm_email"
    OBJECT_EMAIL = "object_email"


class MailedLink(Base):
    """A link in a letter to a person."""

    __tablename__ = "mailed_links"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
        Index("ix_mailed_links_user_id", "organisation_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int]
    user_id: Mapped[int]
    purpose: Mapped[Purpose] = mapped_column(code_type(Purpose))
    #: Key of the letter it went out with.
    letter: Mapped[str]
    #: What it is about, where there is more than the person: an e-mail change.
    subject_id: Mapped[int | None]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    #: Used, or replaced by a newer one, or void because something else happened.
    closed_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Made:
    """A new link's token, which is kept nowhere, and how long it works."""

    token: str
    until: datetime


def make(
    session: Session,
    actor: Actor,
    user_id: int,
    purpose: Purpose,
    *,
    letter: str,
    lifetime: timedelta,
    now: datetime,
    subject_id: int | None = None,
) -> Made:
    """Make a link for a letter that is being written."""
    token = credentials.new_token()
    session.add(
        MailedLink(
            organisation_id=actor.tenant,
            user_id=user_id,
            purpose=purpose,
            letter=letter,
            subject_id=subject_id,
            token_hash=credentials.digest(token),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    session.flush()
    return Made(token, now + lifetime)


def find(
    session: Session, token: str, purpose: Purpose, *, now: datetime, lock: bool = False
) -> tuple[MailedLink, User, Organisation] | None:
    """What a link is good for now, as the door sees it: the link, whose it is, and where; None when for nothing."""
    statement = select(MailedLink).where(
        MailedLink.token_hash == credentials.digest(token),
        MailedLink.purpose == purpose,
        MailedLink.closed_at.is_(None),
        MailedLink.expires_at > now,
    )
    link = session.scalar(statement.with_for_update() if lock else statement)
    if link is None:
        return None
    user = session.get_one(User, link.user_id, with_for_update=lock)
    home = session.get_one(Organisation, link.organisation_id)
    if user.state is not UserState.ACTIVE or home.state is not OrganisationState.APPROVED:
        return None
    return link, user, home


def close(
    session: Session,
    organisation_id: int,
    user_id: int,
    *purposes: Purpose,
    now: datetime,
    but_letter: str | None = None,
    about: int | None = None,
    since: int | None = None,
) -> None:
    """Make a person's links of these purposes worthless, but for those of one letter.

    At the door also only those `about` one subject, or `since` one: about it and whatever came later.
    """
    statement = update(MailedLink).where(
        MailedLink.organisation_id == organisation_id,
        MailedLink.user_id == user_id,
        MailedLink.purpose.in_(purposes),
        MailedLink.closed_at.is_(None),
    )
    if but_letter is not None:
        statement = statement.where(MailedLink.letter != but_letter)
    if about is not None:
        statement = statement.where(MailedLink.subject_id == about)
    if since is not None:
        statement = statement.where(MailedLink.subject_id >= since)
    session.execute(statement.values(closed_at=now).execution_options(synchronize_session="fetch"))
