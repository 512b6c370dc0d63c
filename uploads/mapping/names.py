"""How well the name of a column fits a field: what senders call it, misspelt, abbreviated, or with words around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from uploads.formats.headers import counted, normal, words
from uploads.schemas.fields import Field, FieldType, Schema

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
#: Before the name of an amount these say only that it is one: VR SALDO, monto capital.
_MONEY = frozenset({"valor", "monto", "importe"})
#: What stands now is preferred to what stood at the beginning.
_NOW = frozenset({"actual", "fin", "final", "current", "hoy"})
_ONCE = frozenset({"ini", "inicial", "initial"})
EXACT, PERMUTED, DANGEROUS, ONCE, NEAR, SECOND, INSIDE = 96, 90, 70, 66, 65, 60, 55
#: What a name loses that another field may have too: below every clearer name.
_SHARED = 16
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


@dataclass(frozen=True)
class _Known:
    """What a field is called, prepared for comparing."""

    #: Every name without its spaces, and its place in the list.
    places: dict[str, int]
    #: Names long enough for a letter to be wrong, and the words of each.
    long: dict[str, frozenset[str]]
    wordings: frozenset[frozenset[str]]


def likeness_of(name: str, field: Field) -> Likeness:
    """How well a normalised name fits a field."""
    squeezed = name.replace(" ", "")
    if not squeezed:
        return UNLIKE
    known = _known(field.synonyms, field.name, field.label)
    exact = known.places.get(squeezed)
    if exact is not None:
        # Of two columns that match, the one named earlier in the schema's list is the usual one.
        is_open = name in DANGER
        return Likeness((DANGEROUS if is_open else EXACT) - min(exact, 5), "ambiguous" if is_open else "name")
    said = words(name)
    if said in known.wordings:
        return Likeness(PERMUTED, "words")
    if field.type is FieldType.AMOUNT and said & _MONEY and said - _MONEY in known.wordings:
        return Likeness(PERMUTED - 1, "words")
    if is_second(name, field):
        return Likeness(SECOND, "ambiguous")
    return _suffixed(name, said, known) or _nearly(squeezed, said, known)


def is_second(name: str, field: Field) -> bool:
    """Whether the name means the field only where a clearer one holds what it usually means."""
    return bool(field.second) and words(name) in {words(one) for one in field.second}


def shared(found: Likeness, name: str, field: Field, schema: Schema) -> Likeness:
    """The same, but open where the name may mean another field of the kind."""
    if found.confidence <= SECOND or not any(is_second(name, one) for one in schema.fields if one is not field):
        return found
    return Likeness(found.confidence - _SHARED, "ambiguous")


def is_known(name: str, schema: Schema) -> bool:
    """Whether the name is one that senders give to a field of the kind."""
    squeezed = name.replace(" ", "")
    return any(squeezed in _known(one.synonyms, one.name, one.label).places for one in schema.fields)


def is_of_others(name: str) -> bool:
    """Whether the name speaks of somebody else than the debtor."""
    return bool(_OTHERS & words(name))


def _suffixed(name: str, said: frozenset[str], known: _Known) -> Likeness | None:
    """Names with a word of time or a number behind: saldo_actual, saldo_ini, NRO_DOCUMENTO_1."""
    base, number = counted(name)
    if number is not None and base.replace(" ", "") in known.places:
        return Likeness(PERMUTED - 2, "words") if number == 1 else Likeness(INSIDE + 3, "repeated")
    for times, found in ((_NOW, Likeness(EXACT + 2, "words")), (_ONCE, Likeness(ONCE, "at_first"))):
        rest = said - times
        if rest and rest != said and rest in known.wordings:
            return found
    return None


def _nearly(squeezed: str, said: frozenset[str], known: _Known) -> Likeness:
    if len(squeezed) >= _FUZZY:
        near = process.extract(squeezed, known.long.keys(), scorer=Levenshtein.distance, score_cutoff=2, limit=None)
        fitting = [one for one, distance, _ in near if _is_near(squeezed, one, distance)]
        if any(not (said - known.long[one]) & _OTHERS for one in fitting):
            return Likeness(NEAR, "similar")
    inside = [one for one in known.wordings if len(one) > 1 and one <= said and not (said - one) & _OTHERS]
    if inside:
        return Likeness(INSIDE + min(4, max(map(len, inside))), "part")
    return UNLIKE


def _is_near(squeezed: str, known: str, distance: float) -> bool:
    """Two letters may be wrong in a long name, one in a short one."""
    return distance <= (2 if min(len(squeezed), len(known)) >= _TWO_LETTERS else 1)


@lru_cache(maxsize=2048)
def _known(synonyms: tuple[str, ...], name: str, label: str) -> _Known:
    own = {normal(name), normal(label)}
    names = tuple(dict.fromkeys((*synonyms, *sorted(own))))
    places = {one.replace(" ", ""): 0 if one in own else place for place, one in reversed(list(enumerate(names)))}
    long = {one.replace(" ", ""): words(one) for one in names if len(one.replace(" ", "")) >= _FUZZY}
    return _Known(places, long, frozenset(words(one) for one in names))
