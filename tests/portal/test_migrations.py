"""The migrated schema equals the models, and the walls stand in the database and not only in a file."""

from __future__ import annotations

import importlib
import secrets
from collections.abc import Iterator

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from assignments.cases import loading
from portal.migrations import runner
from portal.schema import metadata
from portal.stack.provision import provision
from tests.conftest import Database
from tests.portal.walls import APPEND_ONLY, FUNCTIONS_OF_THE_OWNER, OPEN_TO_OWNER, UNIQUE_ACROSS_TENANTS
from uploads.checking.staging import STAGED

walls = importlib.import_module("portal.migrations.versions.0002_walls")
#: Columns that say whose a row is.
TENANT_COLUMNS = ("creditor_id", "organisation_id", "agency_id")
#: The tables of the tenants themselves; `organisations.id` is the tenant.
TENANTS_THEMSELVES = {"organisations"}
#: Tables that belong to nobody.
UNOWNED = {"alembic_version", "passkey_challenges", "schedule_runs"}
#: What a creditor reads of the agencies on its panel, in whatever state they are there.
_OF_AN_AGENCY = {"agency_credentials", "agency_documents", "agency_files", "bank_accounts", "principals"}
COLUMNS = """
    select table_name, column_name, data_type, character_maximum_length, numeric_precision, is_nullable,
           column_default, is_identity, udt_name
    from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'
"""
CONSTRAINTS = """
    select conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid), condeferrable, condeferred
    from pg_constraint where connamespace = 'public'::regnamespace and contype <> 't' and contype <> 'n'
      and conrelid::regclass::text <> 'alembic_version'
"""
INDEXES = """
    select tablename, indexname, indexdef from pg_indexes
    where schemaname = 'public' and tablename <> 'alembic_version'
"""
OWNED = """
    select c.table_name, array_agg(c.column_name::text) from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.column_name = any(:tenants)
    group by c.table_name order by c.table_name
"""


@pytest.fixture
def catalogue(database: Database) -> Iterator[Connection]:
    """The migrated database as its superuser sees it."""
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def created(server: Engine) -> Iterator[Connection]:
    """A database made from the models alone."""
    name = f"models_{secrets.token_hex(4)}"
    provision(server.url.render_as_string(hide_password=False), name)
    engine = create_engine(make_url(server.url).set(database=name))
    with engine.begin() as connection:
        connection.execute(text(walls.CURRENT_ORGANISATION))
        metadata.create_all(connection)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))


def rows(connection: Connection, statement: str, **parameters: object) -> set[tuple]:
    return {tuple(row) for row in connection.execute(text(statement), parameters)}


def owned_tables(catalogue: Connection) -> dict[str, list[str]]:
    found = catalogue.execute(text(OWNED), {"tenants": list(TENANT_COLUMNS)})
    return {row[0]: row[1] for row in found} | {"organisations": ["id"]}


@pytest.mark.parametrize("statement", [COLUMNS, CONSTRAINTS, INDEXES], ids=["columns", "constraints", "indexes"])
def test_the_migrated_schema_equals_the_models(catalogue, created, statement):
    migrated, modelled = rows(catalogue, statement), rows(created, statement)

    assert migrated - modelled == set()
    assert modelled - migrated == set()
    assert len(modelled) > 20


def test_the_comparison_would_see_a_missing_check(catalogue, created):
    before = rows(created, CONSTRAINTS)
    created.execute(text("alter table payments drop constraint ck_payments_amount_minor"))

    assert len(before - rows(created, CONSTRAINTS)) == 1


def test_there_is_one_line_of_revisions_and_the_database_is_at_its_end(catalogue):
    script = ScriptDirectory.from_config(runner._config(catalogue))

    assert len(script.get_heads()) == 1
    assert runner.is_current(catalogue)


def test_a_database_of_an_older_revision_is_not_current(catalogue):
    catalogue.execute(text("update alembic_version set version_num = '0001'"))

    assert not runner.is_current(catalogue)


def test_every_table_belongs_to_somebody_or_is_known_to_belong_to_nobody(catalogue):
    tables = {row[0] for row in rows(catalogue, "select tablename from pg_tables where schemaname = 'public'")}

    assert tables - set(owned_tables(catalogue)) == UNOWNED


def test_row_level_security_is_on_and_forced_on_every_table_of_a_tenant(catalogue):
    walled = rows(
        catalogue,
        "select relname::text from pg_class where relrowsecurity and relforcerowsecurity"
        " and relnamespace = 'public'::regnamespace",
    )

    assert {(table,) for table in owned_tables(catalogue)} - walled == set()


def test_every_policy_judges_what_is_read_and_what_is_written(catalogue):
    policies = catalogue.execute(
        text("select tablename, policyname, roles::text[], permissive, cmd, qual, with_check from pg_policies")
    ).all()

    sides = [policy for policy in policies if policy.roles != ["encargo_owner"]]
    assert len(sides) > 30
    for policy in sides:
        assert policy.qual is not None, policy
        assert policy.with_check == policy.qual, policy
        assert policy.permissive == "PERMISSIVE"
        # One side each, for several policies of one role would be joined by "or".
        assert len(policy.roles) == 1, policy
        assert policy.cmd == "ALL"
    assert len({(policy.tablename, policy.roles[0]) for policy in sides}) == len(sides)
    # The owner, whom the force binds too, sees only what its own functions write for somebody else.
    assert {policy.tablename for policy in policies} - {policy.tablename for policy in sides} == set()
    assert {policy.tablename for policy in policies if policy.roles == ["encargo_owner"]} == OPEN_TO_OWNER


@pytest.mark.parametrize(("role", "column"), [("app_creditor", "creditor_id"), ("app_agency", "agency_id")])
def test_a_side_reaches_a_table_through_a_bare_equality_on_its_own_column(catalogue, role, column):
    policies = catalogue.execute(
        text("select tablename, qual from pg_policies where :role = any(roles)"), {"role": role}
    ).all()
    equalities = {f"({name} = current_organisation())" for name in (column, "organisation_id")}
    exceptions = {
        # Creditors choose among agencies; an agency knows who mandated it.
        "organisations",
        # They read the files of those on their panel.
        *(_OF_AN_AGENCY if role == "app_creditor" else set()),
        # An agency sees a consignment when it was sent, and what its creditors ask it to attest besides the rest.
        *({"consignments", "creditor_templates"} if role == "app_agency" else set()),
    }

    assert {table for table, qual in policies if qual not in equalities} <= exceptions
    assert len(policies) > 15


def test_every_role_that_may_do_something_on_a_tenant_s_table_has_a_policy_there(catalogue):
    granted = rows(
        catalogue,
        "select distinct table_name::text, grantee::text from information_schema.role_table_grants"
        " where table_schema = 'public' and grantee like 'app\\_%' and grantee <> 'app_loader'",
    ) | rows(
        catalogue,
        "select distinct table_name::text, grantee::text from information_schema.role_column_grants"
        " where table_schema = 'public' and grantee like 'app\\_%' and grantee <> 'app_loader'",
    )
    policies = rows(catalogue, "select tablename::text, roles[1]::text from pg_policies")
    owned = set(owned_tables(catalogue))

    assert {(table, role) for table, role in granted if table in owned} - policies == set()
    assert {table for table, _ in granted} - owned - set(views(catalogue)) <= UNOWNED


def views(catalogue: Connection) -> dict[str, list[str]]:
    """Every view, with how it was made."""
    found = catalogue.execute(
        text(
            "select relname::text, coalesce(reloptions, '{}') from pg_class"
            " where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace"
        )
    )
    return dict(found.all())


def test_a_view_asks_as_whoever_reads_it_and_opens_no_table_behind_a_wall(catalogue):
    assert views(catalogue) == {"debtor_contacts": ["security_invoker=true"]}


def test_the_loader_may_insert_into_staging_and_nothing_else_whole(catalogue):
    granted = rows(
        catalogue,
        "select table_name::text, privilege_type::text from information_schema.role_table_grants"
        " where grantee = 'app_loader'",
    )

    assert granted == {(table, "INSERT") for table in (*(one.name for one in STAGED.values()), "upload_errors")}


def test_what_the_loader_makes_of_a_portfolio_names_no_creditor_and_nothing_released(catalogue):
    granted = rows(
        catalogue,
        "select table_name::text, column_name::text, privilege_type::text from information_schema.role_column_grants"
        " where grantee = 'app_loader' and table_name in ('debtors', 'cases', 'contact_points')",
    )

    assert granted == {
        (stream.table, column, "INSERT")
        for stream in (loading.DEBTORS, loading.CASES, loading.LATER_CONTACTS)
        for column in stream.columns.split(", ")
    }
    assert not {column for _, column, _ in granted} & {"creditor_id", "finding_id", "authorisation", "released_at"}


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_history_is_only_added_to(catalogue, table):
    granted = rows(
        catalogue,
        "select privilege_type::text from information_schema.role_table_grants"
        " where grantee like 'app\\_%' and table_name = :table",
        table=table,
    ) | rows(
        catalogue,
        "select privilege_type::text from information_schema.role_column_grants"
        " where grantee like 'app\\_%' and table_name = :table",
        table=table,
    )
    triggers = rows(
        catalogue, "select tgname::text from pg_trigger where tgrelid = cast(:table as regclass)", table=table
    )

    assert granted <= {("SELECT",), ("INSERT",)}
    assert ("append_only",) in triggers


def test_the_login_owns_nothing_bypasses_nothing_and_holds_nothing_of_its_own(catalogue):
    login = catalogue.execute(
        text(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit, rolreplication"
            " from pg_roles where rolname = 'encargo_app'"
        )
    ).one()
    owns = rows(
        catalogue,
        "select relname::text from pg_class where pg_get_userbyid(relowner) = 'encargo_app' union all"
        " select proname::text from pg_proc where pg_get_userbyid(proowner) = 'encargo_app' union all"
        " select nspname::text from pg_namespace where pg_get_userbyid(nspowner) = 'encargo_app'",
    )
    grants = rows(
        catalogue,
        "select table_name::text, privilege_type::text from information_schema.role_table_grants"
        " where grantee = 'encargo_app' union"
        " select table_name::text, privilege_type::text from information_schema.role_column_grants"
        " where grantee = 'encargo_app'",
    )

    assert not any(login)
    assert owns == set()
    assert grants == set()


def test_no_role_but_the_loader_bypasses_row_level_security(catalogue):
    assert rows(
        catalogue,
        "select rolname::text from pg_roles where rolname like 'app\\_%' and (rolbypassrls or rolsuper or rolcanlogin)",
    ) == {("app_loader",)}


def test_the_public_may_do_nothing(catalogue):
    assert (
        rows(
            catalogue,
            "select table_name::text from information_schema.role_table_grants"
            " where grantee = 'PUBLIC' and table_schema = 'public'",
        )
        == set()
    )
    assert not catalogue.scalar(text("select has_schema_privilege('encargo_app', 'public', 'create')"))


def test_functions_that_run_as_their_owner_are_pinned_to_a_path_and_closed_to_the_public(catalogue):
    functions = catalogue.execute(
        text(
            "select proname::text, proconfig::text[], has_function_privilege('encargo_app', oid, 'execute') as is_open"
            " from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
        )
    ).all()

    assert {function.proname for function in functions} == FUNCTIONS_OF_THE_OWNER
    for function in functions:
        assert any(setting.startswith("search_path=") for setting in function.proconfig)
        assert not function.is_open


def test_a_reference_from_tenant_to_tenant_carries_the_tenant(catalogue):
    keys = catalogue.execute(
        text(
            """
            select conname::text, conrelid::regclass::text as child, confrelid::regclass::text as parent,
                   array(select attname::text from unnest(conkey) with ordinality k(num, at)
                         join pg_attribute on attrelid = conrelid and attnum = num order by at) as columns
            from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
            """
        )
    ).all()
    owned = owned_tables(catalogue)

    assert len(keys) > 20
    for key in keys:
        if key.parent in TENANTS_THEMSELVES:
            assert key.columns[0] in TENANT_COLUMNS, key
        else:
            shared = [column for column in owned[key.parent] if column in TENANT_COLUMNS]
            missing = set(shared) - {"organisation_id"} - set(key.columns)
            assert missing == set() or key.columns[0] in TENANT_COLUMNS, key
            assert any(column in TENANT_COLUMNS for column in key.columns), key


def test_a_unique_index_begins_with_the_tenant(catalogue):
    indexes = catalogue.execute(
        text(
            """
            select c.relname::text as index, i.indrelid::regclass::text as owner,
                   pg_get_indexdef(i.indexrelid, 1, true) as first
            from pg_index i join pg_class c on c.oid = i.indexrelid
            where i.indisunique and c.relnamespace = 'public'::regnamespace
            """
        )
    ).all()
    across = {index.index for index in indexes if index.first not in TENANT_COLUMNS}

    assert len(indexes) > 40
    assert across == UNIQUE_ACROSS_TENANTS
