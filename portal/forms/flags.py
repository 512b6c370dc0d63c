"""A flag as it is raised, and the reason for which it comes down."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from agencies.kernel.errors import msg
from assignments.flags.models import FlagKind
from assignments.flags.service import MOST_CASES
from portal.forms.base import PortalForm
from portal.forms.fields import ReferenceField
from portal.i18n import say
from portal.presenters.flags import kind_choices


class FlagForm(PortalForm):
    """Which cases, by account, and what is known."""

    creditor = ReferenceField(msg("Creditor"), kind="organisation", validators=[InputRequired()])
    accounts = TextAreaField(msg("Accounts, one in each line"), [InputRequired(), Length(max=60 * MOST_CASES)])
    kind = SelectField(msg("What is known"), [InputRequired()])
    since = DateField(msg("Since when"), [Optional()])
    note = TextAreaField(msg("How you know"), [Optional(), Length(max=1_000)])

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kind.choices = [("", say(msg("Choose"))), *kind_choices()]

    @property
    def named(self) -> list[str]:
        """The accounts that were typed."""
        return [line.strip() for line in (self.accounts.data or "").splitlines() if line.strip()]

    @property
    def values(self) -> dict[str, Any]:
        """What is known, as the service takes it."""
        return {"kind": FlagKind(self.kind.data), "since": self.since.data, "note": self.note.data}


class LiftForm(PortalForm):
    """Why a flag comes down."""

    reason = StringField(msg("Why"), [InputRequired(), Length(max=300)])
