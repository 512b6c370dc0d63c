"""How a debtor can be reached, as far as the actor may know it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.permissions import Permission
from assignments.cases.reaching import Stops, stops_of
from assignments.contacts.models import ContactKind, DebtorContact

#: The ways to reach one debtor in full, by kind, each as it was given.
Ways = Mapping[ContactKind, list[str]]


def list_contacts(session: Session, actor: Actor, debtor_id: int) -> list[DebtorContact]:
    """The ways to reach one debtor that may be used, phones first as they were given."""
    require(actor, Permission.CASE_VIEW)
    statement = select(DebtorContact).where(
        owned_by(actor, DebtorContact.creditor_id, DebtorContact.agency_id), DebtorContact.debtor_id == debtor_id
    )
    points = session.scalars(statement.order_by(DebtorContact.kind.desc(), DebtorContact.place)).all()
    stops = stops_of(session, points[0].creditor_id, [debtor_id]) if points else Stops()
    return [one for one in points if (debtor_id, one.form) not in stops]


def ways_of(session: Session, actor: Actor, debtor_ids: Collection[int]) -> dict[int, dict[ContactKind, list[str]]]:
    """The ways to reach some debtors that may be used, in full, for whoever hands them out and writes that down."""
    require(actor, Permission.CASE_EXPORT_FULL)
    if not debtor_ids:
        return {}
    statement = select(DebtorContact).where(
        owned_by(actor, DebtorContact.creditor_id, DebtorContact.agency_id),
        # The ids lie near each other: a range of the index, and not a look-up each.
        DebtorContact.debtor_id.between(min(debtor_ids), max(debtor_ids)),
        DebtorContact.debtor_id.in_(debtor_ids),
    )
    found: dict[int, dict[ContactKind, list[str]]] = {}
    points = session.scalars(statement.order_by(DebtorContact.debtor_id, DebtorContact.place)).all()
    # An actor's page is of one creditor, an agency's may be of several.
    whose = {point.creditor_id for point in points}
    stops = {one: stops_of(session, one, debtor_ids) for one in whose}
    for point in points:
        if (point.debtor_id, point.form) in stops[point.creditor_id]:
            continue
        found.setdefault(point.debtor_id, {}).setdefault(point.kind, []).append(point.value)
    return found
