"""Fields of the trade: amounts and percentages as the reader writes them, and choices that go by reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

from babel.numbers import NumberFormatError, parse_decimal
from flask import current_app
from wtforms import Field, IntegerField, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from agencies.kernel.errors import msg
from agencies.kernel.references import References
from portal.filters import number
from portal.i18n import locale, say

#: More than this is a slip of the keyboard.
LARGEST = Decimal(10) ** 15
#: WTForms' own words, which it translates itself.
_NO_INTEGER = "Not a valid integer value."
NOT_A_NUMBER = msg("Write it as a number, such as %(example)s.")


def references() -> References:
    """The codec of this instance."""
    codec: References = current_app.extensions["encargo"].references
    return codec


class WholeNumberField(IntegerField):
    """A whole number; one of more digits than anything here has is refused before anybody computes with it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; raises `ValueError`."""
        super().process_formdata(valuelist)
        if self.data is not None and abs(self.data) > LARGEST:
            self.data = None
            raise ValueError(self.gettext(_NO_INTEGER))


class NumberField(Field):
    """A number in the reader's format; a sign that could mean two things is refused and never guessed."""

    widget = TextInput()

    def __init__(self, label: Any, validators: Any = None, *, places: int = 2, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.places = places
        #: What was typed, given back as it was when it cannot be read.
        self.typed: str | None = None
        self.data: Decimal | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; nothing typed is no value, and a field that was not sent keeps its first one."""
        if not valuelist:
            return
        self.typed = valuelist[0].strip()
        self.data = None
        if not self.typed:
            return
        try:
            value = parse_decimal(self.typed, locale=locale(), strict=True)
        except NumberFormatError as unreadable:
            raise ValueError(self._advice()) from unreadable
        if not value.is_finite() or abs(value) > LARGEST or value != round(value, self.places):
            raise ValueError(self._advice())
        self.data = value

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        return "" if self.data is None else number(self.data, self.places)

    def _advice(self) -> str:
        return say(NOT_A_NUMBER, {"example": number(Decimal("1234.50"), self.places)})


class PercentField(NumberField):
    """A percentage, kept in ten-thousandths."""

    @property
    def basis_points(self) -> int | None:
        """What was typed, in ten-thousandths."""
        return None if self.data is None else int(self.data * 100)


class ReferenceField(SelectField):
    """A choice of one thing, by its reference; the page never sees the id."""

    def __init__(self, label: Any, *, kind: str, nothing: Any = None, **kwargs: Any) -> None:
        super().__init__(label, choices=[], default="", **kwargs)
        # It is drawn as any other select.
        self.type = "SelectField"
        self.kind = kind
        self.nothing = nothing

    def offer(self, options: Iterable[tuple[int, str]], *, chosen: int | None = None) -> None:
        """Set what can be chosen, and what is chosen before anybody did."""
        codec = references()
        offered = [(codec.encode(self.kind, number), label) for number, label in options]
        self.choices = [("", say(self.nothing)), *offered] if self.nothing is not None else offered
        if chosen is not None and not self.raw_data:
            self.data = codec.encode(self.kind, chosen)

    @property
    def number(self) -> int | None:
        """The id of what was chosen."""
        return references().decode(self.kind, self.data) if self.data else None


class Wanted:
    """A gap is kept while this is a draft, but not what is handed in: the page does not call it optional."""

    field_flags: ClassVar[dict[str, bool]] = {"wanted": True}

    def __call__(self, form: Any, field: Any) -> None:
        """Nothing is refused now; what is handed in is looked at by the service."""


class TickedField(SelectMultipleField):
    """Several of a few, as boxes to tick; one that must be answered wants one box ticked, not each of them."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __iter__(self) -> Iterator[Any]:
        """The boxes; a browser would not send the form before every `required` one among them is ticked."""
        for box in super().__iter__():
            box.flags.required = False
            yield box


class ReferencesField(TickedField):
    """A choice of several things, each by its reference, as boxes to tick."""

    def __init__(self, label: Any, *, kind: str, **kwargs: Any) -> None:
        super().__init__(label, choices=[], **kwargs)
        self.kind = kind

    def offer(self, options: Iterable[tuple[int, str]]) -> None:
        """Set what can be chosen."""
        codec = references()
        self.choices = [(codec.encode(self.kind, number), label) for number, label in options]

    @property
    def numbers(self) -> list[int]:
        """The ids of what was chosen."""
        codec = references()
        return [codec.decode(self.kind, one) for one in self.data or ()]
