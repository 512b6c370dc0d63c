"""Letters nobody types, wherever a request can carry them: refused at the door, and never a fault of ours."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from agencies.organisations.permissions import Role
from portal.extensions import db
from portal.security import public

ADDRESSES = {
    Role.DIRECTOR: (
        "/cases/?search=",
        "/placements/?state=",
        "/placements/new?product=",
        "/placements/selected?region=",
    ),
    Role.ANALYST: ("/uploads/?kind=", "/uploads/new?report=", "/reports/?show=", "/cases/?after=s"),
    Role.FINANCE: ("/ledger/?agency=", "/scorecards/?currency="),
    Role.OPERATOR: ("/organisations/?search=", "/organisations/?state=", "/work/?after="),
}


@pytest.mark.parametrize("role", ADDRESSES)
def test_an_address_with_a_hidden_letter_is_refused(sign_in, role) -> None:
    browser = sign_in(role)
    for address in ADDRESSES[role]:
        for hidden in ("%00", "a%00b", "%1B", "%C2%85"):
            assert browser.get(address + hidden).status_code == 400, (address, hidden)


@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\x7f"])
def test_a_form_with_a_hidden_letter_is_refused(browser, sign_in, hidden) -> None:
    attempt = {"email": f"ana{hidden}@banco.example", "password": "a long enough secret"}
    assert browser.post("/sign-in", attempt).status_code == 400
    assert browser.post("/sign-in", {"email": "ana@banco.example", "password": hidden}).status_code == 400
    director = sign_in(Role.DIRECTOR)
    named = {"name": f"Ana{hidden}", "email": "ana@banco.example", "role": "analyst"}
    assert director.post("/users/invite", named).status_code == 400
    assert director.post("/language", {"language": "en", f"x{hidden}": ""}).status_code == 400


def test_what_people_do_type_passes(sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    for typed in ("Ñandú", "a%09b", "a%0D%0Ab", "%F0%9F%98%80", "%FF"):
        assert director.get(f"/cases/?search={typed}").status_code == 200, typed


def test_a_value_no_column_can_hold_is_the_last_wall(app) -> None:
    @public
    def unfit() -> str:
        db.session.execute(text("select cast(:value as integer)"), {"value": "99999999999"})
        return ""

    app.add_url_rule("/planted", "planted", unfit)
    assert app.test_client().get("/planted").status_code == 400
