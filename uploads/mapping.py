"""Which column is which field: proposed from header names and values, never from positions, for the user to confirm.

A name that means several things in the trade ("cuenta": an account or a telephone?), or that only nearly matches one we
know, is proposed but marked, so that a person looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from uploads.evidence import likeness, settle_currency, settle_date_order, settle_decimal
from uploads.headers import normal, words
from uploads.options import Options
from uploads.schemas.fields import Field, FieldType, Schema

#: Words that alone do not say what a column holds.
DANGER = frozenset({"codigo", "numero", "cuenta", "valor", "monto", "fecha", "estado", "cliente", "plazo", "documento"})
EXACT, PERMUTED, DANGEROUS, NEAR, INSIDE = 96, 90, 70, 65, 55
#: A guess below this is not proposed.
FLOOR = 50
_SHOWN = 3
_MIN_FUZZY = 6


@dataclass(frozen=True)
class ColumnGuess:
    """What one column is taken for, and how sure that is."""

    position: int
    header: str
    field: str | None
    confidence: int
    samples: tuple[str, ...]
    #: The name alone does not settle it: a person should look.
    is_danger: bool


@dataclass(frozen=True)
class Proposal:
    """What is proposed for one file: its columns, and how its cells are to be read."""

    columns: tuple[ColumnGuess, ...]
    #: Required fields that no column was found for.
    missing: tuple[str, ...]
    #: Whether the organisation confirmed this mapping for the same columns before.
    is_remembered: bool
    #: What the values settle; None where they do not.
    options: Options
    #: Names of options that must be asked.
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Remembered:
    """A mapping confirmed before: header name -> field, with its options."""

    fields: Mapping[str, str]
    options: Options


def propose(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    schema: Schema,
    remembered: Remembered | None,
    *,
    own: Options | None = None,
) -> Proposal:
    """A mapping for a file; `own` has the organisation's currency and time zone."""
    values = [[row[position] for row in sample if position < len(row)] for position in range(len(header))]
    if remembered is not None:
        columns = [_remembered(position, name, remembered) for position, name in enumerate(header)]
    else:
        columns = _assigned(header, values, schema)
    columns = [replace(one, samples=_shown(values[one.position])) for one in columns]
    mapping = {one.position: one.field for one in columns if one.field}
    missing = tuple(field.name for field in schema.required if field.name not in mapping.values())
    settled = settle(mapping, values, schema, own or Options())
    options = settled.or_else(remembered.options) if remembered else settled
    return Proposal(tuple(columns), missing, remembered is not None, options, options.unsettled)


def settle(mapping: Mapping[int, str], values: Sequence[Sequence[str]], schema: Schema, own: Options) -> Options:
    """What the mapped columns' values prove about how they are to be read."""
    types = {position: schema[field].type for position, field in mapping.items()}
    dates = [values[at] for at, type_ in types.items() if type_ in {FieldType.DATE, FieldType.INSTANT}]
    amounts = [values[at] for at, type_ in types.items() if type_ is FieldType.AMOUNT]
    currencies = [values[at] for at, field in mapping.items() if field == "currency"]
    currency = settle_currency(currencies[0], own.currency) if currencies and own.currency else own.currency
    return Options(currency, settle_date_order(dates), settle_decimal(amounts), own.time_zone)


def _remembered(position: int, name: str, remembered: Remembered) -> ColumnGuess:
    return ColumnGuess(position, name, remembered.fields.get(name), 100, (), is_danger=False)


def _assigned(header: Sequence[str], values: Sequence[Sequence[str]], schema: Schema) -> list[ColumnGuess]:
    """Each field to one column and each column to one field, the surest first."""
    guesses = [
        (guess, -order, position, field.name, is_danger)
        for position, name in enumerate(header)
        for order, field in enumerate(schema.fields)
        for guess, is_danger in [_guess(normal(name), values[position], field)]
        # A name we know is not taken for a misspelling of another one.
        if guess >= FLOOR and (guess > NEAR + 3 or not _is_known(normal(name), schema))
    ]
    taken: dict[int, ColumnGuess] = {}
    for confidence, _, position, field_name, is_danger in sorted(guesses, key=lambda one: (-one[0], -one[1], one[2])):
        if position not in taken and field_name not in {guess.field for guess in taken.values()}:
            taken[position] = ColumnGuess(position, header[position], field_name, confidence, (), is_danger)
    nothing = [ColumnGuess(position, name, None, 0, (), is_danger=False) for position, name in enumerate(header)]
    return [taken.get(guess.position, guess) for guess in nothing]


def _guess(name: str, values: Sequence[str], field: Field) -> tuple[int, bool]:
    """Confidence that a column of this name and these values is the field, and whether a person should look."""
    by_name, is_danger = _by_name(name, field)
    if by_name < FLOOR:
        return 0, False
    like = likeness(values, field)
    if like is None:
        return by_name, is_danger
    if like < 0.5:
        return by_name - 50, True
    return min(99, by_name + (3 if like > 0.95 else 0)), is_danger


def _by_name(name: str, field: Field) -> tuple[int, bool]:
    names = _names(field)
    squeezed = name.replace(" ", "")
    exact = names.get(squeezed)
    if exact is not None:
        # Of two columns that match, the one named earlier in the schema's list is the usual one.
        return (DANGEROUS if name in DANGER else EXACT) - min(exact, 5), name in DANGER
    if not squeezed:
        return 0, False
    said = words(name)
    if any(said == words(known) for known in _spellings(field)):
        return PERMUTED, False
    if len(squeezed) >= _MIN_FUZZY and any(
        len(known) >= _MIN_FUZZY and Levenshtein.distance(squeezed, known, score_cutoff=2) <= 2 for known in names
    ):
        return NEAR, True
    if any(len(words(known)) > 1 and words(known) <= said for known in _spellings(field)):
        return INSIDE, True
    return 0, False


def _is_known(name: str, schema: Schema) -> bool:
    return any(name.replace(" ", "") in _names(field) for field in schema.fields)


@lru_cache(maxsize=512)
def _known(synonyms: tuple[str, ...], name: str, label: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*synonyms, normal(name), normal(label))))


def _spellings(field: Field) -> tuple[str, ...]:
    return _known(field.synonyms, field.name, field.label)


def _names(field: Field) -> dict[str, int]:
    """Every known name without its spaces, and its place in the list."""
    own = {normal(field.name), normal(field.label)}
    listed = reversed(list(enumerate(_spellings(field))))
    return {name.replace(" ", ""): 0 if name in own else order for order, name in listed}


def _shown(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value.strip()))[:_SHOWN]
