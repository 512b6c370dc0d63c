"""Two persons are two who could both decide before it was asked: nobody is raised or let in again for that."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, select, text

from agencies.approvals.service import CameLater
from agencies.kernel.clock import utc_now
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import access
from agencies.organisations.models import Organisation, User
from agencies.organisations.permissions import Role
from agencies.organisations.queries import entitled_since
from agencies.organisations.service import actor_of
from agencies.standing import accounts, changes
from tests.agencies.organisations.test_heads import do, letters
from tests.approving import approve, ask_for_limit
from tests.people import MADE_AT
from tests.tenants import add_colleague

ACCOUNT = accounts.Account(
    country="CO",
    currency="COP",
    bank="Banco Uno",
    kind=next(iter(accounts.AccountKind)),
    number="1234567890",
    holder=accounts.Holder("Otra S.A.S.", "900123456"),
)
MINUTE = timedelta(minutes=1)


def today(ports, actor):
    """The actor as the role of today makes them."""
    with ports.session(DOOR) as session:
        user = session.get_one(User, actor.user_id)
        return actor_of(user, session.get_one(Organisation, user.organisation_id))


def test_an_agent_raised_after_the_question_does_not_put_another_bank_account_in_force(ports, world):
    manager, agent, now = world.actor(Role.MANAGER), world.actor(Role.AGENT), utc_now()
    second = add_colleague(ports, manager, Role.MANAGER)
    asked = do(ports, manager, changes.ask_for_account, ACCOUNT, now=now)
    do(ports, manager, access.change_role, agent.user_id, Role.MANAGER, now=now + MINUTE)
    raised = today(ports, agent)
    with pytest.raises(CameLater):
        approve(ports, raised, asked, now=now + 2 * MINUTE)
    with ports.session(manager) as session:
        assert accounts.accounts_of(session, manager, manager.tenant) == []
    approve(ports, second, asked, now=now + 2 * MINUTE)


def test_somebody_let_in_again_after_the_question_is_no_second_person(ports, world):
    director, finance, now = world.actor(Role.DIRECTOR), world.actor(Role.FINANCE), utc_now()
    do(ports, director, access.disable, finance.user_id, now=now)
    asked = ask_for_limit(ports, director, 50, now=now + MINUTE)
    do(ports, director, access.enable, finance.user_id, now=now + 2 * MINUTE)
    with pytest.raises(CameLater):
        approve(ports, finance, asked, now=now + 3 * MINUTE)
    with ports.session(finance) as session:
        assert entitled_since(session, finance) == now + 2 * MINUTE


def test_a_director_who_lets_a_leaver_in_again_is_seen_by_the_other_directors(ports, world, now):
    director, analyst = world.actor(Role.DIRECTOR), world.actor(Role.ANALYST)
    other = add_colleague(ports, director, Role.DIRECTOR)
    do(ports, director, access.disable, analyst.user_id, now=now)
    do(ports, director, access.enable, analyst.user_id, now=now)
    for who, told in ((other, ["colleague.enabled"]), (director, []), (analyst, [])):
        with ports.session(who) as session:
            assert [notice.kind for notice in list_notices(session, who).rows] == told
    assert letters(ports) == [("colleague.enabled", other.user_id)]


@pytest.mark.parametrize(
    "change",
    [
        "entitled_since = '2000-01-01'",
        "role = 'analyst', entitled_since = '2000-01-01'",
        "state = 'disabled'",
    ],
)
def test_no_side_sets_back_by_sql_since_when_somebody_has_a_role(ports, world, change):
    director, finance, began = world.actor(Role.DIRECTOR), world.actor(Role.FINANCE), utc_now()
    with ports.session(director) as session, transaction(session):
        session.execute(text(f"update users set {change} where id = {finance.user_id}"))
        if change.startswith("state"):
            # Kept out and let in again by hand, and dated long ago.
            again = "update users set state = 'active', entitled_since = '2000-01-01' where id = "
            session.execute(text(f"{again}{finance.user_id}"))
        since = session.scalars(select(User.entitled_since).where(User.id == finance.user_id)).one()
    assert since == MADE_AT if change.startswith("entitled_since") else since >= began


def test_people_there_were_before_are_dated_by_the_trail(database, ports, world):
    director, agent, now = world.actor(Role.DIRECTOR), world.actor(Role.AGENT), utc_now()
    finance, compliance = world.actor(Role.FINANCE), world.actor(Role.COMPLIANCE)
    do(ports, world.actor(Role.MANAGER), access.change_role, agent.user_id, Role.MANAGER, now=now + MINUTE)
    do(ports, director, access.disable, finance.user_id, now=now)
    do(ports, director, access.enable, finance.user_id, now=now + 2 * MINUTE)
    engine = create_engine(database.owner_url)
    # The revision alone: those behind it keep what is not given up.
    revision = import_module("portal.migrations.versions.0102_entitled_since")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        revision.downgrade()
        revision.upgrade()
    engine.dispose()

    for who, since in ((agent, now + MINUTE), (finance, now + 2 * MINUTE), (compliance, MADE_AT), (director, MADE_AT)):
        with ports.session(who) as session:
            assert entitled_since(session, who) == since
