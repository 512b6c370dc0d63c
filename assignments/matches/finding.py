"""Finds the debtors of a new portfolio that may be one person with another debtor of the creditor.

Pairs come from one statement over what debtors are reached by; only they are compared one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit, work
from agencies.kernel.notices import notify
from agencies.kernel.sealing import Keyring, keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.matches.likeness import Likeness, Person, likeness
from assignments.matches.models import DebtorMatch, MatchState
from uploads.sealed import open_private

MATCH = "match_debtors"
#: A number that more debtors share than a family is a switchboard, or what a clerk types when there is none.
MOST_SHARING = 8
_PER_INSERT = 1_000

# Nobody knows how many rows the steps of the statement below leave, and one step taken row by row would never end.
_BY_HASH = text(
    """
    select set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true),
           set_config('work_mem', '128MB', true), set_config('jit', 'off', true)
    """
)
# A debtor that came with the upload stands on the left; the pair is told in the order of the ids.
_PAIRS = text(
    """
    with points as (
        select debtor_id, kind, form from debtor_contacts where creditor_id = :creditor
    ), shared as (
        select kind, form from points group by kind, form having count(distinct debtor_id) between 2 and :most
    ), fresh as (
        select distinct c.debtor_id from cases c
        join portfolios f on f.creditor_id = c.creditor_id and f.id = c.portfolio_id
        where c.creditor_id = :creditor and f.upload_id = :upload
    ), reached as (
        select least(a.debtor_id, b.debtor_id) as debtor_id, greatest(a.debtor_id, b.debtor_id) as other_id,
               array_agg(distinct a.kind) as contacts
        from fresh
        join points a on a.debtor_id = fresh.debtor_id
        join shared s on s.kind = a.kind and s.form = a.form
        join points b on b.kind = a.kind and b.form = a.form and b.debtor_id <> a.debtor_id
        group by 1, 2
    ), numbered as (
        -- One number, of which one of the two says no kind of document.
        select least(a.id, b.id) as debtor_id, greatest(a.id, b.id) as other_id
        from fresh
        join debtors a on a.creditor_id = :creditor and a.id = fresh.debtor_id
        join debtors b on b.creditor_id = :creditor and b.document_index = a.document_index
        where (a.id_type is null) <> (b.id_type is null)
    ), pairs as (
        select debtor_id, other_id, coalesce(r.contacts, '{}') as contacts
        from reached r full join (select distinct * from numbered) n using (debtor_id, other_id)
    )
    select p.debtor_id, p.other_id, p.contacts,
           d.name, d.birth_date, d.id_type, d.identity, d.sealed, d.person_type,
           o.name as other_name, o.birth_date as other_birth_date, o.id_type as other_id_type,
           o.identity as other_identity, o.sealed as other_sealed, o.person_type as other_person_type
    from pairs p
    join debtors d on d.creditor_id = :creditor and d.id = p.debtor_id and d.merged_into is null
    join debtors o on o.creditor_id = :creditor and o.id = p.other_id and o.merged_into is null
    where not exists (select from debtor_matches m where m.creditor_id = :creditor
                                                     and m.debtor_id = p.debtor_id and m.other_id = p.other_id)
    order by p.debtor_id, p.other_id
    """
)


def ask(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> None:
    """Have the debtors of an applied portfolio compared; asked again, nothing is added."""
    work.request(session, actor, MATCH, str(upload_id), {"upload_id": upload_id}, now=now)


def find(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> int:
    """Propose the pairs among an upload's debtors and all others; returns how many are new."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    creditor_id = require_side(actor, Side.CREDITOR)
    known = {"creditor": creditor_id, "upload": upload_id, "most": MOST_SHARING}
    session.execute(_BY_HASH)
    rows = session.execute(_PAIRS, known, execution_options={"yield_per": _PER_INSERT})
    found = 0
    alike = _alike(keyring_of(session), creditor_id, rows)
    while values := [_row(creditor_id, row, one, now) for row, one in islice(alike, _PER_INSERT)]:
        session.execute(insert(DebtorMatch).on_conflict_do_nothing(), values)
        found += len(values)
    if found:
        audit.record(session, actor, "debtors.matched", now=now, upload_id=upload_id, pairs=found)
        notify(
            session,
            creditor_id,
            "debtors.matched",
            now=now,
            key=f"debtors.matched:{upload_id}",
            permission=Permission.PORTFOLIO_UPLOAD,
            upload_id=upload_id,
            pairs=found,
        )
    return found


def _alike(keyring: Keyring, creditor_id: int, rows: Iterable[Row[Any]]) -> Iterator[tuple[Row[Any], Likeness]]:
    def number(identity: bytes, sealed: bytes | None) -> str | None:
        return open_private(keyring, creditor_id, identity, sealed).national_id

    for row in rows:
        one = Person(row.name, row.birth_date, row.id_type, number(row.identity, row.sealed), row.person_type)
        other = Person(
            row.other_name,
            row.other_birth_date,
            row.other_id_type,
            number(row.other_identity, row.other_sealed),
            row.other_person_type,
        )
        alike = likeness(one, other, row.contacts)
        if alike is not None:
            yield row, alike


def _row(creditor_id: int, row: Row[Any], alike: Likeness, now: datetime) -> dict[str, Any]:
    reasons = asdict(alike)
    return {
        "creditor_id": creditor_id,
        "debtor_id": row.debtor_id,
        "other_id": row.other_id,
        "similarity_bp": reasons.pop("similarity_bp"),
        "reasons": reasons,
        "state": MatchState.PROPOSED,
        "found_at": now,
    }
