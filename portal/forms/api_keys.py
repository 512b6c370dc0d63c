"""A new key: its name, what it may do, how long, and from where."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from agencies.kernel.errors import msg, msgs
from agencies.kernel.tenancy import Side
from agencies.organisations.api_keys import SCOPES
from portal.forms.base import PortalForm
from portal.forms.fields import TickedField
from portal.i18n import say
from portal.presenters.api_keys import SCOPE_NAMES

_MONTHS = msgs("%(n)s month", "%(n)s months")
#: Choice -> days.
LIFETIMES = {"1": 30, "3": 91, "6": 182, "12": 365}


class ApiKeyForm(PortalForm):
    """What whoever makes a key says of it."""

    name = StringField(msg("Name"), [DataRequired(), Length(max=80)])
    scopes = TickedField(msg("The key may"), [DataRequired(msg("Tick at least one thing the key may do."))])
    lifetime = SelectField(msg("Works for"), [InputRequired()], default="3")
    addresses = TextAreaField(msg("Accepted from"), [Optional(), Length(max=1_000)])

    def offer(self, side: Side) -> ApiKeyForm:
        """Set what keys of this side may do."""
        self.scopes.choices = [(one.value, say(SCOPE_NAMES[one])) for one in SCOPES[side]]
        self.lifetime.choices = [(one, say(_MONTHS, {"n": one}, count=int(one))) for one in LIFETIMES]
        return self

    def values(self, now: datetime) -> dict[str, Any]:
        """What the service takes."""
        return {
            "name": self.name.data or "",
            "scopes": list(self.scopes.data or ()),
            "expires_at": now + timedelta(days=LIFETIMES[self.lifetime.data]),
            "addresses": (self.addresses.data or "").replace(",", " ").split(),
        }
