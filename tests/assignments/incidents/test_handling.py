"""What a creditor decides and does: in order, with reasons, and with every clock the law sets running beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from assignments.cases.models import Debtor
from assignments.deadlines.rules import Duty, Term
from assignments.incidents import clocks, handling, queries, service
from assignments.incidents.facts import Scope
from assignments.incidents.lifecycle import IncidentMovedOn, SomebodyNotTold
from assignments.incidents.models import IncidentState
from tests.incidents import FACTS, NOW, detail, report


def do(ports, actor, verb, incident_id, **how):
    with ports.session(actor) as session, transaction(session):
        return verb(session, actor, incident_id, **{"now": NOW, **how})


def assess(ports, actor, incident_id, *, authority=True, people=False):
    decided = {"tells_authority": authority, "tells_people": people, "reasons": "Datos financieros expuestos"}
    return do(ports, actor, handling.assess, incident_id, **decided)


def test_an_incident_is_assessed_told_and_closed_in_that_order(ports, tenants) -> None:
    part, creditor = report(ports, tenants.agency)[0], tenants.creditor
    with pytest.raises(IncidentMovedOn):
        do(ports, creditor, handling.tell_authority, part.id, country="CO", at=NOW, reference="SIC 1")
    with pytest.raises(IncidentMovedOn):
        do(ports, creditor, handling.close, part.id, note="Cerrado")
    assess(ports, creditor, part.id, people=True)
    with pytest.raises(SomebodyNotTold):
        do(ports, creditor, handling.close, part.id, note="Cerrado")
    do(ports, creditor, handling.tell_authority, part.id, country="CO", at=NOW, reference="SIC 26-1")
    assert detail(ports, creditor, part.id).part.state is IncidentState.ASSESSED
    do(ports, creditor, handling.tell_people, part.id, at=NOW, how="Correo certificado")
    assert detail(ports, creditor, part.id).part.state is IncidentState.NOTIFIED
    do(ports, creditor, handling.close, part.id, note="Cerrado")
    seen = detail(ports, creditor, part.id)
    assert seen.part.state is IncidentState.CLOSED
    assert [one.kind.value for one in seen.steps] == ["assessed", "authority_told", "people_told", "closed"]
    with pytest.raises(IncidentMovedOn):
        assess(ports, creditor, part.id)


def test_where_nobody_is_to_be_told_the_reasons_close_it(ports, tenants) -> None:
    part = report(ports, tenants.agency)[0]
    assess(ports, tenants.creditor, part.id, authority=False)
    do(ports, tenants.creditor, handling.close, part.id, note="Disco cifrado")
    assert detail(ports, tenants.creditor, part.id).part.state is IncidentState.CLOSED


def test_a_decision_needs_words_and_the_past(ports, tenants) -> None:
    part, creditor = report(ports, tenants.agency)[0], tenants.creditor
    with pytest.raises(handling.ReasonMissing):
        do(ports, creditor, handling.assess, part.id, tells_authority=True, tells_people=False, reasons=" ")
    assess(ports, creditor, part.id)
    later = NOW + timedelta(minutes=1)
    with pytest.raises(handling.ToldInTheFuture):
        do(ports, creditor, handling.tell_authority, part.id, country="CO", at=later, reference="SIC 1")


def test_neither_the_agency_nor_another_creditor_decides(ports, tenants) -> None:
    part = report(ports, tenants.agency)[0]
    with pytest.raises(Forbidden):
        assess(ports, tenants.agency, part.id)
    with pytest.raises(NotFound):
        assess(ports, tenants.other_creditor, part.id)
    assert detail(ports, tenants.agency, part.id).steps == []


def test_every_country_of_the_people_has_its_own_clocks(ports, tenants) -> None:
    part, creditor = report(ports, tenants.agency)[0], tenants.creditor
    with ports.session(creditor) as session, transaction(session):
        session.execute(update(Debtor).where(Debtor.name == "Deudor 1").values(country="PE"))
        session.execute(update(Debtor).where(Debtor.name == "Deudor 2").values(country="MX"))
    part = report(ports, tenants.agency, key="r-2")[0]
    seen = detail(ports, creditor, part.id)
    assert seen.part.countries == {"CO": 1, "PE": 1, "MX": 1}
    found = {(one.country, one.rule.duty): one for one in _clocks(seen)}
    assert len(found) == 6
    authority = Duty.BREACH_TO_AUTHORITY
    # Fifteen working days behind 11 March: two holidays, 23 March and Easter, lie within.
    assert found["CO", authority].due_at == datetime(2026, 4, 7, 5, tzinfo=UTC)
    assert found["PE", authority].due_at == FACTS.aware_at + timedelta(hours=48)
    assert found["MX", authority].rule.term is Term.NOT_FOUND
    assert found["MX", authority].due_at is None


def test_a_clock_stops_when_it_is_done_and_says_when_it_was_late(ports, tenants) -> None:
    part, creditor = report(ports, tenants.agency)[0], tenants.creditor
    assess(ports, creditor, part.id)
    after = datetime(2026, 5, 4, 15, tzinfo=UTC)
    running = _clocks(detail(ports, creditor, part.id))
    assert [one.is_late(after) for one in running] == [True, False]
    do(ports, creditor, handling.tell_authority, part.id, country="CO", at=NOW, reference="SIC 1")
    done = _clocks(detail(ports, creditor, part.id))
    assert [one.is_running for one in done] == [False, False]
    assert not done[0].is_late(after)


def move(ports, creditor, name, country) -> None:
    with ports.session(creditor) as session, transaction(session):
        session.execute(update(Debtor).where(Debtor.name == name).values(country=country))


def test_telling_one_country_s_authority_closes_it_for_no_other(ports, tenants) -> None:
    creditor = tenants.creditor
    move(ports, creditor, "Deudor 1", "PE")
    move(ports, creditor, "Deudor 2", "MX")
    part = report(ports, tenants.agency)[0]
    assess(ports, creditor, part.id)
    do(ports, creditor, handling.tell_authority, part.id, country="CO", at=NOW, reference="SIC 1")
    assert detail(ports, creditor, part.id).part.state is IncidentState.ASSESSED
    with pytest.raises(SomebodyNotTold):
        do(ports, creditor, handling.close, part.id, note="Cerrado")
    with pytest.raises(handling.NoSuchAuthority):
        do(ports, creditor, handling.tell_authority, part.id, country="", at=NOW, reference="ANPDP 1")
    # Of Mexico no term was found, so nothing waits for it.
    do(ports, creditor, handling.tell_authority, part.id, country="PE", at=NOW, reference="ANPDP 1")
    assert detail(ports, creditor, part.id).part.state is IncidentState.NOTIFIED
    do(ports, creditor, handling.close, part.id, note="Cerrado")


def more(ports, actor, incident_id, scope, hours) -> None:
    with ports.session(actor) as session, transaction(session):
        service.amend(session, actor, incident_id, FACTS, scope, now=NOW + timedelta(hours=hours))


def test_people_who_come_in_later_are_told_before_it_is_closed(ports, tenants) -> None:
    creditor, agency = tenants.creditor, tenants.agency
    move(ports, creditor, "Deudor 2", "PE")
    [part] = report(ports, agency, Scope(accounts=("A-0", "A-1")))
    assess(ports, creditor, part.id, people=True)
    do(ports, creditor, handling.tell_authority, part.id, country="CO", at=NOW, reference="SIC 1")
    do(ports, creditor, handling.tell_people, part.id, at=NOW, how="Carta")
    assert detail(ports, creditor, part.id).part.state is IncidentState.NOTIFIED
    more(ports, agency, part.id, Scope(accounts=("A-1",)), hours=1)
    assert detail(ports, creditor, part.id).part.state is IncidentState.NOTIFIED
    more(ports, agency, part.id, Scope(accounts=("A-1", "A-2")), hours=2)
    seen = detail(ports, creditor, part.id)
    assert seen.part.state is IncidentState.ASSESSED
    # Colombia's authority was told; Peru's was not, nor anybody of those who came in.
    assert [one.is_running for one in _clocks(seen)] == [False, True, True, True]
    later = NOW + timedelta(hours=3)
    do(ports, creditor, handling.tell_authority, part.id, country="PE", at=later, reference="ANPDP 1", now=later)
    with pytest.raises(SomebodyNotTold):
        do(ports, creditor, handling.close, part.id, note="Cerrado", now=later)
    do(ports, creditor, handling.tell_people, part.id, at=later, how="Carta", now=later)
    do(ports, creditor, handling.close, part.id, note="Cerrado", now=later)


def test_who_was_left_out_of_the_telling_and_comes_back_in_is_told_before_it_is_closed(ports, tenants) -> None:
    creditor, agency, both = tenants.creditor, tenants.agency, Scope(accounts=("A-0", "A-1"))
    [part] = report(ports, agency, both)
    more(ports, agency, part.id, Scope(accounts=("A-1",)), hours=1)
    told = NOW + timedelta(hours=2)
    assess(ports, creditor, part.id, people=True)
    do(ports, creditor, handling.tell_authority, part.id, country="CO", at=told, reference="SIC 1", now=told)
    do(ports, creditor, handling.tell_people, part.id, at=told, how="Carta", now=told)
    assert detail(ports, creditor, part.id).part.state is IncidentState.NOTIFIED
    more(ports, agency, part.id, both, hours=3)
    # The same words again widen nothing further.
    more(ports, agency, part.id, both, hours=4)
    seen, later = detail(ports, creditor, part.id), NOW + timedelta(hours=5)
    assert (seen.part.state, seen.part.widened_at) == (IncidentState.ASSESSED, NOW + timedelta(hours=3))
    with pytest.raises(SomebodyNotTold):
        do(ports, creditor, handling.close, part.id, note="Cerrado", now=later)
    do(ports, creditor, handling.tell_people, part.id, at=later, how="Carta", now=later)
    assert do(ports, creditor, handling.close, part.id, note="Cerrado", now=later).state is IncidentState.CLOSED


def test_the_list_for_the_authority_holds_every_person_once(ports, tenants) -> None:
    part, creditor = report(ports, tenants.agency)[0], tenants.creditor
    with ports.session(creditor) as session:
        listed = list(queries.subjects(session, creditor, part.id))
    assert sorted(one.accounts for one in listed) == ["A-0", "A-1", "A-2"]
    assert {one.basis for one in listed} == {"held"}
    with ports.session(tenants.other_creditor) as session, pytest.raises(NotFound):
        list(queries.subjects(session, tenants.other_creditor, part.id))


def _clocks(seen) -> list[clocks.Clock]:
    return clocks.clocks(seen.part, seen.steps, home="CO", time_zone="America/Bogota")
