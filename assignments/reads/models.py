"""The read log: one row for each page, and one for each piece of a file, with the cases that stood in it.

The ids are written down as they were handed out, not the filter that found them: balances, holders and states move, and
a filter asked again a year later would name other people. A file of a million cases is some five hundred rows.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class ReadKind(StrEnum):
    """How the data were shown or handed out."""

    #: One case or one person, identities and contacts covered.
    PAGE = "page"
    #: A list with debtors' names, identities covered.
    LIST = "list"
    #: What an agent or investigator has to work.
    WORK_LIST = "work_list"
    #: One field of one case in full, for a purpose.
    REVEAL = "reveal"
    #: The file of placed cases, in full.
    MANIFEST = "manifest"
    #: A list as a file, identities covered.
    EXPORT = "export"
    #: A list as a file with personal data in full, for a purpose.
    FULL_EXPORT = "full_export"
    #: What was found about a person, or its evidence.
    FINDING = "finding"
    #: A person to be found, or the file of them, in full.
    LOCATE = "locate"
    #: A file as it was sent, its rejected rows, or a look into it.
    FILE = "file"
    #: The masked figures of a lot: nobody in them can be told.
    TAPE = "tape"


class Purpose(StrEnum):
    """What a field in full is needed for."""

    CALL = "call"
    VERIFY_IDENTITY = "verify_identity"
    ANSWER = "answer"
    LEGAL = "legal"
    QUALITY = "quality"
    DATA_SUBJECT = "data_subject"


class Subject(StrEnum):
    """What else a read was of, where the cases do not say it."""

    CONSIGNMENT = "consignment"
    LOCATE_BATCH = "locate_batch"
    LOCATE_ORDER = "locate_order"
    FINDING = "finding"
    DEBTOR = "debtor"
    MATCH = "match"
    LOT = "lot"
    UPLOAD = "upload"
    #: What a data subject asked.
    REQUEST = "request"
    INCIDENT = "incident"


class CaseRead(Base):
    """Some cases of one creditor, shown to one person at one time; never edited."""

    __tablename__ = "case_reads"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        CheckConstraint("cases = cardinality(case_ids)", name="cases"),
        Index("ix_case_reads_at", "creditor_id", "at", "id"),
        Index("ix_case_reads_agency_id", "agency_id", "at", "id", postgresql_where=text("agency_id is not null")),
        # One case is found by its own reads at once, and among the sets by where these begin and end.
        Index("ix_case_reads_one", "creditor_id", "first_case", "at", postgresql_where=text("cases = 1")),
        Index("ix_case_reads_sets", "creditor_id", "last_case", "first_case", postgresql_where=text("cases > 1")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    #: Whose debtors they are.
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: The agency that read; empty when the creditor's own people did.
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    user_id: Mapped[int | None]
    role: Mapped[str | None]
    kind: Mapped[ReadKind] = mapped_column(code_type(ReadKind))
    purpose: Mapped[Purpose | None] = mapped_column(code_type(Purpose))
    #: What of the people stood there, by name; never a value.
    fields: Mapped[list[Any]]
    subject_kind: Mapped[Subject | None] = mapped_column(code_type(Subject))
    subject_id: Mapped[int | None]
    case_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    cases: Mapped[int]
    first_case: Mapped[int | None]
    last_case: Mapped[int | None]
    at: Mapped[datetime]
    #: The request it was shown to, as the log and the audit trail name it.
    request_id: Mapped[str | None]
