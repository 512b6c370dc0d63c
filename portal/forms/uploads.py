"""Saying what the columns of a file are, how its cells are written, and what its codes mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import FieldList, SelectField
from wtforms.validators import InputRequired, Optional

from agencies.kernel.errors import msg
from agencies.kernel.money import EXPONENT
from portal.forms.base import PortalForm
from portal.i18n import say
from portal.presenters.mapping import meant
from portal.presenters.uploads import DATE_ORDERS, DECIMALS
from uploads.mapping import Proposal
from uploads.options import Options
from uploads.schemas.fields import Schema

NOT_USED = msg("Not used")
CHOOSE = msg("Choose")
MISSING = msg("Say which column holds: %(fields)s.")
TWICE = msg("%(field)s is chosen for more than one column. Keep one of them.")
#: Before the field and the value in the name of a select: code:result:NC01.
CODE = "code:"


class MappingForm(PortalForm):
    """What each column is, and how amounts and dates are written."""

    columns = FieldList(SelectField(validators=[Optional()]))
    date_order = SelectField(msg("Dates are written"), [InputRequired()])
    decimal = SelectField(msg("Amounts are written"), [InputRequired()])
    currency = SelectField(msg("Currency"), [InputRequired()])

    def __init__(self, formdata: Any, schema: Schema, proposal: Proposal) -> None:
        settled = proposal.options
        guessed = {
            "columns": [guess.field or "" for guess in proposal.columns],
            "date_order": settled.date_order,
            "decimal": settled.decimal,
            "currency": settled.currency,
        }
        super().__init__(formdata and _of_width(formdata, len(proposal.columns)), data=guessed)
        self._schema = schema
        self._codes = codes_of(formdata) if formdata else {}
        labels = {field.name: say(field.label) for field in schema.fields}
        for entry in self.columns:
            entry.choices = [("", say(NOT_USED)), *labels.items()]
        self.date_order.choices = _asked(DATE_ORDERS, settled.date_order)
        self.decimal.choices = _asked(DECIMALS, settled.decimal)
        self.currency.choices = [(code, code) for code in EXPONENT]

    def validate(self, extra_validators: Any = None) -> bool:
        """Every needed field has a column and no field has two; told by their names on the page."""
        is_valid = super().validate(extra_validators)
        used = Counter(self.mapping.values())
        missing = [say(field.label) for field in self._schema.required if not used[field.name]]
        if missing:
            self.form_errors.append(say(MISSING, {"fields": ", ".join(missing)}))
        twice = [say(self._schema[name].label) for name, times in used.items() if times > 1]
        self.form_errors.extend(say(TWICE, {"field": label}) for label in twice)
        return is_valid and not missing and not twice

    @property
    def mapping(self) -> dict[int, str]:
        """Column position -> field, of the columns that are used."""
        return {position: entry.data for position, entry in enumerate(self.columns) if entry.data}

    @property
    def options(self) -> Options:
        """How the cells are to be read, and what was said of codes."""
        return Options(
            currency=self.currency.data, date_order=self.date_order.data, decimal=self.decimal.data, codes=self._codes
        )


def codes_of(given: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """What a form says of unknown values: field -> value -> code."""
    said: dict[str, dict[str, str]] = {}
    for name, code in given.items():
        field, _, written = name.removeprefix(CODE).partition(":")
        if name.startswith(CODE) and written:
            said.setdefault(field, {})[written] = code
    return {field: told for field, values in said.items() if (told := meant(values))}


def _of_width(given: Mapping[str, str], width: int) -> MultiDict[str, str]:
    """The form with one entry per column of the file, whatever was sent."""
    rest = {name: value for name, value in given.items() if not name.startswith("columns-")}
    columns = {f"columns-{at}": given.get(f"columns-{at}", "") for at in range(width)}
    return MultiDict({**rest, **columns})


def _asked(choices: Mapping[str, str], settled: str | None) -> list[tuple[str, str]]:
    """The choices, with none of them taken for granted where the values do not tell."""
    offered = [(code, say(text)) for code, text in choices.items()]
    return offered if settled else [("", say(CHOOSE)), *offered]
