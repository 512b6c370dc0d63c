"""Who is looked for, written down for the agency of each order: the person, and what is known of it, sealed.

Known points are those of the case file, the released ones among them. What was found before and not released takes part
as a digest (`knowledge.digest`): nobody pays twice for the same thing, and nobody reads what is not theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from agencies.kernel.sealing import keyring_of
from assignments.cases.reaching import known_points
from assignments.locates.knowledge import digest
from assignments.locates.models import FindingKind, LocateBatch
from assignments.locates.sealed import ToldSubject, open_finding, seal_subject
from uploads.sealed import Told, open_private

_PIECE = 2_000
_PEOPLE = """
select o.id as order_id, o.debtor_id, d.identity, d.sealed
from locate_orders o
join debtors d on d.creditor_id = o.creditor_id and d.id = o.debtor_id
where o.creditor_id = :creditor and o.batch_id = :batch and o.id > :after
order by o.id limit :most
"""
#: What was found of a person before, was graded, and is not released.
_COVERED = """
select e.debtor_id, f.order_id, f.kind, f.form, f.sealed, f.grade in ('negative', 'stale') as is_wrong
from locate_orders e
join findings f on f.creditor_id = e.creditor_id and f.agency_id = e.agency_id and f.order_id = e.id
where e.creditor_id = :creditor and e.debtor_id = any(cast(:debtors as bigint[])) and f.grade is not null
  and f.released_at is null
"""
_WRITE = """
insert into locate_subjects (creditor_id, agency_id, order_id, name, country, id_type, person_type, birth_date, region,
                             city, sealed)
select o.creditor_id, o.agency_id, o.id, d.name, d.country, d.id_type, d.person_type, d.birth_date, c.region, c.city,
       n.sealed
from unnest(cast(:orders as bigint[]), cast(:sealed as bytea[])) n (order_id, sealed)
join locate_orders o on o.creditor_id = :creditor and o.agency_id = :agency and o.id = n.order_id
join debtors d on d.creditor_id = o.creditor_id and d.id = o.debtor_id
join cases c on c.creditor_id = o.creditor_id and c.id = o.case_id
order by o.id
"""


def write_subjects(session: Session, batch: LocateBatch) -> None:
    """Write down the people of a batch's orders, some at a time."""
    mine = {"creditor": batch.creditor_id, "batch": batch.id, "most": _PIECE}
    after = 0
    while rows := session.execute(text(_PEOPLE), {**mine, "after": after}).all():
        after = rows[-1].order_id
        sealed = {"orders": [row.order_id for row in rows], "sealed": _sealed(session, batch, rows)}
        session.execute(text(_WRITE), {"creditor": batch.creditor_id, "agency": batch.agency_id, **sealed})


def _sealed(session: Session, batch: LocateBatch, rows: Sequence[Row[Any]]) -> list[bytes]:
    creditor_id, keyring = batch.creditor_id, keyring_of(session)
    debtors = sorted({row.debtor_id for row in rows})
    points, covered = known_points(session, creditor_id, debtors), _covered(session, creditor_id, debtors)
    return [
        seal_subject(
            keyring,
            creditor_id,
            row.order_id,
            ToldSubject(
                open_private(keyring, creditor_id, row.identity, row.sealed).national_id,
                [*_given(points.get(row.debtor_id, ())), *_digests(row.order_id, covered.get(row.debtor_id, {}))],
            ),
        )
        for row in rows
    ]


def _given(points: Sequence[tuple[str, Told]]) -> list[dict[str, Any]]:
    """Each known point once, with its normal form where that is another."""
    once = {
        (kind, told.value, told.normal): {
            "kind": kind,
            "value": told.value,
            **({"normal": told.normal} if told.normal and told.normal != told.value else {}),
        }
        for kind, told in points
    }
    return sorted(once.values(), key=lambda one: (len(one), one["kind"], one["value"]))


def _digests(order_id: int, covered: dict[tuple[str, str], bool]) -> list[dict[str, Any]]:
    told = (
        {"digest": digest(order_id, FindingKind(kind), value), "wrong": wrong}
        for (kind, value), wrong in covered.items()
    )
    return sorted(told, key=lambda one: one["digest"])


def _covered(session: Session, creditor_id: int, debtors: Sequence[int]) -> dict[int, dict[tuple[str, str], bool]]:
    """Debtor -> kind and value of what was found before -> whether it proved wrong."""
    keyring, found = keyring_of(session), defaultdict[int, dict[tuple[str, str], bool]](dict)
    for row in session.execute(text(_COVERED), {"creditor": creditor_id, "debtors": debtors}):
        _, value = open_finding(keyring, creditor_id, row.order_id, row.form, row.sealed)
        known = found[row.debtor_id]
        known[row.kind, value] = known.get((row.kind, value), False) or row.is_wrong
    return found
