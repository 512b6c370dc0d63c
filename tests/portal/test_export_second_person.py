"""Files with people in them: above the limit they take a second person, for one person, one file and one day."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from agencies.approvals import exports
from agencies.approvals.exports import ExportNeedsSecond, Taken, Taking
from agencies.approvals.models import Approval
from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from tests import loop
from tests.approving import approve, ask_for_limit
from tests.pipeline.files import portfolio, receive

LISTING = "/cases/listing.csv"


@pytest.fixture
def strict(app_ports, world):
    """A creditor where one person takes two cases away at most, and has three."""
    director, finance = world.actor(Role.DIRECTOR), world.actor(Role.FINANCE)
    approve(app_ports, finance, ask_for_limit(app_ports, director, 2, now=utc_now()), now=utc_now())
    loop.add_cases(app_ports, director, [loop.NewCase(f"E-{n}", 100_000, name="Nadie Inventado") for n in range(3)])


def ask(browser, address: str) -> str:
    answer = browser.post(address)
    assert answer.status_code == 303, answer.text
    return answer.location


def let_go(sign_in, page: str, role: Role = Role.COMPLIANCE) -> None:
    second = sign_in(role, language="en")
    [seen] = set(re.findall(r'name="seen" value="([0-9a-f]{64})"', second.get(page).text))
    assert second.post(f"{page}/approve", {"seen": seen}).status_code == 303


def test_a_list_above_the_limit_goes_to_who_asked_once_a_second_person_approves(app_ports, world, strict, sign_in):
    analyst = sign_in(Role.ANALYST, language="en")
    refused = analyst.get(LISTING)
    assert refused.status_code == 409
    assert "takes a second person" in refused.text
    assert "Nadie Inventado" not in refused.text

    page = ask(analyst, LISTING)
    assert analyst.get(LISTING).status_code == 409
    assert "You have asked already" in analyst.get(LISTING).text
    let_go(sign_in, page)

    shown = analyst.get(page).text
    assert LISTING in shown
    taken = analyst.get(LISTING)
    assert taken.status_code == 200
    assert taken.text.count("Nadie Inventado") == 3
    with app_ports.session(world.actor(Role.DIRECTOR)) as session:
        event = session.scalars(select(AuditEvent.body).where(AuditEvent.action == "case.exported")).one()
        assert re.search(r'"approval_id":\d+', event)


def test_what_was_let_go_to_one_person_does_not_go_to_another(strict, sign_in):
    analyst, director = sign_in(Role.ANALYST), sign_in(Role.DIRECTOR)
    let_go(sign_in, ask(analyst, LISTING))

    assert analyst.get(LISTING).status_code == 200
    # Not to the second person either, nor to whoever knows the address.
    assert director.get(LISTING).status_code == 409
    assert sign_in(Role.COMPLIANCE).get(LISTING).status_code == 409


def test_what_was_let_go_is_that_filter_and_no_other(app_ports, world, strict, sign_in):
    analyst = sign_in(Role.ANALYST)
    let_go(sign_in, ask(analyst, f"{LISTING}?state=open"))

    assert analyst.get(f"{LISTING}?state=open").status_code == 200
    assert analyst.get(LISTING).status_code == 409
    loop.add_cases(app_ports, world.actor(Role.DIRECTOR), [loop.NewCase("E-9", 5)])
    # It has grown since it was approved.
    assert analyst.get(f"{LISTING}?state=open").status_code == 409


def test_an_account_that_was_looked_for_is_kept_nowhere(app_ports, world, strict, sign_in):
    page = ask(sign_in(Role.ANALYST), f"{LISTING}?search=E-")

    director = world.actor(Role.DIRECTOR)
    with app_ports.session(director) as session:
        told = str(session.scalars(select(Approval.subject).order_by(Approval.id.desc()).limit(1)).one())
    assert "E-" not in told
    let_go(sign_in, page)
    assert "look" in sign_in(Role.ANALYST, language="en").get(page).text
    assert sign_in(Role.ANALYST).get(f"{LISTING}?search=E-").status_code == 200


def test_a_list_below_the_limit_takes_nobody(strict, sign_in):
    assert sign_in(Role.ANALYST).get(f"{LISTING}?search=E-1").status_code == 200


def test_nobody_lets_their_own_list_go(strict, sign_in):
    compliance = sign_in(Role.COMPLIANCE)
    page = ask(compliance, LISTING)
    told = re.findall(r'name="seen" value="([0-9a-f]{64})"', compliance.get(page).text)

    assert told == []
    assert compliance.get(LISTING).status_code == 409


def test_what_was_let_go_is_over_after_a_day(ports, world, now):
    analyst, compliance = world.actor(Role.ANALYST), world.actor(Role.COMPLIANCE)
    taking = Taking(Taken.CASES, {"state": "open"}, 900)
    with ports.session(analyst) as session, transaction(session):
        asked = exports.ask_to_take(session, analyst, taking, words=(), arguments={}, now=now)
    approve(ports, compliance, asked, now=now)

    with ports.session(analyst) as session:
        assert exports.let_go(session, analyst, taking, now=now + timedelta(hours=23)).id == asked.id
        with pytest.raises(ExportNeedsSecond):
            exports.let_go(session, analyst, taking, now=now + timedelta(hours=24))


def test_a_file_as_it_was_sent_is_such_a_file_too(app, app_ports, world, strict, sign_in):
    director = sign_in(Role.DIRECTOR)
    file = portfolio(director.person.actor.tenant, 30)
    sent = receive(app_ports, director.person.actor, file.data, "uno.csv")
    with app.test_request_context():
        build = app.url_map.bind("").build
        original, rejected = (
            build(f"uploads.{one}", {"upload_id": sent.upload.id}) for one in ("original", "error_file")
        )

    assert director.get(original).status_code == 409
    let_go(sign_in, ask(director, original))
    assert director.get(original).status_code == 200
    with app_ports.session(director.person.actor) as session, transaction(session):
        session.execute(text(f"update uploads set rows_rejected = 3 where id = {sent.upload.id}"))
    assert director.get(rejected).status_code == 409


def test_a_manifest_is_the_purpose_of_the_placement_and_takes_nobody(app, app_ports, world, sign_in):
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    approve(app_ports, world.actor(Role.FINANCE), ask_for_limit(app_ports, creditor, 0, now=utc_now()), now=utc_now())
    loop.place_with(app_ports, creditor, agency, [loop.NewCase("M-1", 100_000)])
    loop.acknowledge_all(app_ports, agency)
    with app_ports.session(agency) as session:
        consignment = session.scalar(text("select id from consignments"))
    with app.test_request_context():
        address = app.url_map.bind("").build("placements.download", {"consignment_id": consignment})

    assert sign_in(Role.MANAGER).get(address).status_code == 200
