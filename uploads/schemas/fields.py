"""What a column of a file may be: its name, its type, whether it must be there, and how senders call it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from uploads.sealed import PERSON


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


class Content(StrEnum):
    """What a text speaks of, where that decides its one spelling and what is remarked on it."""

    ID_TYPE = "id_type"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"


#: Contents by which somebody is found or reached.
_PRIVATE = frozenset({Content.ID_NUMBER, Content.PHONE, Content.EMAIL, Content.ADDRESS})


def called(names: str) -> tuple[str, ...]:
    """Header names written in one line, a comma between two."""
    return tuple(name.strip() for name in names.split(","))


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
    #: Names that usually mean another field, and this one where a column with a clearer name holds that.
    second: tuple[str, ...] = ()
    #: A number or type of a document, kept as capitals and digits only, so that two spellings are one.
    is_code: bool = False
    #: Negative amounts are refused unless allowed.
    may_be_negative: bool = False
    #: A day that has come when the file does, so that the 55 of a year is 1955.
    is_past: bool = False
    #: What a text speaks of; what cannot be read as that is remarked on, and the row stays good.
    content: Content | None = None
    #: The column of staging, beside the field's own, that the check fills with what the content gives: a phone's
    #: international form, an address's normal form, an identity number's check digit.
    beside: str | None = None
    #: Names or reaches a person, whatever it speaks of: kept sealed only.
    is_private: bool = False
    #: One sentence for who prepares the file: what the column means, or how it is written. An English template.
    help: str = ""
    #: What a cell may look like, as it is written into the template of the kind.
    example: str = ""

    @property
    def is_reference(self) -> bool:
        """Whether it is the number by which somebody calls a thing: an account, a payment, a customer."""
        return self.name.endswith("_ref")


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
    #: What people call the kind, and what it is for and who sends it; English templates.
    title: str = ""
    about: str = ""
    #: Its rows become debtors, which are known by what is in them.
    makes_debtors: bool = False
    #: Version -> what it changed, in a sentence; what is not named changed nothing for the sender.
    changes: tuple[tuple[int, str], ...] = ()

    def __getitem__(self, name: str) -> Field:
        return next(one for one in self.fields if one.name == name)

    def of(self, content: Content) -> Field | None:
        """The first field that speaks of this, if any."""
        return next((one for one in self.fields if one.content is content), None)

    @property
    def beside(self) -> tuple[str, ...]:
        """The columns of staging that the check fills by itself."""
        return tuple(one.beside for one in self.fields if one.beside)

    @property
    def private(self) -> tuple[str, ...]:
        """The columns, and those beside them, that no table holds readable."""
        hidden = [one for one in self.fields if one.is_private or one.content in _PRIVATE]
        return tuple(name for one in hidden for name in (one.name, one.beside) if name)

    @property
    def sealed(self) -> tuple[str, ...]:
        """What is sealed of a row, in the order in which it is joined."""
        return PERSON if set(self.private) & set(PERSON) else self.private

    @property
    def required(self) -> tuple[Field, ...]:
        """The fields without which a file cannot be read."""
        return tuple(one for one in self.fields if one.required)
