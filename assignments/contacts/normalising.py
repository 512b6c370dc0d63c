"""One spelling for each phone, e-mail, address and employer, whatever was typed; what cannot be read is a value too.

Numbers, tax numbers and e-mails are read by the libraries of the trade. Written here is only what they do not know:
how Colombia and Mexico wrote numbers before they moved to ten digits, and the shape of a Colombian address.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from agencies.kernel.errors import msg
from agencies.organisations.countries import COUNTRIES, TaxIdInvalid, tax_number

PHONE, EMAIL, ADDRESS, EMPLOYER = "phone", "email", "address", "employer"
#: Code of what is wrong -> what to do about it.
FAULTS = {
    "unreadable_phone": msg("This is not a telephone number of the country; write it with its area or country code."),
    "unreadable_email": msg("This is not an e-mail address."),
    "unreadable_address": msg("An address needs a street or a place, with a number or a word that finds it."),
    "unreadable_employer": msg("Write the name of the employer, or its tax number with its check digit."),
}
_TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.VOIP: "voip",
}
_LONGEST = 300
#: Colombia, before 1 September 2021: `03` before a mobile, `03` or `0` and an area digit before seven digits.
_CO_OLD_MOBILE = re.compile(r"(?:57)?03(3\d{9})")
_CO_OLD_FIXED = re.compile(r"(?:57)?(?:0[3579]?)?([124-8])([2-8]\d{6})")
#: Mexico, before 3 August 2019: long distance, calling to a mobile, and the 1 of mobiles after the country's code.
_MX_OLD = re.compile(r"(?:01|044|045|(?:\+|00)?521)(\d{10})")
#: Seven digits alone are a landline of the person's city: its area digit (regulation reference, 3.2).
_CO_AREAS = {
    "1": ("bogota", "soacha", "chia", "zipaquira", "facatativa", "fusagasuga", "girardot"),
    "2": ("cali", "palmira", "buenaventura", "tulua", "pasto", "ipiales", "popayan"),
    "4": ("medellin", "bello", "itagui", "envigado", "rionegro", "quibdo", "monteria"),
    "5": (
        "barranquilla",
        "soledad",
        "cartagena",
        "santa marta",
        "valledupar",
        "sincelejo",
        "riohacha",
        "maicao",
        "san andres",
    ),
    "6": ("pereira", "dosquebradas", "manizales", "armenia"),
    "7": ("bucaramanga", "floridablanca", "cucuta", "barrancabermeja", "arauca"),
    "8": ("ibague", "neiva", "villavicencio", "tunja", "duitama", "sogamoso", "yopal", "florencia", "leticia"),
}
_CO_AREA_OF = {city: digit for digit, cities in _CO_AREAS.items() for city in cities}

#: Spellings of Colombian roads -> the codes of the tax office's form.
_ROADS = (
    ("AC", r"AVENIDA CALLE|AV\.? ?CALLE|AV\.? ?CLL?|AC"),
    ("AK", r"AVENIDA CARRERA|AV\.? ?CARRERA|AV\.? ?(?:CRA|KRA|KR|CR|K)|AK"),
    ("CL", r"CALLE|CLLE|CLL|CL|C"),
    ("CR", r"CARRERA|CRA|KRA|KR|CR|K"),
    ("DG", r"DIAGONAL|DIAG|DG"),
    ("TV", r"TRANSVERSAL|TRANSV|TRANS|TRV|TV"),
    ("CQ", r"CIRCULAR|CIRC|CIR|CQ"),
    ("AV", r"AVENIDA|AVDA|AVE|AV"),
)
_QUADRANT = r"(?: ?(SUR|NORTE|ESTE|OESTE)\b)?"
_NUMBERED = r"(\d{1,3}) ?([A-Z])?(?![A-Z])(?: ?(BIS)(?: ?([A-Z])(?![A-Z]))?)?"
_CO_ADDRESS = re.compile(
    rf"(?P<road>{'|'.join(f'(?P<{code}>{spellings})' for code, spellings in _ROADS)})\.? ?"
    rf"{_NUMBERED}{_QUADRANT} ?(?:#|NUMERO|NRO\.?|NO\.?|N[°º]?\.?|-)? ?"
    rf"{_NUMBERED}{_QUADRANT} ?- ?(\d{{1,3}}){_QUADRANT}"
    r"(?P<rest>(?![0-9A-Z]).*)?"
)
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
    try:
        number = phonenumbers.parse(_present_day(text, country, city), country)
    except NumberParseException:
        return Unreadable("unreadable_phone")
    # An extension belongs to somebody's switchboard: a way to reach an employer, not the person.
    if number.extension or not phonenumbers.is_valid_number(number):
        return Unreadable("unreadable_phone")
    kind = _TYPES.get(phonenumbers.number_type(number), "other")
    return Normal(phonenumbers.format_number(number, PhoneNumberFormat.E164), kind)


def _present_day(text: str, country: str, city: str | None) -> str:
    """A number as it is dialled now; libraries no longer know how it was dialled before."""
    digits = re.sub(r"\D", "", text)
    if country == "CO":
        if mobile := _CO_OLD_MOBILE.fullmatch(digits):
            return mobile[1]
        if fixed := _CO_OLD_FIXED.fullmatch(digits):
            return f"60{fixed[1]}{fixed[2]}"
        area = _CO_AREA_OF.get(_bare(city or "").lower().removesuffix(" d.c.").strip(" ,."))
        if len(digits) == 7 and area:
            return f"60{area}{digits}"
    if country == "MX" and (old := _MX_OLD.fullmatch(digits)):
        return old[1]
    return text


def _email(text: str, _country: str, _city: str | None) -> Normal | Unreadable:
    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return Unreadable("unreadable_email")
    return Normal(found.normalized.lower(), found.domain.lower())


def _address(text: str, country: str, _city: str | None) -> Normal | Unreadable:
    plain = text.upper()
    if len(re.sub(r"[^\w]", "", plain)) < 4:
        return Unreadable("unreadable_address")
    if country == "CO" and (found := _CO_ADDRESS.fullmatch(_bare(plain))):
        return Normal(_street(found), "street")
    return Normal(plain, "free_text")


def _street(found: re.Match[str]) -> str:
    road = next(code for code, _ in _ROADS if found[code])
    at = found.re.groupindex["AV"]
    number, letter, bis, bis_letter, side, other, other_letter, other_bis, other_bis_letter, other_side, plate, end = (
        found[at + place] for place in range(1, 13)
    )
    first = _joined(f"{number}{letter or ''}", bis, bis_letter, side)
    second = _joined(f"{other}{other_letter or ''}", other_bis, other_bis_letter, other_side)
    rest = (found["rest"] or "").strip(" ,;.")
    return _joined(f"{road} {first} # {second}-{plate}", end, rest or None)


def _employer(text: str, country: str, _city: str | None) -> Normal | Unreadable:
    bare = _TAX_WORD.sub("", text)
    letters = re.sub(r"[\s.-]", "", bare)
    if bare != text or letters.isdigit():
        try:
            return Normal(tax_number(country, bare), "tax_number")
        except TaxIdInvalid:
            return Unreadable("unreadable_employer")
    return Normal(text.upper(), "name") if len(letters) > 1 else Unreadable("unreadable_employer")


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _bare(text: str) -> str:
    """Without accents, but with the tilde of the eñe, which is a letter of its own."""
    kept = text.replace("Ñ", "\0").replace("ñ", "\1")
    plain = "".join(c for c in unicodedata.normalize("NFKD", kept) if not unicodedata.combining(c))
    return plain.replace("\0", "Ñ").replace("\1", "ñ").replace("º", "°")
