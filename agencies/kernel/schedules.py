"""Recurring work whose period is a unique row, so that two schedulers are harmless and a missed tick is caught up."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base


class ScheduleRun(Base):
    """That a schedule was started for the period beginning on a date."""

    __tablename__ = "schedule_runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    period_start: Mapped[date] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]


def begin(session: Session, name: str, period_start: date, *, now: datetime) -> bool:
    """Whether this caller is the one to start the period; commit it together with what it starts."""
    mine = session.scalar(
        insert(ScheduleRun)
        .values(name=name, period_start=period_start, started_at=now)
        .on_conflict_do_nothing()
        .returning(ScheduleRun.name)
    )
    return mine is not None
