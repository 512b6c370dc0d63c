"""What the page of columns shows: how sure each proposal is and why, what changed, and rows as they are understood."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agencies.kernel.errors import msg
from assignments.contacts import masking
from portal.filters import day, instant, money, number
from portal.presenters.codes import words_of
from uploads import faults
from uploads.checking.preview import Preview, PreviewCell, PreviewRow
from uploads.mapping.proposals import ColumnGuess, Proposal
from uploads.schemas.fields import Field, FieldType, Schema

SURE = 85
PROBABLE = 60
#: Why a column was taken for what it is proposed as, or why a person should look.
REASONS = {
    "name": msg("The name says it."),
    "words": msg("The name says it in other words."),
    "similar": msg("The name is nearly one we know, with a letter or two otherwise."),
    "part": msg("Only a part of the name is one we know."),
    "ambiguous": msg("This word means several things in the trade; look at the values."),
    "repeated": msg("Several columns have this name with a number."),
    "at_first": msg("This seems to be the figure at the beginning, not of today."),
    "values": msg("Only the values speak for it; the name says nothing."),
    "contradicted": msg("The values do not look like it."),
    "remembered": msg("As you confirmed it last time."),
    "unknown": msg("Nobody knows this name; the column is left out."),
}
#: What the select of an unknown value sends besides the codes.
EMPTY, LEAVE_OUT = "-empty", "-leave-out"
NOT_SAID = msg("Not said yet")
NOTHING_SAID = msg("Nothing: as if the cell were empty")
LEFT_OUT = msg("Leave these rows out")
ASKED = msg("The values do not tell; please say it.")
PROVED = msg("As the values of the file show.")
NOT_PROVED = msg("Nothing in the rows looked at shows it. Say it if you know.")
#: The option without which cells of a type cannot be read, and what is said until it is chosen.
_NEEDED_BY = {FieldType.DATE: "date_order", FieldType.INSTANT: "date_order", FieldType.AMOUNT: "decimal"}
_FIRST = {
    "date_order": msg("Choose first in which order dates are written; until then they stand as in the file."),
    "decimal": msg("Choose first how amounts are written; until then they stand as in the file."),
}
#: Translates a text and fills it in.
Say = Callable[..., str]


@dataclass(frozen=True)
class ColumnLine:
    """One column of the file with its select and how sure the proposal is; its first values are covered."""

    guess: ColumnGuess
    samples: tuple[str, ...]
    field: Any
    label: str
    tone: str
    reason: str


@dataclass(frozen=True)
class ShownCell:
    """One cell as it is understood, in words; what is wrong with it, and how it was written where that differs."""

    text: str
    problem: str
    tone: str
    written: str


@dataclass(frozen=True)
class ShownRow:
    """One row of the preview."""

    cells: tuple[ShownCell, ...]
    is_good: bool


def column_lines(proposal: Proposal, fields: Sequence[Any]) -> list[ColumnLine]:
    """The columns in the order of the file."""
    return [
        ColumnLine(guess, _samples(guess), field, *_sureness(guess), REASONS[guess.reason])
        for guess, field in zip(proposal.columns, fields, strict=True)
    ]


def missing(schema: Schema, proposal: Proposal) -> list[Field]:
    """What the file must have and no column was found for."""
    return [schema[name] for name in proposal.missing]


def label_of(schema: Schema, name: str) -> str:
    """What people call a field."""
    return schema[name].label


def is_asked(proposal: Proposal) -> bool:
    """Whether the order of dates or the decimal sign must be asked; the others are shown and may be changed."""
    return bool(set(proposal.questions) & {"date_order", "decimal"})


def how_settled(proposal: Proposal, name: str) -> str:
    """Why an option stands as it does, to be translated."""
    if name in proposal.questions:
        return ASKED
    return NOT_PROVED if name in proposal.options.assumed else PROVED


def shown_rows(preview: Preview, say: Say, unsaid: Collection[str] = ()) -> list[ShownRow]:
    """The rows of a preview in the reader's language; what waits for an option stands as it was written."""
    return [_shown(row, preview.fields, say, unsaid) for row in preview.rows]


def waiting(preview: Preview, unsaid: Collection[str]) -> list[str]:
    """What is to be chosen before cells of the preview can be read, to be translated."""
    needed = {_NEEDED_BY.get(field.type) for field in preview.fields}
    return [text for name, text in _FIRST.items() if name in unsaid and name in needed]


def _shown(row: PreviewRow, fields: Sequence[Field], say: Say, unsaid: Collection[str]) -> ShownRow:
    waits = [_NEEDED_BY.get(field.type) in unsaid for field in fields]
    cells = tuple(
        ShownCell(masking.cell(field.name, cell.written.strip()) or "–", "", "", "")
        if is_waiting
        else _cell(cell, field, row.currency, say)
        for cell, field, is_waiting in zip(row.cells, fields, waits, strict=True)
    )
    return ShownRow(cells, row.is_good or (any(waits) and all(cell.tone != "bad" for cell in cells)))


def _cell(cell: PreviewCell, field: Field, currency: str, say: Say) -> ShownCell:
    written = masking.cell(field.name, cell.written.strip())
    if cell.fault is not None:
        return ShownCell(written or "–", _message(cell.fault, field, say), "bad", written)
    text = in_words(cell.value, field, currency, say)
    if masking.is_covered(field.name) and cell.value is not None:
        text = masking.cell(field.name, text)
    problem = _message(cell.remark, field, say) if cell.remark else ""
    return ShownCell(text, problem, "waiting" if problem else "", "" if text == written else written)


def _message(code: str, field: Field, say: Say) -> str:
    text = faults.ROW_FAULTS.get(code) or faults.ROW_WARNINGS.get(code, code)
    return say(text, {"field": say(field.label), "value": ""})


def in_words(value: Any, field: Field, currency: str, say: Say) -> str:
    """One value as its type is written in the reader's language."""
    if value is None:
        return "–"
    if field.type is FieldType.AMOUNT:
        return money(value, currency) if currency else str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return day(value)
    if field.type is FieldType.INTEGER:
        return number(value)
    return say(words_of(field)[value]) if field.choices and value in field.choices else str(value)


def codes(field: Field, say: Say) -> list[tuple[str, str]]:
    """What an unknown value can be said to mean: the codes in words, nothing, or that its rows are left out."""
    known = [(code, say(text)) for code, text in words_of(field).items()]
    nothing = [] if field.required else [(EMPTY, say(NOTHING_SAID))]
    return [("", say(NOT_SAID)), *known, *nothing, (LEAVE_OUT, say(LEFT_OUT))]


def meaning_of(code: str | None, schema: Schema, name: str) -> str:
    """What a saved code stands for, to be translated."""
    if not code:
        return LEFT_OUT if code is None else NOTHING_SAID
    field = next((one for one in schema.fields if one.name == name), None)
    return words_of(field).get(code, code) if field else code


def meant(given: Mapping[str, str]) -> dict[str, str | None]:
    """Written value -> code, of those that were said."""
    special: dict[str, str | None] = {EMPTY: "", LEAVE_OUT: None}
    return {written: special.get(code, code) for written, code in given.items() if code}


def _samples(guess: ColumnGuess) -> tuple[str, ...]:
    """The first values, as much of them as tells what the column is."""
    if guess.field is None:
        return tuple(masking.unknown(one) for one in guess.samples)
    return tuple(masking.cell(guess.field, one) for one in guess.samples)


def _sureness(guess: ColumnGuess) -> tuple[str, str]:
    if guess.field is None:
        return msg("Not recognised"), "neutral"
    if guess.reason == "remembered":
        return msg("As last time"), "good"
    if guess.confidence >= SURE and not guess.is_danger:
        return msg("Sure"), "good"
    label = msg("Likely, please look") if guess.confidence >= PROBABLE else msg("A guess, please look")
    return label, "waiting"
