"""One field in full: for a purpose, by whoever holds the case, so often an hour, and never without a trace."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.contacts.models import ContactKind
from assignments.reads import revealing
from assignments.reads import service as reads
from assignments.reads.models import CaseRead, Purpose, ReadKind
from portal.presenters.reads import FIELDS, PURPOSES
from tests import loop, recalling

PHONE = "+573159998877"
LOOKERS = [Role.ANALYST, Role.COMPLIANCE, Role.MANAGER, Role.AGENT, Role.INVESTIGATOR]


@pytest.fixture
def held(world) -> int:
    """A case of the first creditor, held by the first agency."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, agency, [loop.NewCase("A-1", 90_000, name="Ana Uno", phones=(PHONE,))])
    loop.acknowledge_all(world.ports, agency)
    with world.ports.session(creditor) as session:
        return session.scalars(select(Case.id)).one()


def page(world, case_id: int) -> str:
    return f"/cases/{world.ports.references.encode('case', case_id)}"


def place_of_phone(browser, address: str) -> str:
    """The name of the phone's button on the case's page."""
    return re.search(r'name="field" value="(point-?\d+)"', browser.get(address).text)[1]


def ask(browser, address: str, field: str, purpose: str = "call", **options):
    return browser.post(f"{address}/reveal", {"field": field, "purpose": purpose}, **options)


def reveals(world) -> list[CaseRead]:
    actor = world.actor(Role.DIRECTOR)
    with world.ports.session(actor) as session:
        return list(session.scalars(select(CaseRead).where(CaseRead.kind == ReadKind.REVEAL).order_by(CaseRead.id)))


def events(world, role: Role, action: str) -> list[AuditEvent]:
    actor = world.actor(role)
    with world.ports.session(actor) as session:
        of_action = select(AuditEvent).where(AuditEvent.organisation_id == actor.tenant, AuditEvent.action == action)
        return list(session.scalars(of_action))


@pytest.mark.parametrize("role", LOOKERS)
def test_the_page_covers_it_and_one_click_with_a_purpose_shows_it_once(held, world, sign_in, role):
    browser, address = sign_in(role, language="en"), page(world, held)
    assert PHONE not in browser.get(address).text
    answer = ask(browser, address, place_of_phone(browser, address))

    assert answer.status_code == 200
    assert PHONE in answer.text
    assert answer.headers["Refresh"].startswith("30; url=/cases/")
    assert answer.headers["Cache-Control"] == "no-store"
    [row] = reveals(world)
    assert (row.case_ids, row.purpose, row.fields, row.role) == ([held], Purpose.CALL, ["phone"], role.value)
    assert PHONE not in browser.get(address).text


def test_one_reveal_is_one_event_on_each_side_without_the_value(held, world, sign_in):
    browser, address = sign_in(Role.AGENT), page(world, held)
    ask(browser, address, place_of_phone(browser, address), "verify_identity")

    for role in (Role.DIRECTOR, Role.MANAGER):
        [event] = events(world, role, "contact.revealed")
        told = json.loads(event.body)
        assert told["details"] == {"case_id": held, "field": "phone", "purpose": "verify_identity"}
        assert told["by"]["user"] == world.actor(Role.AGENT).user_id
        assert len(told["request"]) == 16
        assert PHONE[-7:] not in event.body


def test_the_page_s_script_gets_the_bare_value(held, world, sign_in):
    browser, address = sign_in(Role.AGENT), page(world, held)
    answer = ask(browser, address, place_of_phone(browser, address), headers={"Accept": "application/json"})

    assert answer.json == {"value": PHONE, "seconds": 30}


@pytest.mark.parametrize("purpose", ["", "curiosity"])
def test_without_a_purpose_nothing_is_shown_and_nothing_written(held, world, sign_in, purpose):
    browser, address = sign_in(Role.AGENT), page(world, held)
    answer = ask(browser, address, place_of_phone(browser, address), purpose)

    assert answer.status_code == 400
    assert PHONE not in answer.text
    assert reveals(world) == []


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.FINANCE, Role.OPERATOR])
def test_a_role_that_does_not_work_with_people_gets_nothing_in_full(held, world, sign_in, role):
    browser, address = sign_in(role), page(world, held)

    assert ask(browser, address, "point-4").status_code == 403
    assert reveals(world) == []


@pytest.mark.parametrize("role", LOOKERS)
def test_another_organisation_s_people_find_no_such_case(held, world, sign_in, role):
    browser, address = sign_in(role, organisation=1), page(world, held)

    assert ask(browser, address, "point-4").status_code == 404
    assert reveals(world) == []


def test_a_recall_ends_it_with_the_next_request(held, world, sign_in):
    browser, address = sign_in(Role.AGENT), page(world, held)
    place = place_of_phone(browser, address)
    assert ask(browser, address, place).status_code == 200
    now = utc_now()
    recalling.recall(world.ports, world.actor(Role.DIRECTOR), "A-1", on=local_date(now, "America/Bogota"), now=now)

    assert ask(browser, address, place).status_code == 404
    assert browser.get(address).status_code == 404
    assert "A-1" not in browser.get("/cases/").text + browser.get("/cases/listing.csv").text
    assert len(reveals(world)) == 1


def test_one_more_than_an_hour_allows_is_refused_and_the_administrator_told_once(held, world, sign_in, monkeypatch):
    agent, creditor = world.actor(Role.AGENT), world.actor(Role.DIRECTOR).tenant
    browser, address = sign_in(Role.AGENT, language="en"), page(world, held)
    place, now = place_of_phone(browser, address), utc_now()
    with world.ports.session(agent) as session, transaction(session):
        for number in range(revealing.MOST[agent.side] - 1):
            at = now - timedelta(minutes=50) + timedelta(seconds=number)
            reads.note(session, agent, ReadKind.REVEAL, [(creditor, held)], purpose=Purpose.CALL, now=at)

    assert ask(browser, address, place).status_code == 200
    for _ in range(2):
        answer = ask(browser, address, place)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 600
        assert PHONE not in answer.text
    assert len(reveals(world)) == revealing.MOST[agent.side]
    assert len(events(world, Role.MANAGER, "contact.reveal_refused")) == 2
    manager = world.actor(Role.MANAGER)
    with world.ports.session(manager) as session:
        assert len(session.scalars(select(Notice).where(Notice.kind == "contact.reveals_limited")).all()) == 1
    assert "fields in full" in sign_in(Role.MANAGER, language="en").get("/notices/").text
    # Another person of the same agency goes on.
    assert ask(sign_in(Role.INVESTIGATOR), address, place).status_code == 200


def test_a_field_that_the_debtor_does_not_have_is_not_found(held, world, sign_in):
    browser, address = sign_in(Role.ANALYST), page(world, held)
    for field in ("birth_date", "point999", "name", "identity"):
        assert ask(browser, address, field).status_code == 404, field


def test_a_link_cannot_reveal_anything(held, world, sign_in):
    browser, address = sign_in(Role.ANALYST), page(world, held)

    assert browser.get(f"{address}/reveal?field=point-4&purpose=call").status_code == 405
    assert browser.client.post(f"{address}/reveal", data={"field": "point-4", "purpose": "call"}).status_code == 400
    assert reveals(world) == []


def test_nothing_of_it_stands_in_the_logs(held, world, sign_in, capfd):
    browser, address = sign_in(Role.AGENT), page(world, held)
    ask(browser, address, place_of_phone(browser, address))
    out, err = capfd.readouterr()

    assert '"endpoint": "reveal.case"' in out + err
    assert PHONE[-7:] not in out + err


def test_every_kind_of_contact_has_a_word_in_the_log_s_pages():
    assert {one.value for one in ContactKind} <= set(FIELDS)
    assert set(PURPOSES) == set(Purpose)
