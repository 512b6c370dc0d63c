"""Whom an agency lets work on a creditor's data: entries, the versions of their list, and the creditor's word on each.

A list is changed while it is a draft and published whole; its text and the text's hash are what an attestation refers
to. A decision is about what an entry says: another entry that says the same is decided, one that says more is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type

_PANEL = ["panel_members.creditor_id", "panel_members.agency_id"]
#: The heads of an entry's lines, in the languages of both sides: the list is one text, whoever reads it.
_HEADS = (
    ("name", "Nombre / Name"),
    ("country", "País / Country"),
    ("tax_id", "Identificación tributaria / Tax number"),
    ("service", "Servicio / Service"),
    ("data_kinds", "Datos / Data"),
    ("hosting", "Alojamiento / Hosting"),
    ("authorised_on", "Autorización escrita / Written authorisation"),
)


class SubprocessorVerdict(StrEnum):
    """What a creditor says of an entry."""

    APPROVED = "approved"
    OBJECTED = "objected"


class SubprocessorList(Base):
    """One version of the list of one relation; a draft until it is published."""

    __tablename__ = "subprocessor_lists"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "version"),
        ForeignKeyConstraint(["creditor_id", "agency_id"], _PANEL),
        CheckConstraint(
            "(published_at is null) = (sha256 is null) and (published_at is null) = (text is null)", name="published"
        ),
        Index(
            "uq_subprocessor_lists_draft",
            "creditor_id",
            "agency_id",
            unique=True,
            postgresql_where=text("published_at is null"),
        ),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    version: Mapped[int]
    begun_at: Mapped[datetime]
    begun_by: Mapped[int | None]
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None]
    #: Every word of it, once it is published.
    text: Mapped[str | None]
    #: SHA-256 of the text in UTF-8.
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)


class Subprocessor(Base):
    """One entry of one version."""

    __tablename__ = "subprocessors"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "version"],
            ["subprocessor_lists.creditor_id", "subprocessor_lists.agency_id", "subprocessor_lists.version"],
        ),
        CheckConstraint("(contract_file_key is null) = (contract_sha256 is null)", name="contract"),
        Index(None, "creditor_id", "agency_id", "version"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    version: Mapped[int]
    name: Mapped[str]
    country: Mapped[str]
    tax_id: Mapped[str]
    #: Nothing where we do not know the country's rule.
    is_tax_id_valid: Mapped[bool | None]
    service: Mapped[str]
    data_kinds: Mapped[str]
    #: Where the data lie.
    hosting: Mapped[str]
    #: Of what day the creditor's written authorisation is.
    authorised_on: Mapped[date | None]
    contract_file_key: Mapped[str | None]
    contract_name: Mapped[str | None]
    contract_type: Mapped[str | None]
    contract_size: Mapped[int | None]
    contract_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)


class SubprocessorDecision(Base):
    """What the creditor said of an entry that reads like this; the newest counts, none is edited."""

    __tablename__ = "subprocessor_decisions"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(["creditor_id", "agency_id"], _PANEL),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    #: Of the entry as it read, `fingerprint_of`.
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    verdict: Mapped[SubprocessorVerdict] = mapped_column(code_type(SubprocessorVerdict))
    reason: Mapped[str | None]
    decided_at: Mapped[datetime]
    decided_by: Mapped[int | None]


def text_of_entry(entry: Subprocessor) -> str:
    """Everything an entry says, its contract by its hash."""
    lines = [f"{head}: {_plain(getattr(entry, name))}" for name, head in _HEADS]
    contract = f"SHA-256 {entry.contract_sha256.hex()}" if entry.contract_sha256 else "–"
    return "\n".join([*lines, f"Contrato / Contract: {contract}"])


def fingerprint_of(entry: Subprocessor) -> bytes:
    """What a decision on an entry is about."""
    return hashlib.sha256(text_of_entry(entry).encode()).digest()


def text_of_list(entries: Iterable[Subprocessor]) -> str:
    """A whole list in an order that does not depend on who was added first."""
    told = sorted(text_of_entry(entry) for entry in entries)
    return "\n\n".join(told) or "Ninguno / None"


def _plain(value: object) -> str:
    """One line whatever was typed, so that no entry can pass for two."""
    return " ".join(str(value).split()) if value else "–"
