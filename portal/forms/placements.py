"""A wave of placements as it is planned, and the word that commits it."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from agencies.kernel.errors import msg
from portal.forms.base import PortalForm
from portal.forms.cases import CaseFilterForm
from portal.forms.fields import ReferencesField, WholeNumberField


class WaveForm(CaseFilterForm):
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
