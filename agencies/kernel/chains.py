"""The daily walk along the audit chains: what was looked at, from where to where, and which links did not hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, LargeBinary, PrimaryKeyConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel import audit
from agencies.kernel.audit import Anchor, BrokenLink
from agencies.kernel.base import Base


class ChainCheck(Base):
    """One walk along one organisation's chain; never edited."""

    __tablename__ = "chain_checks"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    at: Mapped[datetime]
    #: From the very first event on, and not only from where the last walk ended.
    is_whole: Mapped[bool]
    #: The last event that was taken for granted, and the last one that was looked at, with its hash.
    from_seq: Mapped[int]
    to_seq: Mapped[int]
    to_hash: Mapped[bytes] = mapped_column(LargeBinary)
    #: The day of the anchor the chain was held against, where there was one.
    anchored_on: Mapped[date | None]
    #: Number and reason of each link that did not hold.
    broken: Mapped[list[Any]]


def check(
    session: Session,
    organisation_id: int,
    *,
    anchor: Anchor | None = None,
    anchored_on: date | None = None,
    is_whole: bool = True,
    now: datetime,
) -> ChainCheck:
    """Walk one chain, from the last walk's end or whole, hold it against an anchor, and keep what was found.

    Where the last walk found a break, or its end is not where it was, the chain is walked whole.
    """
    last = None if is_whole else last_check(session, organisation_id)
    if last is not None and (last.broken or not _stands(session, last)):
        last = None
    start = (0, audit.GENESIS) if last is None else (last.to_seq, last.to_hash)
    # What is written while we walk is walked too; of its end the next walk makes sure.
    end = audit.head_of(session, organisation_id)
    links = list(audit.verify_chain(session, organisation_id, after=start))
    if anchor is not None and (link := audit.verify_anchor(session, anchor)) is not None:
        links.append(link)
    found = ChainCheck(
        organisation_id=organisation_id,
        at=now,
        is_whole=last is None,
        from_seq=start[0],
        to_seq=end.seq,
        to_hash=end.hash,
        anchored_on=anchored_on if anchor is not None else None,
        broken=[[link.seq, link.reason] for link in _each_once(links)],
    )
    session.add(found)
    session.flush()
    return found


def last_check(session: Session, organisation_id: int) -> ChainCheck | None:
    """The newest walk along a chain."""
    statement = select(ChainCheck).where(ChainCheck.organisation_id == organisation_id)
    return session.scalar(statement.order_by(ChainCheck.id.desc()).limit(1))


def last_checks(session: Session, organisation_ids: Iterable[int]) -> dict[int, ChainCheck]:
    """The newest walk along each of these chains."""
    ids = (
        select(func.max(ChainCheck.id))
        .where(ChainCheck.organisation_id.in_(list(organisation_ids)))
        .group_by(ChainCheck.organisation_id)
    )
    newest = select(ChainCheck).where(ChainCheck.id.in_(ids)).order_by(ChainCheck.organisation_id)
    return {one.organisation_id: one for one in session.scalars(newest)}


def list_checks(session: Session, organisation_id: int, *, limit: int = 30) -> list[ChainCheck]:
    """The last walks along one chain, newest first."""
    statement = select(ChainCheck).where(ChainCheck.organisation_id == organisation_id)
    return list(session.scalars(statement.order_by(ChainCheck.id.desc()).limit(limit)))


def _stands(session: Session, last: ChainCheck) -> bool:
    return audit.verify_anchor(session, Anchor(last.organisation_id, last.to_seq, last.to_hash)) is None


def _each_once(links: Iterable[BrokenLink]) -> list[BrokenLink]:
    return sorted(set(links), key=lambda one: (one.seq, one.reason))
