"""Which column is which field: proposed from header names and values, never from positions, for the user to confirm.

A name that means several things in the trade ("cuenta": an account or a telephone?), or that only nearly matches one we
know, is proposed but marked, so that a person looks at it. So is whatever only the values give away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from uploads.formats.headers import normal
from uploads.mapping.evidence import (
    likeness,
    proved_decimals,
    proved_orders,
    settle_currency,
)
from uploads.mapping.names import NEAR, is_known, is_of_others, likeness_of, shared
from uploads.mapping.percolumn import settle_columns
from uploads.mapping.remembered import Changes, Remembered, changes_since
from uploads.mapping.traits import BY_VALUES, trait_of
from uploads.mapping.valuemaps import UnknownValue, unknown_values
from uploads.options import Options
from uploads.schemas.fields import FieldType, Schema

#: A guess by name below this is not proposed.
FLOOR = 50
#: What was confirmed for another set of columns; a person confirms it for this one.
KEPT = 98
_SHOWN = 3
_OPEN = {"ambiguous", "similar", "part", "repeated", "at_first", "values", "contradicted"}
#: What only people have: a lender's or a lawyer's is not taken for the debtor's.
_PERSONAL = {"national_id", "full_name", "phone", "phone_2", "email", "birth_date", "address"}


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
    #: What it was taken by, a stable code: name, words, similar, part, ambiguous, values, remembered, ...
    reason: str = "unknown"


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
    #: How the columns differ from those that were confirmed before, if they are nearly the same.
    changes: Changes | None = None
    #: What stands in the sample for no code of its field.
    unknown: tuple[UnknownValue, ...] = ()
    #: The values are written otherwise than last time.
    is_written_otherwise: bool = False
    #: The mapping it rests on, with who confirmed it and when.
    remembered: Remembered | None = field(default=None, compare=False)

    @property
    def mapping(self) -> dict[int, str]:
        """Column position -> field, as proposed."""
        return {one.position: one.field for one in self.columns if one.field}

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to ask: the same columns, written the same way, were confirmed before."""
        is_open = self.missing or self.questions or self.unknown or self.is_written_otherwise
        return self.is_remembered and not is_open and not any(one.is_danger for one in self.columns)


def propose(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    schema: Schema,
    remembered: Remembered | None,
    *,
    own: Options | None = None,
) -> Proposal:
    """A mapping for a file; `own` has the organisation's currency and time zone, and the codes it explained before."""
    own = own or Options()
    values = [[row[position] for row in sample if position < len(row)] for position in range(len(header))]
    changes = changes_since(remembered, header) if remembered else None
    fixed = _as_before(header, values, schema, remembered) if remembered else {}
    columns = _assigned(header, values, schema, fixed, new=None if changes is None else changes.new)
    if changes is not None:
        changes = changes.with_renamed({one.header: one.field for one in columns if one.field})
    columns = [replace(one, samples=_shown(values[one.position])) for one in columns]
    mapping = {one.position: one.field for one in columns if one.field}
    missing = tuple(one.name for one in schema.required if one.name not in mapping.values())
    options = settle(mapping, values, schema, own)
    is_otherwise = False
    if remembered is not None:
        options, is_otherwise = _settled_before(mapping, values, schema, options, remembered.options)
    return Proposal(
        tuple(columns),
        missing,
        remembered is not None and not changes,
        options,
        options.unsettled,
        changes or None,
        tuple(unknown_values(mapping, values, schema, own.codes)),
        is_otherwise,
        remembered,
    )


def settle(mapping: Mapping[int, str], values: Sequence[Sequence[str]], schema: Schema, own: Options) -> Options:
    """What the mapped columns' values prove about how they are to be read."""
    currencies = [values[at] for at, name in mapping.items() if name == "currency"]
    if currencies and own.currency:
        currency, is_assumed = settle_currency(currencies[0], own.currency)
        own = replace(own, currency=currency, assumed=("currency",) if is_assumed else ())
    columns = {name: values[at] for at, name in mapping.items()}
    return settle_columns(columns, schema, own)


def _dates_and_amounts(
    mapping: Mapping[int, str], values: Sequence[Sequence[str]], schema: Schema
) -> tuple[list[Sequence[str]], list[Sequence[str]]]:
    types = {position: schema[name].type for position, name in mapping.items()}
    dates = [values[at] for at, type_ in types.items() if type_ in {FieldType.DATE, FieldType.INSTANT}]
    return dates, [values[at] for at, type_ in types.items() if type_ is FieldType.AMOUNT]


def _settled_before(
    mapping: Mapping[int, str], values: Sequence[Sequence[str]], schema: Schema, now: Options, before: Options
) -> tuple[Options, bool]:
    """What was confirmed before, but for what the values prove to be otherwise; and whether they do."""
    dates, amounts = _dates_and_amounts(mapping, values, schema)
    before = before.known
    order, other_order = _kept(proved_orders(dates), before.date_order, now.date_order)
    decimal, other_decimal = _kept(proved_decimals(amounts), before.decimal, now.decimal)
    kept = {"date_order": before.date_order, "decimal": before.decimal}
    assumed = tuple(name for name in now.assumed if kept.get(name) is None)
    return replace(now, date_order=order, decimal=decimal, assumed=assumed), other_order or other_decimal


def _kept(proved: set[str], before: str | None, now: str | None) -> tuple[str | None, bool]:
    if before is None:
        return now, False
    return (before, False) if proved <= {before} else (now, True)


def _as_before(
    header: Sequence[str], values: Sequence[Sequence[str]], schema: Schema, remembered: Remembered
) -> dict[int, ColumnGuess]:
    """The columns that were there before, as they were confirmed then."""
    kept: dict[int, ColumnGuess] = {}
    for position, name in enumerate(header):
        field_name = remembered.field_of(name)
        # A field may have gone from the kind since.
        if field_name is None or all(field_name != one.name for one in schema.fields):
            continue
        if field_name in {one.field for one in kept.values()}:
            continue
        like = likeness(values[position], schema[field_name])
        is_against = like is not None and like < 0.5
        reason = "contradicted" if is_against else "remembered"
        kept[position] = ColumnGuess(position, name, field_name, 50 if is_against else 100, (), is_against, reason)
    return kept


def _assigned(
    header: Sequence[str],
    values: Sequence[Sequence[str]],
    schema: Schema,
    fixed: Mapping[int, ColumnGuess],
    *,
    new: Sequence[str] | None,
) -> list[ColumnGuess]:
    """Each field to one column and each column to one field, the surest first."""
    taken = dict(fixed)
    free = [at for at in range(len(header)) if at not in fixed and (new is None or header[at] in new)]
    guesses = [guess for at in free for guess in _by_name(at, header[at], values[at], schema)]
    places = {one.name: place for place, one in enumerate(schema.fields)}
    for guess in sorted(guesses, key=lambda one: (-one.confidence, places[one.field or ""], _ordered(one, values))):
        if guess.position not in taken and guess.field not in {one.field for one in taken.values()}:
            taken[guess.position] = guess
    for at in sorted(free, key=lambda at: (normal(header[at]), header[at])):
        used = {one.field for one in taken.values()}
        if at not in taken and not is_known(normal(header[at]), schema):
            left = [one for one in schema.fields if one.name not in used]
            if is_of_others(normal(header[at])):
                left = [one for one in left if one.name not in _PERSONAL]
            name = trait_of(values[at], left)
            if name is not None:
                taken[at] = ColumnGuess(at, header[at], name, BY_VALUES, (), is_danger=True, reason="values")
    nothing = (ColumnGuess(at, name, None, 0, (), is_danger=False) for at, name in enumerate(header))
    return [taken.get(one.position, one) for one in nothing]


def _by_name(position: int, header: str, values: Sequence[str], schema: Schema) -> list[ColumnGuess]:
    """The fields a column may be by its name, as far as its values agree."""
    name = normal(header)
    knows = is_known(name, schema)
    found = []
    for one in schema.fields:
        by_name = shared(likeness_of(name, one), name, one, schema)
        # A name we know is not taken for a misspelling of another one.
        if by_name.confidence < FLOOR or (knows and by_name.confidence <= NEAR + 3 and by_name.reason != "ambiguous"):
            continue
        like = likeness(values, one)
        confidence, reason = by_name.confidence, by_name.reason
        if like is not None and like < 0.5:
            confidence, reason = confidence - 50, "contradicted"
        elif like is not None and like > 0.95:
            confidence = min(99, confidence + (8 if one.choices else 3))
        if confidence >= FLOOR:
            found.append(ColumnGuess(position, header, one.name, confidence, (), reason in _OPEN, reason))
    return found


def _ordered(guess: ColumnGuess, values: Sequence[Sequence[str]]) -> tuple[str, str, tuple[str, ...]]:
    """What decides between two columns that fit equally: their names and values, never their places."""
    return normal(guess.header), guess.header, tuple(values[guess.position])


def _shown(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value.strip()))[:_SHOWN]
