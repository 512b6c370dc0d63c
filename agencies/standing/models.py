"""The panel: which agencies a creditor has chosen to deal with; joining gives no case to anybody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base


class PanelMember(Base):
    """An agency that may attest to a creditor, see its name, and be offered cases."""

    __tablename__ = "panel_members"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id"),)

    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    joined_at: Mapped[datetime]
    joined_by: Mapped[int | None]
