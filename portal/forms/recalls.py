"""A recall as it is made, answered and decided, and cases as they are given back."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import BooleanField, DateField, HiddenField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from agencies.kernel.errors import msg
from assignments.cases.models import ReturnCode
from assignments.placements.models import ObjectionReason, RecallReason
from assignments.placements.returns import MOST_CASES
from portal.forms.base import PortalForm
from portal.forms.fields import ReferenceField
from portal.i18n import say
from portal.presenters.recalls import OBJECTIONS, REASONS, code_choices

_NOTE = [Optional(), Length(max=1_000)]


class RecallForm(PortalForm):
    """Why and from when; the digest says which cases were shown."""

    reason = SelectField(msg("Reason"), [InputRequired()])
    effective_on = DateField(msg("Access ends on"), [InputRequired()])
    note = TextAreaField(msg("Note to the agency"), _NOTE)
    digest = HiddenField(validators=[InputRequired()])
    is_sure = BooleanField(
        msg("I have checked what is taken back"),
        [InputRequired(msg("Tick the box to say that you have checked what is taken back."))],
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.reason.choices = [(one.value, say(REASONS[one])) for one in RecallReason]

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, as the service takes it."""
        return {
            "reason": RecallReason(self.reason.data),
            "effective_on": self.effective_on.data,
            "note": self.note.data,
            "expected": self.digest.data,
        }


class ObjectionForm(PortalForm):
    """Why the agency would keep the cases, and until when."""

    reason = SelectField(msg("Reason"), [InputRequired()])
    proposed_on = DateField(msg("Date you propose"), [Optional()])
    note = TextAreaField(msg("Note to the creditor"), _NOTE)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.reason.choices = [(one.value, say(OBJECTIONS[one])) for one in ObjectionReason]

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, as the service takes it."""
        chosen = ObjectionReason(self.reason.data)
        return {"reason": chosen, "proposed_on": self.proposed_on.data, "note": self.note.data}


class DecisionForm(PortalForm):
    """The date on which access ends after all; empty keeps the present one."""

    effective_on = DateField(msg("Access ends on"), [Optional()])

    @property
    def day(self) -> date | None:
        """The date that was typed."""
        chosen: date | None = self.effective_on.data
        return chosen


class ReturnForm(PortalForm):
    """Which cases go back, by account, and why."""

    creditor = ReferenceField(msg("Creditor"), kind="organisation", validators=[InputRequired()])
    accounts = TextAreaField(msg("Accounts, one in each line"), [InputRequired(), Length(max=60 * MOST_CASES)])
    code = SelectField(msg("Reason"), [InputRequired()])
    note = TextAreaField(msg("Note to the creditor"), _NOTE)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.code.choices = [("", say(msg("Choose a reason"))), *code_choices()]

    @property
    def named(self) -> list[str]:
        """The accounts that were typed."""
        return [line.strip() for line in (self.accounts.data or "").splitlines() if line.strip()]

    @property
    def values(self) -> dict[str, Any]:
        """Reason and note as the service takes them."""
        return {"code": ReturnCode(self.code.data), "note": self.note.data}


class ReturnFilterForm(PortalForm):
    """What the list of returned cases is narrowed to."""

    code = SelectField(msg("Reason"), validators=[Optional()])

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.code.choices = [("", say(msg("Any"))), *code_choices()]

    @property
    def chosen(self) -> ReturnCode | None:
        """The reason that was chosen; what makes no sense is ignored."""
        return ReturnCode(self.code.data) if self.code.data in set(ReturnCode) else None
