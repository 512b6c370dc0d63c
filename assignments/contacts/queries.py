"""How a debtor can be reached, as far as the actor may know it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.permissions import Permission
from assignments.cases.reaching import Stops, stops_of
from assignments.contacts.finding import find_debtors
from assignments.contacts.models import DebtorContact

__all__ = ["find_debtors", "list_contacts"]


def list_contacts(session: Session, actor: Actor, debtor_id: int) -> list[DebtorContact]:
    """The ways to reach one debtor that may be used, phones first as they were given."""
    require(actor, Permission.CASE_VIEW)
    statement = select(DebtorContact).where(
        owned_by(actor, DebtorContact.creditor_id, DebtorContact.agency_id), DebtorContact.debtor_id == debtor_id
    )
    points = session.scalars(statement.order_by(DebtorContact.kind.desc(), DebtorContact.place)).all()
    stops = stops_of(session, points[0].creditor_id, [debtor_id]) if points else Stops()
    return [one for one in points if (debtor_id, one.form) not in stops]
