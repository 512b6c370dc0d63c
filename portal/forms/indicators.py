"""Which portfolio on which day, and since when; what cannot be read limits nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from wtforms import DateField
from wtforms.validators import Optional, ValidationError

from agencies.kernel.errors import msg
from portal.forms.base import PortalForm
from portal.forms.fields import ReferenceField
from portal.i18n import say

#: Nothing was handed over before, and nothing is known of days to come so far off.
_FIRST, _LAST = date(1990, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Days:
    """The day that is looked at, and an earlier one with which it is compared."""

    on: date
    since: date


class IndicatorsForm(PortalForm):
    """A portfolio, the day, and the day with which it is compared."""

    portfolio = ReferenceField(
        msg("Portfolio"), kind="portfolio", nothing=msg("All portfolios"), validators=[Optional()]
    )
    since = DateField(msg("Compared with"), [Optional()])
    on = DateField(msg("Day"), [Optional()])

    def offer(self, portfolios: Iterable[tuple[int, str]], today: date) -> Days | None:
        """Set what can be chosen and what is chosen before anybody did; the days, if what was typed can be used."""
        self.portfolio.offer(portfolios)
        is_good = self.validate()
        on = self.on.data if is_good and self.on.data else today
        since = self.since.data or on - timedelta(days=30)
        self.on.data, self.since.data = self.on.data or on, since
        if is_good and since >= on:
            self.since.errors = [say(msg("The first day lies before the second one."))]
        return Days(on, since) if is_good and since < on else None

    def validate_on(self, field: DateField) -> None:
        """A day of which something can be known."""
        if not _FIRST <= (field.data or _FIRST) <= _LAST:
            raise ValidationError(say(msg("Nothing is known of that day.")))

    validate_since = validate_on
