"""Flags and the contact rules: who seeks the debtor while a flag stands breaks them; before and after, nobody does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.session import transaction
from assignments.cases.models import Case
from assignments.conduct import service
from assignments.conduct.models import ConductVerdict
from assignments.conduct.results import Stop
from assignments.conduct.standing import STOPS
from assignments.flags import service as flags
from assignments.flags.models import Flag, FlagKind
from tests.loop import NewCase, place_with, report_activities, worked
from tests.tenants import add_tenants

#: A Tuesday at ten in the morning in Bogotá.
RAISED = datetime(2026, 2, 3, 15, tzinfo=UTC)
REPORTED = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture
def tenants(ports):
    """The agency holds two debts of one person."""
    made = add_tenants(ports)
    cases = [NewCase("ONE", 10_000, debtor_ref="D1"), NewCase("TWO", 20_000, debtor_ref="D1")]
    place_with(ports, made.creditor, made.agency, cases)
    return made


def judged(ports, tenants, *rows):
    """Report activities, judge, and say of each in time which codes it broke."""
    report_activities(ports, tenants.agency, tenants.creditor, rows)
    with ports.session(tenants.creditor) as session, transaction(session):
        people = service.people_of(session, tenants.creditor, {})
        service.judge_people(session, tenants.creditor, people, now=REPORTED)
    with ports.session(tenants.creditor) as session:
        rows = session.scalars(select(ConductVerdict).order_by(ConductVerdict.happened_at))
        return [[one["rule"] for one in row.findings if one["rule"].startswith("stop:")] for row in rows]


def raise_flag(ports, tenants, account, kind):
    """The creditor flags a case."""
    with ports.session(tenants.creditor) as session, transaction(session):
        found = session.scalars(select(Case.id).where(Case.account_ref == account)).all()
        known = {"creditor_id": tenants.creditor.tenant, "case_ids": found, "kind": kind, "now": RAISED}
        flags.raise_flags(session, tenants.creditor, **known)


def lift(ports, tenants, now):
    """The creditor takes its only flag down."""
    with ports.session(tenants.creditor) as session, transaction(session):
        flag_id = session.scalars(select(Flag.id)).one()
        flags.lift(session, tenants.creditor, flag_id, reason="resuelto", now=now)


def test_whoever_calls_while_a_flag_stands_breaks_the_rules_and_nobody_before_or_after(ports, tenants):
    raise_flag(ports, tenants, "ONE", FlagKind.STOP_CONTACT)
    lift(ports, tenants, RAISED + timedelta(days=14))
    calls = [RAISED - timedelta(days=7), RAISED + timedelta(days=7), RAISED + timedelta(days=21)]
    assert judged(ports, tenants, *(worked("TWO", at) for at in calls)) == [[], ["stop:stop_contact"], []]


def test_a_dispute_stops_its_own_debt_alone(ports, tenants):
    raise_flag(ports, tenants, "ONE", FlagKind.DISPUTE)
    after = RAISED + timedelta(days=7)
    rows = worked("ONE", after), worked("TWO", after + timedelta(minutes=1))
    assert judged(ports, tenants, *rows) == [["stop:open_dispute"], []]


def test_who_is_called_by_the_debtor_answers_whatever_stands(ports, tenants):
    raise_flag(ports, tenants, "ONE", FlagKind.VULNERABLE)
    assert judged(ports, tenants, worked("ONE", RAISED + timedelta(days=7), direction="inbound")) == [[]]


def test_every_kind_of_flag_is_a_stop_of_the_rules():
    assert set(STOPS) == set(FlagKind)
    assert len(set(STOPS.values())) == len(STOPS)
    assert set(STOPS.values()) <= set(Stop)
