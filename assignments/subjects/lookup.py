"""Finding a person in a creditor's data by document, telephone, e-mail or name.

Every search of the rights of data subjects for personal data stands here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import NotFound
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, Debtor
from assignments.contacts.finding import documents_of, forms_of
from assignments.contacts.models import ContactKind, DebtorContact
from assignments.contacts.normalising import EMAIL, PHONE
from assignments.reads import service as reads
from assignments.reads.models import Purpose, ReadKind, Subject
from assignments.subjects.models import SubjectRequest

MOST = 50


@dataclass(frozen=True)
class Sought:
    """What is known of the person; what is empty is not looked for, and one thing that fits is enough."""

    id_number: str = ""
    phone: str = ""
    email: str = ""
    name: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.named

    @property
    def named(self) -> list[str]:
        """What is looked for by, without saying it."""
        return [name for name, value in asdict(self).items() if value]


@dataclass(frozen=True)
class Hit:
    """A debtor that may be the person."""

    debtor_id: int
    name: str | None
    country: str
    id_type: str | None
    id_number: str | None
    accounts: tuple[str, ...]
    #: By which of what was sought.
    found_by: tuple[str, ...]


def search(session: Session, actor: Actor, request_id: int, sought: Sought, *, now: datetime) -> list[Hit]:
    """The debtors that fit, those that fit in most things first; at most `MOST`.

    Who looked, for which request and by what is written down, and everybody who is shown; never what was looked for.
    """
    require(actor, Permission.REQUEST_HANDLE)
    creditor_id = require_side(actor, Side.CREDITOR)
    if session.get(SubjectRequest, (creditor_id, request_id)) is None:
        raise NotFound
    found: dict[int, list[str]] = {}
    for by, statement in _statements(session, creditor_id, sought).items():
        fits = session.scalars(statement.limit(MOST)).all()
        for debtor_id in dict.fromkeys(stayed(session, creditor_id, fits).values()):
            found.setdefault(debtor_id, []).append(by)
    best = sorted(found, key=lambda one: (-len(found[one]), one))[:MOST]
    audit.record(session, actor, "request.searched", now=now, request_id=request_id, by=sought.named, people=len(best))
    if best:
        reads.note_people(
            session,
            actor,
            ReadKind.LIST,
            best,
            purpose=Purpose.DATA_SUBJECT,
            subject=(Subject.REQUEST, request_id),
            now=now,
        )
    return hits(session, creditor_id, best, found)


def stayed(session: Session, creditor_id: int, debtor_ids: Collection[int]) -> dict[int, int]:
    """Debtor -> the one it is since two were put together, for those that are the creditor's, in their order."""
    rows = select(Debtor.id, func.coalesce(Debtor.merged_into, Debtor.id)).where(
        Debtor.creditor_id == creditor_id, Debtor.id.in_(debtor_ids)
    )
    return dict(session.execute(rows.order_by(Debtor.id)).all())


def hits(
    session: Session, creditor_id: int, debtor_ids: list[int], found: dict[int, list[str]] | None = None
) -> list[Hit]:
    """Some debtors as a page shows them, in the order asked for."""
    if not debtor_ids:
        return []
    rows = {
        one.id: one
        for one in session.scalars(select(Debtor).where(Debtor.creditor_id == creditor_id, Debtor.id.in_(debtor_ids)))
    }
    accounts: dict[int, list[str]] = {}
    cases = select(Case.debtor_id, Case.account_ref).where(
        Case.creditor_id == creditor_id, Case.debtor_id.in_(debtor_ids)
    )
    for debtor_id, account in session.execute(cases.order_by(Case.account_ref)):
        accounts.setdefault(debtor_id, []).append(account)
    by = found or {}
    return [
        Hit(
            one,
            rows[one].name,
            rows[one].country,
            rows[one].id_type,
            rows[one].id_number,
            tuple(accounts.get(one, ())),
            tuple(by.get(one, ())),
        )
        for one in debtor_ids
        if one in rows
    ]


def _statements(session: Session, creditor_id: int, sought: Sought) -> dict[str, Select[int]]:
    keyring, statements = keyring_of(session), dict[str, Select[int]]()
    country = session.get_one(Organisation, creditor_id).country
    own = Debtor.creditor_id == creditor_id
    if sought.id_number:
        documents = documents_of(keyring, creditor_id, sought.id_number, country)
        statements["id_number"] = select(Debtor.id).where(own, Debtor.document_index.in_(documents))
    if sought.phone:
        forms = forms_of(keyring, creditor_id, PHONE, sought.phone, country)
        statements["phone"] = _reached(creditor_id, ContactKind.PHONE, forms)
    if sought.email:
        forms = forms_of(keyring, creditor_id, EMAIL, sought.email, country)
        statements["email"] = _reached(creditor_id, ContactKind.EMAIL, forms)
    if sought.name:
        like = "%".join(part for part in re.split(r"[\s%_\\]+", sought.name) if part)
        statements["name"] = select(Debtor.id).where(own, Debtor.name.ilike(f"%{like}%")).order_by(Debtor.id)
    return statements


def _reached(creditor_id: int, kind: ContactKind, forms: set[bytes]) -> Select[int]:
    point = DebtorContact
    return (
        select(point.debtor_id)
        .where(point.creditor_id == creditor_id, point.kind == kind, point.form.in_(forms))
        .distinct()
    )


def count_debtors(session: Session, creditor_id: int) -> int:
    """How many people a creditor has data of."""
    return session.scalar(select(func.count()).select_from(Debtor).where(Debtor.creditor_id == creditor_id)) or 0
