"""Contact points of a debtor: phones, e-mails and addresses, as the creditor gave or released them.

What the first row of a debtor said stands with the debtor itself: three million rows fewer for a portfolio of a million
cases. The view `debtor_contacts` shows both alike, and is what everybody reads.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import OF_THE_ACTOR, Base, code_type


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
    """One more way to reach a debtor, who exists (a trigger asks once per statement).

    It comes from a later row, or from a finding that the creditor released; what is not released is never here, so
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
    creditor_id: Mapped[int] = mapped_column(server_default=OF_THE_ACTOR)
    #: The agency that works the debtor now.
    agency_id: Mapped[int | None]
    debtor_id: Mapped[int]
    portfolio_id: Mapped[int | None]
    #: The update of the portfolio it came with, if it came with one.
    upload_id: Mapped[int | None]
    kind: Mapped[ContactKind] = mapped_column(code_type(ContactKind))
    value: Mapped[str]
    #: Its one spelling (`normalising`), where it is known.
    normal: Mapped[str | None]
    #: The finding it was released from; it exists (a trigger asks, for released points only).
    finding_id: Mapped[int | None]
    #: Empty for what the creditor handed over with the case.
    authorisation: Mapped[Authorisation | None] = mapped_column(code_type(Authorisation))
    released_at: Mapped[datetime | None]


#: The rows of both tables under the walls of both: it asks as whoever reads it, not as its owner.
VIEW = """
create view debtor_contacts with (security_invoker = true) as
select d.creditor_id, d.agency_id, d.id as debtor_id, c.place, c.kind, c.value, c.normal,
       null::bigint as finding_id, null::varchar(40) as authorisation, null::timestamptz as released_at
from debtors d
cross join lateral (
    values (-4::bigint, 'phone'::varchar(40), d.phone, d.phone_e164), (-3, 'phone', d.phone_2, d.phone_2_e164),
           (-2, 'email', d.email, null), (-1, 'address', d.address, d.address_normal)
) c (place, kind, value, normal)
where c.value is not null
union all
select creditor_id, agency_id, debtor_id, id, kind, value, normal, finding_id, authorisation, released_at
from contact_points
"""
event.listen(Base.metadata, "after_create", DDL(VIEW))  # type: ignore[no-untyped-call]


class DebtorContact(Base):
    """A way to reach a debtor, wherever it stands."""

    # Not among the tables: it is neither made nor compared as one.
    __table__ = Table(
        "debtor_contacts",
        MetaData(),
        Column("creditor_id", BigInteger, primary_key=True),
        Column("agency_id", BigInteger),
        Column("debtor_id", BigInteger, primary_key=True),
        Column("place", BigInteger, primary_key=True),
        Column("kind", code_type(ContactKind)),
        Column("value", Text),
        Column("normal", Text),
        Column("finding_id", BigInteger),
        Column("authorisation", code_type(Authorisation)),
        Column("released_at", DateTime(timezone=True)),
    )

    creditor_id: Mapped[int]
    #: The agency that works the debtor now.
    agency_id: Mapped[int | None]
    debtor_id: Mapped[int]
    #: In which order they were given; below zero for what stands with the debtor.
    place: Mapped[int]
    kind: Mapped[ContactKind]
    value: Mapped[str]
    normal: Mapped[str | None]
    finding_id: Mapped[int | None]
    authorisation: Mapped[Authorisation | None]
    released_at: Mapped[datetime | None]
