"""Seals the private cells of checked rows, a block at a time, before they are written for staging.

What has to be compared or found in the database gets a blind index: whose row it is, and what reaches that person.
"""

from __future__ import annotations

import polars as pl

from agencies.kernel.sealing import Keyring, Place
from uploads.cells.columns import constant
from uploads.formats.frames import LINE
from uploads.schemas.fields import Schema
from uploads.sealed import BETWEEN, BY_DOCUMENT, BY_REFERENCE, FORM, place_of_fault, place_of_person, place_of_row

#: Column of the index -> kind of contact, the cell as it was written, and its normal form.
CONTACTS = {
    "phone_index": ("phone", "phone", "phone_e164"),
    "phone_2_index": ("phone", "phone_2", "phone_2_e164"),
    "email_index": ("email", "email", None),
    "address_index": ("address", "address", "address_normal"),
}


class RowSealer:
    """Seals the rows of one upload; the keys are prepared once."""

    def __init__(
        self, keyring: Keyring, schema: Schema, organisation_id: int, upload_id: int, country: str | None
    ) -> None:
        self._keyring = keyring
        self._schema = schema
        self._organisation_id, self._upload_id = organisation_id, upload_id
        self._country = f"{country or ''}:"

    def seal(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The same rows with `sealed`, and what indexes it, in the place of their private columns."""
        if not self._schema.private:
            return rows
        made: dict[str, pl.Series] = {}
        if self._schema.makes_debtors:
            identities = pl.Series(self._identities(rows), dtype=pl.Binary)
            labels = identities.bin.encode("hex").to_list()
            made = {"identity": identities, **self._indexes(rows)}
            place = place_of_person(self._organisation_id, b"")
        else:
            labels = [f"{self._upload_id}:{line}" for line in rows[LINE].to_list()]
            place = place_of_row(self._organisation_id, f"staged_{self._schema.kind}", self._upload_id, 0)
        made["sealed"] = self._sealed(rows, place, labels)
        return rows.drop(self._schema.private, strict=False).with_columns(
            in_hexadecimals(series).alias(name) for name, series in made.items()
        )

    def seal_faults(self, found: pl.DataFrame) -> pl.DataFrame:
        """Faults with what stood there sealed: in the wrong column, anything may be anybody's number."""
        keys = found.select(LINE, "field", "code").rows()
        labels = [place_of_fault(self._organisation_id, self._upload_id, *key).row for key in keys]
        values = found["value"].cast(pl.Binary).to_list()
        place = place_of_fault(self._organisation_id, self._upload_id, 0, "", "")
        sealed = pl.Series(self._keyring.seal_many(values, place, labels), dtype=pl.Binary)
        return found.drop("value").with_columns(in_hexadecimals(sealed).alias("sealed"))

    def _sealed(self, rows: pl.DataFrame, place: Place, labels: list[str]) -> pl.Series:
        cells = [_column(rows, name).fill_null("") for name in self._schema.sealed]
        text = pl.select(pl.concat_str([pl.lit(FORM), *cells], separator=BETWEEN)).to_series()
        text = text.str.strip_chars_end(BETWEEN)
        sealed = pl.Series(self._keyring.seal_many(text.cast(pl.Binary).to_list(), place, labels), dtype=pl.Binary)
        # Where there is nothing to hide, nothing is kept.
        return sealed.set(text == FORM, None) if (text == FORM).any() else sealed

    def _identities(self, rows: pl.DataFrame) -> list[bytes]:
        """What makes two rows one debtor: the document, else the creditor's customer number, else the account."""
        number, ref, account = (_column(rows, name) for name in ("national_id", "debtor_ref", "account_ref"))
        documents = self._indexed("document", self._country + number)
        reference = ("ref:" + ref).fill_null("account:" + account).set(number.is_not_null(), None)
        references = self._indexed("identity", reference)
        types = _column(rows, "id_type").fill_null("").cast(pl.Binary).to_list()
        return [
            BY_REFERENCE + (reference or b"") if document is None else BY_DOCUMENT + document + of_type
            for document, of_type, reference in zip(documents, types, references, strict=True)
        ]

    def _indexes(self, rows: pl.DataFrame) -> dict[str, pl.Series]:
        found = {}
        for name, (kind, written, normal) in CONTACTS.items():
            form = _column(rows, written)
            if normal is not None and normal in rows.columns:
                form = rows[normal].zip_with(rows[normal].is_not_null(), form)
            found[name] = pl.Series(self._indexed(kind, form), dtype=pl.Binary)
        return found

    def _indexed(self, kind: str, text: pl.Series) -> list[bytes | None]:
        return self._keyring.index_many(self._organisation_id, kind, text.cast(pl.Binary).to_list())


def in_hexadecimals(octets: pl.Series) -> pl.Series:
    """Octets as PostgreSQL reads them in text."""
    return pl.select(pl.concat_str(pl.lit(r"\x"), octets.bin.encode("hex"))).to_series()


def _column(rows: pl.DataFrame, name: str) -> pl.Series:
    return rows[name] if name in rows.columns else constant(None, len(rows))
