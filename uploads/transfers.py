"""Big files sent in pieces: each piece is kept as it arrives, so that a cut connection costs one piece and no more.

Pieces come in their order. A piece that is not the next one changes nothing, and the answer says where to go on; the
same piece sent twice is therefore taken once. Finishing pours the pieces through the store into `receiving.receive`, as
if the file had come in one request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    delete,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel import audit
from agencies.kernel.base import Base, code_type
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.session import after_commit
from agencies.kernel.tenancy import Actor
from uploads.allowance import Allowance
from uploads.checking.control import Control
from uploads.models import UploadKind
from uploads.own import own_upload
from uploads.receiving import Received, permitted, receive
from uploads.storage import Incoming, Storage

#: Files below this are sent in one request.
WORTH_IT = 16 << 20
CHUNK_BYTES = 4 << 20
#: A transfer nobody goes on with is forgotten after this.
KEPT = timedelta(hours=48)
#: What one organisation may have under way at a time.
MOST_OPEN = 10
_MOST_BYTES_IN_FILES = 4
_DIGEST = 32
_POURED = 1 << 20


class FileTooLarge(Invalid):
    """The file is larger than any the platform takes."""

    text = msg("This file is larger than any we take. Split it and send the parts one after the other.")


class NothingToSend(Invalid):
    """There is no byte in the file."""

    text = msg("The file is empty.")


class TooManyTransfers(Conflict):
    """The organisation has as much under way as it may."""

    text = msg("Your organisation is sending too many big files at once. Wait until one of them is in, or cancel one.")


class PieceDamaged(Invalid):
    """The piece is not what its sender hashed, or does not have the size of its place."""

    text = msg("A piece of the file arrived damaged. Send it again.")


class PieceOutOfOrder(Conflict):
    """The piece is not the next one; `received` says where to go on."""

    text = msg("This piece is not the next one. Go on after what has arrived.")

    def __init__(self, received: int) -> None:
        super().__init__()
        self.received = received


class TransferIncomplete(Conflict):
    """Pieces are still missing."""

    text = msg("Not all of the file has arrived yet.")


class TransferOver(Conflict):
    """The time for it has run out, or the pieces are gone."""

    text = msg("The time for sending this file has run out. Send it again from the beginning.")


class Transfer(Base):
    """One file on its way in pieces, and the upload it became."""

    __tablename__ = "transfers"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "upload_id"], ["uploads.organisation_id", "uploads.id"]),
        Index("ix_transfers_expires_at", "organisation_id", "expires_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: Whoever began it goes on with it, and nobody else.
    created_by: Mapped[int]
    kind: Mapped[UploadKind] = mapped_column(code_type(UploadKind))
    creditor_id: Mapped[int | None]
    report_id: Mapped[int | None]
    filename: Mapped[str]
    size_bytes: Mapped[int]
    chunk_bytes: Mapped[int]
    received_bytes: Mapped[int] = mapped_column(default=0)
    #: SHA-256 of each piece that has arrived, one behind the other.
    digests: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    #: The random word of the page that sends it; two pages' files of one name and size are two transfers.
    sender: Mapped[str | None]
    #: What the sender says the file holds.
    control: Mapped[dict[str, Any] | None]
    #: What it became; the pieces are gone then.
    upload_id: Mapped[int | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    @property
    def chunks(self) -> int:
        """How many pieces have arrived."""
        return len(self.digests) // _DIGEST

    @property
    def is_whole(self) -> bool:
        """Whether every byte has arrived."""
        return self.received_bytes == self.size_bytes

    def is_over(self, now: datetime) -> bool:
        """Whether no piece of it is taken any more: it became a file, or its time has run out."""
        return self.upload_id is not None or self.expires_at <= now


def begin(
    session: Session,
    actor: Actor,
    *,
    kind: UploadKind,
    filename: str,
    size_bytes: int,
    largest: int,
    creditor_id: int | None = None,
    report_id: int | None = None,
    control: Control | None = None,
    sender: str | None = None,
    allowance: Allowance | None = None,
    now: datetime,
) -> Transfer:
    """Make room for a file before its first byte; one `sender` that asks again gets the transfer that waits for it.

    `sender` is a random word that only the page knows that sends the file; without one every request is another file's.
    Raises `FileTooLarge`, `NothingToSend` and `TooManyTransfers`.
    """
    creditor_id = permitted(session, actor, kind, creditor_id)
    if size_bytes > largest:
        raise FileTooLarge
    if size_bytes < 1:
        raise NothingToSend
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("transfers", actor.tenant))))
    about = {
        "kind": kind,
        "creditor_id": creditor_id,
        "report_id": report_id,
        "filename": filename[-200:] or "file",
        "size_bytes": size_bytes,
        "control": control.to_dict() if control else None,
        "sender": sender,
    }
    session.execute(delete(Transfer).where(Transfer.organisation_id == actor.tenant, Transfer.expires_at <= now - KEPT))
    open_now = _open(session, actor, now)
    waiting = [one for one in open_now if one.created_by == actor.user_id and not one.received_bytes]
    for one in waiting if sender else ():
        if all(getattr(one, name) == value for name, value in about.items()):
            return one
    promised = sum(one.size_bytes for one in open_now) + size_bytes
    if len(open_now) >= MOST_OPEN or promised > _MOST_BYTES_IN_FILES * largest:
        raise TooManyTransfers
    if allowance is not None:
        allowance.ask(session, actor, promised, now)
    transfer = Transfer(
        organisation_id=actor.tenant,
        created_by=actor.user_id,
        chunk_bytes=CHUNK_BYTES,
        received_bytes=0,
        digests=b"",
        created_at=now,
        expires_at=now + KEPT,
        **about,
    )
    session.add(transfer)
    session.flush()
    audit.record(
        session, actor, "transfer.begun", now=now, transfer_id=transfer.id, kind=kind.value, size=transfer.size_bytes
    )
    return transfer


def get_transfer(session: Session, actor: Actor, transfer_id: int, *, lock: bool = False) -> Transfer:
    """The actor's own transfer as it stands now; raises `NotFound`."""
    query = select(Transfer).where(
        Transfer.organisation_id == actor.tenant, Transfer.id == transfer_id, Transfer.created_by == actor.user_id
    )
    query = query.execution_options(populate_existing=True)
    transfer = session.scalar(query.with_for_update() if lock else query)
    if transfer is None:
        raise NotFound
    permitted(session, actor, transfer.kind, transfer.creditor_id)
    return transfer


def take(
    session: Session, actor: Actor, transfer_id: int, piece: Incoming, *, offset: int, digest: bytes, now: datetime
) -> Transfer:
    """Keep the next piece. One that is there already changes nothing.

    Raises `PieceOutOfOrder`, which says where to go on, `PieceDamaged` and `TransferOver`.
    """
    transfer = get_transfer(session, actor, transfer_id, lock=True)
    if transfer.is_over(now):
        raise TransferOver
    number, behind = divmod(offset, transfer.chunk_bytes)
    if behind or not 0 <= offset < transfer.size_bytes or offset > transfer.received_bytes:
        raise PieceOutOfOrder(transfer.received_bytes)
    is_damaged = piece.digest() != digest or piece.size != min(transfer.chunk_bytes, transfer.size_bytes - offset)
    if is_damaged:
        raise PieceDamaged
    if number < transfer.chunks:
        if digest_of(transfer, number) != digest:
            raise PieceOutOfOrder(transfer.received_bytes)
        return transfer
    # Kept before the row says so: a piece nobody knows of is replaced when it is sent again.
    piece.keep(key_of(transfer, number))
    transfer.digests += digest
    transfer.received_bytes += piece.size
    session.flush()
    return transfer


def pieces_of(session: Session, actor: Actor, transfer_id: int) -> list[str]:
    """Where the pieces are kept, all of them; none once the file is in. Raises `TransferIncomplete`."""
    transfer = get_transfer(session, actor, transfer_id)
    if transfer.upload_id is not None:
        return []
    if not transfer.is_whole:
        raise TransferIncomplete
    return [key_of(transfer, number) for number in range(transfer.chunks)]


def pour(storage: Storage, pieces: Sequence[str], into: Incoming) -> None:
    """Write the pieces into a file of the store, a megabyte at a time; stops at one that is gone."""
    for key in pieces:
        try:
            piece = storage.open(key)
        except FileNotFoundError:
            return
        with piece:
            while part := piece.read(_POURED):
                into.write(part)


def finish(
    session: Session, actor: Actor, transfer_id: int, storage: Storage, whole: Incoming, *, now: datetime
) -> Received:
    """Receive the file the pieces were poured into; finished twice, it gives the same upload. Raises `TransferOver`."""
    transfer = get_transfer(session, actor, transfer_id, lock=True)
    if transfer.upload_id is not None:
        return Received(own_upload(session, actor, transfer.upload_id), is_repeat=False)
    if whole.size != transfer.size_bytes:
        raise TransferOver
    received = receive(
        session,
        actor,
        whole,
        kind=transfer.kind,
        filename=transfer.filename,
        creditor_id=transfer.creditor_id,
        report_id=transfer.report_id,
        control=Control.from_dict(transfer.control),
        reads_as_before=True,
        now=now,
    )
    transfer.upload_id = received.upload.id
    _forget_pieces(session, transfer, storage)
    return received


def cancel(session: Session, actor: Actor, transfer_id: int, storage: Storage, *, now: datetime) -> None:
    """Give up a transfer and what has arrived of it; raises `TransferOver` once it became a file."""
    transfer = get_transfer(session, actor, transfer_id, lock=True)
    if transfer.upload_id is not None:
        raise TransferOver
    _forget_pieces(session, transfer, storage)
    session.delete(transfer)
    audit.record(session, actor, "transfer.cancelled", now=now, transfer_id=transfer_id, kind=transfer.kind.value)


def key_of(transfer: Transfer, number: int) -> str:
    """Where a piece is kept."""
    return f"{transfer.organisation_id}/transfers/{transfer.id}/{number}"


def digest_of(transfer: Transfer, number: int) -> bytes:
    """What a piece that has arrived hashed to; nothing for one that has not."""
    return transfer.digests[number * _DIGEST : (number + 1) * _DIGEST]


def proof_of(transfer: Transfer) -> bytes:
    """By which a sender knows that all that has arrived is of its own file: the hash of the pieces' hashes."""
    return hashlib.sha256(transfer.digests).digest()


def _open(session: Session, actor: Actor, now: datetime) -> list[Transfer]:
    return list(
        session.scalars(
            select(Transfer).where(
                Transfer.organisation_id == actor.tenant, Transfer.upload_id.is_(None), Transfer.expires_at > now
            )
        )
    )


def _forget_pieces(session: Session, transfer: Transfer, storage: Storage) -> None:
    keys = [key_of(transfer, number) for number in range(transfer.chunks)]

    def forget() -> None:
        for key in keys:
            storage.delete(key)

    after_commit(session, forget)
