"""A page shows nobody a way to a page that is not theirs."""

from __future__ import annotations

import pytest

from agencies.organisations.permissions import Role


@pytest.mark.parametrize(
    ("role", "page", "way"),
    [(Role.AUDITOR, "/incidents/", "/incidents/new"), (Role.INVESTIGATOR, "/uploads/", "/reports/")],
)
def test_nobody_is_shown_a_way_that_is_not_theirs(sign_in, role, page, way):
    browser = sign_in(role)
    assert browser.get(way).status_code == 403
    assert f'href="{way}"' not in browser.get(page).text


@pytest.mark.parametrize(
    ("role", "page", "way"),
    [(Role.COMPLIANCE, "/incidents/", "/incidents/new"), (Role.MANAGER, "/uploads/", "/reports/")],
)
def test_whose_way_it_is_sees_it(sign_in, role, page, way):
    assert f'href="{way}"' in sign_in(role).get(page).text
