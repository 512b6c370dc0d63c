"""What proves, beside the password, who somebody is: an authenticator app, recovery codes, passkeys.

Only the door reads what these rows keep; the sides see that there is something and since when.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    delete,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base, code_type


class Factor(StrEnum):
    """By what, beside the password, somebody proved to be who they are."""

    CODE = "code"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"
    #: Asked for by the organisation's own sign-in, which says so and is trusted in it.
    COMPANY = "company"


class Purpose(StrEnum):
    """What an answer to a challenge is for; it is good for nothing else."""

    REGISTER = "register"
    #: By somebody who is not known yet.
    SIGN_IN = "sign_in"
    #: By somebody whose password was right, or who steps up.
    PROVE = "prove"


class Authenticator(Base):
    """A person's authenticator app: the key it shares with us, sealed, and one that waits to be confirmed."""

    __tablename__ = "authenticators"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "user_id"),
        ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
    )

    organisation_id: Mapped[int]
    user_id: Mapped[int]
    seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    #: The time step of the last code that was taken; older ones, and itself, are worth nothing any more.
    last_step: Mapped[int | None]
    pending_seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    pending_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code for the day the phone is lost; of a long random code a plain hash is kept."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "user_id", "code_hash"),
        ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
    )

    organisation_id: Mapped[int]
    user_id: Mapped[int]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key that a person's device keeps; we know its public half."""

    __tablename__ = "passkeys"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
        UniqueConstraint("credential_id"),
        Index("ix_passkeys_user_id", "organisation_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int]
    user_id: Mapped[int]
    #: What its owner calls it.
    name: Mapped[str]
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    #: How often the device says it has used it; a copy of the device would tell a smaller number.
    uses: Mapped[int]
    added_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """A random number a passkey is to sign, until it is answered once or its time is over; it is nobody's."""

    __tablename__ = "passkey_challenges"
    __table_args__ = (Index(None, "expires_at"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(code_type(Purpose))
    #: The signed-in session it was given to; none at the door.
    session_id: Mapped[int | None]
    expires_at: Mapped[datetime]


def forget_factors(session: Session, organisation_id: int, user_id: int) -> None:
    """Take all that proves somebody beside the password away: app, passkeys and recovery codes."""
    for kind in (Authenticator, Passkey, RecoveryCode):
        theirs = (kind.organisation_id == organisation_id, kind.user_id == user_id)
        session.execute(delete(kind).where(*theirs).execution_options(synchronize_session=False))


def has_factor(session: Session, organisation_id: int, user_id: int) -> bool:
    """Whether the person has set up a second factor."""
    # Named columns: the sides may not see all of a row, and `exists` of a whole one asks for all.
    app = select(Authenticator.user_id).where(
        Authenticator.organisation_id == organisation_id,
        Authenticator.user_id == user_id,
        Authenticator.confirmed_at.is_not(None),
    )
    keys = select(Passkey.user_id).where(Passkey.organisation_id == organisation_id, Passkey.user_id == user_id)
    return bool(session.scalar(select(or_(app.exists(), keys.exists()))))
