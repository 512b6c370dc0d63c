"""The story's dates fit, on whatever day it is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from agencies.kernel import clock
from portal.demo.agencies import OCARIMBA, PIRANDELA, TINTALUZ
from portal.demo.cast import BANK, TELCO
from portal.demo.chronology import COUNTRY, ZONE, Chronology
from portal.demo.handovers import handovers
from portal.demo.placing import planned_waves
from portal.demo.reporting import planned_reports

DAYS = [datetime(2026, 1, 1, 15, tzinfo=UTC) + timedelta(days=ahead) for ahead in (*range(0, 365, 5), 303)]


@pytest.mark.parametrize("now", DAYS)
def test_everything_happens_before_the_end_and_in_its_order(now):
    chronology = Chronology(now)
    given, waves = handovers(chronology, 1000), planned_waves(chronology)
    assert all(chronology.founding < handover.at < now for handover in given.values())
    for wave in waves:
        assert given[wave.handover].at < wave.at < now
    assert all(report.at < now for report in planned_reports(chronology))
    bank = [wave for wave in waves if wave.creditor is BANK and not wave.is_draft]
    assert [wave.at for wave in bank] == sorted(wave.at for wave in bank)


@pytest.mark.parametrize("now", DAYS)
def test_one_report_is_still_open_and_one_never_came(now):
    chronology = Chronology(now)
    made = {(one.creditor.key, one.agency.key, one.month) for one in planned_reports(chronology)}
    last = chronology.month(1)
    assert (TELCO.key, TINTALUZ.key, last) not in made
    due = clock.add_business_days(clock.add_months(last, 1) - timedelta(days=1), 26, COUNTRY)
    assert clock.end_of_day(due, ZONE) > now
    assert (BANK.key, PIRANDELA.key, chronology.month(3)) not in made
    assert (BANK.key, PIRANDELA.key, chronology.month(4)) in made


def test_the_founding_is_the_same_for_every_day_of_a_month():
    ends = [Chronology(datetime(2026, 11, day, 15, tzinfo=UTC)) for day in (1, 15, 30)]
    assert len({chronology.founding for chronology in ends}) == 1
    assert clock.local_date(ends[0].founding, ZONE) == date(2026, 2, 2)


def test_one_agency_is_always_late_and_the_others_are_not():
    for report in planned_reports(Chronology(datetime(2026, 11, 21, 15, tzinfo=UTC))):
        days = 26 if (report.creditor, report.agency) == (TELCO, TINTALUZ) else 5
        due = clock.end_of_day(clock.add_business_days(report.period.end, days, COUNTRY), ZONE)
        assert (report.at > due) == (report.agency is OCARIMBA)


def test_the_handovers_make_up_the_number_of_cases_and_share_no_account():
    given = handovers(Chronology(datetime(2026, 11, 21, 15, tzinfo=UTC)), 1000)
    accounts = [debt.account for handover in given.values() for debt in handover.debts()]
    assert len(accounts) == len(set(accounts)) == 1000
