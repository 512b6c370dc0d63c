"""A new webhook: where it is and what it is told."""

from __future__ import annotations

from typing import Any

from wtforms import StringField
from wtforms.validators import DataRequired, Length

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Side
from agencies.webhooks.catalogue import offered
from agencies.webhooks.service import LONGEST_URL
from portal.forms.base import PortalForm
from portal.forms.fields import TickedField
from portal.i18n import say
from portal.presenters.webhooks import EVENT_NAMES


class WebhookForm(PortalForm):
    """What whoever makes a webhook says of it."""

    url = StringField(msg("Address"), [DataRequired(), Length(max=LONGEST_URL)])
    events = TickedField(msg("It is told when"), [DataRequired(msg("Tick at least one event."))])

    def offer(self, side: Side) -> WebhookForm:
        """Set what systems of this side can be told."""
        self.events.choices = [(one.type, f"{say(EVENT_NAMES[one.type])} ({one.type})") for one in offered(side)]
        return self

    def values(self, side: Side) -> dict[str, Any]:
        """What the service takes."""
        chosen = set(self.events.data or ())
        return {"url": self.url.data or "", "actions": [one.action for one in offered(side) if one.type in chosen]}
