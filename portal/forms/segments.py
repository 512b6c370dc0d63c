"""Segments and the rules of decision tables: a name, and the same filter as everywhere."""

from __future__ import annotations

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from agencies.kernel.errors import msg
from assignments.segments.decision import Rule
from portal.forms.base import PortalForm
from portal.forms.cases import CaseFilterForm
from portal.forms.fields import WholeNumberField


class SegmentForm(CaseFilterForm):
    """A name and what it selects; `revision` is the one that was looked at."""

    asks_account = False
    name = StringField(msg("Name of the segment"), [InputRequired(), Length(max=80)])
    revision = HiddenField()

    @property
    def seen(self) -> int:
        """The revision that was looked at; none that stands where it cannot be read."""
        typed = str(self.revision.data or "")
        return int(typed) if typed.isdecimal() else 0


class RuleForm(CaseFilterForm):
    """One more rule at the end of a decision table."""

    asks_account = False
    label = StringField(msg("Name of the micro-segment"), [InputRequired(), Length(max=80)])
    table = WholeNumberField(validators=[InputRequired(), NumberRange(min=0)])

    def rule(self, currency: str) -> Rule:
        """What was typed."""
        return Rule(str(self.label.data), self.selection(currency))


class PlaceForm(PortalForm):
    """Which rule of which revision of a table is moved or taken out, by its place from 0."""

    place = WholeNumberField(validators=[InputRequired(), NumberRange(min=0)])
    table = WholeNumberField(validators=[InputRequired(), NumberRange(min=0)])
