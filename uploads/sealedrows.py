"""Opens what the check sealed: the private cells of staged rows, and what stood where a fault was found."""

from __future__ import annotations

from agencies.kernel.sealing import Keyring
from uploads.models import UploadKind
from uploads.schemas.registry import SCHEMAS
from uploads.sealed import parted, place_of_fault, place_of_person, place_of_row


def open_row(
    keyring: Keyring,
    organisation_id: int,
    kind: UploadKind,
    upload_id: int,
    line: int,
    sealed: bytes | None,
    identity: bytes | None = None,
) -> dict[str, str | None]:
    """The private cells of a staged row by name; `identity` is that of a row that makes a debtor."""
    schema = SCHEMAS[kind]
    if sealed is None:
        return dict.fromkeys(schema.sealed)
    if schema.makes_debtors:
        place = place_of_person(organisation_id, identity or b"")
    else:
        place = place_of_row(organisation_id, f"staged_{kind}", upload_id, line)
    return parted(keyring.open(sealed, place), schema.sealed)


def seal_fault(
    keyring: Keyring, organisation_id: int, upload_id: int, line: int, field: str, code: str, value: str
) -> bytes:
    """What stood where a fault was found, as it is kept."""
    return keyring.seal(value, place_of_fault(organisation_id, upload_id, line, field, code))
