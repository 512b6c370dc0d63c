"""Uploads, their stored row errors, and the header mappings an organisation has confirmed.

The staged rows of each kind live in tables of their own (`uploads/checking/staging.py`), made from the kind's schema.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type
from agencies.kernel.sealing import HoldsSealed, Keyring, keyring_for
from uploads.sealed import place_of_fault, place_of_sample


class UploadKind(StrEnum):
    """What a file holds."""

    # A creditor's.
    PORTFOLIO = "portfolio"
    #: News of cases handed over before: balances, ways to reach people, holds.
    PORTFOLIO_UPDATE = "portfolio_update"
    #: What debtors paid to the creditor itself.
    CREDITOR_PAYMENTS = "creditor_payments"
    RECALL_LIST = "recall_list"
    # An agency's.
    PAYMENTS = "payments"
    ACTIVITIES = "activities"
    PROMISES = "promises"
    #: Cases given back, each with its return code.
    CLOSURES = "closures"
    #: What the agency believes it holds.
    INVENTORY = "inventory"
    #: What a locate agency found.
    FINDINGS = "findings"


class UploadState(StrEnum):
    """The stages of a file, see `lifecycle`."""

    #: A workbook, an archive or a file of fixed width is being opened.
    OPENING = "opening"
    RECEIVED = "received"
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    #: What it made was taken back, nothing having come of it.
    UNDONE = "undone"
    #: The file as a whole is unusable, or the user turned it away.
    REJECTED = "rejected"


class Upload(HoldsSealed, Base):
    """One file one organisation sent, with what became of it."""

    __tablename__ = "uploads"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        # The same bytes again give the first result; a rejected or undone file may be sent again.
        Index(
            "uq_uploads_bytes",
            "organisation_id",
            "kind",
            text("coalesce(creditor_id, 0)"),
            "sha256",
            unique=True,
            postgresql_where=text("state not in ('rejected', 'undone')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: Whose cases an agency's report speaks of; empty for a creditor's own file.
    creditor_id: Mapped[int | None]
    #: The report period the file is for, when it is an agency's.
    report_id: Mapped[int | None]
    kind: Mapped[UploadKind] = mapped_column(code_type(UploadKind))
    state: Mapped[UploadState] = mapped_column(code_type(UploadState))
    filename: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    storage_key: Mapped[str]
    #: How a file that is not plain text was opened: format, sheets, the sheet and layout taken (`uploads.opening`).
    container: Mapped[dict[str, Any] | None]
    #: The text that was made of it, which is what is read; empty for a file that is text itself.
    text_key: Mapped[str | None]
    encoding: Mapped[str | None]
    delimiter: Mapped[str | None]
    #: The header as read: a list of column names.
    header: Mapped[list[Any] | None]
    #: First rows as read, for the mapping page: `sample`.
    sealed_sample: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Column position (text) -> field name.
    mapping: Mapped[dict[str, Any] | None]
    #: Settled or asked: currency, date order, decimal sign.
    options: Mapped[dict[str, Any] | None]
    #: Which version of the kind's columns it was read by.
    schema_version: Mapped[int] = mapped_column(default=1)
    #: Whose word the columns were read by as last time, and of when it is; empty where the sender was asked.
    remembered_at: Mapped[datetime | None]
    remembered_by: Mapped[int | None]
    #: Where the rows begin, so that they can be read once more.
    data_offset: Mapped[int | None]
    data_line: Mapped[int | None]
    #: Where checking goes on after an interruption.
    offset_bytes: Mapped[int] = mapped_column(default=0)
    #: Records before that place, the header and blank ones included.
    offset_line: Mapped[int] = mapped_column(default=0)
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_good: Mapped[int] = mapped_column(default=0)
    rows_rejected: Mapped[int] = mapped_column(default=0)
    errors_found: Mapped[int] = mapped_column(default=0)
    #: How often each fault was found, listed or not: `field:code` -> count.
    error_counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The same for what was only remarked on: the row stays good.
    warning_counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Values of fields with a list of codes that stand for none of them: field -> value -> count, the frequent ones.
    unknown_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: rows_read = rows_applied + rows_unchanged + rows_rejected once the upload is applied.
    rows_applied: Mapped[int] = mapped_column(default=0)
    #: Good rows that said nothing new: they were reported before.
    rows_unchanged: Mapped[int] = mapped_column(default=0)
    value_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str | None]
    #: Value of the good rows by currency: code -> minor units; `value_minor` is that of `currency`. While the file is
    #: being checked it is that of all rows read so far, rejected or not.
    totals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: When the bytes of a rejected file were removed; the row keeps their hash and name.
    purged_at: Mapped[datetime | None]
    #: What the sender says the file holds, typed or found in its last rows: rows, amount in minor units, source.
    control: Mapped[dict[str, Any] | None]
    #: Why the file as a whole was rejected: a code of `uploads.faults`, and what fills its message.
    fault: Mapped[str | None]
    fault_params: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    checked_at: Mapped[datetime | None]
    #: Whether the user chose to apply the good rows although others were rejected.
    good_rows_only: Mapped[bool | None]
    applied_at: Mapped[datetime | None]
    applied_by: Mapped[int | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None]

    def keep_sample(self, keyring: Keyring, rows: Sequence[Sequence[str]] | None) -> None:
        """Keep the first rows of the file, sealed; none when there are no columns yet."""
        place = place_of_sample(self.organisation_id, self.sha256)
        text = json.dumps([list(row) for row in rows or ()], ensure_ascii=False, separators=(",", ":"))
        self.sealed_sample, self.own_keyring = keyring.seal(text, place), keyring

    @property
    def sample(self) -> list[list[str]] | None:
        """The first rows of the file, opened with the keys of its session; none before it was looked into."""
        if self.sealed_sample is None:
            return None
        place = place_of_sample(self.organisation_id, self.sha256)
        rows: list[list[str]] = json.loads(keyring_for(self).open(self.sealed_sample, place))
        return rows


class UploadError(HoldsSealed, Base):
    """One fault in one row, as a value: line, field, code and what stood there."""

    __tablename__ = "upload_errors"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "upload_id", "line", "field", "code"),
        ForeignKeyConstraint(["organisation_id", "upload_id"], ["uploads.organisation_id", "uploads.id"]),
    )

    organisation_id: Mapped[int]
    upload_id: Mapped[int]
    #: Record number in the file, the header being 1, as a spreadsheet counts.
    line: Mapped[int]
    field: Mapped[str]
    code: Mapped[str]
    #: What stood there, cut to 80 characters. Told from the file it is sealed, for in a wrong column anything may be
    #: anybody's number; it is readable when a rule of the business tells an account, a day or a currency.
    value: Mapped[str] = mapped_column(server_default=text("''"))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: A remark: the row stays good.
    is_warning: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    @property
    def stood(self) -> str:
        """What stood there, opened where it is sealed."""
        if self.sealed is None:
            return self.value
        place = place_of_fault(self.organisation_id, self.upload_id, self.line, self.field, self.code)
        return keyring_for(self).open(self.sealed, place)


class HeaderMapping(Base):
    """A confirmed mapping, applied by itself when the same header comes again."""

    __tablename__ = "header_mappings"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "kind", "header_hash"),
        UniqueConstraint("organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[UploadKind] = mapped_column(code_type(UploadKind))
    header_hash: Mapped[bytes] = mapped_column(LargeBinary)
    mapping: Mapped[dict[str, Any]]
    options: Mapped[dict[str, Any]]
    confirmed_at: Mapped[datetime]
    confirmed_by: Mapped[int | None]
    #: All columns the file had, used or not, as they were written; unknown for what was confirmed long ago.
    header: Mapped[list[Any] | None]
    times_used: Mapped[int]
    last_used_at: Mapped[datetime]


class ValueMap(Base):
    """What one code of a sender stands for, in one field of one kind of file."""

    __tablename__ = "value_maps"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "kind", "field", "spelling"),
        UniqueConstraint("organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[UploadKind] = mapped_column(code_type(UploadKind))
    field: Mapped[str]
    #: The code as it is compared: lower case, no accents, single spaces.
    spelling: Mapped[str]
    #: As it was written when it was first explained.
    written: Mapped[str]
    #: One of the platform's codes; empty for a cell that says nothing; null leaves its rows out.
    code: Mapped[str | None]
    confirmed_at: Mapped[datetime]
    confirmed_by: Mapped[int | None]
