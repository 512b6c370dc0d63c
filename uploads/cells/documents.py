"""The identity documents of each country: how senders name them, what their numbers look like, what checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from uploads.cells import checkdigits
from uploads.cells.checkdigits import Rule


@dataclass(frozen=True)
class Document:
    """One type of document; its number is in capitals and digits."""

    #: As stored and shown.
    code: str
    #: What a number must look like, check digit included where it is part of it.
    shape: str
    #: Of the numbers that `checked` matches.
    rule: Rule | None = None
    #: Numbers that have a check digit; all of that shape unless said otherwise.
    checked: str = ""
    #: The check digit is kept apart from the number, so that with and without it are one number.
    is_digit_apart: bool = False
    #: Digits of the number; what a spreadsheet took from its front is put back, unless that makes it no number.
    width: int = 0
    #: Zeros in front say nothing.
    drops_zeros: bool = False
    #: How senders write the type, in capitals and digits.
    spellings: tuple[str, ...] = ()
    #: A number of this shape and no stated type is taken for one of these.
    guessed: str = ""


@dataclass(frozen=True)
class Documents:
    """The documents of one country, in the order in which a number without a type is compared with them."""

    documents: tuple[Document, ...]
    #: Numbers that stand for nobody in particular.
    generic: tuple[str, ...] = ()
    by_spelling: Mapping[str, Document] = field(default_factory=dict)


_PASSPORT = Document("PA", "^[A-Z0-9]{5,20}$", spellings=("P", "PAS", "PASAPORTE", "PASSPORT", "PP"))
_FOREIGNER = Document(
    "CE",
    "^[A-Z0-9]{3,15}$",
    spellings=("E", "EXT", "EXTRANJERIA", "CEDULAEXTRANJERIA", "CEDULADEEXTRANJERIA", "CARNETEXTRANJERIA", "CEX"),
)
_CURP_SHAPE = (
    r"^[A-Z]{4}[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[HMX](?:AS|BC|BS|CC|CH|CL|CM|CS|DF|DG|GR|GT|HG|JC|MC|MN|MS|"
    r"NE|NL|NT|OC|PL|QR|QT|SL|SP|SR|TC|TL|TS|VZ|YN|ZS)[B-DF-HJ-NP-TV-ZX]{3}[A-Z0-9][0-9]$"
)
_PROVINCE = r"(?:0[1-9]|1[0-9]|2[0-4]|30|50)"


def _country(*documents: Document, generic: tuple[str, ...] = ()) -> Documents:
    spellings = {spelling: one for one in documents for spelling in (one.code, *one.spellings)}
    return Documents(documents, generic, spellings)


COUNTRIES: dict[str, Documents] = {
    "CO": _country(
        Document(
            "NIT",
            r"^[0-9]{6,11}$",
            checkdigits.nit,
            checked=r"^(?:[89][0-9]{9}|[0-9]{11})$",
            is_digit_apart=True,
            drops_zeros=True,
            spellings=("N", "NI", "RUT"),
            guessed=r"^[89][0-9]{8}$",
        ),
        Document(
            "CC",
            r"^[1-9][0-9]{2,9}$",
            drops_zeros=True,
            spellings=("C", "CED", "CEDULA", "CEDULACIUDADANIA", "CEDULADECIUDADANIA", "CCIUDADANIA", "NUIP"),
            guessed=r"^[1-9][0-9]{2,9}$",
        ),
        Document("TI", r"^[0-9]{10,11}$", spellings=("T", "TARJETAIDENTIDAD", "TARJETADEIDENTIDAD")),
        Document("RC", r"^[A-Z0-9]{8,11}$", spellings=("REGISTROCIVIL",)),
        Document("PPT", r"^[0-9]{5,10}$", spellings=("PERMISOPROTECCIONTEMPORAL", "PT")),
        Document("PEP", r"^[0-9]{10,15}$", spellings=("PERMISOESPECIALPERMANENCIA", "PE")),
        _FOREIGNER,
        _PASSPORT,
        generic=("222222222222", "222222222"),
    ),
    "PE": _country(
        Document(
            "DNI",
            r"^[0-9]{8}[0-9A-K]?$",
            checkdigits.dni_pe,
            checked=r"^[0-9]{8}[0-9A-K]$",
            is_digit_apart=True,
            width=8,
            spellings=("D", "L", "LE", "DOCUMENTONACIONAL", "DOCUMENTONACIONALDEIDENTIDAD"),
            guessed=r"^[0-9]{8}$",
        ),
        Document(
            "RUC",
            r"^(?:10|15|16|17|20)[0-9]{9}$",
            checkdigits.ruc_pe,
            spellings=("R",),
            guessed=r"^(?:10|15|16|17|20)[0-9]{9}$",
        ),
        _FOREIGNER,
        _PASSPORT,
    ),
    "MX": _country(
        Document("CURP", _CURP_SHAPE, checkdigits.curp, guessed=r"^[A-Z]{4}[0-9]{6}[A-Z]{6}[A-Z0-9][0-9]$"),
        # That the last character of many a lawful number is wrong is known, so it is not asked.
        Document(
            "RFC",
            r"^[A-Z&Ñ]{3,4}[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[A-Z0-9]{3}$",
            guessed=r"^[A-Z&Ñ]{3,4}[0-9]{6}[A-Z0-9]{3}$",
        ),
        Document("INE", r"^[A-Z]{6}[0-9]{8}[HM][0-9]{3}$|^[0-9]{13}$", spellings=("IFE", "CREDENCIAL", "CLAVEELECTOR")),
        _PASSPORT,
        generic=("XAXX010101000", "XEXX010101000"),
    ),
    "CL": _country(
        Document(
            "RUT",
            r"^[0-9]{6,8}[0-9K]$",
            checkdigits.rut,
            drops_zeros=True,
            spellings=("RUN", "R", "CI", "CEDULA", "CEDULAIDENTIDAD"),
            guessed=r"^0*[0-9]{6,8}[0-9K]$",
        ),
        _PASSPORT,
        generic=("555555555", "666666666", "111111111", "44444444"),
    ),
    "EC": _country(
        Document(
            "CI",
            rf"^{_PROVINCE}[0-6][0-9]{{7}}$",
            checkdigits.cedula_ec,
            width=10,
            spellings=("C", "CC", "CED", "CEDULA"),
            guessed=r"^[0-9]{10}$",
        ),
        Document(
            "RUC",
            rf"^{_PROVINCE}[0-69][0-9]{{10}}$",
            checkdigits.ruc_ec,
            width=13,
            spellings=("R",),
            guessed=r"^[0-9]{13}$",
        ),
        _FOREIGNER,
        _PASSPORT,
        generic=("9999999999999",),
    ),
    "AR": _country(
        Document(
            "CUIT",
            r"^(?:20|23|24|27|30|33|34|50|51|55)[0-9]{9}$",
            checkdigits.cuit,
            guessed=r"^(?:20|23|24|27|30|33|34|50|51|55)[0-9]{9}$",
        ),
        Document("CUIL", r"^(?:20|23|24|27)[0-9]{9}$", checkdigits.cuit),
        Document(
            "DNI", r"^[1-9][0-9]{6,7}$", drops_zeros=True, guessed=r"^[1-9][0-9]{6,7}$", spellings=("D", "LC", "LE")
        ),
        _PASSPORT,
    ),
}
