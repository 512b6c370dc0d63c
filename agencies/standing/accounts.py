"""The bank account an agency is paid to: sealed, checked as its country writes it, and never edited.

A new account comes into force only once a second person of the agency has agreed; the old one holds until then. Two
agencies that name one account are found by a blind index over all agencies, which tells the platform that they are
equal and nothing else.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, load_only
from stdnum.ar import cbu
from stdnum.exceptions import ValidationError

from agencies.kernel.errors import Invalid, msg
from agencies.kernel.sealing import Place, keyring_of
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.models import Organisation, User, UserState
from agencies.organisations.permissions import Permission, Role
from agencies.standing.filing import check_reader
from agencies.standing.models import AccountKind, BankAccount, PanelMember

#: What is shown of an account, and all that a creditor may read of it.
SHOWN = (
    "id",
    "agency_id",
    "country",
    "currency",
    "bank",
    "account_kind",
    "last_four",
    "holder_name",
    "is_own",
    "in_force_from",
)
#: How many digits an account has where no check digit tells more. Peru: the CCI.
LENGTHS = {"CO": (9, 20), "PE": (20, 20), "CL": (5, 20), "EC": (9, 20)}
_CLABE_DIGITS = 18
#: Banco de México's weights of the CLABE.
_CLABE_WEIGHTS = (3, 7, 1)
#: Blind indexes of accounts are compared across agencies.
_EVERYBODY = 0
_LEGAL_FORMS = re.compile(r"\b(?:s ?a ?s|s ?a|s ?r ?l|ltda|limitada|s ?a ?c|s de r ?l|de c ?v|spa|e ?i ?r ?l)\b")


class AccountNumberInvalid(Invalid):
    """Mistyped: its length or check digit is wrong."""

    text = msg("This is not a valid account number of that country: check its digits.")


class Mismatch(StrEnum):
    """In what the holder of an account is somebody else than the agency."""

    NAME = "name"
    TAX_ID = "tax_id"


MISMATCHES: dict[Mismatch, str] = {
    Mismatch.NAME: msg("The name of the holder is not the legal name of the agency."),
    Mismatch.TAX_ID: msg("The tax number of the holder is not the one of the agency."),
}


@dataclass(frozen=True)
class Holder:
    """Whose an account is said to be."""

    name: str
    tax_id: str


@dataclass(frozen=True)
class Account:
    """An account as it is typed."""

    country: str
    currency: str
    bank: str
    kind: AccountKind
    number: str
    holder: Holder


@dataclass(frozen=True)
class AccountLine:
    """An account as it is shown: never more of its number than the last four digits."""

    id: int
    agency_id: int
    country: str
    currency: str
    bank: str
    account_kind: AccountKind
    last_four: str
    holder_name: str
    is_own: bool
    in_force_from: datetime


def account_number(country: str, number: str) -> str:
    """The digits of an account number; raises `AccountNumberInvalid`."""
    digits = re.sub(r"[\s.\-]", "", number)
    if not re.fullmatch(r"[0-9]{5,34}", digits) or not _fits(country, digits):
        raise AccountNumberInvalid
    return digits


def mismatches(holder: Holder, tax_id: str, legal_name: str) -> tuple[Mismatch, ...]:
    """In what the holder differs from the organisation; spelling and legal form are no difference."""
    found = []
    if _plain(holder.name) != _plain(legal_name):
        found.append(Mismatch.NAME)
    if _digits(holder.tax_id) != _digits(tax_id):
        found.append(Mismatch.TAX_ID)
    return tuple(found)


def put_in_force(
    session: Session,
    agency_id: int,
    account: Account,
    *,
    asked_by: int | None = None,
    agreed_by: int | None = None,
    now: datetime,
) -> BankAccount:
    """Pay the agency to this account from now on; the former one stays in the history."""
    home = session.get_one(Organisation, agency_id)
    ring, seal, digits = keyring_of(session), secrets.token_hex(16), account_number(account.country, account.number)
    made = BankAccount(
        agency_id=agency_id,
        country=account.country,
        currency=account.currency,
        bank=account.bank,
        account_kind=account.kind,
        seal=seal,
        number=ring.seal(digits, place_of(agency_id, "number", seal)),
        last_four=digits[-4:],
        number_index=_index(session, account.country, digits),
        holder_name=account.holder.name,
        holder_tax_id=ring.seal(account.holder.tax_id, place_of(agency_id, "holder_tax_id", seal)),
        is_own=not mismatches(account.holder, home.tax_id, home.legal_name),
        in_force_from=now,
        asked_by=asked_by,
        agreed_by=agreed_by,
    )
    session.add(made)
    session.flush()
    return made


def accounts_of(session: Session, actor: Actor, agency_id: int) -> list[AccountLine]:
    """The accounts of an agency, the one in force first; its own, or one of a creditor's panel. Raises `NotFound`."""
    check_reader(session, actor, agency_id)
    shown = load_only(*(getattr(BankAccount, name) for name in SHOWN), raiseload=True)
    statement = select(BankAccount).options(shown).where(BankAccount.agency_id == agency_id)
    return [AccountLine(*(getattr(row, name) for name in SHOWN)) for row in _newest_first(session, statement)]


def agencies_paid_to(session: Session, actor: Actor, country: str, number: str) -> list[int]:
    """The agencies that are or were paid to an account; for the platform alone."""
    require(actor, Permission.APPLICATION_REVIEW)
    if not number:
        return []
    statement = select(BankAccount.agency_id).where(BankAccount.number_index == _index(session, country, number))
    return list(session.scalars(statement.distinct().order_by(BankAccount.agency_id)))


def shared_accounts(session: Session, actor: Actor, agency_id: int) -> list[int]:
    """The other agencies that are or were paid to an account of this one; for the platform alone."""
    require(actor, Permission.APPLICATION_REVIEW)
    own = select(BankAccount.number_index).where(BankAccount.agency_id == agency_id)
    statement = select(BankAccount.agency_id).where(
        BankAccount.number_index.in_(own), BankAccount.agency_id != agency_id
    )
    return list(session.scalars(statement.distinct().order_by(BankAccount.agency_id)))


def has_second_manager(session: Session, actor: Actor) -> bool:
    """Whether somebody else of the agency could agree to a change."""
    statement = select(func.count()).where(
        User.organisation_id == actor.tenant, User.role == Role.MANAGER, User.state == UserState.ACTIVE
    )
    return (session.scalar(statement) or 0) > 1


def creditors_of(session: Session, agency_id: int) -> Sequence[int]:
    """Who has the agency on its panel, in whatever state."""
    return session.scalars(select(PanelMember.creditor_id).where(PanelMember.agency_id == agency_id)).all()


def _newest_first(session: Session, statement: Select[BankAccount]) -> Sequence[BankAccount]:
    return session.scalars(statement.order_by(BankAccount.id.desc())).all()


def _fits(country: str, digits: str) -> bool:
    if country == "AR":
        try:
            cbu.validate(digits)
        except ValidationError:
            return False
        return True
    if country == "MX":
        return len(digits) == _CLABE_DIGITS and _clabe_check(digits) == int(digits[-1])
    least, most = LENGTHS[country]
    return least <= len(digits) <= most


def _clabe_check(digits: str) -> int:
    weighed = sum(int(digit) * _CLABE_WEIGHTS[at % 3] % 10 for at, digit in enumerate(digits[:-1]))
    return -weighed % 10


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return " ".join(_LEGAL_FORMS.sub(" ", " ".join(bare.split())).split())


def _digits(number: str) -> str:
    return "".join(letter for letter in number.upper() if letter.isalnum())


def _index(session: Session, country: str, digits: str) -> bytes:
    return keyring_of(session).index(_EVERYBODY, "bank_account", f"{country}|{digits}")


def place_of(agency_id: int, column: str, seal: str) -> Place:
    """Where the number of an account or its holder's tax number stands."""
    return Place(agency_id, "bank_accounts", column, seal)
