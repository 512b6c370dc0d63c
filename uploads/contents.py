"""Texts that speak of something (a document, a telephone, an address) brought to one spelling, a column at a time.

What cannot be read as that is remarked on and stays as it was written: it may be what the debtor is found by.
"""

from __future__ import annotations

import polars as pl

from uploads.emails import read_emails
from uploads.schemas.fields import Content, Schema

#: Field, code of the remark, and the cells it is made on.
Remarked = list[tuple[str, str, pl.Series]]


def read_content(columns: dict[str, pl.Series], schema: Schema, country: str | None) -> Remarked:
    """Put normal forms into the columns and beside them, and tell what was remarked."""
    remarked: Remarked = []
    for field in schema.fields:
        if field.name not in columns or field.content is None:
            continue
        text = columns[field.name]
        if field.content is Content.EMAIL:
            read = read_emails(text)
            columns[field.name] = read.value
            remarked += _told(field.name, read.fault)
    return remarked


def _told(name: str, fault: pl.Series | None) -> Remarked:
    if fault is None:
        return []
    return [(name, code, (fault == code).fill_null(value=False)) for code in fault.unique().drop_nulls().to_list()]
