"""Files that add debts up and hold none: sums by bank and month, figures of balance sheets.

The rule is narrow, because a portfolio refused by it is worse than an aggregate let through: whoever sends one sees at
the next step that a column of accounts is missing. A file is refused only when

* no column is called like an account, nor like a customer's or a person's number, with values that tell rows apart; and
* either three columns or more are called like bands of arrears, and what names the row comes again in every period,
* or three columns or more are called like lines of a balance sheet, and none like a balance due.

So a list of customers with its ageing by bands is a portfolio: every customer stands in it once. So is a file with
payments month by month, which has its accounts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from uploads.faults import FileFault
from uploads.formats.headers import normal
from uploads.mapping.evidence import likeness
from uploads.schemas.fields import Field, FieldType, Schema

#: `vencida 1 2 meses`, `de 91 a 180 dias`, `mas de 360`, `61-90`, `over 120 days`.
_BAND = re.compile(
    r"(?:^|\b)(?:venc\w*|mora|altura|rango|banda|tramo|edad|de|a|mas de|mayor a|over|past due|days|dias)\b.*\d"
    r"|^\d+ (?:a |to )?\d+(?: (?:dias?|days?|meses|months))?$"
)
_BAND_UNIT = re.compile(r"\b(?:meses|mes|dias?|days?|months?)\b|\b\d+ (?:a |to )?\d+\b|\b(?:mas de|mayor a|over) \d+")
_STATEMENT = re.compile(
    r"\b(?:total )?(?:activos?|pasivos?|patrimonio|assets|liabilities|equity)\b|\bingresos operacionales\b"
    r"|\bganancia\b|\butilidad (?:neta|bruta|operacional)\b|\b(?:net|operating) (?:income|revenue)\b|\bnet profit\b"
)
_FEWEST = 3
#: Of the rows of a sample, as many at least must have a value of their own for a column to tell debts apart.
_OWN = 0.5
_TELLING = ("account_ref", "debtor_ref", "national_id", "full_name")
_SHOWN = 3


def recognise(header: Sequence[str], sample: Sequence[Sequence[str]], schema: Schema) -> FileFault | None:
    """Why a file of accounts is none; None when it may be one, and for kinds that are not lists of debts."""
    if schema.kind != "portfolio" or len(sample) < _FEWEST:
        return None
    names = [normal(name) for name in header]
    bands = [at for at, name in enumerate(names) if _BAND.search(name) and _BAND_UNIT.search(name)]
    statements = [at for at, name in enumerate(names) if _STATEMENT.search(name)]
    if len(bands) >= _FEWEST and not _tells_debts_apart(names, sample, schema, _TELLING):
        group = _named_group(names, header, sample, schema)
        return FileFault("aggregate_bands", {"group": group, "names": _shown(header, bands)})
    if (
        len(statements) >= _FEWEST
        and not _tells_debts_apart(names, sample, schema, ("account_ref",))
        and not any(_is_called(name, schema["balance_total"]) for name in names)
    ):
        return FileFault("aggregate_statements", {"names": _shown(header, statements)})
    return None


def _tells_debts_apart(
    names: Sequence[str], sample: Sequence[Sequence[str]], schema: Schema, fields: Sequence[str]
) -> bool:
    """Whether a column called like one of these fields has a value of its own in most rows."""
    wanted = [schema[name] for name in fields]
    for at, name in enumerate(names):
        if any(_is_called(name, field) for field in wanted):
            cells = [row[at] for row in sample if at < len(row) and row[at].strip()]
            if cells and len(set(cells)) >= _OWN * len(sample):
                return True
    return False


def _is_called(name: str, field: Field) -> bool:
    """Whether a normalised header is one of the field's names, or holds one as words of its own."""
    padded = f" {name} "
    return any(f" {known} " in padded for known in (*field.synonyms, normal(field.name), normal(field.label)) if known)


def _named_group(names: Sequence[str], header: Sequence[str], sample: Sequence[Sequence[str]], schema: Schema) -> str:
    """The column by which the sums are made: the words that come again most."""
    best, name = 0.0, header[0]
    for at in range(len(names)):
        cells = [row[at].strip() for row in sample if at < len(row)]
        words = [cell for cell in cells if re.search(r"[^\W\d]{3}", cell) and not re.match(r"\d{4}-", cell)]
        apart = len(set(words))
        is_group = apart > 1 and len(words) > len(sample) / 2 and _no_amount(cells, schema)
        if is_group and len(words) / apart > best:
            best, name = len(words) / apart, header[at]
    return name.replace("\n", " ")


def _no_amount(cells: Sequence[str], schema: Schema) -> bool:
    field = next(one for one in schema.fields if one.type is FieldType.AMOUNT)
    return (likeness(cells, field) or 0) < _OWN


def _shown(header: Sequence[str], at: Sequence[int]) -> str:
    return ", ".join(header[place].replace("\n", " ") for place in at[:_SHOWN])
