"""What can be wrong with a row and with a file as a whole: a stable code, and a message that names the remedy.

Messages are English templates the portal translates. A row fault's message may use `%(field)s` (the column's label) and
`%(value)s` (what stood there); a file fault's message uses the parameters stored with the upload.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agencies.kernel.errors import msg

#: The column of a fault that concerns a row and no single cell.
WHOLE_ROW = "row"

ROW_FAULTS: dict[str, str] = {
    # The shape of the row.
    "too_few_cells": msg("The row has fewer columns than the header."),
    "too_many_cells": msg("The row has more columns than the header; put quotes around text that holds the separator."),
    "cut_short": msg("The file ends in the middle of this row. Export it again and send the whole file."),
    "unclosed_quote": msg("A quotation mark is opened in this row and never closed."),
    # A cell by itself.
    "required": msg("%(field)s is missing."),
    "too_long": msg("%(field)s is too long."),
    "control_character": msg("%(field)s holds a character that is not text."),
    "unreadable_amount": msg("%(field)s is not an amount in the format of this file."),
    "too_many_decimals": msg("%(field)s has more decimals than the currency."),
    "amount_too_large": msg("%(field)s is larger than any amount we keep."),
    "negative": msg("%(field)s is negative."),
    "unreadable_number": msg("%(field)s is not a whole number."),
    "unreadable_date": msg("%(field)s is not a date we can read."),
    "date_order": msg("%(field)s is a date only if day and month are read in the other order."),
    "date_out_of_range": msg("%(field)s lies before 1900 or after 2100."),
    "unknown_choice": msg("%(field)s holds a value we do not know."),
    "unknown_currency": msg("%(field)s is not a currency code we know."),
    "other_currency": msg("The row is in another currency than the rest of the file; send it as a file of its own."),
    # The row beside others.
    "duplicate": msg("%(field)s stands in an earlier row of this file."),
    "already_there": msg("You have handed over this account before."),
    "not_your_case": msg("None of your cases has this account."),
    "wrong_currency": msg("The case is in another currency."),
    "before_placement": msg("The date lies before the case was placed with you."),
    "in_future": msg("The date lies in the future."),
    "told_elsewhere": msg("Another agency has already reported a payment of this case with this day and amount."),
    "nothing_paid": msg("The amount is zero."),
    "not_your_order": msg("None of your open locate orders has this account."),
    "findings_and_none": msg("The file has findings for this account and also says that nothing was found."),
    "unreadable_phone": msg("%(field)s is not a telephone number of the country."),
    "unreadable_email": msg("%(field)s is not an e-mail address."),
    "unreadable_address": msg("%(field)s is not an address: it needs a street or a place and a number or a word."),
    "unreadable_employer": msg("%(field)s is neither a name nor a valid tax number."),
    "reference_reused": msg("%(field)s stands for another payment already."),
}

FILE_FAULTS: dict[str, str] = {
    "empty": msg("The file is empty."),
    "not_text": msg("The file is not text but %(format)s. Save it as CSV and send that."),
    "unreadable_encoding": msg("The characters of the file cannot be read. Save it as CSV in UTF-8."),
    "no_separator": msg(
        "The first line is not divided into columns by comma, semicolon, tab or vertical bar. "
        "Save the file as CSV with one of them."
    ),
    "no_header": msg("The first line looks like data. Put the names of the columns into the first line."),
    "header_only": msg("The file has a header and no rows."),
    "duplicate_headers": msg("Two columns have the same name: %(names)s. Give each column its own name."),
    "header_unclosed": msg("A quotation mark in the first line is never closed."),
    "turned_away": msg("The file was turned away by a user."),
}


@dataclass(frozen=True)
class FileFault:
    """Why a file as a whole is unusable: a code of `FILE_FAULTS` and what fills its message."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


class UnusableFile(Exception):
    """Carries a file's fault from where it is seen to the service that stores it; never leaves this package."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.fault = FileFault(code, params)
