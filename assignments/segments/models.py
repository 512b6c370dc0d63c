"""A segment with its revisions, and a decision table with its rules; what was said once is never edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base


class Segment(Base):
    """A selection under a name, as its latest revision says it."""

    __tablename__ = "segments"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        CheckConstraint("revision > 0", name="revision"),
        # A name is free again once its segment is put away.
        Index(
            "uq_segments_name",
            "creditor_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("archived_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    revision: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    archived_at: Mapped[datetime | None]
    archived_by: Mapped[int | None]


class SegmentRevision(Base):
    """What a segment selected from one change to the next."""

    __tablename__ = "segment_revisions"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "segment_id", "revision"),
        ForeignKeyConstraint(["creditor_id", "segment_id"], ["segments.creditor_id", "segments.id"]),
    )

    creditor_id: Mapped[int]
    segment_id: Mapped[int]
    revision: Mapped[int]
    name: Mapped[str]
    selection: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]


class DecisionTable(Base):
    """One revision of the rules that cut a segment, or the whole book, into micro-segments."""

    __tablename__ = "decision_tables"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        UniqueConstraint("creditor_id", "segment_id", "revision", postgresql_nulls_not_distinct=True),
        ForeignKeyConstraint(["creditor_id", "segment_id"], ["segments.creditor_id", "segments.id"]),
        CheckConstraint("revision > 0", name="revision"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: Empty where it cuts the whole book.
    segment_id: Mapped[int | None]
    revision: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]


class DecisionRule(Base):
    """What one rule takes in of what the rules before it left; the last one takes in all the rest."""

    __tablename__ = "decision_rules"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        UniqueConstraint("creditor_id", "table_id", "position"),
        ForeignKeyConstraint(["creditor_id", "table_id"], ["decision_tables.creditor_id", "decision_tables.id"]),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    table_id: Mapped[int]
    position: Mapped[int]
    #: Empty for what is left over.
    label: Mapped[str]
    selection: Mapped[dict[str, Any]]
