"""What the scanner for malicious software said of each stored file; a file without a good word stays in quarantine.

A verdict belongs to a key of the store, so that an uploaded file, a document and a piece of evidence are all the same
here. It is written before the row that names the file is: no file of a sender is ever kept without one.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel import work
from agencies.kernel.base import Base, code_type
from agencies.kernel.errors import DomainError, msg
from agencies.kernel.tenancy import Actor

#: The kind of work that has a file scanned.
SCAN = "scan_file"


class Verdict(StrEnum):
    """What is known of a file."""

    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"
    #: There was no scanner when it came.
    NOT_SCANNED = "not_scanned"


#: With these a file is neither read nor handed out.
HELD = frozenset({Verdict.PENDING, Verdict.INFECTED})


class FileHeld(DomainError):
    """The file is in quarantine."""

    text = msg("This file is held back.")


class BeingScanned(FileHeld):
    """Nobody has said yet that the file is clean."""

    #: Until work that needs it looks again.
    wait_seconds = 5.0
    text = msg(
        "This file is being checked for malicious software and is not handed out before that is done. "
        "Try again in a few minutes."
    )


class FileInfected(FileHeld):
    """The scanner found something in it."""

    text = msg("This file contains malicious software (%(malware)s). It was refused and is not handed out to anybody.")


class FileVerdict(Base):
    """One stored file of one organisation, and what was found in it."""

    __tablename__ = "file_verdicts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "key"),
        Index("ix_file_verdicts_sha256", "organisation_id", "sha256"),
        Index("ix_file_verdicts_held", "organisation_id", postgresql_where=text("verdict in ('pending', 'infected')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    key: Mapped[str]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    size_bytes: Mapped[int]
    verdict: Mapped[Verdict] = mapped_column(code_type(Verdict))
    #: What the scanner calls what it found.
    malware: Mapped[str | None]
    #: The version of the scanner and its signatures that gave the verdict.
    signatures: Mapped[str | None]
    kept_at: Mapped[datetime]
    #: When the verdict was given; empty while it is awaited.
    judged_at: Mapped[datetime | None]
    #: How often it was asked for.
    asked: Mapped[int] = mapped_column(default=1)


def note(
    session: Session, actor: Actor, key: str, *, sha256: bytes, size: int, is_scanned: bool, now: datetime
) -> None:
    """Write down that a file was kept, and have it scanned; what awaits a verdict or is infected stays so."""
    verdict = Verdict.PENDING if is_scanned else Verdict.NOT_SCANNED
    made = insert(FileVerdict).values(
        organisation_id=actor.tenant,
        key=key,
        sha256=sha256,
        size_bytes=size,
        verdict=verdict,
        kept_at=now,
        judged_at=None if is_scanned else now,
        asked=1,
    )
    row = session.execute(
        made.on_conflict_do_update(
            index_elements=["organisation_id", "key"],
            set_={
                "sha256": sha256,
                "size_bytes": size,
                "verdict": verdict,
                "signatures": None,
                "judged_at": None if is_scanned else now,
                "asked": FileVerdict.asked + 1,
            },
            where=FileVerdict.verdict.not_in(HELD),
        ).returning(FileVerdict.id, FileVerdict.asked)
    ).one_or_none()
    if row is not None and is_scanned:
        work.request(session, actor, SCAN, f"{row.id}:{row.asked}", {"verdict_id": row.id}, now=now)


def find(session: Session, actor: Actor, key: str) -> FileVerdict | None:
    """What is known of the actor's organisation's file under a key."""
    return session.scalar(
        select(FileVerdict).where(FileVerdict.organisation_id == actor.tenant, FileVerdict.key == key)
    )


def check(found: FileVerdict | None, *, is_scanned: bool) -> None:
    """Raise `BeingScanned` or `FileInfected` unless the file may be read; what nobody noted waits for the scanner."""
    if found is None:
        if is_scanned:
            raise BeingScanned
        return
    if found.verdict is Verdict.PENDING:
        raise BeingScanned
    if found.verdict is Verdict.INFECTED:
        raise FileInfected(malware=found.malware or "?")


def held(session: Session, actor: Actor) -> dict[str, Verdict]:
    """The files of the actor's organisation that are in quarantine, by key."""
    statement = select(FileVerdict.key, FileVerdict.verdict).where(
        FileVerdict.organisation_id == actor.tenant, FileVerdict.verdict.in_(HELD)
    )
    return {row.key: row.verdict for row in session.execute(statement)}


def settle(
    session: Session,
    actor: Actor,
    verdict_id: int,
    verdict: Verdict,
    *,
    malware: str | None = None,
    signatures: str | None = None,
    now: datetime,
) -> bool:
    """Give the verdict that was awaited; False when it was given before."""
    given = session.execute(
        update(FileVerdict)
        .where(
            FileVerdict.organisation_id == actor.tenant,
            FileVerdict.id == verdict_id,
            FileVerdict.verdict == Verdict.PENDING,
        )
        .values(verdict=verdict, malware=malware, signatures=signatures, judged_at=now)
        .returning(FileVerdict.id)
        .execution_options(synchronize_session=False)
    )
    if given.one_or_none() is None:
        return False
    work.hasten(session, actor, "being_scanned")
    return True


def get(session: Session, actor: Actor, verdict_id: int) -> FileVerdict | None:
    """What is known of a file as it stands now; None when it was forgotten."""
    return session.scalar(
        select(FileVerdict)
        .where(FileVerdict.organisation_id == actor.tenant, FileVerdict.id == verdict_id)
        .execution_options(populate_existing=True)
    )


def is_known_clean(session: Session, actor: Actor, sha256: bytes, signatures: str) -> bool:
    """Whether these very signatures found nothing in the same bytes before."""
    known = select(FileVerdict.id).where(
        FileVerdict.organisation_id == actor.tenant,
        FileVerdict.sha256 == sha256,
        FileVerdict.verdict == Verdict.CLEAN,
        FileVerdict.signatures == signatures,
    )
    return session.scalar(known.limit(1)) is not None


def forget(session: Session, actor: Actor, key: str) -> None:
    """Let go of what is known of a file that is gone."""
    session.execute(delete(FileVerdict).where(FileVerdict.organisation_id == actor.tenant, FileVerdict.key == key))


def count_held(session: Session) -> dict[Verdict, int]:
    """How many files are in quarantine in all organisations; seen by the worker only."""
    statement = select(FileVerdict.verdict, func.count().label("files")).where(FileVerdict.verdict.in_(HELD))
    return {row.verdict: row.files for row in session.execute(statement.group_by(FileVerdict.verdict))}
