"""The order in which activities become known decides nothing: verdicts follow from what happened, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from agencies.organisations.countries import COUNTRIES
from assignments.conduct.findings import Touch
from assignments.conduct.judge import judge
from assignments.conduct.results import MEANINGS
from tests.conduct import LONG_AGO
from uploads.schemas.activities import COUNTERPARTS


def _touches(country: str) -> st.SearchStrategy[list[Touch]]:
    start = datetime(2026, 3, 2, 11, tzinfo=UTC)
    one = st.tuples(
        st.integers(1, 3),
        st.integers(1, 2),
        st.integers(0, 14 * 24),
        st.sampled_from(["call", "sms", "whatsapp", "email", "letter", "visit", None]),
        st.sampled_from([*MEANINGS, None]),
        st.sampled_from([*COUNTERPARTS, None]),
        st.sampled_from(["inbound", "outbound", None]),
    )
    return st.lists(one, min_size=2, max_size=12).map(
        lambda rows: [
            Touch(
                agency_id=agency,
                activity_id=number,
                natural_key=f"ref:{number}",
                case_id=case,
                happened_at=start + timedelta(hours=hours),
                channel=channel,
                result=result,
                counterpart=counterpart,
                direction=direction,
                placed_at=LONG_AGO,
                sender_zone=COUNTRIES[country].time_zone,
            )
            for number, (agency, case, hours, channel, result, counterpart, direction) in enumerate(rows)
        ]
    )


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(sorted(COUNTRIES)))
def test_judging_in_any_order_gives_the_same_verdicts(data, country):
    touches = data.draw(_touches(country))
    shuffled = data.draw(st.permutations(touches))

    assert judge(country, shuffled) == judge(country, touches)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_what_comes_later_changes_no_earlier_verdict(data):
    touches = sorted(data.draw(_touches("CO")), key=lambda one: one.place_in_time)
    known = touches[: len(touches) // 2]

    whole = judge("CO", touches)
    assert {one.key: whole[one.key] for one in known} == judge("CO", known)
