"""The matrix of attestations as a file for whoever supervises: a line for each agency and template."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from agencies.attestations.register import RegisterLine
from agencies.attestations.rules import FOREVER
from agencies.kernel.errors import msg
from agencies.kernel.sheets import csv_bytes
from portal.i18n import say
from portal.presenters.attestations import SIGNER_ROLES, STANDINGS, acts, text
from portal.workbooks import SheetColumn, workbook

_HEADS = (
    msg("As of"),
    msg("Creditor"),
    msg("Agency"),
    msg("Tax number of the agency"),
    msg("Country"),
    msg("Template"),
    msg("Title"),
    msg("Version of the template"),
    msg("State"),
    msg("Date of the evidence"),
    msg("Signed on"),
    msg("Signs as"),
    msg("Accepted on"),
    msg("Valid until"),
    msg("What is blocked"),
    msg("Weight in the score"),
    msg("Score of the agency"),
    msg("SHA-256 of the text"),
)
_SHARE = "0.00%"


def columns() -> list[SheetColumn]:
    """The heads, and the formats of the numbers under them."""
    return [SheetColumn(say(head), _SHARE if head == "Score of the agency" else "General") for head in _HEADS]


def rows(lines: Sequence[RegisterLine]) -> list[list[object]]:
    """What stands in the columns; days in ISO form, instants where the creditor is."""
    return [_row(line) for line in lines]


def as_csv(lines: Sequence[RegisterLine]) -> bytes:
    """The lines as CSV, with the mark that tells spreadsheets it is UTF-8; text that would compute is made inert."""
    return BOM_UTF8 + csv_bytes([[say(head) for head in _HEADS], *rows(lines)])


def as_xlsx(lines: Sequence[RegisterLine]) -> bytes:
    """The lines as a workbook, in which text is never a formula."""
    return workbook(say(msg("Attestations")), columns(), rows(lines))


#: How a file is written, by the end of its name.
FILES = {"csv": as_csv, "xlsx": as_xlsx}


def file_name(on: date, kind: str) -> str:
    """What the downloaded file is called."""
    return f"{say(msg('attestations'))}-{on:%Y-%m-%d}.{kind}"


def _row(line: RegisterLine) -> list[object]:
    one, relation = line.standing, line.relation
    title = next(text(template.title) for template in relation.catalogue if template.code == one.code)
    row, signature = line.row, line.signature
    zone = line.creditor.time_zone
    until = None
    if one.valid_until is not None:
        until = say(msg("without end")) if one.valid_until == FOREVER else one.valid_until.isoformat()
    return [
        relation.today.isoformat(),
        line.creditor.name,
        line.agency.name,
        line.agency.tax_id,
        relation.country,
        one.code,
        title,
        row.template_version if row else None,
        say(STANDINGS[one.state]),
        one.evidence_date.isoformat() if one.evidence_date else None,
        _moment(signature.signed_at, zone) if signature else None,
        say(SIGNER_ROLES[signature.signer_role]) if signature else None,
        _moment(row.reviewed_at, zone) if row and row.reviewed_at and one.is_holding else None,
        until,
        None if one.is_holding else acts(one.blocks) or None,
        one.weight,
        relation.score_bp / 10_000,
        signature.text_sha256.hex() if signature else None,
    ]


def _moment(instant: datetime, zone: str) -> str:
    """An instant on the creditor's clock, with its distance from UTC."""
    return instant.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
