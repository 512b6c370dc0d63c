"""The operator asks, declines and forgets; who sees what of an application, and what the trail tells of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from agencies.applications import content, drafting, expiring, letters, links, reviewing
from agencies.applications.lifecycle import MOVES, ApplicationMovedOn, Mover
from agencies.applications.models import Application, ApplicationState
from agencies.kernel import audit
from agencies.kernel.errors import Forbidden, NotFound
from agencies.organisations.permissions import Role
from agencies.standing.models import DocumentKind
from portal.jobs import tasks
from tests import applying
from tests.applying import approve, at_the_door, by_operator, take_up

_S = ApplicationState


def test_more_is_asked_and_the_applicant_goes_on(world, ports, now):
    number, visit = applying.hand_in(ports, now=now)
    with pytest.raises(ApplicationMovedOn):
        at_the_door(ports, lambda session: drafting.write(session, visit, "company", {}, now=now))
    take_up(world, number, now)
    by_operator(world, lambda session, actor: letters.ask_more(session, actor, number, message="Falta el RUT", now=now))

    company = {**applying.AGENCY["company"], "city": "Paipa"}
    at_the_door(ports, lambda session: drafting.write(session, visit, "company", company, now=now))
    at_the_door(ports, lambda session: letters.submit(session, visit, now=now + timedelta(hours=1)))

    page = by_operator(world, lambda session, actor: reviewing.get_application(session, actor, number))
    assert page.said["company"]["city"] == "Paipa"
    assert [one.message for one in page.steps if one.message] == ["Falta el RUT"]
    assert page.row.state is _S.SUBMITTED


def test_who_declines_or_asks_says_why(world, ports, now):
    number, _visit = applying.hand_in(ports, now=now)
    take_up(world, number, now)

    for verb in (letters.decline, letters.ask_more):
        with pytest.raises(reviewing.MessageMissing):
            by_operator(world, lambda session, actor, verb=verb: verb(session, actor, number, message=" ", now=now))
    row = by_operator(world, lambda session, actor: letters.decline(session, actor, number, message="Sin RUT", now=now))
    assert (row.state, row.decided_at) == (_S.DECLINED, now)
    with pytest.raises(ApplicationMovedOn):
        by_operator(world, lambda session, actor: letters.approve(session, actor, number, now=now))


def test_an_application_taken_back_is_not_decided_any_more(world, ports, now):
    number, visit = applying.hand_in(ports, now=now)
    for _press in range(2):
        at_the_door(ports, lambda session: drafting.withdraw(session, visit, now=now))

    with pytest.raises(ApplicationMovedOn):
        take_up(world, number, now)
    # The organisation may begin anew.
    applying.hand_in(ports, now=now)


def test_a_draft_is_the_applicants_own_until_it_is_handed_in(world, ports, now):
    number, visit = applying.begin(ports, now=now)
    applying.fill(ports, visit, now=now)

    with pytest.raises(NotFound):
        by_operator(world, lambda session, actor: reviewing.get_application(session, actor, number))
    assert by_operator(world, reviewing.list_applications) == []


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.MANAGER])
def test_nobody_but_the_operator_reviews(world, ports, now, role):
    number, _visit = applying.hand_in(ports, now=now)
    actor = world.actor(role)

    with ports.session(actor) as session:
        for call in (reviewing.get_application, reviewing.open_file):
            with pytest.raises(Forbidden):
                call(session, actor, number, **({"file_id": 1, "now": now} if call is reviewing.open_file else {}))
        assert session.scalar(text("select count(*) from applications")) == 0
        assert session.scalar(text("select count(*) from application_files")) == 0


def test_one_account_of_two_agencies_is_seen_by_the_operator(world, ports, now):
    number, _visit = applying.hand_in(ports, now=now)
    approve(world, number, now)
    tasks.perform_due(ports)
    company = {**applying.AGENCY["company"], "tax_id": "900777222-8", "legal_name": "Otra S.A.S."}
    second, _visit = applying.hand_in(ports, now=now, email="otra@otra.example", changes={"company": company})

    page = by_operator(world, lambda session, actor: reviewing.get_application(session, actor, second))

    assert page.paid_alike == ("Recaudos del Páramo",)
    assert page.is_own_account is False


def test_what_an_application_says_is_not_in_the_database_in_plain(world, ports, now, database):
    _number, visit = applying.hand_in(ports, now=now)
    row = applying.read(ports, visit, now=now)

    for told in ("1012345678", "12345678901", applying.EMAIL, "Perla"):
        assert told.encode() not in row.content
        assert told.encode() not in row.email


def test_each_step_is_in_the_platforms_trail(world, ports, now):
    number, _visit = applying.hand_in(ports, now=now)
    approve(world, number, now)

    with ports.session(world.operator) as session:
        told = session.scalars(text("select action from audit_events order by seq")).all()
        assert list(audit.verify_chain(session, world.operator.tenant)) == []
    steps = [action for action in told if action.startswith("application.")]
    assert steps == [
        "application.confirmed",
        "application.submitted",
        "application.taken_up",
        "application.approved",
    ]


@pytest.mark.parametrize("state", list(_S))
def test_only_the_moves_of_the_table_are_made(state):
    ways = {to: mover for (begin, to), mover in MOVES.items() if begin is state}

    assert (not ways) == (state in {_S.APPROVED, _S.DECLINED, _S.WITHDRAWN, _S.EXPIRED})
    assert _S.APPROVED not in ways or (state is _S.UNDER_REVIEW and ways[_S.APPROVED] is Mover.OPERATOR)


def test_the_same_document_sent_twice_is_one(world, ports, now):
    _number, visit = applying.begin(ports, now=now)
    for _press in range(2):
        applying.send(ports, visit, DocumentKind.POLICY, now=now)

    files = at_the_door(ports, lambda session: drafting.files_of(session, links.visited(session, visit, now=now)))
    assert len(files) == 1


def test_what_nobody_goes_on_with_is_forgotten(world, ports, now):
    _number, visit = applying.begin(ports, now=now)
    applying.fill(ports, visit, now=now)
    keys = [one.key for one in ports.storage.keys("")]

    def expire(at):
        return by_operator(world, lambda session, actor: expiring.expire(session, actor, now=at))

    assert expire(now + timedelta(days=90)) == []
    assert sorted(expire(now + timedelta(days=91))) == sorted(keys)
    assert expire(now + timedelta(days=92)) == []
    with ports.session(world.operator) as session:
        row = session.scalars(select(Application)).one()
        assert (row.state, row.content, row.legal_name) == (_S.EXPIRED, None, "")
        assert content.address_of(session, row) == ""
        assert session.scalar(text("select count(*) from application_files")) == 0


def test_what_is_looked_at_does_not_expire(world, ports, now):
    number, _visit = applying.hand_in(ports, now=now)
    take_up(world, number, now)

    assert (
        by_operator(world, lambda session, actor: expiring.expire(session, actor, now=now + timedelta(days=999))) == []
    )
