"""Legal deadlines reckoned by hand, with holidays, weekends and Easter; and what is not known is said not to be."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from agencies.kernel.clock import COUNTRIES
from assignments.deadlines.rules import (
    Duty,
    NoFixedTerm,
    Term,
    answer_rule,
    due_at,
    extended,
    matrix,
    policy_of,
    rule_of,
)

ZONES = {
    "CO": "America/Bogota",
    "PE": "America/Lima",
    "MX": "America/Mexico_City",
    "CL": "America/Santiago",
    "EC": "America/Guayaquil",
    "AR": "America/Argentina/Buenos_Aires",
}


def at(local: str, country: str = "CO") -> datetime:
    """A local time as an instant."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(ZONES[country]))


#: country, duty, from (local), the last local day on which it is in time
DAYS = [
    # Fifteen working days over Maundy Thursday and Good Friday (2 and 3 April 2026).
    ("CO", Duty.BREACH_TO_AUTHORITY, "2026-03-30 10:00", "2026-04-22"),
    # Known on a Saturday, or on a holiday: the first day that counts is the next working day.
    ("CO", Duty.BREACH_TO_AUTHORITY, "2026-06-13 10:00", "2026-07-07"),
    ("CO", Duty.ACCESS, "2026-03-11 12:00", "2026-03-26"),
    # One minute before midnight is still that day.
    ("CO", Duty.ACCESS, "2026-03-11 23:59", "2026-03-26"),
    ("CO", Duty.ACCESS, "2026-03-12 00:00", "2026-03-27"),
    ("CO", Duty.RECTIFICATION, "2026-12-21 09:00", "2027-01-14"),
    ("CO", Duty.MARK_IN_PROCESS, "2026-04-01 09:00", "2026-04-07"),
    ("PE", Duty.ACCESS, "2026-07-20 09:00", "2026-08-21"),
    ("PE", Duty.OPPOSITION, "2026-03-11 09:00", "2026-03-25"),
    ("MX", Duty.RECTIFICATION, "2026-03-11 09:00", "2026-04-09"),
    ("CL", Duty.ERASURE, "2026-12-02 09:00", "2027-01-01"),
    ("EC", Duty.BREACH_TO_AUTHORITY, "2026-03-11 09:00", "2026-03-18"),
    ("EC", Duty.BREACH_TO_PEOPLE, "2026-03-13 09:00", "2026-03-16"),
    ("AR", Duty.ACCESS, "2026-03-11 09:00", "2026-03-21"),
    # A bridge day before the Day of Memory.
    ("AR", Duty.ERASURE, "2026-03-20 09:00", "2026-03-31"),
]


@pytest.mark.parametrize(("country", "duty", "start", "last_day"), DAYS)
def test_the_last_day_is_the_one_counted_by_hand(country: str, duty: Duty, start: str, last_day: str) -> None:
    begins = at(start, country)
    rule = rule_of(country, duty, on=begins.date())
    due = due_at(rule, begins, time_zone=ZONES[country])
    assert due is not None
    ends = datetime.fromisoformat(f"{last_day} 23:59:59.999999").replace(tzinfo=ZoneInfo(ZONES[country]))
    assert 0 < (due - ends).total_seconds() < 0.001


def test_hours_run_through_nights_and_weekends() -> None:
    rule = rule_of("PE", Duty.BREACH_TO_AUTHORITY, on=date(2026, 3, 13))
    assert due_at(rule, at("2026-03-13 18:30", "PE"), time_zone=ZONES["PE"]) == at("2026-03-15 18:30", "PE")
    ours = policy_of(Duty.BREACH_TO_CREDITOR)
    assert due_at(ours, at("2026-03-13 18:30"), time_zone=ZONES["CO"], country="CO") == at("2026-03-14 18:30")


def test_an_extension_is_counted_from_the_first_deadline() -> None:
    begins = at("2026-03-11 12:00")
    rule = rule_of("CO", Duty.ACCESS, on=date(2026, 3, 11))
    due = due_at(rule, begins, time_zone=ZONES["CO"])
    assert due is not None
    # Five working days after 26 March: 27, 30, 31 March, 1 April, and behind Easter 6 April.
    assert extended(rule, due, time_zone=ZONES["CO"]) == at("2026-04-07 00:00").astimezone(UTC)
    claim = rule_of("CO", Duty.ERASURE, on=date(2026, 3, 11))
    assert claim.extension is not None
    assert claim.extension.n == 8


def test_where_no_extension_is_given_none_is_taken() -> None:
    rule = rule_of("PE", Duty.ACCESS, on=date(2026, 3, 11))
    with pytest.raises(NoFixedTerm):
        extended(rule, at("2026-03-11 12:00", "PE"), time_zone=ZONES["PE"])


def test_an_incomplete_claim_lapses_two_months_on_also_at_the_end_of_february() -> None:
    rule = rule_of("CO", Duty.CLAIM_LAPSES, on=date(2026, 12, 31))
    due = due_at(rule, at("2026-12-31 10:00"), time_zone=ZONES["CO"])
    assert due == at("2027-03-01 00:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("country", "duty", "on", "term"),
    [
        ("CO", Duty.BREACH_TO_PEOPLE, "2026-03-11", Term.NOT_FOUND),
        ("MX", Duty.BREACH_TO_AUTHORITY, "2026-03-11", Term.NOT_FOUND),
        ("MX", Duty.BREACH_TO_PEOPLE, "2026-03-11", Term.WITHOUT_DELAY),
        ("AR", Duty.BREACH_TO_AUTHORITY, "2026-03-11", Term.VOLUNTARY),
        # The day before Chile's new law, and its first day.
        ("CL", Duty.BREACH_TO_AUTHORITY, "2026-11-30", Term.NOT_FOUND),
        ("CL", Duty.BREACH_TO_AUTHORITY, "2026-12-01", Term.WITHOUT_DELAY),
        ("CL", Duty.ACCESS, "2026-12-01", Term.FIXED),
        ("US", Duty.ACCESS, "2026-12-01", Term.NOT_FOUND),
    ],
)
def test_what_the_law_does_not_say_is_not_made_up(country: str, duty: Duty, on: str, term: Term) -> None:
    rule = rule_of(country, duty, on=date.fromisoformat(on))
    assert rule.term is term
    if term is not Term.FIXED:
        assert due_at(rule, at("2026-03-11 12:00"), time_zone=ZONES["CO"]) is None


def test_a_person_is_answered_by_our_own_aim_where_no_law_was_found() -> None:
    assert answer_rule("AR", Duty.OPPOSITION, on=date(2026, 3, 11)).is_policy
    assert not answer_rule("CO", Duty.OPPOSITION, on=date(2026, 3, 11)).is_policy


def test_every_country_has_every_row_with_its_source_and_none_was_read_by_counsel() -> None:
    rows = matrix(on=date(2026, 12, 1))
    assert {one.country for one in rows} == set(COUNTRIES)
    assert len(rows) == len(COUNTRIES) * 9
    for one in rows:
        assert all((one.law, one.source, one.note_es, one.note_en)), one
        assert not one.reviewed_by_counsel
        assert (one.term is Term.FIXED) == (one.span is not None)
