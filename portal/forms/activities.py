"""One thing done on a case, as an agent writes it down."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import DateTimeLocalField, HiddenField, SelectField, TextAreaField
from wtforms.validators import UUID, DataRequired, Length, Optional

from agencies.kernel.errors import msg
from assignments.reports.recording import LONGEST_NOTE
from portal.forms.base import PortalForm
from portal.i18n import say
from portal.presenters.activities import CHANNELS, COUNTERPARTS, DIRECTIONS, RESULTS

CHOOSE = msg("Choose")
_WRITTEN = "%Y-%m-%dT%H:%M"


class ActivityForm(PortalForm):
    """Channel, result and time; a key of its own lets the same form be sent twice and count once."""

    key = HiddenField(validators=[DataRequired(), UUID()])
    channel = SelectField(msg("Channel"), [DataRequired()])
    result = SelectField(msg("Result"), [DataRequired()])
    counterpart = SelectField(msg("Who was reached"), [Optional()])
    direction = SelectField(msg("Who sought whom"), [Optional()])
    happened_at = DateTimeLocalField(msg("When"), [DataRequired()], format=_WRITTEN)
    note = TextAreaField(msg("Note"), [Optional(), Length(max=LONGEST_NOTE)])

    def offer(self) -> ActivityForm:
        """Set the choices, in the reader's language."""
        for field, words in ((self.channel, CHANNELS), (self.result, RESULTS)):
            field.choices = [("", say(CHOOSE)), *((code, say(text)) for code, text in words.items())]
        for field, words in ((self.counterpart, COUNTERPARTS), (self.direction, DIRECTIONS)):
            field.choices = [("", say(msg("Not stated"))), *((code, say(text)) for code, text in words.items())]
        return self

    @classmethod
    def fresh(cls, now: datetime, time_zone: str) -> ActivityForm:
        """An empty form for something done just now."""
        local = now.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
        return cls(data={"key": str(uuid.uuid4()), "happened_at": local}).offer()

    def values(self, time_zone: str) -> dict[str, Any]:
        """What was written down, as the service takes it; the time is the reader's own."""
        local = self.happened_at.data
        if local is None:
            raise ValueError("only a form that holds has values")
        return {
            "key": uuid.UUID(self.key.data),
            "channel": self.channel.data,
            "result": self.result.data,
            "counterpart": self.counterpart.data or None,
            "direction": self.direction.data or None,
            "happened_at": local.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC),
            "note": self.note.data or None,
        }
