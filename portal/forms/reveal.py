"""What a field in full is asked for with: which one, and what for."""

from __future__ import annotations

from typing import Self

from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

from agencies.kernel.errors import msg
from assignments.reads.models import Purpose
from portal.forms.base import PortalForm
from portal.i18n import say
from portal.presenters.reads import PURPOSES


class PurposeForm(PortalForm):
    """What something is looked at in full for; a purpose must be chosen, none is filled in."""

    purpose = SelectField(
        msg("What for"), validators=[DataRequired(message=msg("Say what you need it for."))], validate_choice=True
    )

    def offer(self) -> Self:
        """The purposes in the reader's language."""
        self.purpose.choices = [("", "–"), *((code.value, say(text)) for code, text in PURPOSES.items())]
        return self

    @property
    def code(self) -> Purpose:
        """The purpose that was chosen."""
        return Purpose(self.purpose.data)


class RevealForm(PurposeForm):
    """A field of a case, and what for."""

    field = StringField(validators=[DataRequired(), Length(max=60)])

    @property
    def refusal(self) -> str:
        """What is wrong with it, the first thing only."""
        return str(next((one for field in (self.purpose, self.field) for one in field.errors), ""))
