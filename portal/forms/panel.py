"""A decision about an agency on a panel."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from agencies.kernel.errors import msg
from agencies.standing.models import PanelState
from portal.forms.base import PortalForm


class PanelForm(PortalForm):
    """Which state, and why; the service says where a reason is needed."""

    state = HiddenField(validators=[Optional()])
    reason = TextAreaField(msg("Reason"), [Optional(), Length(max=1_000)])

    def validate_state(self, field: HiddenField) -> None:
        """A state is what a button of the page says."""
        if field.data and field.data not in {one.value for one in PanelState}:
            raise ValidationError("")

    @property
    def told(self) -> dict[str, Any]:
        """What the verb is told."""
        state = PanelState(self.state.data) if self.state.data else PanelState.ON_PANEL
        return {"state": state, "reason": self.reason.data or ""}
