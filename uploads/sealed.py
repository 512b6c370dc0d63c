"""The private fields of a person as they are kept: all of one row in one sealed value, found again by blind indexes.

They are sealed while a file is checked, so that no table, not even staging, ever holds them readable. One value for a
whole row costs a third of one for each field, and goes from staging to debtors and their contact points as it is: it
is bound to the person's identity, which stays with the person, and opens nowhere else.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import NamedTuple

from agencies.kernel.sealing import Keyring, Place, SealBroken

#: What is joined by it never holds it: cells with control characters are refused or cleaned before.
BETWEEN = "\x1f"
#: How the fields are joined; told with each value, so that they may be joined otherwise one day.
FORM = "1"
#: What an identity begins with: that of a document, or of a number that means something to its creditor only.
BY_DOCUMENT, BY_REFERENCE = b"\x01", b"\x00"


@dataclass(frozen=True)
class Private:
    """What is sealed of one person, as one row told it; new fields come last, for kept values are joined in order."""

    national_id: str | None = None
    id_check_digit: str | None = None
    phone: str | None = None
    phone_e164: str | None = None
    phone_2: str | None = None
    phone_2_e164: str | None = None
    email: str | None = None
    address: str | None = None
    address_normal: str | None = None


#: The names of what is sealed of a person, in the order in which it is joined.
PERSON = tuple(one.name for one in fields(Private))


def joined(*values: str | None) -> str:
    """Values as one text to be sealed; a separator inside one of them becomes a space."""
    return BETWEEN.join([FORM, *((value or "").replace(BETWEEN, " ") for value in values)]).rstrip(BETWEEN)


def parted(text: str, names: tuple[str, ...]) -> dict[str, str | None]:
    """The values of a text that was joined, by name; what is missing at its end is empty."""
    form, *values = text.split(BETWEEN)
    if form != FORM or len(values) > len(names):
        raise SealBroken
    return dict(zip(names, [*(value or None for value in values), *[None] * (len(names) - len(values))], strict=True))


def place_of_person(creditor_id: int, identity: bytes) -> Place:
    """Where whatever is told of one debtor stands, be it staged, with the debtor or one of its contact points."""
    return Place(creditor_id, "debtors", "sealed", identity.hex())


def place_of_row(organisation_id: int, table: str, upload_id: int, line: int) -> Place:
    """Where the private cells of a staged row stand that makes no debtor."""
    return Place(organisation_id, table, "sealed", f"{upload_id}:{line}")


def place_of_fault(organisation_id: int, upload_id: int, line: int, field: str, code: str) -> Place:
    """Where the cell stands that a fault was found in."""
    return Place(organisation_id, "upload_errors", "sealed", f"{upload_id}:{line}:{field}:{code}")


def place_of_sample(organisation_id: int, sha256: bytes) -> Place:
    """Where the first rows of a file stand; the same bytes have the same."""
    return Place(organisation_id, "uploads", "sealed_sample", sha256.hex())


def seal_private(keyring: Keyring, creditor_id: int, identity: bytes, private: Private) -> bytes | None:
    """What is known of a debtor as it is kept; nothing where nothing is known."""
    if private == Private():
        return None
    return keyring.seal(joined(*astuple(private)), place_of_person(creditor_id, identity))


def open_private(keyring: Keyring, creditor_id: int, identity: bytes, sealed: bytes | None) -> Private:
    """What is known of a debtor; raises `SealBroken` when it was written for another one."""
    if sealed is None:
        return Private()
    return Private(**parted(keyring.open(sealed, place_of_person(creditor_id, identity)), PERSON))


def index_of_document(keyring: Keyring, creditor_id: int, country: str, number: str) -> bytes:
    """What an identity number is found by, whatever the kind of document."""
    return keyring.index(creditor_id, "document", f"{country}:{number}")


def index_of_contact(keyring: Keyring, creditor_id: int, kind: str, form: str) -> bytes:
    """What a way to reach somebody is found by: its normal form, or what was written where it has none."""
    return keyring.index(creditor_id, kind, form)


#: Part -> the field that holds its one spelling; an e-mail is its own.
_NORMAL = {"phone": "phone_e164", "phone_2": "phone_2_e164", "email": None, "address": "address_normal"}


def kind_of(part: str) -> str:
    """The kind of contact that a part is: the second telephone is one too."""
    return "phone" if part == "phone_2" else part


class Told(NamedTuple):
    """A way to reach somebody as it was written, and its one spelling where it is known."""

    value: str
    normal: str | None

    @property
    def form(self) -> str:
        """What it is compared by."""
        return self.normal or self.value


def part_of(private: Private, part: str) -> Told:
    """One way to reach somebody, of all that was told; raises `SealBroken` when nothing was told there."""
    value, normal = getattr(private, part), _NORMAL[part]
    if value is None:
        raise SealBroken
    return Told(value, getattr(private, normal) if normal else None)


def parts_of(private: Private) -> dict[str, Told]:
    """Every way to reach somebody that was told, by part."""
    return {part: part_of(private, part) for part in _NORMAL if getattr(private, part) is not None}


def alone(kind: str, value: str, normal: str | None) -> Private:
    """One way to reach somebody as it is sealed by itself; its part is called as its kind."""
    field = _NORMAL[kind]
    return Private(**{kind: value, **({field: normal} if field else {})})
