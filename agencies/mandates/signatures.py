"""What the sides said to a version of a mandate: who signed it, and what became of a proposal; never edited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, LargeBinary, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type
from agencies.mandates.models import Answer, Party


class MandateAnswer(Base):
    """What became of a proposed version: one answer, never edited."""

    __tablename__ = "mandate_answers"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "mandate_version_id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id", "proposed_by"],
            [
                "mandate_versions.creditor_id",
                "mandate_versions.agency_id",
                "mandate_versions.id",
                "mandate_versions.proposed_by",
            ],
        ),
        # Nobody accepts or declines its own proposal, and nobody withdraws the other's.
        CheckConstraint("(answer = 'withdrawn') = (side = proposed_by)", name="side"),
        CheckConstraint("(answer = 'declined') = (reason <> '')", name="reason"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    mandate_version_id: Mapped[int]
    proposed_by: Mapped[Party] = mapped_column(code_type(Party, "proposed_by"))
    side: Mapped[Party] = mapped_column(code_type(Party))
    answer: Mapped[Answer] = mapped_column(code_type(Answer))
    reason: Mapped[str]
    answered_at: Mapped[datetime]
    answered_by: Mapped[int | None]
    #: The lot whose award accepted the bid these terms were made of.
    lot_id: Mapped[int | None]


class MandateSignature(Base):
    """Who signed a version for a side, with the digest of exactly these terms; never edited."""

    __tablename__ = "mandate_signatures"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "mandate_version_id", "side"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
        ),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "lot_id"],
            ["opened_bids.creditor_id", "opened_bids.agency_id", "opened_bids.lot_id"],
        ),
        CheckConstraint("octet_length(digest) = 32", name="digest"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    mandate_version_id: Mapped[int]
    side: Mapped[Party] = mapped_column(code_type(Party))
    signer_name: Mapped[str]
    signer_position: Mapped[str]
    #: SHA-256 of the canonical terms.
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    signed_at: Mapped[datetime]
    signed_by: Mapped[int | None]
    #: The lot in which the agency's bid is its signature.
    lot_id: Mapped[int | None]
