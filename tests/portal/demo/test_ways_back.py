"""What is new in the story fits on whatever day it is told: returns, recalls, searches, lots, questions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.demo.activities import DrawnActivity
from portal.demo.agencies import GUADUVIO
from portal.demo.asking import planned_enquiries
from portal.demo.bidding import planned_lots, planned_reports
from portal.demo.chronology import Chronology
from portal.demo.handovers import handovers
from portal.demo.locating import planned_searches
from portal.demo.openings import draw_openings, opened_on
from portal.demo.placing import planned_waves
from portal.demo.recalling import planned_recalls
from portal.demo.returning import planned_returns
from portal.demo.slips import keep_silent, slip
from tests.portal.demo.worlds import PLACED_ON, debts

DAYS = [datetime(2026, 1, 1, 15, tzinfo=UTC) + timedelta(days=ahead) for ahead in (*range(0, 365, 5), 303)]
AT = datetime(2026, 2, 3, 10, 0)  # noqa: DTZ001


def activity(account: str, at: datetime = AT, result: str = "no_answer") -> DrawnActivity:
    return DrawnActivity(account, at, "call", result, 1, "")


@pytest.mark.parametrize("now", DAYS)
def test_each_thing_follows_what_it_needs(now):
    chronology = Chronology(now)
    waves = {wave.key: wave.at for wave in planned_waves(chronology)}
    returned = planned_returns(chronology)
    first, second = planned_searches(chronology)
    ended, objected, waiting = planned_recalls(chronology)
    lots = planned_lots(chronology)
    assert [one.at for one in returned] == sorted(one.at for one in returned)
    assert all(one.at < now for one in (*returned, ended, objected, waiting, first, second, *lots))
    assert returned[0].at < first.at < first.searched_at < first.verified_at < waves["bank-6"] < second.at
    assert second.at < second.searched_at < second.verified_at < now
    assert chronology.end < datetime.combine(second.due_on, AT.time(), UTC)
    # Whoever spoke to the old agency speaks to the new one in the same week.
    assert ended.at < waves["bank-5"]
    assert len({day.isocalendar()[:2] for day in chronology.crossing_days()}) == 1


@pytest.mark.parametrize("now", DAYS)
def test_one_lot_is_awarded_one_is_closed_and_one_is_open(now):
    chronology = Chronology(now)
    awarded, closed, opened = planned_lots(chronology)
    assert handovers(chronology, 1000)["bank-4"].at < awarded.at
    for lot in (awarded, closed, opened):
        assert all(lot.at < bid.at < lot.timetable.bids_until and bid.at < now for bid in lot.bids)
    assert awarded.awarded_at is not None
    assert awarded.timetable.bids_until < awarded.awarded_at < awarded.timetable.decision_until < now
    assert sum(awarded.shares.values()) == 10_000
    assert closed.timetable.bids_until < now < closed.timetable.decision_until
    assert now < opened.timetable.bids_until
    assert {one.key for one in opened.invited} - {bid.agency.key for bid in opened.bids} == {"marimonde"}
    assert {one.mark for one in planned_reports(chronology)} == {"L1"}


@pytest.mark.parametrize("now", DAYS)
def test_two_questions_wait_and_the_others_have_their_answer(now):
    planned = planned_enquiries(Chronology(now))
    assert all(one.at < now for one in planned)
    assert all(one.at < one.answered_at < now for one in planned if one.answered_at is not None)
    assert sum(one.answer is None for one in planned) == 2


def test_a_prompt_agency_begins_with_nearly_everybody_in_its_first_days():
    held = debts(500)
    drawn = draw_openings(held, GUADUVIO.strength, taken_on=PLACED_ON, seed=[3], spoken_to={held[0].account})
    assert 0.96 <= len(drawn) / len(held) <= 1
    assert len({one.account for one in drawn}) == len(drawn)
    assert all(PLACED_ON < one.happened_at.date() <= opened_on(PLACED_ON) for one in drawn)
    assert {one.account for one in drawn if one.result == "negotiating"} == {held[0].account}
    assert drawn == draw_openings(held[::-1], GUADUVIO.strength, taken_on=PLACED_ON, seed=[3],
                                  spoken_to={held[0].account})  # fmt: skip


def test_after_a_dispute_nothing_more_is_done_also_in_the_next_month():
    silent: dict[str, datetime] = {}
    later = activity("A", AT + timedelta(days=2))
    drawn = [later, activity("A", result="disputes"), activity("B", AT + timedelta(days=2))]
    kept = keep_silent(drawn, silent)
    assert [(one.account, one.result) for one in kept] == [("A", "disputes"), ("B", "no_answer")]
    assert keep_silent(drawn, silent) == kept
    assert keep_silent([activity("A", AT + timedelta(days=40))], silent) == []


def test_about_the_stated_share_breaks_the_rules_and_stays_within_its_month():
    drawn = [activity(f"A{number}", AT + timedelta(days=number % 25)) for number in range(1000)]
    wrong = [after for before, after in zip(drawn, slip(drawn, 0.02), strict=True) if before != after]
    assert len(wrong) == 20
    assert all(one.happened_at.month == 2 for one in wrong)
    assert {"third_party_message"} < {one.result for one in wrong}
    assert any(one.happened_at.hour >= 20 for one in wrong)
    assert any(one.happened_at.weekday() == 6 for one in wrong)
    assert slip(drawn, 0) == drawn
