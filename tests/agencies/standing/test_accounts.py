"""Bank accounts: checked by country, sealed, changed by two persons, and found when two agencies name the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from agencies.approvals import service as approvals
from agencies.approvals.carrying import SubjectChanged
from agencies.approvals.service import AskedAlready, OwnRequest
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.sealing import SealBroken, keyring_of
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import service
from agencies.organisations.permissions import Role
from agencies.standing import accounts, changes, panel
from agencies.standing.accounts import AccountNumberInvalid, Holder, Mismatch, account_number, mismatches
from portal.carriers import CARRIERS
from tests import standings
from tests.people import PASSWORD

OTHER = replace(standings.ACCOUNT, number="99988877766")


@pytest.fixture
def manager(world):
    return world.actor(Role.MANAGER)


@pytest.fixture
def second(world, ports, manager, now):
    """Another manager of the same agency."""
    with ports.session(manager) as session, transaction(session):
        invited = service.invite(session, manager, email="otra@cobranzas.example", role=Role.MANAGER, now=now)
    with ports.session(DOOR) as session, transaction(session):
        user = service.accept_invitation(session, invited.token, name="Otra", password=PASSWORD, now=now)
        return service.actor_of(user, world.agencies[0])


def ask(ports, actor, now, account=OTHER):
    with ports.session(actor) as session, transaction(session):
        return changes.ask_for_account(session, actor, account, now=now)


def agree(ports, actor, asked, now):
    with ports.session(actor) as session, transaction(session):
        return approvals.approve(session, actor, asked.id, seen=asked.subject_sha256, carriers=CARRIERS, now=now)


def shown(ports, actor, agency_id):
    with ports.session(actor) as session:
        return accounts.accounts_of(session, actor, agency_id)


@pytest.mark.parametrize(
    ("country", "number", "is_good"),
    [
        ("AR", "2850590940090418135201", True),
        ("AR", "2850590940090418135202", False),
        ("AR", "285059094009041813520", False),
        ("MX", "032180000118359719", True),
        ("MX", "032180000118359718", False),
        ("MX", "03218000011835971", False),
        ("PE", "002-193-002200000000-12", True),
        ("PE", "0021930022", False),
        ("CO", "123 456789 01", True),
        ("CO", "1234", False),
        ("CL", "12345", True),
        ("EC", "2200123456", True),
        ("CO", "12345678x", False),
        ("CO", "", False),
    ],
)
def test_a_number_is_checked_as_its_country_writes_it(country, number, is_good):
    if is_good:
        assert account_number(country, number).isdigit()
    else:
        with pytest.raises(AccountNumberInvalid):
            account_number(country, number)


@pytest.mark.parametrize(
    ("name", "tax_id", "found"),
    [
        ("COBRANZAS DEL PARAMO SAS", "830111222-6", ()),
        ("Cobranzas del Páramo, S.A.S.", "8301112226", ()),
        ("Pedro Pérez", "8301112226", (Mismatch.NAME,)),
        ("Cobranzas del Páramo", "79999999", (Mismatch.TAX_ID,)),
        ("Pedro Pérez", "79999999", (Mismatch.NAME, Mismatch.TAX_ID)),
    ],
)
def test_spelling_is_no_difference_and_another_holder_is(name, tax_id, found):
    assert mismatches(Holder(name, tax_id), "8301112226", "Cobranzas del Páramo S.A.S.") == found


def test_a_change_needs_a_second_person_and_the_old_account_stays_until_then(world, ports, manager, second, now):
    standings.introduce(ports, manager, "x", now=now)
    asked = ask(ports, manager, now)
    with pytest.raises(OwnRequest):
        agree(ports, manager, asked, now)
    assert [one.last_four for one in shown(ports, manager, manager.tenant)] == ["7788"]

    agree(ports, second, asked, now)
    agree(ports, second, asked, now)

    assert [one.last_four for one in shown(ports, manager, manager.tenant)] == ["7766", "7788"]
    with ports.session(manager) as session:
        row = session.execute(text("select asked_by, agreed_by from bank_accounts order by id desc limit 1")).one()
        letters = session.scalar(text("select count(*) from work where kind = 'send_letter'"))
    assert tuple(row) == (manager.user_id, second.user_id)
    assert letters >= 2


def test_one_change_waits_at_a_time(ports, manager, second, now):
    ask(ports, manager, now)

    for actor in (manager, second):
        with pytest.raises(AskedAlready):
            ask(ports, actor, now)


def test_an_account_that_came_into_force_meanwhile_makes_the_request_void(ports, manager, second, now):
    asked = ask(ports, manager, now)
    with ports.session(manager) as session, transaction(session):
        accounts.put_in_force(session, manager.tenant, standings.ACCOUNT, now=now)

    with pytest.raises(SubjectChanged):
        agree(ports, second, asked, now)


@pytest.mark.parametrize("role", [Role.AGENT, Role.INVESTIGATOR, Role.DIRECTOR])
def test_nobody_but_a_manager_asks(world, ports, now, role):
    with pytest.raises(Forbidden):
        ask(ports, world.actor(role), now)


def test_a_creditor_sees_that_it_changed_when_and_four_digits(world, ports, manager, second, now):
    director = world.actor(Role.DIRECTOR)
    with pytest.raises(NotFound):
        shown(ports, director, manager.tenant)
    with ports.session(director) as session, transaction(session):
        panel.bring_in(session, director, manager.tenant, now=now)
    agree(ports, second, ask(ports, manager, now), now)

    [line] = shown(ports, director, manager.tenant)

    assert (line.last_four, line.in_force_from, line.is_own) == ("7766", now, False)
    with ports.session(director) as session:
        assert session.scalar(text("select count(*) from notices where kind = 'account.changed'")) == 1
    for column in ("number", "holder_tax_id", "number_index", "seal"):
        with ports.session(director) as session, pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(f"select {column} from bank_accounts"))
    with ports.session(world.actor(Role.DIRECTOR, organisation=1)) as session:
        assert session.scalar(text("select count(id) from bank_accounts")) == 0


def test_the_platform_learns_that_two_are_paid_alike_and_no_more(world, ports, manager, now):
    other = world.actor(Role.MANAGER, organisation=1)
    for actor in (manager, other):
        standings.introduce(ports, actor, "x", now=now)

    with ports.session(world.operator) as session:
        assert accounts.shared_accounts(session, world.operator, manager.tenant) == [other.tenant]
        with pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text("select number from bank_accounts"))


def test_a_number_is_sealed_where_it_stands(world, ports, manager, database, now):
    standings.introduce(ports, manager, "x", now=now)
    other = world.actor(Role.MANAGER, organisation=1)
    standings.introduce(ports, other, "y", now=now)

    with ports.session(manager) as session:
        number, seal = session.execute(text("select number, seal from bank_accounts")).one()
        ring = keyring_of(session)
    assert standings.ACCOUNT.number.encode() not in bytes(number)
    assert ring.open(bytes(number), accounts.place_of(manager.tenant, "number", seal)) == standings.ACCOUNT.number
    with pytest.raises(SealBroken):
        ring.open(bytes(number), accounts.place_of(other.tenant, "number", seal))


def test_accounts_are_not_edited(ports, manager, now):
    standings.introduce(ports, manager, "x", now=now)

    for statement in ("update bank_accounts set last_four = '0000'", "delete from bank_accounts"):
        with ports.session(manager) as session, pytest.raises(DBAPIError):
            session.execute(text(statement))
