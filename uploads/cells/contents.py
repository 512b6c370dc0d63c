"""Texts that speak of something (a document, a telephone, an address) brought to one spelling, a column at a time.

What cannot be read as that is remarked on and stays as it was written: it may be what the debtor is found by.
"""

from __future__ import annotations

import polars as pl

from uploads.cells.addresses import read_addresses
from uploads.cells.columns import Read
from uploads.cells.emails import read_emails
from uploads.cells.identity import read_identities
from uploads.cells.phones import read_phones
from uploads.schemas.fields import Content, Field, Schema

#: Field, code of the remark, and the cells it is made on.
Remarked = list[tuple[str, str, pl.Series]]


def read_content(
    columns: dict[str, pl.Series], written: dict[str, pl.Series], schema: Schema, country: str | None
) -> Remarked:
    """Put normal forms into the columns and beside them, and tell what was remarked; `written` is what stood there."""
    remarked: Remarked = []
    for field in schema.fields:
        if field.name not in columns or field.content is None:
            continue
        if field.content is Content.EMAIL:
            read = read_emails(columns[field.name])
            columns[field.name] = read.value
        elif country is None:
            continue
        elif field.content is Content.ID_NUMBER:
            remarked += _identities(columns, written[field.name], field, schema, country)
            continue
        elif field.content is Content.PHONE:
            read = read_phones(columns[field.name], columns.get("city"), country)
        elif field.content is Content.ADDRESS:
            read = read_addresses(columns[field.name], country)
        else:
            continue
        if field.beside:
            columns[field.beside] = read.value
        remarked += _told(field.name, read)
    return remarked


def _identities(
    columns: dict[str, pl.Series], written: pl.Series, field: Field, schema: Schema, country: str
) -> Remarked:
    of_type = schema.of(Content.ID_TYPE)
    types = columns.get(of_type.name) if of_type else None
    found = read_identities(written, columns[field.name], types, country)
    columns[field.name] = found.number.value
    if field.beside:
        columns[field.beside] = found.digit
    remarked = _told(field.name, found.number)
    if of_type and found.type is not None:
        columns[of_type.name] = found.type.value
        remarked += _told(of_type.name, found.type)
    return remarked


def _told(name: str, read: Read) -> Remarked:
    if read.fault is None:
        return []
    codes = read.fault.unique().drop_nulls().sort().to_list()
    return [(name, code, (read.fault == code).fill_null(value=False)) for code in codes]
