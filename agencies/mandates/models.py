"""Mandates and their versions; a version is never edited, a placement keeps the one it was made under."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class Service(StrEnum):
    """What an agency is asked to do with a case."""

    COLLECT = "collect"
    #: Find the debtor; nobody asks for money.
    LOCATE = "locate"


class MandateState(StrEnum):
    """Cases may be placed only under a mandate in force."""

    IN_FORCE = "in_force"
    ENDED = "ended"


class ReportFrequency(StrEnum):
    """How often the agency reports."""

    #: From Monday to Sunday.
    WEEKLY = "weekly"
    #: From the 1st to the 15th, and from the 16th to the end of the month: *quincena*.
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"


class DebtorType(StrEnum):
    """Who owes, as a rate line may ask."""

    PERSON = "person"
    COMPANY = "company"


class Approver(StrEnum):
    """Who of the creditor decides on a settlement above the agency's authority."""

    DIRECTOR = "director"
    ANALYST = "analyst"
    FINANCE = "finance"


class Subcontracting(StrEnum):
    """Whether an agency may have others do its work."""

    FORBIDDEN = "forbidden"
    #: Each one only after the creditor has agreed to it.
    WITH_CONSENT = "with_consent"


class Party(StrEnum):
    """A side of a contract."""

    CREDITOR = "creditor"
    AGENCY = "agency"


class Answer(StrEnum):
    """What became of proposed terms; until then they wait."""

    ACCEPTED = "accepted"
    #: By the side that was asked.
    DECLINED = "declined"
    #: By the side that proposed them.
    WITHDRAWN = "withdrawn"


class FeeClass(StrEnum):
    """How urgent a locate order is; each class has its own fees."""

    STANDARD = "standard"
    EXPRESS = "express"


class LocateGrade(StrEnum):
    """Whether a finding is correct, as the creditor's verification says."""

    VERIFIED_WITH_DEBTOR = "verified_with_debtor"
    VERIFIED_THIRD_SOURCE = "verified_third_source"
    MATCHED_UNVERIFIED = "matched_unverified"
    STALE = "stale"
    #: Proved wrong.
    NEGATIVE = "negative"
    DUPLICATE_OF_KNOWN = "duplicate_of_known"


#: Grades that may carry a fee; nothing is owed for what is stale, wrong or already known (market practice).
PAYING_GRADES = (
    LocateGrade.VERIFIED_WITH_DEBTOR,
    LocateGrade.VERIFIED_THIRD_SOURCE,
    LocateGrade.MATCHED_UNVERIFIED,
)


class Clause(StrEnum):
    """What the agency promises to do in time."""

    #: From a consignment's or locate order's sending to its acknowledgement.
    ACKNOWLEDGE = "acknowledge"
    #: From the acknowledgement to the first activity on each case.
    FIRST_ACTIVITY = "first_activity"
    #: Each report by its due date on the creditor's calendar.
    REPORT_ON_TIME = "report_on_time"
    #: From a recall to the agency's answer.
    RECALL_ANSWERED = "recall_answered"


class Mandate(Base):
    """A contract between a creditor and an agency for one service."""

    __tablename__ = "mandates"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id", "id"), UniqueConstraint("creditor_id", "name"))

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str]
    service: Mapped[Service] = mapped_column(code_type(Service))
    state: Mapped[MandateState] = mapped_column(code_type(MandateState))
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]


class MandateVersion(Base):
    """The terms of a mandate from a date on, as one side proposed them; they hold once the other has accepted."""

    __tablename__ = "mandate_versions"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_id"],
            ["mandates.creditor_id", "mandates.agency_id", "mandates.id"],
        ),
        UniqueConstraint("creditor_id", "mandate_id", "version"),
        # An answer names its version together with the side that proposed it.
        UniqueConstraint("creditor_id", "agency_id", "id", "proposed_by"),
        CheckConstraint("commission_bp between 0 and 10000", name="commission_bp"),
        CheckConstraint("direct_bp between 0 and 10000", name="direct_bp"),
        CheckConstraint("discovery_bp between 0 and 10000", name="discovery_bp"),
        CheckConstraint("bonus_bp between 0 and 10000", name="bonus_bp"),
        CheckConstraint("floor_minor >= 0 and cap_minor >= 0 and floor_minor <= cap_minor", name="floor_minor"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    mandate_id: Mapped[int]
    version: Mapped[int]
    valid_from: Mapped[date]
    proposed_by: Mapped[Party] = mapped_column(code_type(Party, "proposed_by"))
    #: Of every amount in the terms.
    currency: Mapped[str]
    #: Ten-thousandths of each payment of a case that no rate line fits.
    commission_bp: Mapped[int]
    #: What a payment that earns anything earns at least and at most.
    floor_minor: Mapped[int | None]
    cap_minor: Mapped[int | None]
    #: What part of the commission is due when the debtor paid the creditor itself, in ten-thousandths.
    direct_bp: Mapped[int] = mapped_column(default=10_000)
    #: What part of it is due on a payment made before the placement.
    discovery_bp: Mapped[int] = mapped_column(default=10_000)
    #: A case recalled within so many days of its placement earns nothing from then on.
    recall_free_days: Mapped[int] = mapped_column(default=0)
    report_frequency: Mapped[ReportFrequency] = mapped_column(code_type(ReportFrequency))
    #: Business days after the end of a period by which its report is due.
    report_due_days: Mapped[int]
    #: The largest discount on the balance that the agency may grant by itself, in ten-thousandths.
    settlement_discount_bp: Mapped[int] = mapped_column(default=0)
    #: Calendar days after a placement ended in which a payment still earns its agency the commission.
    tail_days: Mapped[int] = mapped_column(default=0)
    #: Days after which cases come back by themselves, 0 where that is not agreed: since they were taken on, since
    #: anything was reported of them, since anything was paid.
    term_days: Mapped[int] = mapped_column(default=0)
    no_work_days: Mapped[int] = mapped_column(default=0)
    no_payment_days: Mapped[int] = mapped_column(default=0)
    #: The same for the payments of a plan agreed during the placement; never shorter than the tail.
    plan_tail_days: Mapped[int] = mapped_column(default=0)
    #: From so much collected in a calendar month, this part of it may be invoiced as a bonus.
    bonus_from_minor: Mapped[int | None]
    bonus_bp: Mapped[int] = mapped_column(default=0)
    longest_plan_months: Mapped[int | None]
    smallest_instalment_minor: Mapped[int | None]
    approver: Mapped[Approver] = mapped_column(code_type(Approver), default=Approver.DIRECTOR)
    #: Days after a placement in which the creditor takes no case back for reasons of strategy; 0 is no exclusivity.
    exclusive_days: Mapped[int] = mapped_column(default=0)
    subcontracting: Mapped[Subcontracting] = mapped_column(
        code_type(Subcontracting), default=Subcontracting.WITH_CONSENT
    )
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]


def _version_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["creditor_id", "agency_id", "mandate_version_id"],
        ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
    )


class CommissionLine(Base):
    """One rate line of a version; the first that fits a case, by position, sets its commission; never edited."""

    __tablename__ = "commission_lines"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "mandate_version_id", "position"),
        _version_key(),
        CheckConstraint("rate_bp between 0 and 10000", name="rate_bp"),
        CheckConstraint("position > 0", name="position"),
        CheckConstraint("tier > 0", name="tier"),
        CheckConstraint("age_from >= 0 and age_to >= 0 and age_from <= age_to", name="age_from"),
        CheckConstraint(
            "balance_from_minor >= 0 and balance_to_minor >= 0 and balance_from_minor <= balance_to_minor",
            name="balance_from_minor",
        ),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    mandate_version_id: Mapped[int]
    position: Mapped[int]
    rate_bp: Mapped[int]
    #: What is null is not asked; both ends of a range are included. The first placement of a case has tier 1.
    tier: Mapped[int | None]
    #: Days past due when the case is placed.
    age_from: Mapped[int | None]
    age_to: Mapped[int | None]
    #: Minor units of the version's currency when the case is placed.
    balance_from_minor: Mapped[int | None]
    balance_to_minor: Mapped[int | None]
    product: Mapped[str | None]
    debtor_type: Mapped[DebtorType | None] = mapped_column(code_type(DebtorType))


class LocateFee(Base):
    """What one accepted finding earns, by urgency and grade; part of a version, never edited."""

    __tablename__ = "locate_fees"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "mandate_version_id", "fee_class", "grade"),
        _version_key(),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    mandate_version_id: Mapped[int]
    fee_class: Mapped[FeeClass] = mapped_column(code_type(FeeClass))
    grade: Mapped[LocateGrade] = mapped_column(code_type(LocateGrade))
    currency: Mapped[str]
    amount_minor: Mapped[int]


class SlaClause(Base):
    """One promise of a version: how much business time there is, and how often it must be kept; never edited."""

    __tablename__ = "sla_clauses"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "mandate_version_id", "clause"),
        _version_key(),
        CheckConstraint("target_bp between 0 and 10000", name="target_bp"),
        CheckConstraint("hours >= 0", name="hours"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    mandate_version_id: Mapped[int]
    clause: Mapped[Clause] = mapped_column(code_type(Clause))
    #: Business hours, 24 to a business day of the creditor; 0 where the reporting calendar sets the time.
    hours: Mapped[int]
    #: The share of obligations that must be kept, in ten-thousandths.
    target_bp: Mapped[int]
