"""What the contact law says of each reported activity, and how often, per agency and month."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class Verdict(StrEnum):
    """The three answers; what is not known is never read as allowed."""

    COMPLIANT = "compliant"
    VIOLATION = "violation"
    NOT_EVALUABLE = "not_evaluable"


class ConductVerdict(Base):
    """How one activity stands, in the light of everything known of its debtor; rewritten when more becomes known."""

    __tablename__ = "conduct_verdicts"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "activity_id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "activity_id"],
            ["activities.creditor_id", "activities.agency_id", "activities.id"],
        ),
        ForeignKeyConstraint(["creditor_id", "debtor_id"], ["debtors.creditor_id", "debtors.id"]),
        Index("ix_conduct_verdicts_debtor_id", "creditor_id", "debtor_id"),
        # What people look through: everything that is not in order, newest first, by either side.
        Index(
            "ix_conduct_verdicts_creditor_list",
            "creditor_id",
            "happened_at",
            "activity_id",
            postgresql_where=text("verdict <> 'compliant'"),
        ),
        Index(
            "ix_conduct_verdicts_agency_list",
            "agency_id",
            "happened_at",
            "activity_id",
            postgresql_where=text("verdict <> 'compliant'"),
        ),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    activity_id: Mapped[int]
    debtor_id: Mapped[int]
    happened_at: Mapped[datetime]
    #: The date where the debtor is, and the clock it was judged by.
    day: Mapped[date]
    time_zone: Mapped[str]
    verdict: Mapped[Verdict] = mapped_column(code_type(Verdict))
    #: What it is counted under: the first rule broken, in the order the law is asked; empty unless it is a violation.
    code: Mapped[str]
    #: Every code it can be found by, cautions and reasons for not knowing included.
    codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    #: What was found, in the order the law is asked; names no agency.
    findings: Mapped[list[Any]]
    #: Whether what another agency did is part of the reason.
    is_shared: Mapped[bool]
    #: The rules judged by, and their version; empty where there are none.
    ruleset: Mapped[str]
    judged_at: Mapped[datetime]


class ConductCell(Base):
    """How many activities of an agency and month have one verdict, by the first rule broken."""

    __tablename__ = "conduct_cells"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id", "month", "verdict", "code"),)

    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    month: Mapped[date]
    verdict: Mapped[Verdict] = mapped_column(code_type(Verdict))
    code: Mapped[str]
    activities: Mapped[int]
    #: Those in which another agency had a part.
    shared: Mapped[int]
