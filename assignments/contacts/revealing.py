"""A debtor's fields that are covered on pages, each shown in full to whoever works the case, for a purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.permissions import Permission
from assignments.cases.models import Debtor
from assignments.cases.queries import get_case
from assignments.contacts.models import DebtorContact
from assignments.contacts.queries import list_contacts
from assignments.reads import revealing
from assignments.reads.models import Purpose

DOCUMENT, BIRTH_DATE = "id_number", "birth_date"


@dataclass(frozen=True)
class Revealed:
    """One field in full; it leaves this process on one page and nowhere else."""

    field: str
    value: str | date

    @property
    def text(self) -> str:
        """As it is written where no reader's language is known: a day by its year, month and day."""
        return self.value.isoformat() if isinstance(self.value, date) else self.value

    @property
    def day(self) -> date | None:
        """The value, if it is a day."""
        return self.value if isinstance(self.value, date) else None


def reveal(session: Session, actor: Actor, case_id: int, place: str, purpose: Purpose, *, now: datetime) -> Revealed:
    """A field of the debtor of a case the actor works now; raises `NotFound`, `Forbidden` and `TooManyReveals`.

    `place` is `id_number`, `birth_date`, or the place of one of the debtor's contacts. A recall takes the case out of
    the agency's sight, and with it this.
    """
    require(actor, Permission.CONTACT_REVEAL)
    detail = get_case(session, actor, case_id)
    found = next((one for at, one in _fields(session, actor, detail.debtor) if at == place), None)
    if found is None:
        raise NotFound
    revealing.permit(session, actor, (detail.case.creditor_id, case_id), found.field, purpose, now=now)
    return found


def place_of(point: DebtorContact) -> str:
    """What a contact is called between a page and its answer."""
    return f"point{point.place}"


def _fields(session: Session, actor: Actor, debtor: Debtor) -> Iterator[tuple[str, Revealed]]:
    if debtor.id_number:
        yield DOCUMENT, Revealed(DOCUMENT, debtor.id_number)
    if debtor.birth_date:
        yield BIRTH_DATE, Revealed(BIRTH_DATE, debtor.birth_date)
    for point in list_contacts(session, actor, debtor.id):
        yield place_of(point), Revealed(point.kind.value, point.value)
