"""Another sheet, header row or layout for a file, and a layout described line by line."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from agencies.kernel.errors import msg
from portal.forms.base import PortalForm
from portal.forms.fields import WholeNumberField
from portal.i18n import say
from uploads.formats.fixedwidth import Column

NOT_THREE = msg("Line %(line)s does not say name; start; length.")
_LAST_ROW = 1_048_576


class SheetForm(PortalForm):
    """Where in a file its table stands."""

    sheet = SelectField(msg("Sheet"), [Optional()])
    header_row = WholeNumberField(msg("Row of the header"), [Optional(), NumberRange(1, _LAST_ROW)])
    layout = SelectField(msg("Layout"), [Optional()])

    def __init__(
        self, formdata: Any, sheets: list[tuple[str, str]], layouts: list[tuple[str, str]], **data: Any
    ) -> None:
        super().__init__(formdata, data=data)
        self.sheet.choices = sheets or [("", "")]
        self.layout.choices = layouts


class LayoutForm(PortalForm):
    """A layout of fixed width: one column per line."""

    name = StringField(msg("Name of the layout"), [InputRequired(), Length(max=80)])
    begins_with = StringField(msg("Lines that are records begin with"), [Optional(), Length(max=80)])
    columns = TextAreaField(msg("Columns, one per line: name; start; length"), [InputRequired(), Length(max=40_000)])

    def validate_columns(self, field: TextAreaField) -> None:
        """Every line that holds anything has its three parts."""
        for number, line in enumerate((field.data or "").splitlines(), 1):
            if line.strip() and _column(line) is None:
                raise ValidationError(say(NOT_THREE, {"line": number}))

    @property
    def described(self) -> list[Column]:
        """The columns as described."""
        found = (_column(line) for line in (self.columns.data or "").splitlines() if line.strip())
        return [column for column in found if column is not None]


def _column(line: str) -> Column | None:
    parts = [part.strip() for part in line.replace("\t", ";").split(";")]
    if len(parts) != 3 or not parts[0] or not all(part.isascii() and part.isdigit() for part in parts[1:]):
        return None
    if max(map(len, parts[1:])) > 6:
        return None
    return Column(parts[0][:200], int(parts[1]), int(parts[2]))
