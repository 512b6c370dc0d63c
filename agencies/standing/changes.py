"""Another bank account: one person of the agency asks for it, a second one agrees, and only then is it in force."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.approvals import service as approvals
from agencies.approvals.carrying import SubjectChanged
from agencies.approvals.models import Approval, ApprovalKind
from agencies.kernel import audit, letters
from agencies.kernel.notices import notify
from agencies.kernel.sealing import Place, keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import User, UserState
from agencies.organisations.permissions import Permission, Role
from agencies.standing import accounts
from agencies.standing.models import AccountKind, BankAccount

#: The kind of letter that every manager gets.
LETTER = "bank_account.changed"
_ABOUT = "bank_account"


def ask_for_account(session: Session, actor: Actor, account: accounts.Account, *, now: datetime) -> Approval:
    """Ask a second person of the agency to agree to this account; the one in force stays until then.

    What waits is frozen with its number sealed. Raises `AccountNumberInvalid` and `AskedAlready`.
    """
    require(actor, Permission.BANK_ACCOUNT_CHANGE)
    agency_id = require_side(actor, Side.AGENCY)
    digits = accounts.account_number(account.country, account.number)
    ring, seal = keyring_of(session), secrets.token_hex(16)
    subject = {
        "seal": seal,
        "number": ring.seal(digits, _place(agency_id, "number", seal)).hex(),
        "holder_tax_id": ring.seal(account.holder.tax_id, _place(agency_id, "holder_tax_id", seal)).hex(),
        "last_four": digits[-4:],
        "country": account.country,
        "currency": account.currency,
        "bank": account.bank,
        "account_kind": account.kind.value,
        "holder_name": account.holder.name,
        "in_force": _newest(session, agency_id),
    }
    return approvals.ask(session, actor, ApprovalKind.BANK_ACCOUNT, subject, about=_ABOUT, now=now)


def put_in_force(
    session: Session, asker: Actor, subject: Mapping[str, Any], *, approval_id: int, now: datetime
) -> None:
    """Carry the approved change out, and tell every manager and every creditor that the account is another one."""
    agency_id = require_side(asker, Side.AGENCY)
    require(asker, Permission.BANK_ACCOUNT_CHANGE)
    if subject["in_force"] != _newest(session, agency_id):
        raise SubjectChanged
    made = accounts.put_in_force(
        session, agency_id, _opened(session, agency_id, subject), asked_by=asker.user_id,
        agreed_by=asker.approved_by, now=now,
    )  # fmt: skip
    creditors = accounts.creditors_of(session, agency_id)
    audit.record(
        session,
        asker,
        "account.changed",
        now=now,
        organisations=[agency_id, *creditors],
        account_id=made.id,
        approval_id=approval_id,
        approved_by=asker.approved_by,
        organisation_id=agency_id,
    )
    for organisation_id in (agency_id, *creditors):
        is_own = organisation_id == agency_id
        notify(
            session,
            organisation_id,
            "account.changed",
            key=f"account.changed:{agency_id}:{made.id}",
            permission=Permission.STANDING_EDIT if is_own else Permission.STANDING_VIEW,
            now=now,
            agency_id=agency_id,
            last_four=made.last_four,
        )
    for user_id in _managers(session, agency_id):
        letters.post(session, user_id=user_id, kind=LETTER, key=f"{LETTER}/{made.id}/{user_id}", now=now)


def _opened(session: Session, agency_id: int, subject: Mapping[str, Any]) -> accounts.Account:
    ring, seal = keyring_of(session), subject["seal"]
    tax_id = ring.open(bytes.fromhex(subject["holder_tax_id"]), _place(agency_id, "holder_tax_id", seal))
    return accounts.Account(
        country=subject["country"],
        currency=subject["currency"],
        bank=subject["bank"],
        kind=AccountKind(subject["account_kind"]),
        number=ring.open(bytes.fromhex(subject["number"]), _place(agency_id, "number", seal)),
        holder=accounts.Holder(subject["holder_name"], tax_id),
    )


def _newest(session: Session, agency_id: int) -> int | None:
    statement = select(BankAccount.id).where(BankAccount.agency_id == agency_id)
    return session.scalar(statement.order_by(BankAccount.id.desc()).limit(1))


def _managers(session: Session, agency_id: int) -> list[int]:
    statement = select(User.id).where(
        User.organisation_id == agency_id, User.role == Role.MANAGER, User.state == UserState.ACTIVE
    )
    return list(session.scalars(statement.order_by(User.id)))


def _place(agency_id: int, column: str, seal: str) -> Place:
    return Place(agency_id, "approvals", column, seal)
