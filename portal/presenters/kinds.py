"""What is said of a kind of file: its columns in words, and the template of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agencies.kernel.errors import msg
from portal.kindbooks import BookColumn, BookWords
from portal.presenters.codes import words_of
from portal.presenters.uploads import KINDS
from uploads.cells.reader import plain
from uploads.mapping.valuemaps import spoken
from uploads.models import UploadKind
from uploads.schemas.fields import Field, FieldType, Schema

TYPES = {
    FieldType.TEXT: msg("Text"),
    FieldType.AMOUNT: msg("Amount"),
    FieldType.DATE: msg("Date"),
    FieldType.INSTANT: msg("Date and time"),
    FieldType.INTEGER: msg("Whole number"),
    FieldType.CHOICE: msg("One of a list"),
}
FORMATS = {
    FieldType.AMOUNT: msg("With decimal comma or point, all the same way; no words beside the currency."),
    FieldType.DATE: msg("Year-month-day, or day/month/year all the same way."),
    FieldType.INSTANT: msg("A date and a time, such as 2026-02-03 10:15."),
    FieldType.INTEGER: msg("Digits only."),
}
LONGEST = msg("Up to %(length)s characters.")
CODE = msg("Letters and digits; leading zeros stay.")
NEEDED, OPTIONAL = msg("Needed"), msg("Optional")
ROWS, HELP = msg("Rows"), msg("Help")
HEADS = (msg("Column"), msg("Needed"), msg("Kind of value"), msg("Format"), msg("Example"), msg("What it means"))
#: Translates a text and fills it in.
Say = Callable[..., str]
FILE_NAME = msg("template-%(kind)s.xlsx")
_SPELLINGS = 12


@dataclass(frozen=True)
class FieldLine:
    """One column of a kind, in words."""

    name: str
    label: str
    is_needed: bool
    type: str
    format: str
    #: What may stand in it and what that means, where it is a list.
    allowed: tuple[tuple[str, str], ...]
    help: str
    example: str
    called: tuple[str, ...]


def field_lines(schema: Schema, say: Say) -> list[FieldLine]:
    """The columns of a kind, the needed ones first."""
    ordered = sorted(schema.fields, key=lambda field: not field.required)
    return [_line(field, say) for field in ordered]


def book_of(schema: Schema, say: Say) -> tuple[list[BookColumn], BookWords]:
    """The template of a kind in the reader's language."""
    columns = [_column(field, say) for field in schema.fields]
    return columns, BookWords(say(ROWS), say(HELP), tuple(say(head) for head in HEADS))


def file_name(kind: UploadKind, say: Say) -> str:
    """What the template of a kind is saved as, in the reader's language."""
    return say(FILE_NAME, {"kind": "-".join(say(KINDS[kind]).lower().split())})


def example_of(field: Field, say: Say) -> str:
    """What a cell may look like; of a list, a value that the list offers."""
    if not field.choices:
        return field.example
    code = spoken(field).get(plain(field.example), field.example)
    return _offered(field, say).get(code, field.example)


def _line(field: Field, say: Say) -> FieldLine:
    words = {code: say(text) for code, text in words_of(field).items()}
    offered = _offered(field, say)
    return FieldLine(
        field.name,
        say(field.label),
        field.required,
        say(TYPES[field.type]),
        _format(field, say),
        tuple((offered[code], word if word != offered[code] else "") for code, word in words.items()),
        say(field.help) if field.help else "",
        example_of(field, say),
        field.synonyms[:_SPELLINGS],
    )


def _column(field: Field, say: Say) -> BookColumn:
    line = _line(field, say)
    needed = say(NEEDED) if line.is_needed else say(OPTIONAL)
    told = (line.label, needed, line.type, line.format, line.example, line.help)
    allowed = tuple(value for value, _ in line.allowed)
    return BookColumn(line.label, field.type, field.required, line.example, told, allowed)


def _format(field: Field, say: Say) -> str:
    if field.is_code:
        return say(CODE)
    if field.choices:
        return ""
    return say(FORMATS[field.type]) if field.type in FORMATS else say(LONGEST, {"length": field.max_length})


def _offered(field: Field, say: Say) -> dict[str, str]:
    """Code -> what a sender writes for it: its words where the file understands them, else the code itself."""
    known = spoken(field)
    words = {code: say(text) for code, text in words_of(field).items()}
    return {code: word if known.get(plain(word)) == code else code for code, word in words.items()}
