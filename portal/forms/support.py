"""Why an operator asks to look at an organisation's pages, and for how long."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from agencies.kernel.errors import msg
from portal.forms.base import PortalForm
from portal.forms.fields import ReferenceField, WholeNumberField


class SupportForm(PortalForm):
    """Whose pages, why, and for how many minutes."""

    organisation = ReferenceField(msg("Organisation"), kind="organisation", validators=[InputRequired()])
    reason = TextAreaField(msg("Why you need to look"), [InputRequired(), Length(max=1_000)])
    minutes = WholeNumberField(msg("Minutes"), [InputRequired()], default=30)

    def offer(self, organisations: Iterable[tuple[int, str]]) -> SupportForm:
        """Set who can be asked."""
        self.organisation.offer(organisations)
        return self
