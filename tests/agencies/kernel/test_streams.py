"""Rows pass from one connection to another in the transaction of the one that writes, under its tenant alone."""

from __future__ import annotations

import pytest
from psycopg import errors
from sqlalchemy import text

from agencies.kernel.session import transaction
from agencies.kernel.streams import Stream, beside, pump
from agencies.kernel.tenancy import as_loader

COUNT = "select count(*) from debtors where identity like 'ref:%'"
WHO = "select current_setting('role'), current_setting('app.organisation')"
PEOPLE = Stream(
    "debtors",
    "identity, country",
    "select 'ref:' || repeat('x', 50) || n, %(country)s::text from generate_series(1, 20000) n",
)


def test_all_rows_arrive_as_the_actor_s_own_and_its_role_is_back(ports, tenants):
    with ports.session(tenants.creditor) as session, transaction(session):
        with beside(session) as reader:
            written = pump(reader, PEOPLE, {"country": "CO"}, session)
        owners = session.execute(text("select distinct creditor_id, country from debtors")).all()
        assert session.execute(text(WHO)).one() == ("app_creditor", str(tenants.creditor.tenant))
    assert written == 20_000
    assert owners == [(tenants.creditor.tenant, "CO")]
    with ports.session(tenants.other_creditor) as session:
        assert session.scalar(text(COUNT)) == 0


def test_what_was_written_goes_with_the_transaction(ports, tenants):
    with ports.session(tenants.creditor) as session:
        with pytest.raises(KeyError), transaction(session), beside(session) as reader:
            pump(reader, PEOPLE, {"country": "CO"}, session)
            raise KeyError
        assert session.scalar(text(COUNT)) == 0


def test_who_reads_beside_sees_only_what_is_durable_and_leaves_nothing_behind(ports, tenants):
    with ports.session(tenants.creditor) as session, transaction(session):
        session.execute(
            text("insert into debtors (creditor_id, identity, country) values (:own, 'ref:new', 'CO')"),
            {"own": tenants.creditor.tenant},
        )
        with beside(session) as reader:
            assert reader.scalar(text(COUNT)) == 0
            assert reader.execute(text(WHO)).one() == ("app_creditor", str(tenants.creditor.tenant))
            reader.execute(
                text("insert into debtors (creditor_id, identity, country) values (:own, 'ref:2', 'CO')"),
                {"own": tenants.creditor.tenant},
            )
    with ports.session(tenants.creditor) as session:
        assert session.scalars(text("select identity from debtors")).all() == [b"ref:new"]


def test_a_reader_that_fails_on_the_way_leaves_nothing_half_written(ports, tenants):
    failing = PEOPLE._replace(query="select 'ref:' || n, (1 / (n - 15000))::text from generate_series(1, 20000) n")
    with ports.session(tenants.creditor) as session:
        with pytest.raises(errors.DivisionByZero), transaction(session), beside(session) as reader:
            pump(reader, failing, {}, session)
        assert session.scalar(text(COUNT)) == 0


def test_a_value_the_table_refuses_leaves_nothing_and_frees_the_reader(ports, tenants):
    nameless = PEOPLE._replace(query="select 'ref:' || n, nullif(n, 9000)::text from generate_series(1, 20000) n")
    with ports.session(tenants.creditor) as session:
        with pytest.raises(errors.NotNullViolation), transaction(session), beside(session) as reader:
            pump(reader, nameless, {}, session)
        assert session.scalar(text(COUNT)) == 0


DENIED, ORPHANED = errors.InsufficientPrivilege, errors.ForeignKeyViolation
REFUSED = {
    "names a tenant": ("debtors (creditor_id, identity, country) values (1, 'ref:1', 'CO')", DENIED),
    "reads": ("debtors (identity, country) values ('ref:1', 'CO') returning id", DENIED),
    "names a finding": (
        "contact_points (debtor_id, kind, part, form, sealed, finding_id) values (1, 'phone', 'phone', '1', '1', 1)",
        DENIED,
    ),
    "a contact of nobody": (
        "contact_points (debtor_id, kind, part, form, sealed) values (-1, 'phone', 'phone', '1', '1')",
        ORPHANED,
    ),
    "a case of nobody": (
        """cases (portfolio_id, debtor_id, line, account_ref, state, currency, placed_minor, balance_minor)
           values (-1, -1, 1, 'A', 'open', 'COP', 1, 1)""",
        ORPHANED,
    ),
}


@pytest.mark.parametrize(("row", "refusal"), REFUSED.values(), ids=REFUSED.keys())
def test_the_loader_names_no_tenant_reads_nothing_and_has_its_parents_checked(ports, tenants, row, refusal):
    with ports.session(tenants.creditor) as session, pytest.raises(refusal), as_loader(session) as connection:
        connection.execute("insert into " + row)
