"""By which blind indexes somebody is found exactly, however what is looked for is written: nothing is opened for it."""

from __future__ import annotations

from agencies.kernel.sealing import Keyring
from assignments.contacts.normalising import Normal, normal
from uploads.cells.identity import bare_number, read_identity
from uploads.sealed import index_of_contact, index_of_document


def documents_of(keyring: Keyring, creditor_id: int, document: str, country: str) -> set[bytes]:
    """The indexes of a number as files are read: its capitals and digits, and without what belongs to its spelling."""
    bare, read = bare_number(document), read_identity(document, country)
    return {index_of_document(keyring, creditor_id, country, one) for one in (bare, read or bare)}


def forms_of(keyring: Keyring, creditor_id: int, kind: str, written: str, country: str) -> set[bytes]:
    """The indexes of its one spelling, and of what was written, under which it is kept where it cannot be read."""
    read = normal(kind, written, country)
    spellings = {written.strip(), *([read.value] if isinstance(read, Normal) else [])}
    return {index_of_contact(keyring, creditor_id, kind, one) for one in spellings}
