"""Business days, local days and months, against the laws of six countries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.kernel import clock
from agencies.kernel.clock import CalendarUnknown

# Ley 51 de 1983: fixed days, days moved to Monday, and those that follow Easter.
LEY_51 = {
    2026: "01-01 01-12 03-23 04-02 04-03 05-01 05-18 06-08 06-15 06-29 07-20 08-07 08-17 10-12 11-02 11-16 12-08 12-25",
    2027: "01-01 01-11 03-22 03-25 03-26 05-01 05-10 05-31 06-07 07-05 07-20 08-07 08-16 10-18 11-01 11-15 12-08 12-25",
}
# Ley 2578 de 2026, article 6: 9 July, enjoyed on the Monday that Ley 51 gives it; in force since 1 June 2026.
LEY_2578 = {2026: "07-13", 2027: "07-12"}


def days(year: int, text: str) -> set[date]:
    return {date.fromisoformat(f"{year}-{day}") for day in text.split()}


@pytest.mark.parametrize("year", [2026, 2027])
def test_colombia_rests_on_the_days_its_laws_name_and_on_no_other(year):
    assert clock.public_holidays("CO", year) == days(year, LEY_51[year]) | days(year, LEY_2578[year])


def test_colombia_had_eighteen_holidays_before_the_law_of_2026():
    assert date(2025, 7, 14) not in clock.public_holidays("CO", 2025)
    assert len(clock.public_holidays("CO", 2023)) == 18


@pytest.mark.parametrize(
    ("country", "text"),
    [
        # D. Leg. 713, art. 6, with Leyes 31381, 31530, 31788 and 31822.
        ("PE", "01-01 04-02 04-03 05-01 06-07 06-29 07-23 07-28 07-29 08-06 08-30 10-08 11-01 12-08 12-09 12-25"),
        # Ley Federal del Trabajo, art. 74.
        ("MX", "01-01 02-02 03-16 05-01 09-16 11-16 12-25"),
        # Leyes 2.977, 19.668, 19.973, 20.148, 20.299 and 21.357.
        ("CL", "01-01 04-03 04-04 05-01 05-21 06-21 06-29 07-16 08-15 09-18 09-19 10-12 10-31 11-01 12-08 12-25"),
        # Código del Trabajo, art. 65: what falls on a Sunday moves to Monday.
        ("EC", "01-01 02-16 02-17 04-03 05-01 05-25 08-10 10-09 11-02 11-03 12-25"),
        # Ley 27.399: fixed days, and those that move to a Monday.
        ("AR", "01-01 02-16 02-17 03-24 04-02 04-03 05-01 05-25 06-15 06-20 07-09 08-17 10-12 11-23 12-08 12-25"),
    ],
)
def test_the_days_named_in_each_country_s_law_are_holidays_in_2026(country, text):
    assert days(2026, text) <= clock.public_holidays(country, 2026)


@pytest.mark.parametrize(
    ("country", "day"),
    [("MX", date(2026, 4, 2)), ("MX", date(2026, 9, 17)), ("CL", date(2026, 4, 2)), ("PE", date(2026, 12, 24))],
)
def test_days_that_no_law_names_are_working_days(country, day):
    assert clock.is_business_day(day, country)


@pytest.mark.parametrize(("country", "year"), [("US", 2026), ("", 2026), ("CO", 1999), ("CO", 2036), ("co", 2026)])
def test_a_calendar_we_do_not_keep_is_refused_and_never_read_as_free_of_holidays(country, year):
    with pytest.raises(CalendarUnknown):
        clock.public_holidays(country, year)
    with pytest.raises(CalendarUnknown):
        clock.is_business_day(date(year, 3, 11), country)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 3, 31), 3, date(2026, 4, 7)),  # Maundy Thursday, Good Friday and a weekend lie between
        (date(2026, 7, 10), 1, date(2026, 7, 14)),  # the Monday of Ley 2578
        (date(2026, 4, 4), 0, date(2026, 4, 6)),  # a Saturday moves on
        (date(2026, 4, 6), 0, date(2026, 4, 6)),
        (date(2026, 4, 6), -1, date(2026, 4, 1)),
        (date(2026, 12, 31), 1, date(2027, 1, 4)),  # over the year's end
    ],
)
def test_business_days_are_counted_around_holidays_and_weekends(start, count, end):
    assert clock.add_business_days(start, count, "CO") == end


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 1)),
    st.integers(1, 15),
    st.sampled_from(clock.COUNTRIES),
)
def test_adding_business_days_and_counting_them_agree(start, count, country):
    end = clock.add_business_days(start, count, country)

    assert clock.is_business_day(end, country)
    assert clock.business_days_between(start, end, country) == count
    assert clock.business_days_between(end, start, country) == -count


@pytest.mark.parametrize(
    ("day", "zone", "over"),
    [
        (date(2026, 3, 11), "America/Bogota", datetime(2026, 3, 12, 5, tzinfo=UTC)),
        # Chile's clocks go back at the end of 4 April 2026: that day has 25 hours.
        (date(2026, 4, 3), "America/Santiago", datetime(2026, 4, 4, 3, tzinfo=UTC)),
        (date(2026, 4, 4), "America/Santiago", datetime(2026, 4, 5, 4, tzinfo=UTC)),
        # They go forward at the end of 5 September 2026: there is no midnight, and 6 September has 23 hours.
        (date(2026, 9, 5), "America/Santiago", datetime(2026, 9, 6, 4, tzinfo=UTC)),
        (date(2026, 9, 6), "America/Santiago", datetime(2026, 9, 7, 3, tzinfo=UTC)),
    ],
)
def test_a_day_ends_where_it_is_lived_also_when_clocks_change(day, zone, over):
    assert clock.end_of_day(day, zone) == over
    assert clock.local_date(over - timedelta(seconds=1), zone) == day
    assert clock.local_date(over, zone) == day + timedelta(days=1)


def test_an_instant_without_a_zone_has_no_date():
    with pytest.raises(ValueError, match="zone"):
        clock.local_date(datetime(2026, 3, 11, 12), "America/Bogota")  # noqa: DTZ001 - that is the point


def test_now_is_aware_and_in_utc():
    assert clock.utc_now().tzinfo is UTC


@pytest.mark.parametrize(
    ("month", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 1)),
        (date(2026, 12, 15), 1, date(2027, 1, 1)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 5, 9), 0, date(2026, 5, 1)),
        (date(2026, 5, 9), 25, date(2028, 6, 1)),
    ],
)
def test_months_are_added_by_the_calendar(month, months, expected):
    assert clock.add_months(month, months) == expected


@given(st.dates(date(2001, 1, 1), date(2034, 1, 1)), st.integers(-120, 120))
def test_months_on_book_undo_the_adding_of_months(start, months):
    assert clock.months_between(start, clock.add_months(start, months)) == months


def test_the_month_of_placement_is_month_zero():
    assert clock.months_between(date(2026, 1, 31), date(2026, 1, 1)) == 0
    assert clock.months_between(date(2025, 12, 31), date(2026, 1, 1)) == 1
    assert clock.first_of_month(date(2026, 2, 28)) == date(2026, 2, 1)
