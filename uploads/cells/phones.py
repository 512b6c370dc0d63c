"""Telephone numbers in international form, read by the library of the trade, one at a time or a column at a time.

Written here is only what the library does not know: how numbers were dialled before the countries moved to longer ones,
and that a short number is one of the person's own city (regulation reference, 3.2).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
import polars as pl
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from uploads.cells.columns import Read, constant

_TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.VOIP: "voip",
}
#: Numbers that the library's patterns still hold for whole although they are dialled otherwise since 2021.
_OUTDATED = {"CO": r"^(?:\+57)?46[0-9]{6}$"}
#: Colombia, before 1 September 2021: `03` before a mobile, `03` or `0` and an area digit before seven digits.
_CO_OLD_MOBILE = re.compile(r"(?:57)?03(3\d{9})")
_CO_OLD_FIXED = re.compile(r"(?:57)?(?:0[3579]?)?([124-8])([2-8]\d{6})")
#: Mexico, before 3 August 2019: long distance, calling to a mobile, and the 1 of mobiles after the country's code.
_MX_OLD = re.compile(r"(?:01|044|045|(?:\+|00)?521)(\d{10})")
#: Chile, before 2013 and 2016: mobiles behind 09 and of eight digits, Santiago with one 2 only.
_CL_OLD_MOBILE = re.compile(r"(?:56)?0?9([4-9]\d{7})")
_CL_OLD_SANTIAGO = re.compile(r"(?:56)?0?2([2-9]\d{6})")
#: A landline without its area is one of the person's city: digits it has, and city -> digits before it.
_SHORT = {"CO": 7, "PE": 7, "EC": 7}
_AREAS: dict[str, dict[str, tuple[str, ...]]] = {
    "CO": {
        "601": ("bogota", "soacha", "chia", "zipaquira", "facatativa", "fusagasuga", "girardot"),
        "602": ("cali", "palmira", "buenaventura", "tulua", "pasto", "ipiales", "popayan"),
        "604": ("medellin", "bello", "itagui", "envigado", "rionegro", "quibdo", "monteria"),
        "605": (
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
        "606": ("pereira", "dosquebradas", "manizales", "armenia"),
        "607": ("bucaramanga", "floridablanca", "cucuta", "barrancabermeja", "arauca"),
        "608": ("ibague", "neiva", "villavicencio", "tunja", "duitama", "sogamoso", "yopal", "florencia", "leticia"),
    },
    "PE": {"1": ("lima", "callao")},
    "EC": {
        "2": ("quito", "santo domingo", "tulcan"),
        "3": ("ambato", "riobamba", "latacunga"),
        "4": ("guayaquil", "duran", "milagro"),
        "5": ("manta", "portoviejo", "quevedo", "babahoyo"),
        "6": ("ibarra", "esmeraldas"),
        "7": ("cuenca", "loja", "machala"),
    },
}
_AREA_OF = {
    country: {city: area for area, cities in areas.items() for city in cities} for country, areas in _AREAS.items()
}
#: Countries whose plain numbers are read by pattern; those of others all go through the library.
_KNOWN = frozenset({"CO", "PE", "MX", "CL", "EC", "AR"})
#: Digits that are a whole number of the country as it is dialled today: if no pattern has them, nobody does.
_WHOLE = {
    "CO": "^(?:3[0-9]{9}|60[0-9]{8})$",
    "PE": "^9[0-9]{8}$",
    "MX": "^[2-9][0-9]{9}$",
    "CL": "^[2-9][0-9]{8}$",
    "EC": "^9[0-9]{8}$",
}
#: The kinds of lines that make a number valid.
_LINES = ("mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan")
#: One number is dialled in several ways, so that only the form with the country's code is plain.
_WRITTEN_MANY_WAYS = frozenset({"AR"})
#: Between the numbers of a cell that holds several.
_SEVERAL = re.compile(r"[/;,|]| - | [oyYO] ")
_MARKS = r"[\s\u00a0()./-]+"


@dataclass(frozen=True)
class Phone:
    """A number that can be dialled, and what kind of line it is."""

    e164: str
    line: str


def read_phone(text: str, country: str, city: str | None = None) -> Phone | None:
    """The number that was meant; None when it is none of the country, or somebody's switchboard with an extension."""
    try:
        number = phonenumbers.parse(_present_day(text, country, city), country)
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    kind = _TYPES.get(phonenumbers.number_type(number), "other")
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), kind)


def read_phones(text: pl.Series, city: pl.Series | None, country: str) -> Read:
    """The international form of every cell; `unreadable_phone` where it has none.

    Numbers that the library's own patterns settle are read at once; each other one is read once, however often.
    """
    bare = text.str.replace_all(_MARKS, "") if text.str.contains("[^0-9]").any() else text
    code, national = _plain(country)
    is_today = ~bare.str.contains(_OUTDATED.get(country, r"[^\s\S]")).fill_null(value=False)
    is_plain = is_today & bare.str.contains(f"^{'' if country not in _WRITTEN_MANY_WAYS else 'never'}{national}$")
    value = _prefixed(bare, code).set(~is_plain, None)
    left = value.is_null() & text.is_not_null()
    if left.any() and country in _WHOLE:
        left &= ~bare.str.contains(_WHOLE[country]).fill_null(value=False)
    if left.any():
        is_whole = left & is_today & bare.str.contains(rf"^\{code}{national}$").fill_null(value=False)
        value, left = bare.zip_with(is_whole, value), left & ~is_whole
    if not left.any():
        return Read(value).with_fault(value.is_null() & text.is_not_null(), "unreadable_phone")
    frame = pl.DataFrame({"text": text, "city": constant(None, len(text)) if city is None else city})
    asked = frame.filter(left).unique()
    found = [_first(written, country, place) for written, place in asked.iter_rows()]
    asked = asked.with_columns(e164=pl.Series([one.e164 if one else None for one in found], dtype=pl.String))
    read = frame.join(asked, on=["text", "city"], how="left", nulls_equal=True, maintain_order="left")["e164"]
    value = value.zip_with(~left, read)
    return Read(value).with_fault(value.is_null() & text.is_not_null(), "unreadable_phone")


def _first(text: str, country: str, city: str | None) -> Phone | None:
    """The number of a cell, or the first that can be read of several in it."""
    whole = read_phone(text, country, city)
    if whole is not None or not _SEVERAL.search(text):
        return whole
    found = (read_phone(one, country, city) for one in _SEVERAL.split(text))
    return next((one for one in found if one), None)


def _prefixed(bare: pl.Series, code: str) -> pl.Series:
    return pl.select(pl.concat_str(pl.lit(code), bare)).to_series()


@lru_cache(maxsize=16)
def _plain(country: str) -> tuple[str, str]:
    """The country's code, and what the library takes for a number of it as it is dialled inside it, as a pattern."""
    metadata = PhoneMetadata.metadata_for_region(country) if country in _KNOWN else None
    kinds = [getattr(metadata, kind) for kind in _LINES] if metadata else []
    patterns = {kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern}
    whole = "|".join(sorted(patterns)).replace(r"\d", "[0-9]") or r"[^\s\S]"
    return f"+{phonenumbers.country_code_for_region(country)}", f"(?:{whole})"


def _present_day(text: str, country: str, city: str | None) -> str:
    """A number as it is dialled now; libraries no longer know how it was dialled before."""
    digits = re.sub(r"\D", "", text)
    abroad = f"00{phonenumbers.country_code_for_region(country)}"
    if digits.startswith(abroad) and "+" not in text:
        # However a call abroad begins in the country itself, people write two zeros.
        text = f"+{digits[2:]}"
        digits = digits[2:]
    if country == "CO":
        if mobile := _CO_OLD_MOBILE.fullmatch(digits):
            return mobile[1]
        if fixed := _CO_OLD_FIXED.fullmatch(digits):
            return f"60{fixed[1]}{fixed[2]}"
    if country == "MX" and (old := _MX_OLD.fullmatch(digits)):
        return old[1]
    if country == "CL":
        if mobile := _CL_OLD_MOBILE.fullmatch(digits):
            return f"9{mobile[1]}"
        if fixed := _CL_OLD_SANTIAGO.fullmatch(digits):
            return f"22{fixed[1]}"
    if len(digits) == _SHORT.get(country):
        area = _AREA_OF[country].get(_place(city or ""))
        return f"{area}{digits}" if area else text
    return text


def _place(city: str) -> str:
    """A city as it is compared: no accents, no case, without the letters of a capital district."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", city.lower()) if not unicodedata.combining(c))
    bare = re.sub(r"[\s,.]+", " ", bare).strip()
    return bare.removesuffix(" d c").removesuffix(" dc").strip()
