"""The read-only auditor: sees what the creditor's people see, and no route lets it change anything."""

from __future__ import annotations

import pytest

from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import PERMISSIONS, SIDE_OF, Permission, Role, looking
from tests import loop
from tests.pipeline.test_tenant_isolation import NOBODY, addresses, kinds, methods, rules

#: What is everybody's own: the account, its factors and its sessions, the language, the bell, and the ways out.
OWN = {"account", "credentials", "factors", "passkeys", "recovery", "step_up", "auth", "language"}
OWN_ENDPOINTS = {"notices.seen", "support.leave", "sessions.end", "sessions.end_others"}
PAGES = (
    "/",
    "/cases/",
    "/placements/",
    "/mandates/",
    "/reports/",
    "/ledger/",
    "/market/",
    "/audit/",
    "/users/",
    "/attestations/",
    "/scorecards/",
    "/conduct/",
    "/locates/",
    "/approvals/",
    "/promises/",
)


def test_the_auditor_holds_every_view_of_the_creditor_and_nothing_else():
    others = [one for one in Role if SIDE_OF[one] is Side.CREDITOR and one is not Role.AUDITOR]
    views = {one for role in others for one in PERMISSIONS[role] if one.endswith(".view")}

    assert PERMISSIONS[Role.AUDITOR] == views == looking(Side.CREDITOR)
    assert all(Permission(one).value.partition(".")[2] == "view" for one in PERMISSIONS[Role.AUDITOR])


def test_no_route_that_changes_anything_admits_the_auditor(app, sign_in):
    browser, walked = sign_in(Role.AUDITOR), 0
    token = browser.token()
    for rule in rules(app):
        access = app.view_functions[rule.endpoint].access
        if access.is_public or rule.endpoint in OWN_ENDPOINTS or rule.endpoint.partition(".")[0] in OWN:
            assert access.is_public or not access.permissions, rule.endpoint
            continue
        nobody = {kind: [NOBODY] for kind in kinds(rule).values()}
        for method in set(methods(rule)) - {"GET"}:
            [address] = addresses(app, rule, nobody)
            answer = browser.client.open(address, method=method, data={"csrf_token": token})
            assert answer.status_code == 403, f"{method} {address}"
            walked += 1

    assert walked > 60


@pytest.mark.parametrize("page", PAGES)
def test_the_auditor_looks_at_what_the_house_does(app_ports, world, sign_in, page):
    loop.add_cases(app_ports, world.actor(Role.DIRECTOR), [loop.NewCase("A-1", 100_000)])

    assert sign_in(Role.AUDITOR).get(page).status_code == 200


def test_the_auditor_takes_no_list_of_cases_away(sign_in):
    assert sign_in(Role.AUDITOR).get("/cases/listing.csv").status_code == 403


def test_a_director_invites_an_auditor_in_spanish(sign_in):
    director = sign_in(Role.DIRECTOR)

    assert "Auditor" in director.get("/users/invite").text
    told = {"email": "auditoria@creditor0.example", "name": "Aura Auditora", "role": "auditor"}
    assert director.post("/users/invite", told).status_code == 303
    assert "Auditor" in director.get("/users/").text


def test_an_agency_has_no_auditor(sign_in):
    told = {"email": "auditoria@agency0.example", "name": "Aura", "role": "auditor"}

    assert sign_in(Role.MANAGER).post("/users/invite", told).status_code == 400
