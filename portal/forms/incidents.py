"""What is said of an incident, what is decided about it, and what part of the register is shown."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import UUID, DataRequired, InputRequired, Length, Optional

from agencies.kernel.clock import COUNTRIES
from agencies.kernel.errors import msg
from assignments.incidents.facts import LONGEST, Facts, Scope
from assignments.incidents.models import DataCategory, IncidentKind, IncidentState
from assignments.incidents.queries import Register
from portal.forms.base import PortalForm
from portal.forms.fields import ReferenceField, ReferencesField, TickedField, WholeNumberField, references
from portal.i18n import country_name, say
from portal.presenters.incidents import CATEGORIES, KINDS, STATES

_WRITTEN = "%Y-%m-%dT%H:%M"
_ALL = msg("All")


class IncidentForm(PortalForm):
    """The facts, and whom they are narrowed to; a key of its own lets the form be sent twice and count once."""

    key = HiddenField(validators=[DataRequired(), UUID()])
    agency = ReferenceField(msg("Where it happened"), kind="organisation", nothing=msg("With us"))
    kind = SelectField(msg("What happened"), [DataRequired()])
    aware_at = DateTimeLocalField(msg("When you became aware"), [InputRequired()], format=_WRITTEN)
    happened_from = DateTimeLocalField(msg("It began"), [InputRequired()], format=_WRITTEN)
    happened_to = DateTimeLocalField(msg("It ended"), [Optional()], format=_WRITTEN)
    categories = TickedField(msg("Kinds of data"), [Optional()])
    systems = StringField(msg("Systems, devices or files"), [Optional(), Length(max=LONGEST)])
    cause = TextAreaField(msg("How it happened"), [InputRequired(), Length(max=LONGEST)])
    measures = TextAreaField(msg("What has been done about it"), [InputRequired(), Length(max=LONGEST)])
    contact = StringField(msg("Whom to ask: name, telephone, e-mail"), [InputRequired(), Length(max=LONGEST)])
    consignments = ReferencesField(msg("Only these consignments"), kind="consignment")
    users = ReferencesField(msg("Only what these users were shown"), kind="user")
    accounts = TextAreaField(msg("Only these accounts"), [Optional()])

    def offer(
        self,
        agencies: list[tuple[int, str]] | None = None,
        consignments: list[tuple[int, str]] | None = None,
        users: list[tuple[int, str]] | None = None,
    ) -> IncidentForm:
        """Set the choices, in the reader's language; what a side does not choose from is left out."""
        self.kind.choices = [(one.value, say(KINDS[one])) for one in IncidentKind]
        self.categories.choices = [(one.value, say(CATEGORIES[one])) for one in DataCategory]
        self.agency.offer(agencies or [])
        self.consignments.offer(consignments or [])
        self.users.offer(users or [])
        return self

    @classmethod
    def fresh(cls, now: datetime, time_zone: str) -> IncidentForm:
        """An empty form for something noticed just now."""
        return cls(data={"key": str(uuid.uuid4()), "aware_at": _local(now, time_zone)})

    @classmethod
    def of(cls, facts: Facts, scope: Scope, time_zone: str) -> IncidentForm:
        """A form that says what was said last, to be said better."""
        return cls(
            data={
                "key": str(uuid.uuid4()),
                "kind": facts.kind.value,
                "aware_at": _local(facts.aware_at, time_zone),
                "happened_from": _local(facts.happened_from, time_zone),
                "happened_to": _local(facts.happened_to, time_zone),
                "categories": [one.value for one in facts.categories],
                "systems": facts.systems,
                "cause": facts.cause,
                "measures": facts.measures,
                "contact": facts.contact,
                "accounts": "\n".join(scope.accounts),
                "consignments": [references().encode("consignment", one) for one in scope.consignment_ids],
                "users": [references().encode("user", one) for one in scope.user_ids],
            }
        )

    def facts(self, time_zone: str) -> Facts:
        """What was said; the times are the reader's own."""
        began, aware = _instant(self.happened_from.data, time_zone), _instant(self.aware_at.data, time_zone)
        if began is None or aware is None:
            raise ValueError("only a form that holds has facts")
        return Facts(
            kind=IncidentKind(self.kind.data),
            aware_at=aware,
            happened_from=began,
            happened_to=_instant(self.happened_to.data, time_zone),
            categories=tuple(DataCategory(one) for one in self.categories.data or ()),
            systems=self.systems.data or "",
            cause=self.cause.data or "",
            measures=self.measures.data or "",
            contact=self.contact.data or "",
        )

    @property
    def scope(self) -> Scope:
        """What it was narrowed to."""
        listed = dict.fromkeys(one.strip() for one in (self.accounts.data or "").splitlines())
        return Scope(
            consignment_ids=tuple(self.consignments.numbers),
            accounts=tuple(one for one in listed if one),
            user_ids=tuple(self.users.numbers),
        )

    def scope_after(self, before: Scope) -> Scope:
        """What it is narrowed to anew: what this reader could not choose from stays as it was."""
        return replace(
            self.scope,
            consignment_ids=_chosen(self.consignments, before.consignment_ids),
            user_ids=_chosen(self.users, before.user_ids),
        )


class AssessForm(PortalForm):
    """Whom to tell, and why."""

    authority = BooleanField(msg("The authority is told"))
    people = BooleanField(msg("The people are told"))
    reasons = TextAreaField(msg("Reasons"), [InputRequired(), Length(max=LONGEST)])


class ToldForm(PortalForm):
    """That somebody was told, when, and how or under which number."""

    country = SelectField(msg("Authority of"), [Optional()], validate_choice=False)
    at = DateTimeLocalField(msg("Told on"), [InputRequired()], format=_WRITTEN)
    reference = StringField(msg("Reference"), [InputRequired(), Length(max=500)])
    #: The determination of the people that the page shows.
    scope = WholeNumberField(validators=[Optional()])

    def offer(self, countries: list[str]) -> ToldForm:
        """Set whose authority it can be."""
        self.country.choices = [(one, country_name(one)) for one in countries]
        return self

    def told_at(self, time_zone: str) -> datetime:
        """When, as an instant."""
        at = _instant(self.at.data, time_zone)
        if at is None:
            raise ValueError("only a form that holds has a time")
        return at


class RegisterForm(PortalForm):
    """Which incidents are shown; whatever is not understood shows all."""

    state = SelectField(msg("State"), [Optional()])
    kind = SelectField(msg("What happened"), [Optional()])
    late = SelectField(msg("Reported"), [Optional()])

    def offer(self) -> RegisterForm:
        """Set the choices, in the reader's language."""
        self.state.choices = [("", say(_ALL)), ("open", say(msg("Not closed")))]
        self.state.choices += [(one.value, say(STATES[one])) for one in IncidentState]
        self.kind.choices = [("", say(_ALL)), *((one.value, say(KINDS[one])) for one in IncidentKind)]
        self.late.choices = [("", say(_ALL)), ("yes", say(msg("After more than 24 hours")))]
        return self

    @property
    def register(self) -> Register:
        """The part of the register that was asked for."""
        state, kind = self.state.data or "", self.kind.data or ""
        return Register(
            state=IncidentState(state) if state in set(IncidentState) else None,
            kind=IncidentKind(kind) if kind in set(IncidentKind) else None,
            is_late=self.late.data == "yes",
            is_open=state == "open",
        )


def countries() -> list[str]:
    """The countries of which we keep law."""
    return list(COUNTRIES)


def _chosen(field: ReferencesField, before: tuple[int, ...]) -> tuple[int, ...]:
    offered = {one[0] for one in field.choices or ()}
    unseen = [one for one in before if references().encode(field.kind, one) not in offered]
    return tuple(dict.fromkeys([*field.numbers, *unseen]))


def _local(instant: datetime | None, time_zone: str) -> datetime | None:
    return None if instant is None else instant.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


def _instant(local: datetime | None, time_zone: str) -> datetime | None:
    return None if local is None else local.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
