"""What a column of a file may be: its name, its type, whether it must be there, and how senders call it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class FieldType(StrEnum):
    """How a cell is read and staged."""

    TEXT = "text"
    #: Money, staged in minor units of the row's currency (bigint).
    AMOUNT = "amount"
    DATE = "date"
    #: A date, or a date and time in the sender's zone; staged as timestamptz.
    INSTANT = "instant"
    INTEGER = "integer"
    #: One of a list of codes.
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """One column a kind of file may have."""

    name: str
    #: What people call it; an English template the portal translates.
    label: str
    type: FieldType = FieldType.TEXT
    required: bool = False
    max_length: int = 200
    #: Code -> spellings senders use, compared without case and accents.
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: Header names senders use, normalised (lower case, no accents, single spaces).
    synonyms: tuple[str, ...] = ()
    #: A number or type of a document, kept as capitals and digits only, so that two spellings are one.
    is_code: bool = False
    #: Negative amounts are refused unless allowed.
    may_be_negative: bool = False


@dataclass(frozen=True)
class Schema:
    """The columns of one kind of file, in the order they are shown."""

    kind: str
    version: int
    fields: tuple[Field, ...]
    #: The field that may not repeat inside a file, if any.
    unique: str | None = None
    #: The amount whose total is shown to the sender.
    value: str | None = None
    #: Whether all rows of a file must be in one currency, that of its options.
    is_in_one_currency: bool = False

    def __getitem__(self, name: str) -> Field:
        return next(one for one in self.fields if one.name == name)

    @property
    def required(self) -> tuple[Field, ...]:
        """The fields without which a file cannot be read."""
        return tuple(one for one in self.fields if one.required)
