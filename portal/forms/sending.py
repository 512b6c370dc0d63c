"""Sending a file: what it holds, what it is for, and what its sender knows it to add up to."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from wtforms import FileField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from agencies.kernel.errors import msg
from agencies.kernel.money import EXPONENT
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, ReferenceField, WholeNumberField
from portal.i18n import say
from portal.presenters.uploads import KINDS
from uploads.checking.control import Control
from uploads.models import UploadKind

NO_REPORT = msg("None: between two reports")
AS_REPORT = msg("As the report says")
WHOSE = msg("Choose a report or a creditor.")
NO_FILE = msg("Choose a file first.")
ROWS_FIRST = msg("Write the number of rows as a whole number.")
NOT_NEGATIVE = msg("A total cannot be negative.")
#: Rows no file has.
_MOST_ROWS = 10**9


class KindForm(PortalForm):
    """A creditor's file: what it holds, and its control totals if the sender knows them."""

    kind = SelectField(msg("What the file holds"))
    control_rows = NumberField(msg("Number of rows"), [Optional()], places=0)
    control_amount = NumberField(msg("Total amount"), [Optional()])
    control_currency = SelectField(msg("Currency of the total"), [Optional()])

    def offer_kinds(self, kinds: Sequence[UploadKind], currency: str) -> None:
        """Set what a file can hold; a form that says nothing means the first kind and the sender's own currency."""
        self.kind.choices = [(kind.value, say(KINDS[kind])) for kind in kinds]
        if not self.kind.data and kinds:
            self.kind.data = kinds[0].value
        self.control_currency.choices = [(code, code) for code in EXPONENT]
        if not self.control_currency.data:
            self.control_currency.data = currency

    def validate_control_rows(self, field: NumberField) -> None:
        """A count of rows."""
        if field.data is not None and not 0 <= field.data <= _MOST_ROWS:
            raise ValidationError(say(ROWS_FIRST))

    def validate_control_amount(self, field: NumberField) -> None:
        """Amounts of files are never below nothing."""
        if field.data is not None and field.data < 0:
            raise ValidationError(say(NOT_NEGATIVE))

    @property
    def complaints(self) -> list[str]:
        """Everything that is wrong, in sentences; what is wrong with a field stands behind its label."""
        of_fields = [f"{say(field.label.text)}: {say(error)}" for field in self for error in field.errors]
        return [*self.form_errors, *of_fields]

    @property
    def control(self) -> Control | None:
        """What the sender says the file holds; nothing said is nothing compared."""
        rows, amount, currency = self.control_rows.data, self.control_amount.data, self.control_currency.data
        if amount is None:
            return None if rows is None else Control(int(rows))
        return Control(None if rows is None else int(rows), int(amount * Decimal(10) ** EXPONENT[currency]), currency)


#: The halves of a report.
_OF_REPORTS = {UploadKind.PAYMENTS.value, UploadKind.ACTIVITIES.value}


class ReportKindForm(KindForm):
    """An agency's file, for a report or between two reports."""

    report = ReferenceField(msg("For the report"), kind="report", nothing=NO_REPORT, validators=[Optional()])
    creditor = ReferenceField(msg("Creditor"), kind="organisation", nothing=AS_REPORT, validators=[Optional()])

    def offer(self, reports: Sequence[tuple[int, str]], creditors: Sequence[tuple[int, str]]) -> None:
        """Set what the file can be sent for."""
        self.report.offer(reports)
        self.creditor.offer(creditors)
        if len(creditors) == 1 and not self.creditor.raw_data:
            self.creditor.offer(creditors, chosen=creditors[0][0])

    def validate(self, extra_validators: Any = None) -> bool:
        """Without a report the file must still say whose cases it speaks of."""
        is_valid = super().validate(extra_validators)
        if is_valid and self.report_id is None and self.creditor.number is None:
            self.form_errors.append(say(WHOSE))
            return False
        return is_valid

    @property
    def report_id(self) -> int | None:
        """The report the file belongs to: what is no half of a report belongs to none."""
        return self.report.number if self.kind.data in _OF_REPORTS else None


class _WholeFile(PortalForm):
    """The file itself, in the same request."""

    file = FileField(msg("File"))

    def validate_file(self, field: FileField) -> None:
        """A file must have been chosen; what is in it is judged later."""
        if not getattr(field.data, "filename", ""):
            raise ValidationError(say(NO_FILE))


class _FileToCome(PortalForm):
    """What is known of a file that will come in pieces."""

    filename = StringField(validators=[InputRequired(), Length(max=1000)])
    size = WholeNumberField(validators=[InputRequired(), NumberRange(min=0)])
    #: The random word of the page that sends it.
    sender = StringField(validators=[Optional(), Length(min=20, max=60)])


class FileForm(KindForm, _WholeFile):
    """A creditor's file in one request."""


class ReportFileForm(ReportKindForm, _WholeFile):
    """An agency's file in one request."""


class TransferForm(KindForm, _FileToCome):
    """A creditor's file that comes in pieces."""


class ReportTransferForm(ReportKindForm, _FileToCome):
    """An agency's file that comes in pieces."""
