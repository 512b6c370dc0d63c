"""E-mail addresses as they are compared: in lower case, and remarked on where they cannot be one."""

from __future__ import annotations

import polars as pl
from email_validator import EmailNotValidError, validate_email

from uploads.columns import Read

#: What nearly all addresses look like; what does not is left to the library.
_PLAIN = r"^[a-z0-9][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}$"
_LONGEST_PLAIN = 64


def read_emails(text: pl.Series) -> Read:
    """Each cell in lower case; `unreadable_email` where it is no address."""
    value = text.str.to_lowercase()
    settled = value.is_null() | (value.str.contains(_PLAIN) & (value.str.len_bytes() <= _LONGEST_PLAIN))
    if settled.all():
        return Read(value)
    left = value.filter(~settled).unique().to_list()
    wrong = [cell for cell in left if not _is_address(cell)]
    return Read(value).with_fault(value.is_in(wrong).fill_null(value=False), "unreadable_email")


def _is_address(cell: str) -> bool:
    try:
        validate_email(cell, check_deliverability=False, allow_smtputf8=True, test_environment=True)
    except EmailNotValidError:
        return False
    return True
