"""A file of cases an agency gives back, each with its own code: any number at once, one statement for each code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.errors import NotFound
from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import ReturnCode
from assignments.placements.ending import one_at_a_time
from assignments.placements.returns import conclude
from uploads.models import Upload
from uploads.rows import Loaded

#: Each staged row with the agency's own placement under its account: the live one, else the last. Whoever else holds
#: or held the account is never asked.
_JUDGED = """
with judged as materialized (
    select s.line, s.account_ref, s.code, s.closed_on, s.note, l.id as placement_id, l.case_id,
           case
               when l.id is null then 'not_your_case'
               when l.ended_at is not null and l.was_returned then 'already_returned'
               when l.ended_at is not null then 'no_longer_yours'
               when s.closed_on > :today then 'in_future'
               when s.closed_on < l.placed_on then 'before_placement'
           end as fault
    from staged_closures s
    left join lateral (
        select p.id, p.case_id, p.ended_at, (p.placed_at at time zone :zone)::date as placed_on,
               exists (
                   select from returns r
                   where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.placement_id = p.id
               ) as was_returned
        from placements p
        where p.agency_id = :agency and p.creditor_id = :creditor and p.account_ref = s.account_ref
          and p.service = 'collect'
        order by p.ended_at is null desc, p.placed_at desc limit 1
    ) l on true
    where s.organisation_id = :agency and s.upload_id = :upload
)
"""

_REFUSE = f"""{_JUDGED}
insert into upload_errors (organisation_id, upload_id, line, field, code, value)
select :agency, :upload, line,
       case when fault in ('in_future', 'before_placement') then 'closed_on' else 'account_ref' end, fault,
       left(case when fault in ('in_future', 'before_placement') then to_char(closed_on, 'YYYY-MM-DD')
                 else account_ref end, 80)
from judged where fault is not null
on conflict do nothing returning line
"""  # noqa: S608  put together from constants

_GIVE_BACK = f"""{_JUDGED}, returned as (
    insert into returns (creditor_id, agency_id, placement_id, case_id, code, note, stated_on, returned_at, returned_by)
    select distinct on (placement_id) :creditor, :agency, placement_id, case_id, code, note, closed_on, :now, :user
    from judged where fault is null order by placement_id, line
    returning placement_id, code
)
select code, array_agg(placement_id order by placement_id) as placement_ids from returned group by code order by code
"""  # noqa: S608  put together from constants


def screen_closures(session: Session, actor: Actor, upload: Upload) -> int:
    """Refuse, row by row, staged closures of what the agency does not hold; returns how many."""
    return len(session.execute(text(_REFUSE), _parameters(session, actor, upload)).all())


def apply_closures(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Give back what a file names, code by code; the agency's access ends with this transaction."""
    parameters = _parameters(session, actor, upload)
    given_back = session.execute(text(_GIVE_BACK), {**parameters, "now": now, "user": actor.user_id}).all()
    ended = sum(
        conclude(
            session,
            actor,
            one.placement_ids,
            creditor_id=parameters["creditor"],
            agency_id=parameters["agency"],
            code=ReturnCode(one.code),
            now=now,
        )
        for one in given_back
    )
    return Loaded(ended, 0, upload.rows_read - ended)


def _parameters(session: Session, actor: Actor, upload: Upload) -> dict[str, Any]:
    require(actor, Permission.CASE_RETURN)
    agency_id = require_side(actor, Side.AGENCY)
    # The agency sees the organisation only if it has a mandate with it.
    zone = session.scalar(select(Organisation.time_zone).where(Organisation.id == upload.creditor_id))
    if upload.organisation_id != agency_id or upload.creditor_id is None or zone is None:
        raise NotFound
    gather_statistics(session, upload.rows_good or upload.rows_read, "staged_closures")
    # Nobody recalls or places them meanwhile: what is found held is still held when it is given back.
    one_at_a_time(session, upload.creditor_id)
    return {
        "agency": agency_id,
        "creditor": upload.creditor_id,
        "upload": upload.id,
        "zone": zone,
        "today": local_date(upload.created_at, zone),
    }
