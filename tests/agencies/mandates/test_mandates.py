"""Making, amending and ending mandates: who may, what is refused, and that nothing is rewritten."""

from __future__ import annotations

import threading
import time
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select, text, update

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.mandates import queries, service
from agencies.mandates.lifecycle import (
    MandateEnded,
    MandateNotInForce,
    VersionTooEarly,
)
from agencies.mandates.models import Mandate, MandateState, Service
from agencies.mandates.schedule import CommissionOutOfRange
from agencies.mandates.terms import DueDaysOutOfRange, TermSheet
from agencies.organisations.models import Organisation, OrganisationState
from agencies.organisations.permissions import Role
from agencies.standing.panel import AgencyNotApproved
from portal.ports import Ports
from tests import agreed
from tests.tenants import PLATFORM, Tenants, add_person, add_tenants

FROM = date(2026, 1, 1)


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


def made(ports: Ports, tenants: Tenants, now: datetime, **changes: Any) -> Mandate:
    terms = {
        "agency_id": tenants.agency.tenant,
        "name": "Cartera castigada",
        "terms": TermSheet(commission_bp=1850, report_due_days=5),
        "valid_from": FROM,
    } | changes
    with ports.session(tenants.creditor) as session, transaction(session):
        mandate = service.make(session, tenants.creditor, **terms, signer=agreed.CREDITOR, now=now)
    if terms["agency_id"] == tenants.agency.tenant:
        agreed.accept(ports, tenants.agency, mandate.id, now=now)
    return mandate


def wait_for_lock(superuser_url: str) -> None:
    """Until a statement waits for another transaction."""
    waiting = text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    engine = create_engine(superuser_url, isolation_level="AUTOCOMMIT")
    end = time.monotonic() + 20
    with engine.connect() as connection:
        while not connection.scalar(waiting):
            assert time.monotonic() < end
            time.sleep(0.02)
    engine.dispose()


def actions(ports: Ports, actor: Actor) -> list[str]:
    with ports.session(actor) as session:
        return list(
            session.scalars(
                select(AuditEvent.action).where(AuditEvent.organisation_id == actor.tenant).order_by(AuditEvent.seq)
            )
        )


def test_a_mandate_is_seen_by_both_sides_and_by_nobody_else(ports, tenants, now):
    mandate = made(ports, tenants, now)
    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session:
            [row] = queries.list_mandates(session, actor)
            assert (row.id, row.version, row.commission_bp) == (mandate.id, 1, 1850)
            assert (row.creditor_name, row.agency_name) == ("Banco Uno", "Cobros Uno")
    for actor in (tenants.other_creditor, tenants.other_agency):
        with ports.session(actor) as session:
            assert queries.list_mandates(session, actor) == []
            with pytest.raises(NotFound):
                queries.get_mandate(session, actor, mandate.id)
            with pytest.raises(NotFound):
                queries.version_in_force(session, actor, mandate.id, FROM)


def test_each_step_stands_in_the_audit_trail_of_both_sides(ports, tenants, now):
    mandate = made(ports, tenants, now)
    agreed.amend(
        ports,
        tenants.creditor,
        tenants.agency,
        mandate.id,
        terms=TermSheet(commission_bp=2000, report_due_days=5),
        valid_from=FROM,
        now=now,
    )
    with ports.session(tenants.creditor) as session, transaction(session):
        service.end(session, tenants.creditor, mandate.id, now=now)
    told = ["panel.joined", "mandate.made", "mandate.accepted", "mandate.amended", "mandate.accepted", "mandate.ended"]
    assert actions(ports, tenants.creditor) == told
    assert actions(ports, tenants.agency) == told
    assert actions(ports, tenants.other_agency) == []


def test_the_version_in_force_is_the_last_one_that_has_begun(ports, tenants, now):
    mandate = made(ports, tenants, now)
    later = date(2026, 6, 1)
    agreed.amend(
        ports,
        tenants.creditor,
        tenants.agency,
        mandate.id,
        terms=TermSheet(commission_bp=2000, report_due_days=3),
        valid_from=later,
        now=now,
    )
    with ports.session(tenants.creditor) as session:
        for on, version in ((FROM, 1), (later - timedelta(days=1), 1), (later, 2), (date(2030, 1, 1), 2)):
            assert queries.version_in_force(session, tenants.creditor, mandate.id, on).version == version
        with pytest.raises(MandateNotInForce):
            queries.version_in_force(session, tenants.creditor, mandate.id, FROM - timedelta(days=1))
        row = queries.get_mandate(session, tenants.creditor, mandate.id, on=FROM)
        assert (row.version, row.commission_bp, [one.version for one in row.versions]) == (1, 1850, [2, 1])
        assert queries.get_mandate(session, tenants.creditor, mandate.id).version == 2


def test_an_ended_mandate_is_in_force_no_more_and_may_not_be_amended(ports, tenants, now):
    mandate = made(ports, tenants, now)
    with ports.session(tenants.creditor) as session, transaction(session):
        ended = service.end(session, tenants.creditor, mandate.id, now=now)
        assert (ended.state, ended.ended_at) == (MandateState.ENDED, now)
    with ports.session(tenants.creditor) as session:
        with pytest.raises(MandateNotInForce):
            queries.version_in_force(session, tenants.creditor, mandate.id, FROM)
        with pytest.raises(MandateEnded):
            service.amend(
                session,
                tenants.creditor,
                mandate.id,
                terms=TermSheet(commission_bp=1, report_due_days=1),
                signer=agreed.CREDITOR,
                valid_from=FROM,
                now=now,
            )
        with pytest.raises(MandateEnded):
            service.end(session, tenants.creditor, mandate.id, now=now)


def test_new_terms_may_not_begin_before_the_present_ones(ports, tenants, now):
    mandate = made(ports, tenants, now)
    with ports.session(tenants.creditor) as session, pytest.raises(VersionTooEarly):
        service.amend(
            session,
            tenants.creditor,
            mandate.id,
            terms=TermSheet(commission_bp=1, report_due_days=1),
            signer=agreed.CREDITOR,
            valid_from=FROM - timedelta(days=1),
            now=now,
        )


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"terms": TermSheet(commission_bp=-1)}, CommissionOutOfRange),
        ({"terms": TermSheet(commission_bp=10_001)}, CommissionOutOfRange),
        ({"terms": TermSheet(report_due_days=0)}, DueDaysOutOfRange),
        ({"terms": TermSheet(report_due_days=61)}, DueDaysOutOfRange),
        ({"name": "  "}, service.MandateNameMissing),
        ({"agency_id": 999_999}, NotFound),
    ],
)
def test_terms_nobody_can_mean_are_refused(ports, tenants, now, changes, refusal):
    with pytest.raises(refusal):
        made(ports, tenants, now, **changes)


def test_a_creditor_is_no_agency(ports, tenants, now):
    with pytest.raises(NotFound):
        made(ports, tenants, now, agency_id=tenants.other_creditor.tenant)


def test_a_suspended_agency_gets_no_mandate(ports, tenants, now):
    with ports.session(PLATFORM) as session, transaction(session):
        session.execute(
            update(Organisation)
            .where(Organisation.id == tenants.agency.tenant)
            .values(state=OrganisationState.SUSPENDED)
        )
    with pytest.raises(AgencyNotApproved):
        made(ports, tenants, now)


def test_two_mandates_of_a_creditor_have_different_names(ports, tenants, now):
    made(ports, tenants, now)
    with pytest.raises(service.MandateNameTaken):
        made(ports, tenants, now, agency_id=tenants.other_agency.tenant)


def test_of_two_mandates_made_with_one_name_at_the_same_time_the_second_is_refused(ports, tenants, now, database):
    refusals: list[Exception] = []

    def make_another() -> None:
        try:
            made(ports, tenants, now)
        except Exception as refusal:  # noqa: BLE001  the test says below which one it must be
            refusals.append(refusal)

    another = threading.Thread(target=make_another)
    with ports.session(tenants.creditor) as session, transaction(session):
        session.execute(
            insert(Mandate).values(
                creditor_id=tenants.creditor.tenant,
                agency_id=tenants.agency.tenant,
                name="Cartera castigada",
                service=Service.COLLECT,
                state=MandateState.IN_FORCE,
                created_at=now,
            )
        )
        another.start()
        wait_for_lock(database.superuser_url)
    another.join()

    assert [type(one) for one in refusals] == [service.MandateNameTaken]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.COMPLIANCE, Role.MANAGER])
def test_only_a_director_makes_mandates(ports, tenants, now, role):
    person = add_person(ports, role, f"Otra {role}")
    with ports.session(person) as session, pytest.raises(Forbidden):
        service.make(
            session,
            person,
            agency_id=tenants.agency.tenant,
            name="x",
            terms=TermSheet(commission_bp=1, report_due_days=1),
            signer=agreed.CREDITOR,
            valid_from=FROM,
            now=now,
        )


def test_another_creditor_may_neither_amend_nor_end_it(ports, tenants, now):
    mandate = made(ports, tenants, now)
    other = tenants.other_creditor
    with ports.session(other) as session:
        with pytest.raises(NotFound):
            service.end(session, other, mandate.id, now=now)
        with pytest.raises(NotFound):
            service.amend(
                session,
                other,
                mandate.id,
                terms=TermSheet(commission_bp=1, report_due_days=1),
                signer=agreed.CREDITOR,
                valid_from=FROM,
                now=now,
            )
