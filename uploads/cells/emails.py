"""E-mail addresses as they are compared: in lower case, and remarked on where they cannot be one."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from email_validator import EmailNotValidError, validate_email

from uploads.cells.columns import Read

#: What nearly all addresses look like; what does not is left to the library.
_PLAIN = r"^[a-z0-9][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}$"
_LONGEST_PLAIN = 64


@dataclass(frozen=True)
class Email:
    """An address in lower case, and its domain."""

    normal: str
    domain: str


def read_emails(text: pl.Series) -> Read:
    """Each cell in lower case; `unreadable_email` where it is no address."""
    value = text.str.to_lowercase()
    settled = value.is_null() | (value.str.contains(_PLAIN) & (value.str.len_bytes() <= _LONGEST_PLAIN))
    if settled.all():
        return Read(value)
    wrong = [cell for cell in value.filter(~settled).unique().to_list() if read_email(cell) is None]
    return Read(value).with_fault(value.is_in(wrong).fill_null(value=False), "unreadable_email")


def read_email(text: str) -> Email | None:
    """The address in its normal form; None when it cannot be one."""
    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return None
    return Email(found.normalized.lower(), found.domain.lower())
