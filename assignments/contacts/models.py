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
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import OF_THE_ACTOR, Base, code_type
from agencies.kernel.sealing import HoldsSealed, keyring_for
from uploads.sealed import Told, open_private, part_of


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
    #: What it is found by: the blind index of its one spelling, or of what was written where it has none.
    form: Mapped[bytes] = mapped_column(LargeBinary)
    #: All that was told with it, for its debtor (`uploads.sealed`), and which part of that the point is.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    part: Mapped[str]
    #: The finding it was released from; it exists (a trigger asks, for released points only).
    finding_id: Mapped[int | None]
    #: Empty for what the creditor handed over with the case.
    authorisation: Mapped[Authorisation | None] = mapped_column(code_type(Authorisation))
    released_at: Mapped[datetime | None]


#: The rows of both tables under the walls of both: it asks as whoever reads it, not as its owner. Whoever sees a point
#: sees its debtor, whose identity opens it.
VIEW = """
create view debtor_contacts with (security_invoker = true) as
select d.creditor_id, d.agency_id, d.id as debtor_id, c.place, c.kind, c.part, c.form, d.identity, d.sealed,
       null::bigint as finding_id, null::varchar(40) as authorisation, null::timestamptz as released_at
from debtors d
cross join lateral (
    values (-4::bigint, 'phone'::varchar(40), 'phone'::text, d.phone_index), (-3, 'phone', 'phone_2', d.phone_2_index),
           (-2, 'email', 'email', d.email_index), (-1, 'address', 'address', d.address_index)
) c (place, kind, part, form)
where c.form is not null
union all
select p.creditor_id, p.agency_id, p.debtor_id, p.id, p.kind, p.part, p.form, d.identity, p.sealed,
       p.finding_id, p.authorisation, p.released_at
from contact_points p
join debtors d on d.creditor_id = p.creditor_id and d.id = p.debtor_id
"""
event.listen(Base.metadata, "after_create", DDL(VIEW))  # type: ignore[no-untyped-call]


class DebtorContact(HoldsSealed, Base):
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
        Column("part", Text),
        Column("form", LargeBinary),
        Column("identity", LargeBinary),
        Column("sealed", LargeBinary),
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
    #: Which part of what is sealed it is.
    part: Mapped[str]
    #: What it is found by.
    form: Mapped[bytes]
    identity: Mapped[bytes]
    sealed: Mapped[bytes]
    finding_id: Mapped[int | None]
    authorisation: Mapped[Authorisation | None]
    released_at: Mapped[datetime | None]

    @property
    def told(self) -> Told:
        """What was written and its one spelling, opened with the keys of its session."""
        return part_of(open_private(keyring_for(self), self.creditor_id, self.identity, self.sealed), self.part)

    @property
    def value(self) -> str:
        """What was written."""
        return self.told.value

    @property
    def normal(self) -> str | None:
        """Its one spelling (`normalising`), where it is known."""
        return self.told.normal
