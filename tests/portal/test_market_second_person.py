"""An award that takes two persons, from the page of the director to the page of finance."""

from __future__ import annotations

import re

from agencies.approvals.models import ApprovalKind
from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from assignments.marketplace.models import LotState
from tests.approving import approve, ask_for_limit
from tests.portal.test_market import closed, lots, page_of, panel  # noqa: F401  fixtures


def test_a_director_asks_and_finance_awards(world, closed, sign_in):  # noqa: F811
    director, now = sign_in(Role.DIRECTOR, language="en"), utc_now()
    asked = ask_for_limit(world.ports, director.person.actor, 1_000, kind=ApprovalKind.AWARD, currency="COP", now=now)
    finance = sign_in(Role.FINANCE, language="en")
    approve(world.ports, finance.person.actor, asked, now=now)
    page = page_of(world, closed)
    names = re.findall(r'name="(share_[a-z2-7]{26})"', director.get(f"{page}/bids").text)
    preview = director.get(f"{page}/award", query_string={names[0]: "100", names[1]: ""}).text
    assert "more than one person may award alone" in preview
    hidden = dict(re.findall(r'<input type="hidden" name="([a-z_2-7]+)" value="([^"]*)"', preview))

    answer = director.post(f"{page}/award", hidden | {"is_sure": "y"})

    assert answer.status_code == 303
    assert "/approvals/" in answer.location
    assert lots(world)[0].state is LotState.CLOSED
    assert "waits for a second person" in director.get(page).text
    shown = finance.get(answer.location).text
    assert all(told in shown for told in ("Cobranzas 0", "100.00 %", "18.00 %", "Not to Cobranzas 1"))
    [seen] = set(re.findall(r'name="seen" value="([0-9a-f]{64})"', shown))
    assert finance.post(f"{answer.location}/approve", {"seen": seen}).status_code == 303
    assert lots(world)[0].state is LotState.AWARDED
    assert "waits for a second person" not in director.get(page).text
