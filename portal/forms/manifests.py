"""What an agency says of a file it loaded, and its own numbers of the cases in it."""

from __future__ import annotations

from wtforms import TextAreaField
from wtforms.validators import InputRequired, NumberRange

from agencies.kernel.errors import msg
from agencies.kernel.money import exponent, minor
from assignments.manifests.loading import Stated
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, WholeNumberField

#: A file has no more lines than a sheet of any spreadsheet.
_MOST = 100_000_000


class LoadedForm(PortalForm):
    """Count and value as the agency's own system counts them after loading."""

    number = WholeNumberField(msg("Number of the file"), [InputRequired(), NumberRange(min=1, max=_MOST)])
    lines = WholeNumberField(msg("Cases loaded"), [InputRequired(), NumberRange(min=0, max=_MOST)])
    total = NumberField(msg("Sum of their balances"), [InputRequired()])

    def offer(self, currency: str) -> LoadedForm:
        """Let the sum have as many decimals as the currency."""
        self.total.places = exponent(currency)
        return self

    def stated(self, currency: str) -> Stated:
        """The figures that were typed."""
        assert self.total.data is not None  # noqa: S101  required
        return Stated(self.lines.data or 0, {currency: minor(self.total.data, currency)})


class NumbersForm(PortalForm):
    """Accounts and the agency's numbers, a pair in each line."""

    pairs = TextAreaField(msg("Account; your number"), [InputRequired()])
