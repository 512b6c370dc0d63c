"""Under which key a file is kept: made of whose it is and what is in it, so that the same bytes have the same place.

A rejected or undone file may be sent again. Its bytes then come under the key they had, and more than one upload names
them: bytes may go only when no upload that still needs them does, and nobody receives them at that moment (`hold`).
"""

from __future__ import annotations

import re

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

#: What a text is called behind the file it was made of; those of older versions name no upload.
_TEXT = re.compile(r"-text(?:-\d+)?$")
_DIGEST_HEX = 64
#: Everything we keep stands under the organisation it belongs to; nothing of another form is ours to remove.
_OURS = re.compile(
    r"(?P<owner>[1-9][0-9]{0,17})/(?:"
    r"[a-z_]{1,40}/[0-9]{1,18}/[0-9a-f]{64}(?:-text(?:-[0-9]{1,18})?)?"
    r"|transfers/[0-9]{1,18}/[0-9]{1,9}"
    r"|evidence/[A-Za-z0-9_-]{1,200})"
)


def upload_key(organisation_id: int, kind: str, creditor_id: int | None, digest: bytes) -> str:
    """Where the bytes of an uploaded file are kept."""
    return f"{organisation_id}/{kind}/{creditor_id or 0}/{digest.hex()}"


def text_key(key: str, upload_id: int) -> str:
    """Where the text that was made of a kept file is kept.

    It is one upload's own: of the same bytes, sent again, another sheet may be read.
    """
    return f"{key}-text-{upload_id}"


def base_key(key: str) -> str:
    """The file that a text was made of; any other key is its own."""
    return _TEXT.sub("", key)


def evidence_key(organisation_id: int, token: str) -> str:
    """Where a file of evidence is kept; two of the same bytes are two."""
    return f"{organisation_id}/evidence/{token}"


def owner_of(key: str) -> int | None:
    """The organisation under which a key of our own form stands; None for any other key."""
    ours = _OURS.fullmatch(key)
    return int(ours["owner"]) if ours else None


def sender_of(key: str) -> int | None:
    """The organisation whose people sent what a key holds; None for pieces on their way and for what is not theirs."""
    parts = key.split("/")
    return None if parts[1:2] == ["transfers"] else owner_of(key)


def digest_in(key: str) -> bytes | None:
    """The hash of the bytes that a key names, when it names any."""
    last = base_key(key).rpartition("/")[2]
    if len(last) != _DIGEST_HEX:
        return None
    try:
        return bytes.fromhex(last)
    except ValueError:
        return None


def hold(session: Session, digest: bytes) -> None:
    """Wait until nobody else receives or removes these bytes; held to the end of the transaction.

    Sending a big file to a bucket takes longer than a transaction may otherwise sit still.
    """
    session.execute(select(func.set_config("idle_in_transaction_session_timeout", "1800s", literal(value=True))))
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], "big", signed=True))))
