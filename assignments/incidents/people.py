"""The people an incident touches as an authority wants them listed: names, documents and one way to reach each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Row, Select, any_, literal, select
from sqlalchemy.orm import Session

from agencies.kernel.sealing import keyring_of
from assignments.cases.models import Case, Debtor
from assignments.contacts.models import ContactKind, ContactPoint
from uploads.sealed import Private, open_private, part_of

_PIECE = 5_000
_KINDS = (ContactKind.PHONE, ContactKind.EMAIL)
#: What stands with a debtor, the first of each kind first.
_OWN = ((ContactKind.PHONE, "phone"), (ContactKind.PHONE, "phone_2"), (ContactKind.EMAIL, "email"))
_DEBTOR = (
    Debtor.id,
    Debtor.name,
    Debtor.id_type,
    Debtor.identity,
    Debtor.sealed,
    Debtor.phone_index,
    Debtor.phone_2_index,
    Debtor.email_index,
)
Ways = dict[ContactKind, str]


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
    debtors = {row.id: row for row in session.execute(_of(creditor_id, ids, Debtor.creditor_id, Debtor.id, *_DEBTOR))}
    accounts: dict[int, list[str]] = {}
    listed = _of(creditor_id, ids, Case.creditor_id, Case.debtor_id, Case.debtor_id, Case.account_ref)
    for debtor_id, account in session.execute(listed.order_by(Case.account_ref)):
        accounts.setdefault(debtor_id, []).append(account)
    # What is sealed is opened once for each person, and not once for the number and for each way.
    opened = {
        row.id: open_private(keyring_of(session), creditor_id, row.identity, row.sealed) for row in debtors.values()
    }
    ways = {row.id: _own_ways(row, opened[row.id]) for row in debtors.values()}
    _add_later_ways(session, creditor_id, debtors, ways)
    for one in piece:
        debtor = debtors.get(one.debtor_id)
        reached = ways.get(one.debtor_id, {})
        yield Subject(
            one.debtor_id,
            debtor.name if debtor else None,
            one.country,
            debtor.id_type if debtor else None,
            opened[one.debtor_id].national_id if debtor else None,
            reached.get(ContactKind.PHONE),
            reached.get(ContactKind.EMAIL),
            " ".join(accounts.get(one.debtor_id, ())),
            one.cases,
            one.basis,
        )


def _of(creditor_id: int, ids: list[int], creditor: Any, debtor: Any, *columns: Any) -> Select[Any]:
    # The ids lie near each other: a range of the index, and not a look-up each.
    near = debtor.between(min(ids), max(ids))
    # One value for all of them: a statement of thousands of values takes longer to write than to answer.
    return select(*columns).where(creditor == creditor_id, near, debtor == any_(literal(ids, ARRAY(BigInteger))))


def _own_ways(row: Row[Any], opened: Private) -> Ways:
    """What stands with the debtor itself, the first of each kind."""
    found: Ways = {}
    for kind, part in _OWN:
        if kind not in found and getattr(row, f"{part}_index") is not None:
            found[kind] = part_of(opened, part).form
    return found


def _add_later_ways(session: Session, creditor_id: int, debtors: dict[int, Row[Any]], ways: dict[int, Ways]) -> None:
    """What came later, for those with whom nothing of a kind stands."""
    lacking = [number for number, found in ways.items() if len(found) < len(_KINDS)]
    if not lacking:
        return
    point = ContactPoint
    later = _of(
        creditor_id, lacking, point.creditor_id, point.debtor_id, point.debtor_id, point.kind, point.part, point.sealed
    )
    later = later.where(point.kind.in_(_KINDS)).order_by(point.debtor_id, point.id)
    for debtor_id, kind, part, sealed in session.execute(later):
        if kind not in ways[debtor_id]:
            told = open_private(keyring_of(session), creditor_id, debtors[debtor_id].identity, sealed)
            ways[debtor_id][kind] = part_of(told, part).form
