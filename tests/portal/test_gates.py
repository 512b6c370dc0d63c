"""A lapsed attestation stops at its route what its template says and no more; what is placed stays in sight."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Role
from assignments.locates.models import LocateBatch
from assignments.placements.models import Consignment, Placement
from tests import locating, loop
from tests.attested import attest_all, revoke_one
from tests.people import MADE_AT, World


@pytest.fixture
def placed(world: World):
    """Two cases are with the first agency, and two more are drafted for it."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    mandate = loop.place_with(world.ports, creditor, agency, loop.some_cases(2), now=utc_now())
    loop.acknowledge_all(world.ports, agency, now=utc_now())
    loop.add_cases(world.ports, creditor, loop.some_cases(2, start=3))
    return loop.draft(world.ports, creditor, [mandate], now=utc_now())


def count(world: World, of: type) -> int:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        return session.scalar(select(func.count()).select_from(of)) or 0


def lapse(world: World, code: str) -> None:
    revoke_one(world.ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER), code, now=utc_now())


def consignment(world: World) -> str:
    with world.ports.session(world.actor(Role.MANAGER)) as session:
        number = session.scalars(select(Consignment.id)).one()
    return f"/placements/consignments/{world.ports.references.encode('consignment', number)}"


@pytest.mark.parametrize(("code", "is_stopped"), [("AT-01", True), ("AT-10", True), ("AT-02", False), ("AT-12", False)])
def test_new_placements(world, sign_in, placed, code, is_stopped):
    lapse(world, code)
    director = sign_in(Role.DIRECTOR, language="en")
    page = f"/placements/{world.ports.references.encode('wave', placed.id)}"

    looked = director.get(page).text
    answer = director.post(f"{page}/place", {"digest": placed.digest, "is_sure": "y"})

    assert (code in looked) is is_stopped
    assert answer.status_code == (409 if is_stopped else 302)
    assert (f"{code}" in answer.text) is is_stopped
    assert count(world, Placement) == (2 if is_stopped else 4)


@pytest.mark.parametrize(("code", "is_stopped"), [("AT-02", True), ("AT-01", False), ("AT-06", False)])
def test_downloads_of_case_files_while_what_is_placed_stays_in_sight(world, sign_in, placed, code, is_stopped):
    lapse(world, code)
    manager, page = sign_in(Role.MANAGER, language="en"), consignment(world)

    looked, answer = manager.get(page), manager.get(f"{page}/manifest.csv")

    assert looked.status_code == 200
    assert "A00001" in looked.text
    assert ("The cases cannot be downloaded now" in looked.text) is is_stopped
    assert answer.status_code == (409 if is_stopped else 200)
    assert (code in answer.text) is is_stopped
    assert "A00001" in sign_in(Role.AGENT).get("/cases/").text


@pytest.mark.parametrize(("code", "is_stopped"), [("AT-07", True), ("AT-01", True), ("AT-02", False)])
def test_locate_orders(world, sign_in, code, is_stopped):
    creditor, agency, ports = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER), world.ports
    loop.add_cases(ports, creditor, loop.some_cases(2))
    mandate = locating.locate_mandate(ports, creditor, agency)
    lapse(world, code)
    form = {
        "state": "open",
        "mandate": ports.references.encode("mandate", mandate.id),
        "fee_class": "standard",
        "due_on": (local_date(utc_now(), creditor.time_zone) + timedelta(days=30)).isoformat(),
        "name": "Ilocalizados",
        "purpose": "collect_own_debt",
        "legal_basis": "Cláusula 12",
        "is_certified": "y",
        "then": "order",
    }

    answer = sign_in(Role.DIRECTOR, language="en").post("/locates/new", form)

    assert answer.status_code == (409 if is_stopped else 303), answer.text
    assert (code in answer.text) is is_stopped
    assert count(world, LocateBatch) == (0 if is_stopped else 1)


def test_the_same_lapse_at_another_creditor_stops_nothing_here(world, sign_in, placed):
    """The agency lacks in Mexico what it holds in Colombia; in Mexico it stops, here it does not."""
    other, agency = world.actor(Role.DIRECTOR, organisation=1), world.actor(Role.MANAGER)
    with world.ports.session(world.operator) as session, transaction(session):
        session.get_one(Organisation, other.tenant).country = "MX"
    attest_all(world.ports, other, agency, now=MADE_AT, but=["AT-02", "AT-11"])
    manager = sign_in(Role.MANAGER, language="en")

    assert manager.get(f"{consignment(world)}/manifest.csv").status_code == 200
    there = manager.get(f"/attestations/with/{world.ports.references.encode('counterpart', other.tenant)}").text
    assert "Stopped now: new placements, downloads of case files, new bids, locate orders" in there
    assert "Registration in REDECO" in there
    here = world.ports.references.encode("counterpart", world.actor(Role.DIRECTOR).tenant)
    assert "Nothing is stopped." in manager.get(f"/attestations/with/{here}").text


def test_what_held_when_it_was_sent_stands_on_the_page_of_the_placement_whatever_came_after(world, sign_in, placed):
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        assert session.scalars(select(Consignment.snapshot_id).where(Consignment.state.is_not(None))).one()
    lapse(world, "AT-12")

    for role in (Role.MANAGER, Role.DIRECTOR):
        page = sign_in(role, language="en").get(consignment(world)).text
        assert "What the agency had attested when this was sent" in page
        assert "Matches its fingerprint" in page
        kept = page.partition("Attestations at that moment")[2].partition("</table>")[0]
        assert (kept.count("AT-"), kept.count(">Accepted<"), kept.count("Revoked")) == (13, 13, 0)
    # Whoever may not look at attestations sees the placement and not them.
    assert "had attested" not in sign_in(Role.AGENT, language="en").get(consignment(world)).text
