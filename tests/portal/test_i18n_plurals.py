"""Messages that count say one of something as one."""

from __future__ import annotations

import pytest

from agencies.kernel.errors import msg, msgs
from portal.i18n import say
from portal.presenters.notices import TELLINGS

RECALLED = TELLINGS["recall.requested"].sentence


@pytest.mark.parametrize(
    ("language", "count", "told"),
    [("es", 1, "retira 1 caso;"), ("es", 2, "retira 2 casos;"), ("en", 1, "takes 1 case back"), ("en", 0, "0 cases")],
)
def test_a_notice_speaks_of_one_case_as_one(app, language: str, count: int, told: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert told in say(RECALLED, {"house": "Banco", "cases": count, "effective_on": "hoy"}, count=count)


def test_a_message_without_a_count_is_said_as_it_is(app) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert say(msg("Cases")) == "Cases"
        assert say(msgs("%(n)s case", "%(n)s cases"), {"n": "1,000"}, count=1_000) == "1,000 cases"
