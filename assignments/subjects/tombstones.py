"""By which keyed mark an erased person is known again, and rows that would bring one back.

A mark is a blind index: from it nobody learns who it was, and without the key nobody makes it. A row of a new file that
is the same person is turned away; after a restore the marks tell whom to erase again.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, literal, select, text
from sqlalchemy.orm import Session

from agencies.kernel.sealing import Keyring, keyring_of
from agencies.kernel.tenancy import Actor
from assignments.cases.models import Debtor
from assignments.subjects.models import Erasure
from uploads.checking.rejecting import reject_rows
from uploads.checking.staging import STAGED
from uploads.models import Upload, UploadKind

_PIECE = 10_000
_STAGED = "select s.line, s.identity from staged_portfolio s "
_OF_UPLOAD = "where s.organisation_id = :creditor and s.upload_id = :upload"


def mark_of(keyring: Keyring, creditor_id: int, identity: bytes) -> bytes:
    """The mark of whoever has this identity."""
    return keyring.index(creditor_id, "erased", identity.hex())


def find_again(session: Session, creditor_id: int, marks: Iterable[bytes]) -> list[int]:
    """The debtors that have one of the marks and were not erased, as after a restore."""
    wanted, keyring = set(marks), keyring_of(session)
    if not wanted:
        return []
    rows = select(Debtor.id, Debtor.identity).where(Debtor.creditor_id == creditor_id).order_by(Debtor.id)
    found = session.execute(rows.execution_options(yield_per=_PIECE))
    return [number for number, identity in found if mark_of(keyring, creditor_id, identity) in wanted]


def refuse_erased(session: Session, actor: Actor, upload: Upload) -> int:
    """Turn away staged rows of people who were erased; returns how many. Costs nothing where nobody was."""
    if upload.kind is not UploadKind.PORTFOLIO:
        return 0
    creditor_id = actor.tenant
    marks = set(session.scalars(select(Erasure.mark).where(Erasure.creditor_id == creditor_id)))
    if not marks:
        return 0
    keyring = keyring_of(session)
    known = {"creditor": creditor_id, "upload": upload.id}
    rows = session.execute(text(_STAGED + _OF_UPLOAD), known, execution_options={"yield_per": _PIECE})
    lines = [line for line, identity in rows if mark_of(keyring, creditor_id, identity) in marks]
    if not lines:
        return 0
    staged = STAGED[UploadKind.PORTFOLIO]
    # Of whom is told by the line alone: the value is what was erased.
    faulty = select(
        staged.c.line,
        literal("account_ref").label("field"),
        literal("erased_person").label("code"),
        staged.c.account_ref.label("value"),
    ).where(
        staged.c.organisation_id == creditor_id,
        staged.c.upload_id == upload.id,
        staged.c.line == func.any(lines),
    )
    return reject_rows(session, upload, faulty)
