"""The people an incident touches as an authority wants them listed: names, documents and one way to reach each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from assignments.cases.models import Case, Debtor
from assignments.contacts.models import ContactKind, DebtorContact

_PIECE = 5_000


@dataclass(frozen=True)
class Touched:
    """That a person is touched, by how many cases and why."""

    debtor_id: int
    country: str
    cases: int
    basis: str


@dataclass(frozen=True)
class Subject:
    """One person an incident touches."""

    debtor_id: int
    name: str | None
    country: str
    id_type: str | None
    id_number: str | None
    phone: str | None
    email: str | None
    accounts: str
    cases: int
    basis: str


def people(session: Session, creditor_id: int, touched: Iterable[Touched]) -> Iterator[Subject]:
    """Each person with what names and reaches them, some hundred read at a time."""
    rest = iter(touched)
    while piece := list(islice(rest, _PIECE)):
        yield from _piece(session, creditor_id, piece)


def _piece(session: Session, creditor_id: int, piece: list[Touched]) -> Iterator[Subject]:
    ids = [one.debtor_id for one in piece]
    own = (Debtor.creditor_id == creditor_id, Debtor.id.between(min(ids), max(ids)), Debtor.id.in_(ids))
    debtors = {one.id: one for one in session.scalars(select(Debtor).where(*own))}
    accounts: dict[int, list[str]] = {}
    listed = select(Case.debtor_id, Case.account_ref).where(
        Case.creditor_id == creditor_id, Case.debtor_id.between(min(ids), max(ids)), Case.debtor_id.in_(ids)
    )
    for debtor_id, account in session.execute(listed.order_by(Case.account_ref)):
        accounts.setdefault(debtor_id, []).append(account)
    ways = _ways(session, creditor_id, ids)
    for one in piece:
        debtor = debtors.get(one.debtor_id)
        yield Subject(
            one.debtor_id,
            debtor.name if debtor else None,
            one.country,
            debtor.id_type if debtor else None,
            debtor.id_number if debtor else None,
            ways.get((one.debtor_id, ContactKind.PHONE)),
            ways.get((one.debtor_id, ContactKind.EMAIL)),
            " ".join(accounts.get(one.debtor_id, ())),
            one.cases,
            one.basis,
        )
    # What was read stays in no session: a hundred thousand people are not held in memory.
    session.expunge_all()


def _ways(session: Session, creditor_id: int, ids: list[int]) -> dict[tuple[int, ContactKind], str]:
    point = DebtorContact
    rows = session.scalars(
        select(point)
        .where(
            point.creditor_id == creditor_id,
            # The ids lie near each other: a range of the index, and not a look-up each.
            point.debtor_id.between(min(ids), max(ids)),
            point.debtor_id.in_(ids),
            point.kind.in_((ContactKind.PHONE, ContactKind.EMAIL)),
        )
        .order_by(point.debtor_id, point.place)
    )
    found: dict[tuple[int, ContactKind], str] = {}
    for row in rows:
        if (row.debtor_id, row.kind) not in found:
            found[row.debtor_id, row.kind] = row.told.form
    return found
