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
    "no_record": msg("The line is no record of the file's layout."),
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
    "digits_lost": msg("A spreadsheet has rounded %(field)s and its last digits are gone. Export the column as text."),
    "week_or_month": msg("%(field)s is a week or a month and no day. Export the day, such as 2026-04-17."),
    "unreadable_number": msg("%(field)s is not a whole number."),
    "unreadable_date": msg("%(field)s is not a date we can read."),
    "date_order": msg("%(field)s is a date only if day and month are read in the other order."),
    "not_settled": msg(
        "%(field)s can be read in two ways, and the rows looked at did not tell which. "
        "Read the file differently and say how its dates, amounts or currency are written."
    ),
    "date_out_of_range": msg("%(field)s lies before 1900 or after 2100."),
    "unknown_choice": msg("%(field)s holds a value we do not know."),
    "left_out": msg("%(field)s holds a value whose rows are left out, as you said."),
    "unknown_currency": msg("%(field)s is not a currency code we know."),
    # Of files checked before rows could have a currency of their own.
    "other_currency": msg("The row is in another currency than the rest of the file; send it as a file of its own."),
    # The row beside others.
    "duplicate": msg("%(field)s stands in an earlier row of this file."),
    "erased_person": msg(
        "This person's data were erased at their request and are not taken in again. "
        "Ask whoever answers for data protection before you send them another way."
    ),
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
    # Promises.
    "promised_before_made": msg("The day of payment lies before the day of the promise."),
    "nothing_promised": msg("The amount promised is zero."),
    "instalment_out_of_range": msg("The number of the instalment and the number of instalments do not fit together."),
    "unreadable_percent": msg("%(field)s is not a percentage: write 30 or 30%%; a fraction such as 0.3 is not one."),
    "promise_repeated": msg("An earlier row of this file tells the same promise."),
    "promise_changed": msg(
        "This promise is known with another account, day, amount or discount. "
        "Cancel it, and send what holds now under a reference of its own."
    ),
    # What a creditor tells of cases it handed over before.
    "not_handed_over": msg("You have handed over no case with this account. Send it as a portfolio first."),
    "case_closed": msg("The case is closed; nothing of it is changed any more."),
    "older_update": msg(
        "You have told a balance of this case as of a later day. Leave the row out, or send newer data."
    ),
    "not_placed": msg("The case is with no agency, so there is nothing to recall."),
    "already_recalled": msg("The case waits in another recall already."),
    "date_is_past": msg("%(field)s lies in the past: a recall takes effect today or later."),
    "takes_effect_at_once": msg("A recall for this reason takes effect today; write the day on which you send it."),
    "too_far_ahead": msg("%(field)s lies more than a year ahead."),
    # Lists of what an agency holds.
    "other_day": msg("Most rows of the file are of another day. Send the rows of each day as a file of their own."),
    # Cases that go back.
    "already_returned": msg("You have given this case back before."),
    "no_longer_yours": msg("This case is not with you any more."),
}

#: What is remarked on a row that stays good, each with what can be done about it.
ROW_WARNINGS: dict[str, str] = {
    # A cell by itself.
    "id_shape": msg("%(field)s does not look like a document of that type. Compare it with the document."),
    "id_check_digit": msg("The check digit of %(field)s is wrong: a digit was mistyped. Compare it with the document."),
    "id_generic": msg("%(field)s is a number that many people share, so it was left out. Write the person's own."),
    "id_type_unknown": msg("%(field)s is a type of document we do not know; it was kept as it is written."),
    "digits_lost": msg("A spreadsheet has rounded %(field)s, so it was left out. Export the column as text."),
    "unreadable_phone": msg("%(field)s is not a telephone number of the country; it was kept as it is written."),
    "unreadable_email": msg("%(field)s is not an e-mail address; it was kept as it is written."),
    "unreadable_address": msg("%(field)s is not an address that can be found; it was kept as it is written."),
    "beyond_authority": msg("%(field)s is larger than your terms allow. The creditor is told."),
    "placeholder": msg("%(field)s looks like a number written where none is known. If so, leave the cell empty."),
    # Values beside each other and beside today.
    "not_delinquent": msg("%(field)s says that nothing is overdue. Take the account out if it is not to be collected."),
    "too_young": msg("%(field)s makes the debtor younger than 18. Check the date and whose it is."),
    "too_old": msg("%(field)s makes the debtor older than 110. Check the century of the date."),
    "not_yet": msg("%(field)s lies in the future. Check the date."),
    "due_after_charge_off": msg("%(field)s lies after the account was charged off. Check both dates."),
    "parts_exceed_balance": msg("Principal, interest and fees add up to more than %(field)s. Check the amounts."),
    # The row beside what is known.
    "paid_since": msg("A later payment is known than the cut-off date; it was subtracted from %(field)s."),
    "more_than_owed": msg("%(field)s is more than is owed; the balance goes below zero."),
    "told_by_agency": msg("An agency has reported this payment too; it counts once, as the agency told it."),
    "told_otherwise": msg(
        "An agency has reported this payment with another day; it counts once, as the agency told it."
    ),
    "reference_differs": msg(
        "An agency has reported a payment with this reference and another amount; both count. Compare them with it."
    ),
    "creditor_differs": msg(
        "The creditor has a payment with this reference and another amount; both count. Compare them with the creditor."
    ),
    "perhaps_twice": msg(
        "You have told a payment of this case, day and amount before; both count. If it is the same one, leave it out."
    ),
    "perhaps_repeated": msg("A row above says the same; both count. If it is the same one, leave it out."),
    "within_balance": msg(
        "You have told a balance as of this day or a later one, which holds this payment; it is not subtracted again."
    ),
    "perhaps_told": msg("An agency reports a payment of this day and amount that it received itself; both count."),
    # The row by itself.
    "total_row": msg("This row is a total and no account. It was left out and compared with what was read."),
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
    "control_mismatch": msg(
        "What the file should hold and what was found differ. Rows: %(rows_said)s expected, %(rows_found)s found. "
        "Amount: %(amount_said)s expected, %(amount_found)s found. Nothing was loaded. Look for rows that were cut off "
        "or added, or correct the control totals, and send the file again."
    ),
    "aggregate_bands": msg(
        "The file holds sums by %(group)s and arrears band (%(names)s), not accounts: no column tells one debt from "
        "another. Export one row per account."
    ),
    "aggregate_statements": msg(
        "The file holds figures of balance sheets (%(names)s), not debts: it has neither an account nor a balance due. "
        "Export one row per account."
    ),
    # What is packed.
    "password": msg("The file is protected by a password. Save it without one and send that."),
    "damaged": msg(
        "The file is damaged or is not what it seems. Open it on your machine, save it anew as XLSX or CSV and send "
        "that."
    ),
    "too_large_unpacked": msg("Unpacked, the file is larger than any we take. Send its sheets or parts as CSV."),
    "too_large_to_open": msg("The workbook needs more memory than opening a file may take. Save its sheet as CSV."),
    "too_slow_to_open": msg("The file took too long to open. Save its sheet as CSV and send that."),
    "too_many_cells": msg("The workbook has more than %(limit)s cells. Save the sheet with the accounts as CSV."),
    "too_many_columns": msg("The sheet has more than %(limit)s columns. Keep those that are needed and send it again."),
    "several_files": msg("The archive holds %(count)s files (%(names)s). Send them one by one."),
    "nothing_packed": msg("There is no file in the archive."),
    "nested_archive": msg("The archive holds another archive. Send the file itself, or an archive with only it."),
    "unsafe_archive": msg(
        "The archive names places outside itself, or holds links or definitions that no such file needs. "
        "Pack the file anew and send that."
    ),
    "saved_as_page": msg(
        "The file is a table saved as %(format)s, whatever its name says. Open it in a spreadsheet program and save it "
        "as XLSX or CSV."
    ),
    "no_rows_in_workbook": msg("No sheet of the workbook holds anything."),
    "no_such_sheet": msg("The workbook has no sheet of the name %(name)s."),
    "no_records": msg("No line of the file is a record of the layout %(layout)s."),
    "malware": msg(
        "The file contains malicious software (%(name)s). It was refused and nobody can open it. "
        "Have the computer it comes from looked through, and send a clean file."
    ),
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
