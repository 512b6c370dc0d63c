"""The interval of a share, against published figures and at its edges."""

from __future__ import annotations

import pytest

from agencies.scorecards.intervals import wilson

#: Successes, trials, confidence, both ends: the worked examples of PHEindicatormethods 2.0.2.
PUBLISHED = [
    (65, 100, 0.95, 0.5525444329688797, 0.7363575175690247),
    (1045, 5000, 0.95, 0.19795549880013297, 0.22049130373189027),
    (0.445, 1, 0.95, 0.04381744772058822, 0.9334621276979156),
    (65, 100, 0.998, 0.4954946574070431, 0.7783540614089697),
    (1045, 5000, 0.998, 0.19179381799015244, 0.22731562902525818),
]


@pytest.mark.parametrize(("successes", "trials", "confidence", "low", "high"), PUBLISHED)
def test_it_equals_the_published_figures(successes, trials, confidence, low, high):
    assert wilson(successes, trials, confidence) == pytest.approx((low, high), rel=1e-9)


def test_all_and_none_stay_within_their_bounds_and_are_not_certain():
    low, high = wilson(10, 10)
    assert high == pytest.approx(1)
    assert 0.7 < low < 0.75
    assert wilson(0, 10) == pytest.approx((1 - high, 1 - low))


def test_without_trials_nothing_is_known():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5), (1, 0)])
def test_what_cannot_be_is_refused(successes, trials):
    with pytest.raises(ValueError, match="between"):
        wilson(successes, trials)
