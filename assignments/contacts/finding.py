"""Debtors found by an exact document, telephone or e-mail through blind indexes: nothing is opened to look for them."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from agencies.kernel.sealing import Keyring, keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Debtor
from assignments.contacts.models import ContactPoint
from assignments.contacts.normalising import EMAIL, PHONE, Normal, normal
from uploads.cells.identity import read_identity
from uploads.sealed import index_of_contact, index_of_document

#: Nobody looks for more people than this by one number.
MOST = 200


def find_debtors(
    session: Session, actor: Actor, *, document: str | None = None, phone: str | None = None, email: str | None = None
) -> list[Debtor]:
    """The creditor's debtors who have all that is given, however it is written; none when nothing is given.

    A debtor that was put together with another one is that other one.
    """
    require(actor, Permission.CASE_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    country = session.scalars(select(Organisation.country).where(Organisation.id == creditor_id)).one()
    keyring = keyring_of(session)
    asked: list[ColumnElement[bool]] = []
    if document:
        asked.append(Debtor.document_index.in_(documents_of(keyring, creditor_id, document, country)))
    if phone:
        phones = forms_of(keyring, creditor_id, PHONE, phone, country)
        asked.append(
            or_(
                Debtor.phone_index.in_(phones),
                Debtor.phone_2_index.in_(phones),
                _later(creditor_id, PHONE, phones),
            )
        )
    if email:
        emails = forms_of(keyring, creditor_id, EMAIL, email, country)
        asked.append(or_(Debtor.email_index.in_(emails), _later(creditor_id, EMAIL, emails)))
    if not asked:
        return []
    mine = Debtor.creditor_id == creditor_id
    found = session.scalars(select(Debtor).where(mine, *asked).order_by(Debtor.id).limit(MOST)).all()
    stayed = {one.merged_into or one.id for one in found}
    return list(session.scalars(select(Debtor).where(mine, Debtor.id.in_(stayed)).order_by(Debtor.id)))


def documents_of(keyring: Keyring, creditor_id: int, document: str, country: str) -> set[bytes]:
    """The indexes of a number as files are read: its capitals and digits, and without what belongs to its spelling."""
    bare = re.sub(r"[\s.,/_'-]", "", document).upper()
    read = read_identity(document, country)
    return {index_of_document(keyring, creditor_id, country, one) for one in (bare, read or bare)}


def forms_of(keyring: Keyring, creditor_id: int, kind: str, written: str, country: str) -> set[bytes]:
    """The indexes of its one spelling, and of what was written, under which it is kept where it cannot be read."""
    read = normal(kind, written, country)
    spellings = {written.strip(), *([read.value] if isinstance(read, Normal) else [])}
    return {index_of_contact(keyring, creditor_id, kind, one) for one in spellings}


def _later(creditor_id: int, kind: str, forms: set[bytes]) -> ColumnElement[bool]:
    return Debtor.id.in_(
        select(ContactPoint.debtor_id).where(
            ContactPoint.creditor_id == creditor_id, ContactPoint.kind == kind, ContactPoint.form.in_(forms)
        )
    )
