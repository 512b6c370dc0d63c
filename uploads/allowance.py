"""How much one organisation may keep and send, so that none of them fills the place that all share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.kernel.errors import Conflict, msg
from agencies.kernel.tenancy import Actor
from uploads.models import Upload

_A_DAY = timedelta(hours=24)


class NoRoomLeft(Conflict):
    """The organisation keeps as many bytes as it may."""

    text = msg("There is no room left for files of your organisation. Ask the platform for more.")


class TooManyFiles(Conflict):
    """The organisation has sent as many files as it may within a day."""

    text = msg("Your organisation has sent as many files as it may within 24 hours. Send this one later.")


@dataclass(frozen=True)
class Allowance:
    """What one organisation may keep in all, and how many files it may send within 24 hours."""

    bytes_kept: int
    files_a_day: int

    def ask(self, session: Session, actor: Actor, size_bytes: int, now: datetime) -> None:
        """Whether a file of this size may come; bytes that were removed count no more.

        Raises `NoRoomLeft` and `TooManyFiles`.
        """
        kept = func.coalesce(func.sum(Upload.size_bytes).filter(Upload.purged_at.is_(None)), 0)
        sent = func.count().filter(Upload.created_at > now - _A_DAY)
        bytes_kept, files = session.execute(select(kept, sent).where(Upload.organisation_id == actor.tenant)).one()
        if bytes_kept + size_bytes > self.bytes_kept:
            raise NoRoomLeft
        if files >= self.files_a_day:
            raise TooManyFiles
