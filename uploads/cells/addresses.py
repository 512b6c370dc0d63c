"""Addresses in one spelling: Colombian streets by their grammar, any other place in capitals as it was written."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import polars as pl

from uploads.cells.columns import Read

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
#: What most Colombian addresses look like: the road, one number, another, the plate.
_PLAIN = r" [0-9]{1,3}[A-Z]? # [0-9]{1,3}[A-Z]?-[0-9]{1,3}$"
_PLAIN_ROADS = tuple((code, rf"^(?:{spellings})\.? ") for code, spellings in _ROADS if code in {"CL", "CR"})
#: What may be read by the grammar: a road and a number.
_STREET_LIKE = rf"^(?:{'|'.join(spellings for _, spellings in _ROADS)})\.? ?[0-9]"
#: Letters and digits an address has at least, and characters at most.
_FEWEST, _LONGEST = 4, 300


@dataclass(frozen=True)
class Address:
    """One spelling of an address, and whether the grammar of streets gave it."""

    normal: str
    is_street: bool


def read_address(text: str, country: str) -> Address | None:
    """An address in one spelling; None when it has too little to find anybody by."""
    plain = text.upper()
    if len(re.sub(r"[^\w]", "", plain)) < _FEWEST:
        return None
    if country == "CO" and (found := _CO_ADDRESS.fullmatch(without_accents(plain))):
        return Address(_street(found), is_street=True)
    return Address(plain, is_street=False)


def read_addresses(text: pl.Series, country: str) -> Read:
    """The one spelling of every cell; `unreadable_address` where there is too little of it.

    Plain streets and places that are no streets are read at once; only what lies between goes through the grammar.
    """
    value = text.str.to_uppercase()
    if value.str.contains(r"\s\s|[\t\r\n\u00a0]|[^\x00-\x7f]").any():
        value = value.str.normalize("NFC").str.replace_all(r"[\s\u00a0]+", " ").str.strip_chars()
    if country == "CO":
        for code, spelled in _PLAIN_ROADS:
            short = value.str.replace(spelled, f"{code} ")
            value = short.zip_with(short.str.contains(f"^{code}{_PLAIN}").fill_null(value=False), value)
        is_plain = value.str.contains(f"^(?:CL|CR){_PLAIN}")
        if is_plain.all():
            return Read(value)
        left = (~is_plain & value.str.contains(_STREET_LIKE)).fill_null(value=False)
        if left.any():
            asked = value.filter(left).unique().to_list()
            found = [read_address(written, country) for written in asked]
            value = value.replace(asked, [one.normal if one else None for one in found])
    is_little = ~value.str.contains(rf"(?:\w\W*){{{_FEWEST}}}").fill_null(value=False)
    if (value.str.len_bytes() > _LONGEST).any():
        is_little |= (value.str.len_chars() > _LONGEST).fill_null(value=False)
    return Read(value.set(is_little, None)).with_fault(is_little & text.is_not_null(), "unreadable_address")


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


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def without_accents(text: str) -> str:
    """Without accents, but with the tilde of the eñe, which is a letter of its own."""
    if text.isascii():
        return text
    kept = text.replace("Ñ", "\0").replace("ñ", "\1")
    plain = "".join(c for c in unicodedata.normalize("NFKD", kept) if not unicodedata.combining(c))
    return plain.replace("\0", "Ñ").replace("\1", "ñ").replace("º", "°")
