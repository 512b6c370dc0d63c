"""Contact points of a debtor: phones, e-mails and addresses, as the creditor gave them."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Identity, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class ContactKind(StrEnum):
    """How the debtor is reached."""

    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"


class ContactPoint(Base):
    """One way to reach a debtor, who exists (a trigger asks once per statement); the portfolio is its source."""

    __tablename__ = "contact_points"
    __table_args__ = (
        # In the order in which they are read: a debtor's together.
        PrimaryKeyConstraint("creditor_id", "debtor_id", "id"),
        Index("ix_contact_points_agency_id", "agency_id", postgresql_where=text("agency_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    #: The agency that works the debtor now.
    agency_id: Mapped[int | None]
    debtor_id: Mapped[int]
    portfolio_id: Mapped[int]
    kind: Mapped[ContactKind] = mapped_column(code_type(ContactKind))
    value: Mapped[str]
