"""The tables into which checked rows are copied, one per kind, made from its schema.

They are logged tables: after a crash an unlogged one would be empty while the checkpoint beside it survived. The rows
stay as the typed source of what was made from them, until the upload is purged. Of what names or reaches a person they
hold one sealed value, and blind indexes where the row is to become a debtor (`sealing.py`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, LargeBinary, PrimaryKeyConstraint, Table, Text
from sqlalchemy.types import TypeEngine

from agencies.kernel.base import Base
from uploads.checking.sealing import CONTACTS
from uploads.models import UploadKind
from uploads.schemas.fields import FieldType, Schema
from uploads.schemas.registry import SCHEMAS

_COLUMN: dict[FieldType, type[TypeEngine[Any]]] = {
    FieldType.TEXT: Text,
    FieldType.CHOICE: Text,
    FieldType.AMOUNT: BigInteger,
    FieldType.INTEGER: BigInteger,
    FieldType.DATE: Date,
    FieldType.INSTANT: DateTime,
}


def _table(schema: Schema) -> Table:
    columns = [
        Column(
            field.name,
            DateTime(timezone=True) if field.type is FieldType.INSTANT else _COLUMN[field.type](),
        )
        for field in schema.fields
        if field.name not in schema.private
    ]
    hidden = ["sealed"] if schema.private else []
    hidden += ["identity", *CONTACTS] if schema.makes_debtors else []
    return Table(
        f"staged_{schema.kind}",
        Base.metadata,
        Column("organisation_id", BigInteger, nullable=False),
        Column("upload_id", BigInteger, nullable=False),
        Column("line", BigInteger, nullable=False),
        *columns,
        *(Column(name, Text()) for name in schema.beside if name not in schema.private),
        *(Column(name, LargeBinary()) for name in hidden),
        PrimaryKeyConstraint("organisation_id", "upload_id", "line"),
    )


STAGED: dict[UploadKind, Table] = {kind: _table(schema) for kind, schema in SCHEMAS.items()}
