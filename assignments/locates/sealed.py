"""What is sealed of a search: who is looked for and what is known of them, and what was found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from agencies.kernel.sealing import Keyring, Place
from uploads.sealed import index_of_contact, joined, parted

_FINDING = ("raw", "value")
#: What stands for a finding whose person was erased.
ERASED = "–"


@dataclass(frozen=True)
class ToldSubject:
    """The number of the document of whoever is looked for, and the points that are known."""

    id_number: str | None
    known: list[dict[str, Any]]


def seal_subject(keyring: Keyring, creditor_id: int, order_id: int, told: ToldSubject) -> bytes:
    """What the agency of an order may read, as it is kept."""
    text = json.dumps({"id_number": told.id_number, "known": told.known}, ensure_ascii=False, separators=(",", ":"))
    return keyring.seal(text, place_of_subject(creditor_id, order_id))


def open_subject(keyring: Keyring, creditor_id: int, order_id: int, sealed: bytes) -> ToldSubject:
    """What was sealed for this order, nothing once it was erased; raises `SealBroken`."""
    if not sealed:
        return ToldSubject(None, [])
    return ToldSubject(**json.loads(keyring.open(sealed, place_of_subject(creditor_id, order_id))))


def finding_columns(
    keyring: Keyring, creditor_id: int, order_id: int, kind: str, raw: str, value: str
) -> dict[str, bytes]:
    """What a finding is found by, and what it is, as they are kept."""
    form = index_of_contact(keyring, creditor_id, kind, value)
    return {"form": form, "sealed": keyring.seal(joined(raw, value), place_of_finding(creditor_id, order_id, form))}


def open_finding(keyring: Keyring, creditor_id: int, order_id: int, form: bytes, sealed: bytes) -> tuple[str, str]:
    """A finding as it was typed, and its normal form, a dash once it was erased; raises `SealBroken`."""
    if not sealed:
        return ERASED, ERASED
    told = parted(keyring.open(sealed, place_of_finding(creditor_id, order_id, form)), _FINDING)
    return told["raw"] or "", told["value"] or ""


def place_of_subject(creditor_id: int, order_id: int) -> Place:
    """Where what an agency may know of the person of an order stands."""
    return Place(creditor_id, "locate_subjects", "sealed", str(order_id))


def place_of_finding(creditor_id: int, order_id: int, form: bytes) -> Place:
    """Where a finding of an order stands; the same thing found again has the same."""
    return Place(creditor_id, "findings", "sealed", f"{order_id}:{form.hex()}")
