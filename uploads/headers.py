"""Header names as senders write them, brought to one form: lower case, no accents, abbreviations spelled out."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

_PREFIX = re.compile(r"^\[(?:entrada|salida)\]\s*")
#: Names of Mexican core banking carry their type in front: fcrfc, fnsaldocte, fdfechaalta.
_HUNGARIAN = re.compile(r"^f[cnid](?=rfc|saldo|fecha|nombre|telefono|email|direccion|ultimo|total|capital|interes)")
_NUMBER = re.compile(r"\bn(?:ro|um|o)?[°º.]|#")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATOR = re.compile(r"[\s_\-./:*\\|\"'()\[\]\u00a0\ufeff]+")
_SHORT = {
    "no": "numero",
    "nro": "numero",
    "num": "numero",
    "fec": "fecha",
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
}
#: "account no" is English for a number, not Spanish for the word no.
_ENGLISH_BEFORE_NO = {"account", "acct", "loan", "reference", "phone", "customer", "client", "contract"}
_STOP = {"de", "del", "la", "el", "los", "las", "the", "of"}


def normal(header: str) -> str:
    """The one form of a header name in which it is compared."""
    text = _CAMEL.sub(" ", header) if not header.isupper() else header
    text = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    text = _PREFIX.sub("", text.strip())
    text = _NUMBER.sub(" numero ", text)
    words = _SEPARATOR.sub(" ", text).split()
    if len(words) == 1:
        words = [_HUNGARIAN.sub("", words[0])]
    return " ".join(_spelled_out(words))


def words(name: str) -> frozenset[str]:
    """The words of a normalised name that carry meaning, whatever their order."""
    return frozenset(name.split()) - _STOP


def header_hash(header: Iterable[str]) -> bytes:
    """What a set of columns is remembered by, whatever their order."""
    return hashlib.sha256("\n".join(sorted(normal(name) for name in header)).encode()).digest()


def _spelled_out(words: list[str]) -> list[str]:
    return [
        word if word == "no" and at and words[at - 1] in _ENGLISH_BEFORE_NO else _SHORT.get(word, word)
        for at, word in enumerate(words)
    ]
