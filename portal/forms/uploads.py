"""Sending a file, and saying what its columns are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import FieldList, FileField, SelectField
from wtforms.validators import InputRequired, Optional, ValidationError

from agencies.kernel.errors import msg
from agencies.kernel.money import EXPONENT
from portal.forms.base import PortalForm
from portal.forms.fields import ReferenceField
from portal.i18n import say
from portal.presenters.uploads import DATE_ORDERS, DECIMALS, KINDS
from uploads.mapping import Proposal
from uploads.models import UploadKind
from uploads.options import Options
from uploads.schemas.fields import Schema

NOT_USED = msg("Not used")
CHOOSE = msg("Choose")
NO_REPORT = msg("None: between two reports")
AS_REPORT = msg("As the report says")
WHOSE = msg("Choose a report or a creditor.")
NO_FILE = msg("Choose a file first.")
MISSING = msg("Say which column holds: %(fields)s.")
TWICE = msg("%(field)s is chosen for more than one column. Keep one of them.")


class FileForm(PortalForm):
    """A creditor's portfolio."""

    file = FileField(msg("File"))

    def validate_file(self, field: FileField) -> None:
        """A file must have been chosen; what is in it is judged later."""
        if not getattr(field.data, "filename", ""):
            raise ValidationError(say(NO_FILE))


class ReportFileForm(FileForm):
    """An agency's payments or activities, for a report or between two reports."""

    kind = SelectField(msg("What the file holds"), [InputRequired()])
    report = ReferenceField(msg("For the report"), kind="report", nothing=NO_REPORT, validators=[Optional()])
    creditor = ReferenceField(msg("Creditor"), kind="organisation", nothing=AS_REPORT, validators=[Optional()])

    def offer(
        self, kinds: Sequence[UploadKind], reports: Sequence[tuple[int, str]], creditors: Sequence[tuple[int, str]]
    ) -> None:
        """Set what a file can hold and what it can be sent for."""
        self.kind.choices = [(kind.value, say(KINDS[kind])) for kind in kinds]
        self.report.offer(reports)
        self.creditor.offer(creditors)
        if len(creditors) == 1 and not self.creditor.raw_data:
            self.creditor.offer(creditors, chosen=creditors[0][0])

    def validate(self, extra_validators: Any = None) -> bool:
        """Without a report the file must still say whose cases it speaks of."""
        is_valid = super().validate(extra_validators)
        # Findings belong to orders and not to a report.
        is_for_report = self.report.number is not None and self.kind.data != UploadKind.FINDINGS.value
        if is_valid and not is_for_report and self.creditor.number is None:
            self.form_errors.append(say(WHOSE))
            return False
        return is_valid


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
        super().__init__(formdata, data=guessed)
        self._schema = schema
        labels = {field.name: say(field.label) for field in schema.fields}
        for entry in self.columns:
            entry.choices = [("", say(NOT_USED)), *labels.items()]
        self.date_order.choices = _asked(DATE_ORDERS, proposal.options.date_order)
        self.decimal.choices = _asked(DECIMALS, proposal.options.decimal)
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
        """How the cells are to be read."""
        return Options(currency=self.currency.data, date_order=self.date_order.data, decimal=self.decimal.data)


def _asked(choices: Mapping[str, str], settled: str | None) -> list[tuple[str, str]]:
    """The choices, with none of them taken for granted where the values do not tell."""
    offered = [(code, say(text)) for code, text in choices.items()]
    return offered if settled else [("", say(CHOOSE)), *offered]
