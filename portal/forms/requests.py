"""Requests of data subjects: taking one in, who asks, what is done, the answer; and legal holds."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import DateField, DateTimeLocalField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import UUID, DataRequired, InputRequired, Length, Optional

from agencies.kernel.clock import COUNTRIES
from agencies.kernel.errors import msg
from assignments.subjects.lookup import Sought
from assignments.subjects.models import Outcome, RequestChannel, RequestKind, RequestState
from assignments.subjects.queries import Register
from assignments.subjects.service import LONGEST, Requester
from portal.forms.base import PortalForm
from portal.forms.fields import ReferenceField, ReferencesField
from portal.i18n import country_name, say
from portal.presenters.requests import CHANNELS, KINDS, OUTCOMES, STATES

_WRITTEN = "%Y-%m-%dT%H:%M"
_ALL = msg("All")


class RequestForm(PortalForm):
    """Who asks what, when and how; a key of its own lets the form be sent twice and count once."""

    key = HiddenField(validators=[DataRequired(), UUID()])
    creditor = ReferenceField(msg("For which creditor"), kind="organisation")
    kind = SelectField(msg("What is asked"), [DataRequired()])
    channel = SelectField(msg("How it came"), [DataRequired()])
    country = SelectField(msg("By the law of"), [DataRequired()])
    received_at = DateTimeLocalField(msg("Received on"), [InputRequired()], format=_WRITTEN)
    name = StringField(msg("Who asks"), [InputRequired(), Length(max=200)])
    id_number = StringField(msg("Document number"), [Optional(), Length(max=40)])
    contact = StringField(msg("Where the answer goes"), [InputRequired(), Length(max=200)])
    words = TextAreaField(msg("In their words"), [InputRequired(), Length(max=LONGEST)])

    def offer(self, creditors: list[tuple[int, str]] | None = None) -> RequestForm:
        """Set the choices, in the reader's language; a creditor takes in what is its own."""
        if creditors is None:
            del self.creditor
        else:
            self.creditor.offer(creditors)
        self.kind.choices = [(one.value, say(KINDS[one])) for one in RequestKind]
        self.channel.choices = [(one.value, say(CHANNELS[one])) for one in RequestChannel]
        self.country.choices = [(one, country_name(one)) for one in COUNTRIES]
        return self

    @classmethod
    def fresh(cls, now: datetime, time_zone: str, country: str) -> RequestForm:
        """An empty form for something that came just now."""
        local = now.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
        return cls(data={"key": str(uuid.uuid4()), "received_at": local, "country": country})

    @property
    def person(self) -> Requester:
        """Who asks, as they say it."""
        return Requester(
            self.name.data or "", self.id_number.data or "", self.contact.data or "", self.words.data or ""
        )

    def received(self, time_zone: str) -> datetime:
        """When it came, as an instant."""
        local = self.received_at.data
        if local is None:
            raise ValueError("only a form that holds has a time")
        return local.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


class IdentityForm(PortalForm):
    """What was shown, and whether it proves who asks."""

    shown = StringField(msg("What was shown"), [InputRequired(), Length(max=300)])
    accepted = RadioField(msg("Does it prove who asks?"), [InputRequired()])

    def offer(self) -> IdentityForm:
        """Set the choices, in the reader's language."""
        self.accepted.choices = [("yes", say(msg("Yes, it is the person"))), ("no", say(msg("No, the request ends")))]
        return self


class SearchForm(PortalForm):
    """By what the person is looked for."""

    id_number = StringField(msg("Document number"), [Optional(), Length(max=40)])
    phone = StringField(msg("Phone"), [Optional(), Length(max=40)])
    email = StringField(msg("E-mail"), [Optional(), Length(max=200)])
    name = StringField(msg("Name"), [Optional(), Length(max=200)])

    @property
    def sought(self) -> Sought:
        """What is looked for."""
        return Sought(self.id_number.data or "", self.phone.data or "", self.email.data or "", self.name.data or "")


class MatchForm(PortalForm):
    """Who of those found it is."""

    people = ReferencesField(msg("The person"), kind="debtor")


class MendForm(PortalForm):
    """What is right instead."""

    person = ReferenceField(msg("Of whom"), kind="debtor")
    name = StringField(msg("The right name"), [Optional(), Length(max=300)])
    birth_date = DateField(msg("The right date of birth"), [Optional()])


class MendWayForm(PortalForm):
    """Which way to reach the person is wrong, and what is right instead."""

    way = HiddenField(msg("What is wrong"))
    right = StringField(msg("What is right"), [InputRequired(), Length(max=300)])


class ExtendForm(PortalForm):
    """Why more time is needed."""

    reason = TextAreaField(msg("Why more time is needed"), [InputRequired(), Length(max=LONGEST)])


class AnswerRequestForm(PortalForm):
    """What the person is answered."""

    outcome = SelectField(msg("What came of it"), [DataRequired()])
    words = TextAreaField(msg("What the person is told"), [InputRequired(), Length(max=LONGEST)])

    def offer(self) -> AnswerRequestForm:
        """Set the choices, in the reader's language."""
        self.outcome.choices = [(one.value, say(OUTCOMES[one])) for one in Outcome]
        return self


class HoldForm(PortalForm):
    """Why a person's data must stay, and until when."""

    reason = TextAreaField(msg("Why the data must stay"), [InputRequired(), Length(max=1_000)])
    until = DateField(msg("Until"), [Optional()])

    @property
    def said(self) -> dict[str, Any]:
        """The reason and the day, as the service takes them."""
        return {"reason": self.reason.data or "", "until": self.until.data}


class RequestRegisterForm(PortalForm):
    """Which requests are shown; whatever is not understood shows all."""

    state = SelectField(msg("State"), [Optional()])
    kind = SelectField(msg("What is asked"), [Optional()])

    def offer(self) -> RequestRegisterForm:
        """Set the choices, in the reader's language."""
        self.state.choices = [("", say(_ALL)), ("open", say(msg("Not answered"))), ("late", say(msg("Late")))]
        self.state.choices += [(one.value, say(STATES[one])) for one in RequestState]
        self.kind.choices = [("", say(_ALL)), *((one.value, say(KINDS[one])) for one in RequestKind)]
        return self

    @property
    def register(self) -> Register:
        """The part of the register that was asked for."""
        state, kind = self.state.data or "", self.kind.data or ""
        return Register(
            kind=RequestKind(kind) if kind in set(RequestKind) else None,
            state=RequestState(state) if state in set(RequestState) else None,
            is_open=state == "open",
            is_late=state == "late",
        )
