"""How long each class of data stays, as data; and what is given up every day without anybody asking."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.reports.models import Activity
from assignments.subjects import erasing, holds, tombstones
from assignments.subjects.models import Erasure

_DATA = Path(__file__).with_name("retention.json")


@dataclass(frozen=True)
class Retention:
    """How long one class of data stays, and who sees to it."""

    data_class: str
    after: str
    days: int | None
    #: `daily` by a job here, `certificate` by the agency's word, or `none` yet.
    how: str
    note_es: str
    note_en: str

    def note(self, language: str) -> str:
        """In the reader's language."""
        return self.note_es if language == "es" else self.note_en


@dataclass(frozen=True)
class Kept:
    """What a day's keeping did."""

    findings: int
    erased_again: int


@lru_cache(maxsize=1)
def retentions() -> tuple[Retention, ...]:
    """Every class of data."""
    told = json.loads(_DATA.read_text(encoding="utf-8"))
    return tuple(
        Retention(one["class"], one["after"], one.get("days"), one["how"], one["note_es"], one["note_en"])
        for one in told
    )


def keep(session: Session, actor: Actor, *, now: datetime) -> Kept:
    """Give up what was located and never confirmed, and whatever came in of people who were erased."""
    require(actor, Permission.REQUEST_HANDLE)
    creditor_id = require_side(actor, Side.CREDITOR)
    days = next(one.days for one in retentions() if one.data_class == "unconfirmed_findings")
    known = {
        "creditor": creditor_id,
        "until": now - timedelta(days=days or 0),
        "today": local_date(now, actor.time_zone),
    }
    findings = session.execute(text("select expire_findings(:creditor, :until, :today)"), known).scalar_one()
    again = 0
    for debtor_id in _told_again(session, creditor_id):
        # A hold placed since keeps what is left.
        if not holds.holds_of(session, actor, debtor_id, now=now):
            erasing.forget(session, creditor_id, debtor_id)
            again += 1
    if findings:
        audit.record(session, actor, "erasure.kept", now=now, findings=findings)
    return Kept(findings, again)


def reapply(session: Session, actor: Actor, marks: Iterable[bytes], *, now: datetime) -> tuple[int, int]:
    """Erase again, after a restore, whoever has one of the marks; returns how many were, and how many a hold kept."""
    require(actor, Permission.REQUEST_HANDLE)
    erased = held = 0
    for debtor_id in tombstones.find_again(session, require_side(actor, Side.CREDITOR), marks):
        if holds.holds_of(session, actor, debtor_id, now=now):
            held += 1
            continue
        erasing.bury(session, actor, debtor_id, request_id=None, now=now)
        erased += 1
    if erased:
        audit.record(session, actor, "erasure.reapplied", now=now, people=erased)
    return erased, held


def marks(session: Session, actor: Actor) -> list[Erasure]:
    """Every tombstone of the creditor, to be kept outside the database."""
    require(actor, Permission.REQUEST_HANDLE)
    creditor_id = require_side(actor, Side.CREDITOR)
    return list(session.scalars(select(Erasure).where(Erasure.creditor_id == creditor_id).order_by(Erasure.mark)))


def _told_again(session: Session, creditor_id: int) -> list[int]:
    """Erased people on whom an agency has reported words since."""
    told = (
        select(Erasure.debtor_id)
        .join(Case, (Case.creditor_id == Erasure.creditor_id) & (Case.debtor_id == Erasure.debtor_id))
        .join(Activity, (Activity.creditor_id == Case.creditor_id) & (Activity.case_id == Case.id))
        .where(Erasure.creditor_id == creditor_id, Activity.note.is_not(None))
    )
    return list(session.scalars(told.distinct()))
