"""Support access: asked, let in, seen, ended; while it lasts nothing can be changed, and without it nothing is seen."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import select, text
from sqlalchemy.exc import InternalError

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Side
from agencies.organisations import access, supporting
from agencies.organisations.permissions import Role, looking
from agencies.organisations.support_accesses import SupportAccess
from agencies.organisations.supporting import MinutesUnusable, ReasonTooShort, SupportAsked, SupportOver
from portal.security import LEAVES
from tests import loop
from tests.pipeline.test_tenant_isolation import NOBODY, addresses, kinds, methods, rules

WHY = "El informe de febrero no abre"


def address(app, row, verb: str = "show") -> str:
    with app.test_request_context():
        return app.url_map.bind("").build(f"support.{verb}", {"support_id": row.id})


@pytest.fixture
def asked(app_ports, world) -> SupportAccess:
    with app_ports.session(world.operator) as session, transaction(session):
        return supporting.ask(session, world.operator, world.creditors[0].id, reason=WHY, minutes=30, now=utc_now())


@pytest.fixture
def looking_on(app, app_ports, world, sign_in, asked):
    """The operator's browser, let in by the director and looking at the creditor's pages."""
    director = sign_in(Role.DIRECTOR, language="en")
    loop.add_cases(app_ports, director.person.actor, [loop.NewCase("S-1", 100_000, name="Nadie Inventado")])
    operator = sign_in(Role.OPERATOR, language="en")
    assert director.post(address(app, asked, "grant")).status_code == 303
    assert operator.post(address(app, asked, "enter")).status_code == 303
    return operator


def bodies(ports, actor, action: str) -> list[str]:
    with ports.session(actor) as session:
        rows = select(AuditEvent.body).where(AuditEvent.action == action, AuditEvent.organisation_id == actor.tenant)
        return list(session.scalars(rows.order_by(AuditEvent.seq)))


def test_an_operator_sees_nothing_until_the_organisation_lets_them_in(app, sign_in, asked):
    operator = sign_in(Role.OPERATOR)

    assert operator.get("/cases/").status_code == 403
    # Whoever asks does not let themselves in.
    assert operator.post(address(app, asked, "grant")).status_code == 403
    assert operator.post(address(app, asked, "enter")).status_code == 409
    assert operator.get("/cases/").status_code == 403


def test_the_organisation_reads_why_and_lets_them_in_for_minutes(app, app_ports, world, sign_in, asked):
    director = sign_in(Role.DIRECTOR, language="en")
    page = director.get(address(app, asked)).text
    assert WHY in page
    assert "Olga Operadora" in page
    assert "support asks to look" in director.get("/notices/").text
    assert director.post(address(app, asked, "grant")).status_code == 303
    with app_ports.session(director.person.actor) as session:
        row = session.scalars(select(SupportAccess)).one()
        assert row.ends_at - row.answered_at == timedelta(minutes=30)
        assert row.answered_by == director.person.actor.user_id


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.COMPLIANCE, Role.AUDITOR])
def test_who_does_not_manage_the_organisation_lets_nobody_in(app, sign_in, asked, role):
    assert sign_in(role).post(address(app, asked, "grant")).status_code == 403


def test_another_organisation_neither_sees_nor_lets_in(app, sign_in, asked):
    for role, number in ((Role.DIRECTOR, 1), (Role.MANAGER, 0)):
        stranger = sign_in(role, organisation=number)
        assert stranger.get(address(app, asked)).status_code == 404
        assert stranger.post(address(app, asked, "grant")).status_code == 404


def test_whoever_looks_sees_the_pages_with_a_banner_and_is_written_down_by_name(app_ports, world, looking_on, sign_in):
    page = looking_on.get("/cases/")

    assert page.status_code == 200
    assert "S-1" in page.text
    assert "You look at the pages of Banco 0 as its support" in page.text
    director = world.actor(Role.DIRECTOR)
    looks = bodies(app_ports, director, "support.looked")
    assert any('"page":"cases.index"' in body and '"role":"support"' in body for body in looks)
    trail = sign_in(Role.DIRECTOR, language="en").get("/audit/").text
    assert re.search(r"Olga Operadora[^<]*opened a page", trail)


def test_the_organisation_sees_what_is_opened_and_ends_it_at_once(app, asked, looking_on, sign_in):
    director = sign_in(Role.DIRECTOR, language="en")
    looking_on.get("/cases/")
    assert "cases.index" in director.get(address(app, asked)).text

    assert director.post(address(app, asked, "end")).status_code == 303

    after = looking_on.get("/cases/")
    assert after.status_code == 403
    assert "as its support" not in looking_on.get("/").text
    assert looking_on.post(address(app, asked, "enter")).status_code == 409


def test_whoever_looks_stops_with_a_button(app_ports, world, looking_on):
    assert looking_on.post("/support/leave").status_code == 303

    assert looking_on.get("/cases/").status_code == 403
    assert looking_on.post("/support/leave").status_code == 404
    assert len(bodies(app_ports, world.actor(Role.DIRECTOR), "support.ended")) == 1


def test_looking_ends_by_itself(app_ports, world, asked, looking_on):
    with app_ports.session(DOOR) as session:
        number = session.scalar(text("select web_session_id from support_accesses"))
        row = session.scalars(select(SupportAccess)).one()
        found = supporting.find_elevation(session, number, now=row.ends_at - timedelta(seconds=1))
        assert found.actor.permissions == looking(Side.CREDITOR)
        assert supporting.find_elevation(session, number, now=row.ends_at) is None
        # Another browser of the same operator looks at nothing.
        assert supporting.find_elevation(session, number + 1, now=row.answered_at) is None


def test_a_disabled_operator_looks_no_longer(app_ports, world, looking_on):
    with app_ports.session(world.operator) as session, transaction(session):
        session.execute(text("update users set state = 'disabled' where role = 'operator'"))

    assert looking_on.get("/cases/").status_code in {303, 401}


def test_no_route_that_changes_anything_admits_whoever_looks_but_the_way_out(app, looking_on):
    token, walked = looking_on.token(), 0
    for rule in rules(app):
        if rule.endpoint in LEAVES or app.view_functions[rule.endpoint].access.is_public:
            continue
        nobody = {kind: [NOBODY] for kind in kinds(rule).values()}
        for method in set(methods(rule)) - {"GET"}:
            [place] = addresses(app, rule, nobody)
            answer = looking_on.client.open(place, method=method, data={"csrf_token": token})
            assert answer.status_code == 403, f"{method} {place}"
            walked += 1
    assert walked > 60


def test_the_database_itself_refuses_whoever_looks_every_change(app_ports, world, looking_on):
    with app_ports.session(DOOR) as session:
        number = session.scalar(text("select web_session_id from support_accesses"))
        found = supporting.find_elevation(session, number, now=utc_now())
    with app_ports.session(found.actor) as session:
        assert session.scalar(text("select count(*) from cases")) == 1
        for statement in ("update cases set balance_minor = 0", "update users set state = 'disabled'"):
            with pytest.raises(InternalError) as refused:
                session.execute(text(statement))
            assert isinstance(refused.value.orig, ReadOnlySqlTransaction)
            session.rollback()
    # The refusal is the read-only transaction's and not the wall's.
    with app_ports.session(replace(found.actor, is_read_only=False)) as session:
        session.execute(text("update cases set balance_minor = balance_minor"))
        session.rollback()


def test_whoever_looks_takes_no_file_away(looking_on):
    assert looking_on.get("/cases/listing.csv").status_code == 403
    assert looking_on.get("/promises/listing.csv").status_code in {403, 404}


@pytest.mark.parametrize(
    ("reason", "minutes", "refusal"),
    [("", 30, ReasonTooShort), ("   x  ", 30, ReasonTooShort), (WHY, 0, MinutesUnusable), (WHY, 61, MinutesUnusable)],
)
def test_a_reason_and_minutes_are_needed(app_ports, world, reason, minutes, refusal):
    with app_ports.session(world.operator) as session, pytest.raises(refusal):
        supporting.ask(session, world.operator, world.creditors[0].id, reason=reason, minutes=minutes, now=utc_now())


def test_a_request_is_asked_once_and_not_granted_after_a_day(app_ports, world, asked):
    operator, director = world.operator, world.actor(Role.DIRECTOR)
    with app_ports.session(operator) as session, pytest.raises(SupportAsked):
        supporting.ask(session, operator, world.creditors[0].id, reason=WHY, minutes=5, now=utc_now())
    with app_ports.session(operator) as session, pytest.raises(NotFound):
        supporting.ask(session, operator, operator.tenant, reason=WHY, minutes=5, now=utc_now())
    with app_ports.session(director) as session, pytest.raises(SupportOver):
        supporting.grant(session, director, asked.id, now=utc_now() + timedelta(hours=25))
    with app_ports.session(director) as session, pytest.raises(Forbidden):
        supporting.ask(session, director, world.creditors[1].id, reason=WHY, minutes=5, now=utc_now())


def test_an_operator_asks_on_the_page_and_takes_it_back(app, app_ports, world, sign_in):
    operator = sign_in(Role.OPERATOR, language="en")
    world.actor(Role.MANAGER)
    page = operator.get("/support/").text
    organisation = re.search(r'value="([a-z2-7]{26})">Cobranzas 0', page)[1]
    assert operator.post("/support/", {"organisation": organisation, "reason": "x", "minutes": "5"}).status_code == 400
    told = {"organisation": organisation, "reason": WHY, "minutes": "5"}
    assert operator.post("/support/", told).status_code == 303
    with app_ports.session(world.operator) as session:
        row = session.scalars(select(SupportAccess)).one()
    assert sign_in(Role.MANAGER).get(address(app, row)).status_code == 200
    assert operator.post(address(app, row, "withdraw")).status_code == 303
    assert sign_in(Role.MANAGER).post(address(app, row, "grant")).status_code == 409


def test_a_suspended_organisation_is_not_looked_at(app_ports, world, looking_on):
    with app_ports.session(world.operator) as session, transaction(session):
        access.suspend(session, world.operator, world.creditors[0].id, now=utc_now())

    assert looking_on.get("/cases/").status_code == 403
