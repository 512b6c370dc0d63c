"""What the comparison is limited to and sorted by; what cannot be read, or is not there, limits nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import SelectField
from wtforms.validators import Optional

from agencies.kernel.errors import msg
from agencies.scorecards.facts import Window
from assignments.comparison import Choices
from portal.filters import month, number
from portal.forms.base import PortalForm
from portal.i18n import say
from portal.presenters.comparison import AGES, View

_ANY = msg("All")


class ComparisonForm(PortalForm):
    """Currency, age, months of placement and balance band; sort and order come from the heads of the columns."""

    currency = SelectField(msg("Currency"), validators=[Optional()])
    months = SelectField(msg("Age of the placements"), validators=[Optional()])
    first = SelectField(msg("Placed from"), validators=[Optional()])
    last = SelectField(msg("Placed until"), validators=[Optional()])
    band = SelectField(msg("Balance band"), validators=[Optional()])
    sort = SelectField(msg("Sorted by"), validators=[Optional()])
    order = SelectField(msg("Order"), validators=[Optional()])

    #: The codes that can be chosen, the one with the most cases first.
    currencies: tuple[str, ...] = ()

    def offer(self, choices: Choices, columns: list[str]) -> None:
        """Set what there are figures of."""
        placed = [(f"{one:%Y-%m}", month(one)) for one in choices.months]
        self.currencies = choices.currencies
        self.currency.choices = [(one, one) for one in choices.currencies]
        self.months.choices = [
            ("", say(msg("Everything so far"))),
            *((str(age), say(msg("At %(n)s months"), {"n": number(age)})) for age in AGES),
        ]
        self.first.choices = self.last.choices = [("", say(_ANY)), *placed]
        self.band.choices = [("", say(_ANY)), *((one, one) for one in choices.strata)]
        self.sort.choices = [("", ""), *((one, one) for one in columns)]
        self.order.choices = [(one, one) for one in ("", "up", "down")]
        self.validate()

    def view(self, *, home: str) -> View:
        """What was chosen, as far as it can be had; the home currency where there is nothing to choose."""
        offered = self.currencies
        age = self._told(self.months)
        return View(
            currency=self._told(self.currency) or (offered[0] if offered else home),
            months=int(age) if age else None,
            window=Window(_first(self._told(self.first)), _first(self._told(self.last)), self._told(self.band)),
            sort=self._told(self.sort),
            order=self._told(self.order),
        )

    def _told(self, field: Any) -> str | None:
        return None if field.errors else field.data or None


def _first(told: str | None) -> date | None:
    return date.fromisoformat(f"{told}-01") if told else None
