"""The dates of the story, reckoned back from its end in Colombian business days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agencies.kernel import clock

COUNTRY = "CO"
ZONE = "America/Bogota"
#: The story begins in the month this many months before the one it ends in.
MONTHS = 9


@dataclass(frozen=True)
class Chronology:
    """The time from the founding to `end`, the present of whoever loads the demo."""

    end: datetime

    @property
    def today(self) -> date:
        return clock.local_date(self.end, ZONE)

    @property
    def founding(self) -> datetime:
        """When the platform begins, the same for every end within a month."""
        return self.business_day(MONTHS, 1, 8)

    def month(self, back: int) -> date:
        """The first day of the month `back` months before the last one."""
        return clock.add_months(clock.first_of_month(self.today), -back)

    def business_day(self, back: int, number: int, hour: int, minute: int = 0) -> datetime:
        """An hour on the `number`th business day of a month."""
        before = self.month(back) - timedelta(days=1)
        return at_local(clock.add_business_days(before, number, COUNTRY), hour, minute)

    def crossing_days(self) -> list[date]:
        """Four business days in a row within one week of the month before last."""
        number = 6
        while True:
            first = clock.local_date(self.business_day(2, number, 9), ZONE)
            days = [clock.add_business_days(first, ahead, COUNTRY) for ahead in range(4)]
            if (days[3] - days[0]).days == 3:
                return days
            number += 1

    def days_ago(self, days: int, hour: int, minute: int = 0) -> datetime:
        """An hour on the business day so many before today."""
        return at_local(clock.add_business_days(self.today, -days, COUNTRY), hour, minute)


def at_local(day: date, hour: int, minute: int = 0) -> datetime:
    """The instant of a wall clock in Colombia."""
    return datetime.combine(day, time(hour, minute), ZoneInfo(ZONE)).astimezone(UTC)
