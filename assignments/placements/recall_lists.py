"""A creditor's list of cases it takes back, as a file: one recall for each agency, reason and date of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Text, column, select, text
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.placements import recalls
from assignments.placements.ending import one_at_a_time
from assignments.placements.models import Recall, RecallReason, RecallState
from assignments.placements.recall_rules import AT_ONCE, LATEST_DAYS
from assignments.placements.recall_scope import Scope
from uploads.checking.rejecting import reject_rows
from uploads.lifecycle import CannotBeUndone
from uploads.models import Upload, UploadState
from uploads.rows import Loaded

#: The first thing that is wrong with a row. A case that waits in another recall is moved to this one only where this
#: one takes effect at once.
_FAULTS = """
    select distinct on (s.line) s.line, f.field, f.code, f.value
    from staged_recall_list s
    left join cases c on c.creditor_id = :creditor and c.account_ref = s.account_ref
    left join placements l on l.creditor_id = :creditor and l.case_id = c.id and l.agency_id = c.agency_id
                          and l.service = 'collect' and l.ended_at is null
    cross join lateral (values
        (1, 'account_ref', 'not_handed_over', s.account_ref, c.id is null),
        (2, 'account_ref', 'not_placed', s.account_ref, l.id is null),
        (3, 'effective_on', 'date_is_past', to_char(s.effective_on, 'YYYY-MM-DD'), s.effective_on < :today),
        (4, 'effective_on', 'too_far_ahead', to_char(s.effective_on, 'YYYY-MM-DD'), s.effective_on > :latest),
        (5, 'effective_on', 'takes_effect_at_once', to_char(s.effective_on, 'YYYY-MM-DD'),
         s.reason = any(cast(:at_once as text[])) and s.effective_on > :today),
        (6, 'account_ref', 'already_recalled', s.account_ref,
         l.state in ('recall_pending', 'recall_objected') and s.effective_on > :today)
    ) f (place, field, code, value, is_so)
    where s.organisation_id = :creditor and s.upload_id = :upload and f.is_so
    order by s.line, f.place
"""

#: A note goes with the recall where all of its rows say the same; else it stays with the rows.
_GROUPS = text("""
    select s.reason, s.effective_on, array_agg(c.id) as case_ids,
           case when count(distinct coalesce(s.note, '')) = 1 then min(s.note) end as note
    from staged_recall_list s
    join cases c on c.creditor_id = :creditor and c.account_ref = s.account_ref
    where s.organisation_id = :creditor and s.upload_id = :upload
    group by s.reason, s.effective_on order by s.effective_on, s.reason
""")


#: Why recalls cannot be taken back together.
_ANSWERED = msg("at least one of its recalls was answered, has ended or was withdrawn")


def screen_recall_list(session: Session, actor: Actor, upload: Upload) -> int:
    """Turn away rows of cases that no agency holds, and dates on which a recall cannot take effect."""
    creditor_id = require_side(actor, Side.CREDITOR)
    if upload.state is UploadState.APPLYING:
        one_at_a_time(session, creditor_id)
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    # The day on which the list was sent: a list that waits for its decision does not turn bad overnight.
    today = local_date(upload.created_at, zone)
    keys: dict[str, Any] = {
        "creditor": creditor_id,
        "upload": upload.id,
        "today": today,
        "latest": today + timedelta(days=LATEST_DAYS),
        "at_once": [one.value for one in sorted(AT_ONCE)],
    }
    found = (column("line", BigInteger), column("field", Text), column("code", Text), column("value", Text))
    return reject_rows(session, upload, text(_FAULTS).bindparams(**keys).columns(*found))


def load_recall_list(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Recall what the list names: each agency is asked once for each reason and date."""
    require(actor, Permission.RECALL_MAKE)
    creditor_id = require_side(actor, Side.CREDITOR)
    one_at_a_time(session, creditor_id)
    recalled = 0
    for reason, effective_on, case_ids, note in session.execute(
        _GROUPS, {"creditor": creditor_id, "upload": upload.id}
    ).all():
        made = recalls.request(
            session,
            actor,
            Scope(case_ids=tuple(case_ids)),
            reason=RecallReason(reason),
            effective_on=effective_on,
            note=note,
            upload_id=upload.id,
            now=now,
        )
        recalled += sum(one.cases for one in made)
    if recalled != upload.rows_good:
        raise RuntimeError(f"upload {upload.id}: {upload.rows_good} good rows became {recalled} recalled cases")
    return Loaded(recalled, 0, upload.rows_read - recalled)


def refuse_answered_recalls(session: Session, actor: Actor, upload: Upload) -> None:
    """Raise `CannotBeUndone` unless every recall of the list still waits for its answer."""
    if any(one.state is not RecallState.PENDING or one.answer is not None for one in _made(session, actor, upload)):
        raise CannotBeUndone(_ANSWERED)


def undo_recall_list(session: Session, actor: Actor, upload: Upload, now: datetime) -> dict[str, int]:
    """Withdraw all recalls of a list; says how many. Raises `CannotBeUndone`."""
    require(actor, Permission.RECALL_MAKE)
    one_at_a_time(session, require_side(actor, Side.CREDITOR))
    refuse_answered_recalls(session, actor, upload)
    withdrawn = [recalls.withdraw(session, actor, one.id, now=now) for one in _made(session, actor, upload)]
    return {"recalls": len(withdrawn)}


def _made(session: Session, actor: Actor, upload: Upload) -> Sequence[Recall]:
    creditor_id = require_side(actor, Side.CREDITOR)
    return session.scalars(
        select(Recall)
        .where(Recall.creditor_id == creditor_id, Recall.upload_id == upload.id)
        .order_by(Recall.id)
        .execution_options(populate_existing=True)
    ).all()
