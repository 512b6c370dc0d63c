"""A wave of placements as it is planned, and the word that commits it."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.kernel.errors import msg
from assignments.placements.rejecting import LONGEST_NOTE
from assignments.placements.rejections import RejectReason
from assignments.placements.returns import MOST_CASES
from portal.forms.base import PortalForm
from portal.forms.cases import SelectionForm
from portal.forms.fields import ReferencesField, WholeNumberField
from portal.i18n import say
from portal.presenters.lifecycle import reject_choices


class WaveForm(SelectionForm):
    """Which cases, with whom, under what name."""

    name = StringField(msg("Name of the placement"), [InputRequired(), Length(max=80)])
    mandates = ReferencesField(
        msg("Mandates"), kind="mandate", validators=[InputRequired(msg("Choose at least one mandate."))]
    )
    bands = WholeNumberField(msg("Balance bands"), [InputRequired(), NumberRange(1, 20)], default=5)

    def plan(self, currency: str) -> dict[str, Any]:
        """What was chosen, as the service takes it."""
        return {
            "name": self.name.data,
            "selection": self.selection(currency),
            "mandate_ids": self.mandates.numbers,
            "bands": self.bands.data,
        }


class CommitForm(PortalForm):
    """The yes to exactly what was shown."""

    digest = HiddenField(validators=[InputRequired()])
    is_sure = BooleanField(
        msg("I have checked this split"), [InputRequired(msg("Tick the box to say that you have checked the split."))]
    )


class RejectionForm(PortalForm):
    """Why an agency does not take cases on, and which; none named means all that wait."""

    accounts = TextAreaField(msg("Accounts, one in each line"), [Optional(), Length(max=60 * MOST_CASES)])
    reason = SelectField(msg("Reason"), [InputRequired()])
    note = TextAreaField(msg("Note to the creditor"), [Optional(), Length(max=LONGEST_NOTE)])
    is_sure = BooleanField(
        msg("I know that our access to these cases ends at once"),
        [InputRequired(msg("Tick the box to say that you know it."))],
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.reason.choices = [("", say(msg("Choose a reason"))), *reject_choices()]

    @property
    def named(self) -> list[str]:
        """The accounts that were typed."""
        return [line.strip() for line in (self.accounts.data or "").splitlines() if line.strip()]

    @property
    def values(self) -> dict[str, Any]:
        """Reason and note as the service takes them."""
        return {"reason": RejectReason(self.reason.data), "note": self.note.data}
