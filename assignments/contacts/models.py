"""Contact points of a debtor: phones, e-mails and addresses, as the creditor gave or released them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Identity, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class ContactKind(StrEnum):
    """How the debtor is reached."""

    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"


class Authorisation(StrEnum):
    """Whether a way to reach somebody may be used; that it is correct says nothing about this."""

    AUTHORISED = "authorised"
    NOT_AUTHORISED = "not_authorised"
    UNKNOWN = "unknown"
    REVOKED = "revoked"


class ContactPoint(Base):
    """One way to reach a debtor, who exists (a trigger asks once per statement).

    It comes from a portfolio, or from a finding that the creditor released; what is not released is never here, so
    that whoever works the debtor cannot see it.
    """

    __tablename__ = "contact_points"
    __table_args__ = (
        # In the order in which they are read: a debtor's together.
        PrimaryKeyConstraint("creditor_id", "debtor_id", "id"),
        Index("ix_contact_points_agency_id", "agency_id", postgresql_where=text("agency_id is not null")),
        Index(
            "uq_contact_points_finding_id",
            "creditor_id",
            "finding_id",
            unique=True,
            postgresql_where=text("finding_id is not null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    #: The agency that works the debtor now.
    agency_id: Mapped[int | None]
    debtor_id: Mapped[int]
    portfolio_id: Mapped[int | None]
    kind: Mapped[ContactKind] = mapped_column(code_type(ContactKind))
    value: Mapped[str]
    #: The finding it was released from; it exists (a trigger asks, for released points only).
    finding_id: Mapped[int | None]
    #: Empty for what the creditor handed over with the case.
    authorisation: Mapped[Authorisation | None] = mapped_column(code_type(Authorisation))
    released_at: Mapped[datetime | None]
