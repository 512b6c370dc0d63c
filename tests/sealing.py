"""What tests put into the database by themselves, sealed as the product seals it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from agencies.kernel.sealing import Keyring, keyring_of
from uploads.sealed import (
    BY_DOCUMENT,
    BY_REFERENCE,
    Private,
    alone,
    index_of_contact,
    index_of_document,
    seal_private,
)


def identity_of(keyring: Keyring, creditor_id: int, said: str) -> bytes:
    """The identity of a debtor, said as `id:CO:CC:52123456`, `ref:K7` or `account:A4`."""
    if said.startswith("id:"):
        _, country, of_type, number = said.split(":")
        return BY_DOCUMENT + index_of_document(keyring, creditor_id, country, number) + of_type.encode()
    return BY_REFERENCE + keyring.index(creditor_id, "identity", said)


def debtor_columns(session: Session, creditor_id: int, said: str, **told: Any) -> dict[str, Any]:
    """Who a debtor is and how it is reached, as the columns of its row."""
    keyring, private = keyring_of(session), Private(**told)
    identity = identity_of(keyring, creditor_id, said)
    forms = {
        "phone_index": ("phone", private.phone_e164 or private.phone),
        "phone_2_index": ("phone", private.phone_2_e164 or private.phone_2),
        "email_index": ("email", private.email),
        "address_index": ("address", private.address_normal or private.address),
    }
    return {
        "identity": identity,
        "document_index": identity[1:17] if identity.startswith(BY_DOCUMENT) else None,
        "sealed": seal_private(keyring, creditor_id, identity, private),
        **{
            name: None if form is None else index_of_contact(keyring, creditor_id, kind, form)
            for name, (kind, form) in forms.items()
        },
    }


def point_columns(session: Session, creditor_id: int, identity: bytes, kind: str, value: str) -> dict[str, Any]:
    """One way to reach a debtor, as the columns of its row."""
    keyring = keyring_of(session)
    return {
        "kind": kind,
        "part": kind,
        "form": index_of_contact(keyring, creditor_id, kind, value),
        "sealed": seal_private(keyring, creditor_id, identity, alone(kind, value, None)),
    }
