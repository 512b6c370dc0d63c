"""Ways to reach debtors that are added one by one: each is sealed for its debtor and found by its form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel.sealing import keyring_of
from assignments.cases import loading
from uploads.sealed import Told, alone, index_of_contact, kind_of, open_private, part_of, parts_of, seal_private


@dataclass(frozen=True)
class NewPoint:
    """One more way to reach a debtor."""

    debtor_id: int
    kind: str
    told: Told
    portfolio_id: int | None = None
    #: The update of a portfolio it came with.
    upload_id: int | None = None


#: The agency that works the debtor sees them at once.
_ADD = """
    insert into contact_points (creditor_id, agency_id, debtor_id, portfolio_id, upload_id, kind, part, form, sealed)
    select :creditor, d.agency_id, d.id, n.portfolio_id, n.upload_id, n.kind, n.kind, n.form, n.sealed
    from unnest(cast(:debtors as bigint[]), cast(:portfolios as bigint[]), cast(:uploads as bigint[]),
                cast(:kinds as text[]), cast(:forms as bytea[]), cast(:sealed as bytea[]))
         with ordinality n (debtor_id, portfolio_id, upload_id, kind, form, sealed, place)
    join debtors d on d.creditor_id = :creditor and d.id = n.debtor_id
    order by d.id, n.place
"""
_IDENTITIES = "select id, identity from debtors where creditor_id = :creditor and id = any(cast(:debtors as bigint[]))"
_KNOWN = """
    select debtor_id, kind, part, form, identity, sealed from debtor_contacts
    where creditor_id = :creditor and debtor_id = any(cast(:debtors as bigint[]))
    order by debtor_id, place
"""


def add_points(session: Session, creditor_id: int, points: Sequence[NewPoint]) -> None:
    """Add ways to reach debtors of a creditor, in their order."""
    if not points:
        return
    keyring, debtors = keyring_of(session), [one.debtor_id for one in points]
    known = {"creditor": creditor_id, "debtors": sorted(set(debtors))}
    identity: dict[int, bytes] = {row.id: row.identity for row in session.execute(text(_IDENTITIES), known)}
    added = {
        "creditor": creditor_id,
        "debtors": debtors,
        "portfolios": [one.portfolio_id for one in points],
        "uploads": [one.upload_id for one in points],
        "kinds": [one.kind for one in points],
        "forms": [index_of_contact(keyring, creditor_id, one.kind, one.told.form) for one in points],
        "sealed": [
            seal_private(
                keyring, creditor_id, identity[one.debtor_id], alone(one.kind, one.told.value, one.told.normal)
            )
            for one in points
        ],
    }
    session.execute(text(_ADD), added)


#: The stop of every way to reach somebody.
EVERY = b""


@dataclass(frozen=True)
class Stops:
    """What debtors asked not to be reached by any more."""

    forms: frozenset[tuple[int, bytes]] = frozenset()

    def __contains__(self, point: tuple[int, bytes]) -> bool:
        """Whether a debtor is not to be reached by what this index finds."""
        return bool(self.forms) and (point in self.forms or (point[0], EVERY) in self.forms)

    def of(self, debtor_id: int) -> frozenset[bytes]:
        """Those of one debtor."""
        return frozenset(form for whose, form in self.forms if whose == debtor_id)


def stops_of(session: Session, creditor_id: int, debtor_ids: Collection[int]) -> Stops:
    """What these debtors are not to be reached by, as far as the actor works or looks for them."""
    asked = {"creditor": creditor_id, "debtors": sorted(debtor_ids)}
    rows = session.execute(text("select debtor_id, form from stopped_contacts(:creditor, :debtors)"), asked)
    return Stops(frozenset((row.debtor_id, bytes(row.form)) for row in rows))


def known_points(
    session: Session, creditor_id: int, debtor_ids: Collection[int], *, stopped: bool = False
) -> dict[int, list[tuple[str, Told]]]:
    """Debtor -> kind and wording of each way to reach it that is known, opened; what is stopped where asked for."""
    keyring, found = keyring_of(session), defaultdict(list)
    rows = session.execute(text(_KNOWN), {"creditor": creditor_id, "debtors": sorted(debtor_ids)}).all()
    stops = Stops() if stopped else stops_of(session, creditor_id, debtor_ids)
    for debtor_id, kind, part, form, identity, sealed in rows:
        if (debtor_id, bytes(form)) in stops:
            continue
        told = part_of(open_private(keyring, creditor_id, identity, sealed), part)
        found[debtor_id].append((kind, told))
    return found


def add_merged(reader: Session, given: Mapping[str, Any], session: Session) -> None:
    """Add what a file tells of debtors that were put together with others; it is sealed for the ones that went."""
    creditor_id = given["creditor"]
    keyring = keyring_of(session)
    rows = reader.execute(text(loading.MERGED_ROWS), given).all()
    known = {
        debtor_id: {(kind, told.form) for kind, told in points}
        for debtor_id, points in known_points(
            session, creditor_id, {row.debtor_id for row in rows}, stopped=True
        ).items()
    }
    points = []
    for row in rows:
        told_of = parts_of(open_private(keyring, creditor_id, row.identity, row.sealed))
        for part, told in told_of.items():
            kind = kind_of(part)
            if (kind, told.form) not in known.setdefault(row.debtor_id, set()):
                known[row.debtor_id].add((kind, told.form))
                points.append(NewPoint(row.debtor_id, kind, told, portfolio_id=row.portfolio_id))
    add_points(session, creditor_id, points)
