"""The filter of promises."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import BooleanField, SelectField
from wtforms.validators import Optional

from agencies.kernel.errors import msg
from assignments.promises.keeping import Outcome
from assignments.promises.models import PromiseState
from assignments.promises.queries import PromiseFilter
from portal.forms.base import PortalForm
from portal.forms.fields import ReferenceField
from portal.i18n import say
from portal.presenters.promises import OUTCOMES, STATED

ANY = msg("Any")


class PromiseFilterForm(PortalForm):
    """Which promises; every field left empty lets everything through."""

    outcome = SelectField(msg("By the payments"), validators=[Optional()])
    stated = SelectField(msg("By the agency"), validators=[Optional()])
    partner = ReferenceField(msg("Agency"), kind="organisation", nothing=ANY, validators=[Optional()])
    week = BooleanField(msg("Due within seven days"))
    beyond = BooleanField(msg("Discount beyond the terms"))

    def offer(self, partners: Iterable[tuple[int, str]], *, is_creditor: bool) -> None:
        """Set what can be chosen."""
        anything = ("", say(ANY))
        self.outcome.choices = [anything, *((one.value, say(OUTCOMES[one])) for one in Outcome)]
        self.stated.choices = [anything, *((one.value, say(STATED[one])) for one in PromiseState)]
        self.partner.offer(partners)
        if not is_creditor:
            self.partner.label.text = msg("Creditor")

    def filter(self) -> PromiseFilter:
        """What was chosen."""
        return PromiseFilter(
            outcome=Outcome(self.outcome.data) if self.outcome.data else None,
            stated=PromiseState(self.stated.data) if self.stated.data else None,
            partner_id=self.partner.number,
            is_due_this_week=bool(self.week.data),
            is_beyond=bool(self.beyond.data),
        )
