"""Big files sent in pieces by the sending page's script; every answer is JSON, a refusal with its reason in words."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import DomainError
from agencies.kernel.session import transaction
from portal.errors import status_of
from portal.extensions import db
from portal.i18n import refusal
from portal.identity import current_actor
from portal.security import requires, takes_pieces
from portal.views import sending
from portal.views.stages import ports
from portal.views.uploads import SENDERS
from uploads import transfers
from uploads.transfers import PieceOutOfOrder, Transfer

blueprint = Blueprint("transfers", __name__, url_prefix="/uploads/transfers")
sender = requires(*SENDERS)
#: Bytes read from the connection at a time.
_READ = 1 << 18


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> tuple[Response, int]:
    """A refusal, with the place to go on from where that is what helps."""
    told: dict[str, Any] = {"reason": refusal(error)}
    if isinstance(error, PieceOutOfOrder):
        told["received"] = error.received
    return jsonify(told), status_of(error)


@blueprint.post("/")
@sender
def begin() -> tuple[Response, int]:
    """Make room for a file, if its sender may send it and it is not too large."""
    actor, now = current_actor(), utc_now()
    form = sending.transfer_form(db.session, actor, request.form, now)
    if not form.validate():
        return jsonify(reason=" ".join(form.complaints)), 400
    with transaction(db.session):
        transfer = transfers.begin(
            db.session,
            actor,
            filename=str(form.filename.data),
            size_bytes=int(form.size.data or 0),
            largest=ports().settings.max_upload_bytes,
            sender=form.sender.data or None,
            allowance=ports().allowance,
            **sending.purpose(db.session, actor, form, now),
            now=now,
        )
    return _told(transfer), 201


@blueprint.get('/<ref("transfer"):transfer_id>')
@sender
def status(transfer_id: int) -> Response:
    """How much has arrived."""
    return _told(transfers.get_transfer(db.session, current_actor(), transfer_id))


@blueprint.put('/<ref("transfer"):transfer_id>')
@sender
@takes_pieces
def piece(transfer_id: int) -> Response:
    """Take the piece at an offset; said twice it is taken once."""
    actor, now, offset, digest = current_actor(), utc_now(), _offset(), _digest()
    with transaction(db.session):
        # Before the first byte is read, and without a transaction that waits for a slow connection.
        transfers.get_transfer(db.session, actor, transfer_id)
    incoming = ports().storage.incoming()
    try:
        while part := request.stream.read(_READ):
            incoming.write(part)
        with transaction(db.session):
            transfer = transfers.take(db.session, actor, transfer_id, incoming, offset=offset, digest=digest, now=now)
    finally:
        incoming.discard()
    return _told(transfer)


@blueprint.post('/<ref("transfer"):transfer_id>/finish')
@sender
def finish(transfer_id: int) -> Response:
    """Receive the file, now that all of it is here; said twice it leads to the same file."""
    actor, now, storage = current_actor(), utc_now(), ports().storage
    with transaction(db.session):
        pieces = transfers.pieces_of(db.session, actor, transfer_id)
    incoming = storage.incoming()
    try:
        transfers.pour(storage, pieces, incoming)
        with transaction(db.session):
            received = transfers.finish(db.session, actor, transfer_id, storage, incoming, now=now)
    finally:
        incoming.discard()
    again = 1 if received.is_repeat else None
    return jsonify(address=url_for("uploads.show", upload_id=received.upload.id, again=again))


@blueprint.post('/<ref("transfer"):transfer_id>/cancel')
@sender
def cancel(transfer_id: int) -> AnyResponse:
    """Give the file up; what has arrived of it is deleted."""
    with transaction(db.session):
        transfers.cancel(db.session, current_actor(), transfer_id, ports().storage, now=utc_now())
    return Response(status=204)


def _told(transfer: Transfer) -> Response:
    """What the script needs to go on: where, how much at a time, and by what to know that its own file arrived."""
    at = transfer.id
    return jsonify(
        address=url_for("transfers.piece", transfer_id=at),
        finish=url_for("transfers.finish", transfer_id=at),
        cancel=url_for("transfers.cancel", transfer_id=at),
        piece=transfer.chunk_bytes,
        received=transfer.received_bytes,
        proof=base64.b64encode(transfers.proof_of(transfer)).decode(),
        is_over=transfer.is_over(utc_now()),
    )


def _offset() -> int:
    given = request.headers.get("Upload-Offset", "")
    if not given.isascii() or not given.isdecimal() or len(given) > 18:
        raise BadRequest
    return int(given)


def _digest() -> bytes:
    """The SHA-256 of the piece, as RFC 9530 writes it."""
    given = request.headers.get("Content-Digest", "")
    try:
        return base64.b64decode(given.removeprefix("sha-256=:").removesuffix(":"), validate=True)
    except binascii.Error as unreadable:
        raise BadRequest from unreadable
