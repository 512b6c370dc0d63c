"""The second wall: what a pooled connection may see is set by each transaction's actor and by nothing else."""

from __future__ import annotations

import pytest
from psycopg import errors
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from agencies.kernel import work
from agencies.kernel.errors import Forbidden
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import (
    DOOR,
    WORKER,
    Actor,
    NoActor,
    Side,
    as_loader,
    bind,
    bound_actor,
    require,
    require_side,
)
from agencies.organisations.permissions import Permission
from portal.ports import Ports, engine_options
from tests.tenants import Tenants

WHO = "select current_user::text, current_setting('app.organisation', true)"


@pytest.fixture
def one_connection(settings):
    """An engine whose only connection everybody shares."""
    engine = create_engine(settings.database_url, **engine_options(), pool_size=1, max_overflow=0)
    yield engine
    engine.dispose()


@pytest.fixture
def work_of_both(ports: Ports, tenants: Tenants, now) -> None:
    """A piece of work for each creditor."""
    for actor in (tenants.creditor, tenants.other_creditor):
        with ports.session(actor) as session, transaction(session):
            work.request(session, actor, "test", "key", {}, now=now)


def open_as(engine: Engine, actor: Actor) -> Session:
    session = Session(engine)
    bind(session, actor)
    return session


def owners(session: Session) -> list[int]:
    return list(session.scalars(text("select organisation_id from work order by 1")))


def pid(session: Session) -> int:
    return session.scalar(text("select pg_backend_pid()"))


@pytest.mark.usefixtures("work_of_both")
def test_two_creditors_on_one_connection_see_their_own(one_connection, tenants):
    with open_as(one_connection, tenants.creditor) as session:
        assert owners(session) == [tenants.creditor.tenant]
        first = pid(session)
    with open_as(one_connection, tenants.other_creditor) as session:
        assert pid(session) == first
        assert owners(session) == [tenants.other_creditor.tenant]


@pytest.mark.usefixtures("work_of_both")
def test_nothing_carries_over_from_a_commit(one_connection, tenants):
    with open_as(one_connection, tenants.creditor) as session, transaction(session):
        assert owners(session) == [tenants.creditor.tenant]
        first = pid(session)
    with one_connection.connect() as bare:
        assert bare.scalar(text("select pg_backend_pid()")) == first
        assert bare.execute(text(WHO)).one() == ("encargo_app", "")


@pytest.mark.usefixtures("work_of_both")
def test_nothing_carries_over_from_an_error(one_connection, tenants):
    with open_as(one_connection, tenants.creditor) as session:
        first = pid(session)
        with pytest.raises(ProgrammingError), transaction(session):
            session.execute(text("select no_such_column from work"))
    with open_as(one_connection, tenants.other_creditor) as session:
        assert pid(session) == first
        assert owners(session) == [tenants.other_creditor.tenant]
    with one_connection.connect() as bare:
        assert bare.execute(text(WHO)).one() == ("encargo_app", "")


@pytest.mark.usefixtures("work_of_both")
def test_a_savepoint_that_rolls_back_keeps_the_actor(one_connection, tenants):
    with open_as(one_connection, tenants.creditor) as session:
        savepoint = session.begin_nested()
        assert owners(session) == [tenants.creditor.tenant]
        savepoint.rollback()
        assert session.execute(text(WHO)).one() == ("app_creditor", str(tenants.creditor.tenant))
        with pytest.raises(ProgrammingError), session.begin_nested():
            session.execute(text("select no_such_column from work"))
        assert owners(session) == [tenants.creditor.tenant]


@pytest.mark.usefixtures("work_of_both")
def test_the_actor_holds_for_every_transaction_of_a_session(one_connection, tenants):
    with open_as(one_connection, tenants.creditor) as session:
        for _ in range(3):
            assert owners(session) == [tenants.creditor.tenant]
            session.commit()


@pytest.mark.usefixtures("work_of_both")
def test_another_actor_takes_effect_at_once_and_not_in_the_middle_of_a_change(ports: Ports, tenants, now):
    with ports.session(tenants.creditor) as session:
        assert owners(session) == [tenants.creditor.tenant]
        bind(session, tenants.other_creditor)
        assert owners(session) == [tenants.other_creditor.tenant]
        session.add(work.Work(organisation_id=tenants.other_creditor.tenant, kind="test", key="new", payload={}))
        with pytest.raises(NoActor):
            bind(session, tenants.creditor)


def test_a_session_without_an_actor_reaches_nothing(ports: Ports):
    with Session(ports.engine) as session:
        with pytest.raises(NoActor):
            session.execute(text("select 1"))
        with pytest.raises(NoActor):
            bound_actor(session)


@pytest.mark.usefixtures("work_of_both")
def test_the_login_itself_may_read_no_table(ports: Ports):
    with ports.engine.connect() as bare, pytest.raises(ProgrammingError) as refusal:
        bare.execute(text("select count(*) from work"))
    assert isinstance(refusal.value.orig, errors.InsufficientPrivilege)


@pytest.mark.usefixtures("work_of_both")
def test_a_side_without_an_organisation_sees_nothing(ports: Ports):
    for side in (Side.CREDITOR, Side.AGENCY):
        with ports.session(Actor(side=side)) as session:
            assert owners(session) == []
    # The door asks for letters, and of other work it sees nothing; what any work is about it may not read.
    with ports.session(DOOR) as session:
        assert owners(session) == []
    for statement in ("select payload from work", "select state from work", "select 1 from cases"):
        with ports.session(DOOR) as session, pytest.raises(ProgrammingError) as refusal:
            session.execute(text(statement))
        assert isinstance(refusal.value.orig, errors.InsufficientPrivilege)
    with ports.session(WORKER) as session:
        assert len(owners(session)) == 2


@pytest.mark.usefixtures("work_of_both")
def test_a_row_cannot_be_written_for_or_given_to_another_organisation(ports: Ports, tenants):
    mine, theirs = tenants.creditor.tenant, tenants.other_creditor.tenant
    columns = "organisation_id, kind, key, payload, state, attempt, next_attempt_at, stage, done, total, created_at"
    for statement in (
        f"insert into work ({columns}) values ({theirs}, 'test', 'x', '{{}}', 'queued', 0, now(), '', 0, 0, now())",
        f"update work set organisation_id = {theirs} where organisation_id = {mine}",
    ):
        with ports.session(tenants.creditor) as session, pytest.raises(ProgrammingError) as refusal:
            session.execute(text(statement))
        assert isinstance(refusal.value.orig, errors.InsufficientPrivilege)


@pytest.mark.usefixtures("work_of_both")
def test_a_row_of_another_organisation_cannot_be_changed_even_by_its_id(ports: Ports, tenants):
    with ports.session(tenants.creditor) as session, transaction(session):
        changed = session.execute(
            text("update work set stage = 'mine now' where organisation_id = :theirs"),
            {"theirs": tenants.other_creditor.tenant},
        )
        assert changed.rowcount == 0


def stage(connection, organisation_id: int, line: int) -> None:
    with connection.cursor().copy("copy staged_payments (organisation_id, upload_id, line) from stdin") as copy:
        copy.write_row((organisation_id, 1, line))


def test_the_loader_copies_into_staging_and_the_role_is_the_actor_s_again(ports: Ports, tenants):
    with ports.session(tenants.agency) as session, transaction(session):
        with as_loader(session) as connection:
            stage(connection, tenants.agency.tenant, 1)
        assert session.execute(text(WHO)).one() == ("app_agency", str(tenants.agency.tenant))
        assert session.scalar(text("select count(*) from staged_payments")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "select * from staged_payments",
        "copy staged_payments to stdout",
        "copy (select * from cases) to stdout",
        "select * from users",
        "update staged_payments set line = 2",
        "delete from staged_payments",
        "insert into cases (creditor_id) values (1)",
    ],
)
def test_the_loader_can_read_and_change_nothing(ports: Ports, tenants, statement):
    with (
        ports.session(tenants.agency) as session,
        pytest.raises(errors.InsufficientPrivilege),
        as_loader(session) as connection,
    ):
        connection.execute(statement)


def test_what_the_loader_copied_goes_with_the_transaction(ports: Ports, tenants):
    with ports.session(tenants.agency) as session:
        with pytest.raises(KeyError), transaction(session), as_loader(session) as connection:
            stage(connection, tenants.agency.tenant, 1)
            raise KeyError
        assert session.execute(text(WHO)).one() == ("app_agency", str(tenants.agency.tenant))
        assert session.scalar(text("select count(*) from staged_payments")) == 0


def test_rows_staged_by_one_organisation_are_not_there_for_another(ports: Ports, tenants):
    with ports.session(tenants.agency) as session, transaction(session), as_loader(session) as connection:
        stage(connection, tenants.agency.tenant, 1)
    with ports.session(tenants.other_agency) as session:
        assert session.scalar(text("select count(*) from staged_payments")) == 0


def test_a_role_without_the_permission_or_of_another_side_is_refused(tenants):
    require(tenants.creditor, Permission.PORTFOLIO_UPLOAD)
    with pytest.raises(Forbidden):
        require(tenants.agency, Permission.PORTFOLIO_UPLOAD)
    assert require_side(tenants.agency, Side.AGENCY) == tenants.agency.organisation_id
    with pytest.raises(Forbidden):
        require_side(tenants.agency, Side.CREDITOR)
    with pytest.raises(NoActor):
        require_side(Actor(side=Side.CREDITOR), Side.CREDITOR)
