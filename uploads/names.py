"""How well the name of a column fits a field: what senders call it, misspelt, abbreviated, or with words around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from uploads.headers import counted, normal, words
from uploads.schemas.fields import Field, Schema

#: Words that alone do not say what a column holds.
DANGER = frozenset({"codigo", "numero", "cuenta", "valor", "monto", "fecha", "estado", "cliente", "plazo", "documento"})
#: People and firms other than the debtor: their columns are never taken for the debtor's by resemblance.
_OTHERS = frozenset(
    {
        *("codeudor", "fiador", "avalista", "aval", "garante", "referencia", "conyuge", "familiar"),
        *("empleador", "empresa", "trabajo", "abogado", "juzgado", "asesor", "gestor", "agente"),
        *("cosigner", "guarantor", "relative", "employer", "attorney", "agent", "lender", "servicer"),
    }
)
#: What stands now is preferred to what stood at the beginning.
_NOW = frozenset({"actual", "fin", "final", "current", "hoy"})
_ONCE = frozenset({"ini", "inicial", "initial"})
EXACT, PERMUTED, DANGEROUS, ONCE, NEAR, INSIDE = 96, 90, 70, 66, 65, 55
_FUZZY = 6
_TWO_LETTERS = 9


@dataclass(frozen=True)
class Likeness:
    """How sure a name makes it (0 to 99), and why: a stable code for the person who looks."""

    confidence: int
    reason: str

    @property
    def is_open(self) -> bool:
        """Whether a person should look."""
        return self.reason in {"ambiguous", "similar", "part", "repeated", "at_first"}


UNLIKE = Likeness(0, "unknown")


def likeness_of(name: str, field: Field) -> Likeness:
    """How well a normalised name fits a field."""
    squeezed = name.replace(" ", "")
    if not squeezed:
        return UNLIKE
    exact = _names(field).get(squeezed)
    if exact is not None:
        # Of two columns that match, the one named earlier in the schema's list is the usual one.
        is_open = name in DANGER
        return Likeness((DANGEROUS if is_open else EXACT) - min(exact, 5), "ambiguous" if is_open else "name")
    said = words(name)
    if any(said == words(known) for known in spellings(field)):
        return Likeness(PERMUTED, "words")
    return _suffixed(name, said, field) or _nearly(squeezed, said, field)


def is_known(name: str, schema: Schema) -> bool:
    """Whether the name is one that senders give to a field of the kind."""
    return any(name.replace(" ", "") in _names(field) for field in schema.fields)


def is_of_others(name: str) -> bool:
    """Whether the name speaks of somebody else than the debtor."""
    return bool(_OTHERS & words(name))


def spellings(field: Field) -> tuple[str, ...]:
    """What a field is called, normalised; the usual name first."""
    return _known(field.synonyms, field.name, field.label)


def _suffixed(name: str, said: frozenset[str], field: Field) -> Likeness | None:
    """Names with a word of time or a number behind: saldo_actual, saldo_ini, NRO_DOCUMENTO_1."""
    base, number = counted(name)
    if number is not None and base.replace(" ", "") in _names(field):
        return Likeness(PERMUTED - 2, "words") if number == 1 else Likeness(INSIDE + 3, "repeated")
    for times, found in ((_NOW, Likeness(EXACT + 2, "words")), (_ONCE, Likeness(ONCE, "at_first"))):
        rest = said - times
        if rest and rest != said and any(rest == words(known) for known in spellings(field)):
            return found
    return None


def _nearly(squeezed: str, said: frozenset[str], field: Field) -> Likeness:
    near = [known for known in spellings(field) if _is_near(squeezed, known.replace(" ", ""))]
    if any(not (said - words(known)) & _OTHERS for known in near):
        return Likeness(NEAR, "similar")
    inside = [words(known) for known in spellings(field)]
    fitting = [known for known in inside if len(known) > 1 and known <= said and not (said - known) & _OTHERS]
    if fitting:
        return Likeness(INSIDE + min(4, max(map(len, fitting))), "part")
    return UNLIKE


def _is_near(squeezed: str, known: str) -> bool:
    if min(len(squeezed), len(known)) < _FUZZY:
        return False
    most = 2 if min(len(squeezed), len(known)) >= _TWO_LETTERS else 1
    return Levenshtein.distance(squeezed, known, score_cutoff=most) <= most


@lru_cache(maxsize=2048)
def _known(synonyms: tuple[str, ...], name: str, label: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*synonyms, normal(name), normal(label))))


def _names(field: Field) -> dict[str, int]:
    return _squeezed(field.synonyms, field.name, field.label)


@lru_cache(maxsize=2048)
def _squeezed(synonyms: tuple[str, ...], name: str, label: str) -> dict[str, int]:
    """Every known name without its spaces, and its place in the list."""
    own = {normal(name), normal(label)}
    listed = reversed(list(enumerate(_known(synonyms, name, label))))
    return {known.replace(" ", ""): 0 if known in own else order for order, known in listed}
