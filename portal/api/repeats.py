"""A request that comes again has its effect once: its answer is kept for a day and given again.

Whatever places cases or moves money wants an `Idempotency-Key`: any word the sender makes up, new for each thing it
wants done, and the same when it asks for the same thing again because it heard nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import msg
from agencies.kernel.session import transaction
from agencies.organisations import api_answers
from agencies.organisations.api_answers import ApiAnswer
from portal.api.door import key_actor
from portal.api.problems import Fault, Unfit
from portal.extensions import db
from portal.i18n import say
from portal.receiving import IncomingFile

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_WORD = re.compile(r"[\x21-\x7e]{1,200}")
_NEEDED = msg("Send a word of your own that is new for each request: up to 200 visible letters.")
_ANOTHER = msg("This word was sent before with another request.")


def once(view: Callable[..., tuple[dict[str, Any], int]]) -> Callable[..., Response]:
    """The view runs in a transaction, which its answer is kept in; asked again, the answer is given without it."""

    @wraps(view)
    def answered(**things: Any) -> Response:
        word, digest, now = _word(), _digest(), utc_now()
        with transaction(db.session):
            kept = api_answers.hold(db.session, key_actor(), word, now=now)
            if kept is not None:
                return _again(kept, digest)
            told, status = view(**things)
            body = json.dumps(told, ensure_ascii=False)
            api_answers.keep(db.session, key_actor(), word, request_sha256=digest, status=status, body=body, now=now)
        return Response(body, status, mimetype="application/json")

    return answered


def _again(kept: ApiAnswer, digest: bytes) -> Response:
    if kept.request_sha256 != digest:
        raise Unfit(Fault(HEADER, say(_ANOTHER)))
    return Response(kept.body, kept.status, mimetype="application/json", headers={REPLAYED: "true"})


def _word() -> str:
    word = request.headers.get(HEADER, "").strip()
    if not _WORD.fullmatch(word):
        raise Unfit(Fault(HEADER, say(_NEEDED)))
    return word


def _digest() -> bytes:
    """What makes two requests the same: method, address and body; of a form of parts its fields and files."""
    told = hashlib.sha256(f"{request.method} {request.full_path}\n{request.mimetype}\n".encode())
    if request.mimetype != "multipart/form-data":
        told.update(request.get_data())
        return told.digest()
    fields = sorted((name, value) for name, values in request.form.lists() for value in values)
    files = [(name, file.filename, _content(file.stream)) for name, file in sorted(request.files.items())]
    told.update(json.dumps([fields, files]).encode())
    return told.digest()


def _content(stream: Any) -> str:
    if isinstance(stream, IncomingFile):
        return stream.incoming.digest().hex()
    digest = hashlib.file_digest(stream, "sha256").hexdigest()
    stream.seek(0)
    return digest
