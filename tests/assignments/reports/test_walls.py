"""What a side may not write even by hand: the database refuses it to the role."""

from __future__ import annotations

import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.session import transaction
from assignments.reports import service
from tests.loop import REPORTED_AT, paid, report_payments

PAYMENT = """
    insert into payments (creditor_id, agency_id, case_id, placement_id, natural_key, paid_on, currency, amount_minor,
                          received_by, upload_id, line, reported_at)
    select p.creditor_id, p.agency_id, other.case_id, p.id, 'ref:x', '2026-02-03', 'COP', 1, 'agency', 1, 1, now()
    from placements p join placements other on other.account_ref = :account where p.account_ref = 'A1'
"""
ACTIVITY = """
    insert into activities (creditor_id, agency_id, case_id, placement_id, natural_key, happened_at, channel, result,
                            upload_id, line, reported_at)
    select p.creditor_id, p.agency_id, other.case_id, p.id, 'ref:x', now(), 'call', 'no_answer', 1, 1, now()
    from placements p join placements other on other.account_ref = :account where p.account_ref = 'A1'
"""


def refused(ports, actor, statement: str, **values: object) -> type[Exception]:
    with ports.session(actor) as session, pytest.raises(DBAPIError) as refusal:
        session.execute(text(statement), values)
    return type(refusal.value.orig)


@pytest.mark.parametrize("statement", [PAYMENT, ACTIVITY], ids=["payment", "activity"])
def test_what_is_reported_on_a_placement_is_reported_on_its_case(ports, tenants, statement):
    assert refused(ports, tenants.agency, statement, account="A2") is errors.ForeignKeyViolation
    with ports.session(tenants.agency) as session:
        assert session.execute(text(statement), {"account": "A1"}).rowcount == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update reports set due_at = now() + interval '1 year'",
        "update reports set period_end = period_end + 1",
        """
        insert into reports (creditor_id, agency_id, mandate_id, period_start, period_end, due_at)
        select creditor_id, agency_id, mandate_id, period_start + 400, period_end + 400, due_at from reports limit 1
        """,
        "delete from recovery_cells",
        "update users set password_hash = 'x'",
        "update users set email = 'x@example.org'",
        "update users set organisation_id = organisation_id",
        "update users set id = id",
    ],
)
def test_an_agency_changes_neither_its_deadlines_nor_its_record_nor_its_people(ports, tenants, statement):
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1")])
    with ports.session(tenants.creditor) as session, transaction(session):
        assert service.open_periods(session, tenants.creditor, now=REPORTED_AT) == 2

    assert refused(ports, tenants.agency, statement) is errors.InsufficientPrivilege


# Directors and managers change roles (`access.change_role`), so `role` is open to them.
@pytest.mark.parametrize("column", ["password_hash", "email", "organisation_id", "id"])
def test_a_creditor_does_not_rewrite_its_people(ports, tenants, column):
    change = f"update users set {column} = {column}"

    assert refused(ports, tenants.creditor, change) is errors.InsufficientPrivilege
