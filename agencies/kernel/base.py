"""The declarative base of every table, with its naming convention and column kinds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Enum, MetaData, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Integers are bigint, text is unbounded, instants carry a zone."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


#: Of the tenant's column where the loader writes: the rows are the acting organisation's, whatever the loader is told.
OF_THE_ACTOR = text("current_organisation()")


def code_type(members: type[StrEnum], name: str | None = None) -> Enum:
    """A text column with a check on its codes; `name` tells two such columns of one table apart.

    Not a native enum: its equality is not leakproof, so its indexes are ignored under row-level security.
    """
    return Enum(
        members,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=name or members.__name__.lower(),
        values_callable=lambda kind: [member.value for member in kind],
    )
