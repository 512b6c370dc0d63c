"""What is said about a request for approval: yes or no to exactly what was on the screen; and another limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from agencies.approvals.models import ApprovalKind
from agencies.kernel.errors import msg
from agencies.kernel.money import minor
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField


class SeenForm(PortalForm):
    """A yes, with the hash of what was read."""

    seen = HiddenField()

    @property
    def digest(self) -> bytes:
        """What the page showed; something unreadable is what nobody was shown."""
        try:
            return bytes.fromhex(self.seen.data or "")
        except ValueError:
            return b""


class DeclineForm(SeenForm):
    """A no, with the reason."""

    reason = TextAreaField(msg("Why you decline"), [InputRequired(), Length(max=1_000)])


class LimitForm(PortalForm):
    """Another limit for what one person may do alone."""

    limit = SelectField(msg("Limit"), [InputRequired()])
    value = NumberField(msg("From now on"), [InputRequired()])

    def offer(self, limits: Iterable[tuple[ApprovalKind, str]], label: Callable[[ApprovalKind, str], str]) -> LimitForm:
        """Set which limits there are."""
        self.limit.choices = [(f"{kind.value}:{currency}", label(kind, currency)) for kind, currency in limits]
        return self

    @property
    def kind(self) -> ApprovalKind:
        """What the limit is of."""
        return ApprovalKind(str(self.limit.data).partition(":")[0])

    @property
    def currency(self) -> str:
        """Of an award; empty for a file."""
        return str(self.limit.data).partition(":")[2]

    @property
    def number(self) -> int:
        """What was typed, in minor units or rows; a file has whole rows."""
        value = self.value.data or Decimal()
        return minor(value, self.currency) if self.currency else int(value)
