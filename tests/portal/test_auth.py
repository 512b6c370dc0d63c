"""Signing in and out, and every refusal at the door."""

from __future__ import annotations

from agencies.organisations.permissions import Role


def test_a_person_signs_in_and_sees_the_home_page(sign_in):
    page = sign_in(Role.DIRECTOR).get("/")
    assert page.status_code == 200
    assert "Banco 0" in page.text
