"""The statements by which flags are written and what follows of them is kept with the cases, whole sets at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

# Of several debts of a person one names it; what stands already stands.
RAISE = text("""
insert into flags (creditor_id, agency_id, debtor_id, case_id, account_ref, kind, is_of_person, stops_work, since, note,
                   raised_at, raised_by, confirmed_at, confirmed_by)
select c.creditor_id, cast(:agency as bigint), c.debtor_id, c.id, c.account_ref, :kind, :of_person, true, :since, :note,
       :now, cast(:user as bigint), cast(:confirmed_at as timestamptz), cast(:confirmed_by as bigint)
from cases c
where c.creditor_id = :creditor and c.id = any(cast(:cases as bigint[]))
order by c.id
on conflict do nothing
returning id
""")
# What an agency said before, the creditor says now too.
BELIEVE = text("""
update flags f set confirmed_at = :now, confirmed_by = :user
from cases c
where c.creditor_id = :creditor and c.id = any(cast(:cases as bigint[])) and f.creditor_id = c.creditor_id
  and f.kind = :kind and f.ended_at is null and f.confirmed_at is null
  and case when f.is_of_person then f.debtor_id = c.debtor_id else f.case_id = c.id end
""")
DEBTORS = text("""
select coalesce(array_agg(distinct c.debtor_id), '{}') from cases c
where c.creditor_id = :creditor and c.id = any(cast(:cases as bigint[]))
""")
_SETTLE = text("select settle_flags(:creditor, cast(:people as bigint[]))")
HOLDERS = text("""
select c.agency_id, count(*) as cases from cases c
where c.creditor_id = :creditor and c.debtor_id = any(cast(:people as bigint[])) and c.agency_id is not null
group by c.agency_id order by c.agency_id
""")
# Debtors of these cases on whom something stands that concerns every debt of theirs.
_KNOWN_PEOPLE = text("""
select coalesce(array_agg(distinct f.debtor_id), '{}') from flags f
where f.creditor_id = :creditor and f.ended_at is null and f.is_of_person and exists (
    select from cases c join portfolios p on p.creditor_id = c.creditor_id and p.id = c.portfolio_id
    where c.creditor_id = f.creditor_id and c.debtor_id = f.debtor_id and p.upload_id = :upload
)
""")
_MOVE = text("""
with doubled as (
    update flags f set ended_at = :now, ended_how = 'lifted'
    where f.creditor_id = :creditor and f.debtor_id = :gone and f.ended_at is null and f.is_of_person and exists (
        select from flags k where k.creditor_id = f.creditor_id and k.debtor_id = :keep and k.kind = f.kind
                              and k.ended_at is null and k.is_of_person
    )
    returning f.id
)
update flags f set debtor_id = :keep
where f.creditor_id = :creditor and f.debtor_id = :gone and not exists (select from doubled d where d.id = f.id)
""")


def settle(session: Session, creditor_id: int, people: Sequence[int]) -> None:
    """Keep with all cases of these debtors what stands on them now."""
    session.flush()
    session.execute(_SETTLE, {"creditor": creditor_id, "people": list(people)})
    session.expire_all()


def settle_upload(session: Session, creditor_id: int, upload_id: int) -> None:
    """New debts of people who are flagged are flagged from the beginning."""
    people = session.execute(_KNOWN_PEOPLE, {"creditor": creditor_id, "upload": upload_id}).scalar_one()
    if people:
        settle(session, creditor_id, people)


def move(session: Session, creditor_id: int, *, gone: int, keep: int, now: datetime) -> None:
    """Two debtors were found to be one person: what stood on either stands on the one that is kept."""
    session.flush()
    session.execute(_MOVE, {"creditor": creditor_id, "gone": gone, "keep": keep, "now": now})
    settle(session, creditor_id, [keep])


def one_at_a_time(session: Session, creditor_id: int) -> None:
    """Whoever places, recalls or gives back cases of a creditor waits here for whoever came first."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('placing', :creditor))"), {"creditor": creditor_id}
    )
