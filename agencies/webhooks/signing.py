"""How a message is signed: the scheme of Standard Webhooks (standardwebhooks.com, version 1), HMAC-SHA256.

What is signed is `id.timestamp.body`. While a secret is being replaced both sign, so that a receiver accepts by either.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook as Signer

#: Octets of a secret; the scheme wants 24 to 64.
SECRET_BYTES = 32
_MARK = "whsec_"


def new_secret() -> str:
    """A secret as receivers are given it."""
    return _MARK + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def body_of(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The text of a message: the same octets whenever it is made from the same event."""
    told = {"type": kind, "timestamp": at.astimezone(UTC).isoformat().replace("+00:00", "Z"), "data": dict(data)}
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def headers(keys: Iterable[str], message_id: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of one attempt; `at` is its instant, because receivers refuse what is older than five minutes."""
    moment = at.astimezone(UTC).replace(microsecond=0)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Signer(key).sign(message_id, moment, body) for key in keys),
        "content-type": "application/json",
    }
