"""Identity numbers brought to one spelling by the documents of a country, and what is remarked on them.

A wrong number is never refused: files hold real documents that were badly typed, and finding the person mends them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from uploads.cells.checkdigits import agrees
from uploads.cells.columns import Read, constant
from uploads.cells.documents import COUNTRIES, Document, Documents

#: A number that a spreadsheet has rounded; its digits are gone.
ROUNDED = r"^\d(?:[.,]\d+)?[eE]\+\d{2}$"
#: Colombia: a number with its check digit behind a dash.
_WITH_DIGIT = r"^([\d.,\s]{5,})-\s*(\d)$"


@dataclass(frozen=True)
class Identities:
    """Numbers and types in one spelling, each with the codes of its remarks, and the check digits kept apart."""

    number: Read
    #: None where the file has no column of types.
    type: Read | None
    digit: pl.Series


def read_identities(written: pl.Series, number: pl.Series, types: pl.Series | None, country: str) -> Identities:
    """The identities of a column; `written` is what stood there, `number` its capitals and digits."""
    known = COUNTRIES.get(country)
    digit = constant(None, len(number))
    if known is None:
        return Identities(Read(number), None if types is None else Read(types), digit)
    type_ = None if types is None else _types(types, known)
    reading = _Reading(known, Read(number), digit)
    stated = None if type_ is None else type_.value
    if number is not written:
        # Something had to be taken off the numbers, which may have been a sign that means something.
        reading.leave_out(written.str.contains(ROUNDED), "digits_lost")
        if country == "CO":
            reading.take_digits_off(written, stated)
    if known.generic:
        reading.leave_out(number.is_in(known.generic), "id_generic")
    for document, rows in _by_document(reading.number.value, stated, known):
        reading.read(document, rows)
    return Identities(reading.number, type_, reading.digit)


def bare_number(written: str) -> str:
    """Its capitals and digits, without what belongs to its spelling."""
    return re.sub(r"[\s.,/_'-]", "", written).upper()


def read_identity(written: str, country: str) -> str | None:
    """One number as a file's are read, whatever document it is of; None when it identifies nobody."""
    bare = pl.Series([bare_number(written)])
    found: str | None = read_identities(pl.Series([written.strip()]), bare, None, country).number.value[0]
    return found


def _types(types: pl.Series, known: Documents) -> Read:
    """The codes of the types, those we do not know as they are written."""
    written = types.unique().drop_nulls().to_list()
    codes = {one: known.by_spelling[one].code for one in written if one in known.by_spelling}
    value = types if all(one == code for one, code in codes.items()) else types.replace(codes)
    unknown = [one for one in written if one not in codes]
    if not unknown:
        return Read(value)
    return Read(value).with_fault(types.is_in(unknown).fill_null(value=False), "id_type_unknown")


def _by_document(
    number: pl.Series, types: pl.Series | None, known: Documents
) -> list[tuple[Document | None, pl.Series]]:
    """Which rows hold a number of which document; None for those that look like no document of the country."""
    found: list[tuple[Document | None, pl.Series]] = []
    open_ = number.is_not_null()
    if types is not None:
        present = set(types.unique().drop_nulls().to_list())
        if len(present) == 1 and not types.null_count():
            only = next((one for one in known.documents if one.code in present), None)
            return [(only, open_)] if only else []
        found += [
            (document, open_ & (types == document.code).fill_null(value=False))
            for document in known.documents
            if document.code in present
        ]
        # A type we do not know has no shape that we know.
        open_ &= types.is_null()
    for document in known.documents:
        if not open_.any():
            return found
        if document.guessed:
            rows = open_ & number.str.contains(document.guessed).fill_null(value=False)
            found.append((document, rows))
            open_ &= ~rows
    return [*found, (None, open_)]


class _Reading:
    """The numbers as they are being read, document by document."""

    def __init__(self, known: Documents, number: Read, digit: pl.Series) -> None:
        self._known = known
        self.number = number
        self.digit = digit

    def leave_out(self, where: pl.Series, code: str) -> None:
        """Numbers that identify nobody."""
        where = where.fill_null(value=False) & self.number.value.is_not_null()
        if where.any():
            self.number = Read(self.number.value.set(where, None), self.number.faults).with_fault(where, code)

    def take_digits_off(self, written: pl.Series, types: pl.Series | None) -> None:
        """A check digit behind a dash is one, whatever the type of document, if it is right or if the type has one."""
        if not written.str.contains("-", literal=True).any():
            return
        parts = written.str.extract_groups(_WITH_DIGIT).struct.unnest()
        body = parts["1"].str.replace_all(r"\D", "").str.strip_chars_start("0")
        stands = body.str.contains(r"^\d{5,10}$").fill_null(value=False) & self.number.value.is_not_null()
        if types is not None:
            stands &= types.is_null() | types.is_in(["NIT", "CC"]).fill_null(value=False)
        if not stands.any():
            return
        rule = self._known.by_spelling["NIT"].rule
        is_right = _where(stands, agrees((body + parts["2"]).filter(stands), rule)) if rule else stands
        is_wrong = stands & ~is_right
        is_wrong &= (types == "NIT").fill_null(value=False) if types is not None else False
        self._set(is_right | is_wrong, body, parts["2"].set(is_wrong, None))
        self.number = self.number.with_fault(is_wrong, "id_check_digit")

    def read(self, document: Document | None, rows: pl.Series) -> None:
        """The rows that hold this document; None for a number that looks like none."""
        if not rows.any():
            return
        if document is None:
            self.number = self.number.with_fault(rows, "id_shape")
            return
        if document.rule is None and rows.all() and self.number.value.str.contains(document.shape).all():
            return
        if document.drops_zeros:
            self._replace(rows & _has(self.number.value, "^0"), self.number.value.str.strip_chars_start("0"))
        if document.width:
            self._put_zeros_back(document, rows)
        is_shaped = _has(self.number.value, document.shape)
        if (rows & ~is_shaped).any():
            self.number = self.number.with_fault(rows & ~is_shaped, "id_shape")
        rows &= is_shaped & self.digit.is_null() & (self.number.faults != "id_check_digit").fill_null(value=True)
        if document.checked:
            rows &= _has(self.number.value, document.checked)
        if document.rule is None or not rows.any():
            return
        is_right = _where(rows, agrees(self.number.value.filter(rows), document.rule))
        self.number = self.number.with_fault(rows & ~is_right, "id_check_digit")
        if document.is_digit_apart and is_right.any():
            number = self.number.value
            self._set(is_right, number.str.head(-1), number.str.tail(1))

    def _put_zeros_back(self, document: Document, rows: pl.Series) -> None:
        short = rows & _has(self.number.value, rf"^\d{{{document.width - 1}}}$")
        if short.any():
            padded = self.number.value.str.zfill(document.width)
            short &= _has(padded, document.shape)
            if document.rule and not document.checked and short.any():
                short = _where(short, agrees(padded.filter(short), document.rule))
            self._replace(short, padded)

    def _set(self, where: pl.Series, number: pl.Series, digit: pl.Series) -> None:
        self._replace(where, number)
        self.digit = digit.zip_with(where, self.digit)

    def _replace(self, where: pl.Series, number: pl.Series) -> None:
        if where.any():
            self.number = Read(number.zip_with(where, self.number.value), self.number.fault)


def _has(text: pl.Series, pattern: str) -> pl.Series:
    return text.str.contains(pattern).fill_null(value=False)


def _where(rows: pl.Series, answers: pl.Series) -> pl.Series:
    """The answers for some rows, put in their places; no elsewhere."""
    placed = pl.repeat(value=False, n=len(rows), dtype=pl.Boolean, eager=True)
    return placed.scatter(rows.arg_true(), answers)
