"""One spelling for each phone, e-mail, address and employer, whatever was typed; what cannot be read is a value too.

Telephones, addresses and e-mails are read by the rules that files are read by, tax numbers by the library of the trade.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from agencies.kernel.errors import msg
from agencies.organisations.countries import COUNTRIES, TaxIdInvalid, tax_number
from uploads.cells.addresses import read_address
from uploads.cells.emails import read_email
from uploads.cells.phones import read_phone

PHONE, EMAIL, ADDRESS, EMPLOYER = "phone", "email", "address", "employer"
#: Code of what is wrong -> what to do about it.
FAULTS = {
    "unreadable_phone": msg("This is not a telephone number of the country; write it with its area or country code."),
    "unreadable_email": msg("This is not an e-mail address."),
    "unreadable_address": msg("An address needs a street or a place, with a number or a word that finds it."),
    "unreadable_employer": msg("Write the name of the employer, or its tax number with its check digit."),
}
_LONGEST = 300
_TAX_WORD = re.compile(rf"^(?:{'|'.join(one.tax_name for one in COUNTRIES.values())})[ .:]*", re.IGNORECASE)


@dataclass(frozen=True)
class Normal:
    """The one spelling, and what it tells besides: kind of line, how an address was read, what names an employer."""

    value: str
    detail: str | None = None


@dataclass(frozen=True)
class Unreadable:
    """A code of `FAULTS`."""

    code: str


def normal(kind: str, raw: str, country: str, city: str | None = None) -> Normal | Unreadable:
    """What was typed in its normal form; the normal form's own normal form is itself."""
    text = " ".join(unicodedata.normalize("NFC", raw).split())
    read = {PHONE: _phone, EMAIL: _email, ADDRESS: _address, EMPLOYER: _employer}[kind]
    if not text or len(text) > _LONGEST:
        return Unreadable(f"unreadable_{kind}")
    return read(text, country, city)


def same_as(kind: str, raw: str, country: str, city: str | None = None) -> str:
    """What a known point is compared by: its normal form, or what stands there where it has none."""
    found = normal(kind, raw, country, city)
    return found.value if isinstance(found, Normal) else " ".join(raw.split()).upper()


def _phone(text: str, country: str, city: str | None) -> Normal | Unreadable:
    # An extension belongs to somebody's switchboard: a way to reach an employer, not the person.
    found = read_phone(text, country, city)
    return Normal(found.e164, found.line) if found else Unreadable("unreadable_phone")


def _email(text: str, _country: str, _city: str | None) -> Normal | Unreadable:
    found = read_email(text)
    return Normal(found.normal, found.domain) if found else Unreadable("unreadable_email")


def _address(text: str, country: str, _city: str | None) -> Normal | Unreadable:
    found = read_address(text, country)
    if found is None:
        return Unreadable("unreadable_address")
    return Normal(found.normal, "street" if found.is_street else "free_text")


def _employer(text: str, country: str, _city: str | None) -> Normal | Unreadable:
    bare = _TAX_WORD.sub("", text)
    letters = re.sub(r"[\s.-]", "", bare)
    if bare != text or letters.isdigit():
        try:
            return Normal(tax_number(country, bare), "tax_number")
        except TaxIdInvalid:
            return Unreadable("unreadable_employer")
    return Normal(text.upper(), "name") if len(letters) > 1 else Unreadable("unreadable_employer")
