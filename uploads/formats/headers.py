"""Header names as senders write them, brought to one form: lower case, no accents, abbreviations spelled out."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

_PREFIX = re.compile(r"^\[(?:entrada|salida)\]\s*")
#: Names of Mexican core banking carry their type in front: fcrfc, fnsaldocte, fdfechaalta.
_HUNGARIAN = re.compile(
    r"^f[cnid](?=rfc|curp|saldo|fecha|nombre|apellido|telefono|email|correo|direccion|ultimo|total|capital|interes|"
    r"cliente|monto|pago|moneda|producto|semana)"
)
#: Words that core systems write together.
_TOGETHER = re.compile(r"^(saldo|fecha|nombre|ultimo|monto|numero|valor|tipo)(?=[a-z]{3})")
_NUMBER = re.compile(r"\bn(?:ro|um|o)?[°º.]|#")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATOR = re.compile(r"[\s_\-./:*\\|\"'()\[\]\u00a0\ufeff]+")
_SHORT = {
    "no": "numero",
    "nro": "numero",
    "num": "numero",
    "nmro": "numero",
    "fec": "fecha",
    "fch": "fecha",
    "fech": "fecha",
    "f": "fecha",
    "vr": "valor",
    "vlr": "valor",
    "ult": "ultimo",
    "dpto": "departamento",
    "depto": "departamento",
    "tel": "telefono",
    "cel": "celular",
    "dir": "direccion",
    "cta": "cuenta",
    "ob": "obligacion",
    "oblig": "obligacion",
    "tot": "total",
    "int": "interes",
    "vto": "vencimiento",
    "venc": "vencimiento",
    "vcto": "vencimiento",
    "sdo": "saldo",
    "cap": "capital",
    "gtos": "gastos",
    "doc": "documento",
    "docto": "documento",
    "ident": "identificacion",
    "cod": "codigo",
    "obl": "obligacion",
    "prod": "producto",
    "mto": "monto",
    "nom": "nombre",
    "desem": "desembolso",
    "desemb": "desembolso",
    "nac": "nacimiento",
    "mpio": "municipio",
    "porc": "porcentaje",
    "calif": "calificacion",
    "cred": "credito",
}
#: "account no" is English for a number, not Spanish for the word no.
_ENGLISH_BEFORE_NO = {"account", "acct", "loan", "reference", "phone", "customer", "client", "contract"}
_STOP = {"de", "del", "la", "el", "los", "las", "the", "of", "en", "al"}
_COUNTED = re.compile(r"^(.*\D) ?(\d{1,2})$")


def normal(header: str) -> str:
    """The one form of a header name in which it is compared."""
    text = _CAMEL.sub(" ", header) if not header.isupper() else header
    text = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    text = _PREFIX.sub("", text.strip())
    text = _NUMBER.sub(" numero ", text)
    words = _SEPARATOR.sub(" ", text).split()
    if len(words) == 1:
        bare = _HUNGARIAN.sub("", words[0])
        words = _TOGETHER.sub(r"\1 ", bare).split() if bare != words[0] else [bare]
    return " ".join(_spelled_out(words))


def words(name: str) -> frozenset[str]:
    """The words of a normalised name that carry meaning, whatever their order."""
    return frozenset(name.split()) - _STOP


def counted(name: str) -> tuple[str, int | None]:
    """A normalised name without the number that a repeated column ends in, and that number."""
    found = _COUNTED.match(name)
    return (found[1].strip(), int(found[2])) if found else (name, None)


def header_hash(header: Iterable[str]) -> bytes:
    """What a set of columns is remembered by, whatever their order."""
    return hashlib.sha256("\n".join(sorted(normal(name) for name in header)).encode()).digest()


def _spelled_out(words: list[str]) -> list[str]:
    return [
        word if word == "no" and at and words[at - 1] in _ENGLISH_BEFORE_NO else _SHORT.get(word, word)
        for at, word in enumerate(words)
    ]
