"""How a debtor can be reached, as far as the actor may know it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.permissions import Permission
from assignments.contacts.finding import find_debtors
from assignments.contacts.models import ContactKind, DebtorContact

#: The ways to reach one debtor in full, by kind, each as it was given.
Ways = Mapping[ContactKind, list[str]]

__all__ = ["Ways", "find_debtors", "list_contacts", "ways_of"]


def list_contacts(session: Session, actor: Actor, debtor_id: int) -> list[DebtorContact]:
    """The ways to reach one debtor, phones first as they were given."""
    require(actor, Permission.CASE_VIEW)
    statement = select(DebtorContact).where(
        owned_by(actor, DebtorContact.creditor_id, DebtorContact.agency_id), DebtorContact.debtor_id == debtor_id
    )
    return list(session.scalars(statement.order_by(DebtorContact.kind.desc(), DebtorContact.place)))


def ways_of(session: Session, actor: Actor, debtor_ids: Collection[int]) -> dict[int, dict[ContactKind, list[str]]]:
    """The ways to reach some debtors at once, in full, for whoever hands them out and writes that down."""
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
    for point in session.scalars(statement.order_by(DebtorContact.debtor_id, DebtorContact.place)):
        found.setdefault(point.debtor_id, {}).setdefault(point.kind, []).append(point.value)
    return found
