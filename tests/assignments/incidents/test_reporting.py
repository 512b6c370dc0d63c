"""An agency reports once; each creditor learns of its own people, exactly, and of nobody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.incidents import facts as rules
from assignments.incidents import queries, service
from assignments.incidents.facts import Scope
from assignments.incidents.models import Incident, IncidentKind, IncidentSubject
from assignments.placements.models import Consignment
from tests import loop
from tests.incidents import FACTS, NOW, accounts, detail, report


def told(ports, actor) -> list[str]:
    with ports.session(actor) as session:
        return list(session.scalars(select(Notice.kind).where(Notice.kind.like("incident.%")).order_by(Notice.id)))


def test_each_creditor_has_a_part_with_its_own_people_and_no_other(ports, tenants) -> None:
    parts = {one.creditor_id: one for one in report(ports, tenants.agency)}
    assert set(parts) == {tenants.creditor.tenant, tenants.other_creditor.tenant}
    mine, theirs = parts[tenants.creditor.tenant], parts[tenants.other_creditor.tenant]
    assert accounts(ports, tenants.creditor, mine.id) == {"A-0", "A-1", "A-2"}
    assert accounts(ports, tenants.other_creditor, theirs.id) == {"B-1", "B-2"}
    assert (mine.subjects, mine.cases, mine.countries) == (3, 3, {"CO": 3})
    assert told(ports, tenants.creditor) == ["incident.reported"]
    with pytest.raises(NotFound):
        detail(ports, tenants.creditor, theirs.id)
    with ports.session(tenants.creditor) as session:
        assert session.scalars(select(Incident.id)).all() == [mine.id]


def test_the_agency_sees_that_it_told_whom_and_no_list_of_people(ports, tenants) -> None:
    first, second = report(ports, tenants.agency)
    seen = detail(ports, tenants.agency, first.id)
    assert [one.id for one in seen.siblings] == [second.id]
    with ports.session(tenants.agency) as session, pytest.raises(ProgrammingError):
        session.scalars(select(IncidentSubject)).all()
    with ports.session(tenants.agency) as session, pytest.raises(Forbidden):
        list(queries.subjects(session, tenants.agency, first.id))
    with pytest.raises(NotFound):
        detail(ports, tenants.other_agency, first.id)


def test_a_case_that_came_later_or_went_before_is_not_touched(ports, tenants) -> None:
    loop.end_placement(ports, tenants.creditor, "A-0", datetime(2026, 2, 1, tzinfo=UTC))
    loop.end_placement(ports, tenants.creditor, "A-1", datetime(2026, 3, 5, tzinfo=UTC))
    loop.add_cases(ports, tenants.creditor, [loop.NewCase("A-9", 100_000)])
    mandate = loop.add_mandate(ports, tenants.creditor, tenants.agency)
    late = datetime(2026, 3, 10, 6, tzinfo=UTC)
    loop.place(ports, tenants.creditor, loop.draft(ports, tenants.creditor, [mandate], now=late), now=late)
    mine = report(ports, tenants.agency)[0]
    touched = accounts(ports, tenants.creditor, mine.id)
    assert "A-1" in touched
    assert not {"A-0", "A-9"} & touched


def test_what_was_recalled_and_not_yet_given_up_is_still_held(ports, tenants, database) -> None:
    loop.end_placement(ports, tenants.creditor, "A-0", datetime(2026, 2, 1, tzinfo=UTC))
    _hang_on_recall(database, "A-0", closed_at=None)
    mine = report(ports, tenants.agency)[0]
    assert "A-0" in accounts(ports, tenants.creditor, mine.id)


def test_what_was_recalled_and_certified_before_is_not(ports, tenants, database) -> None:
    loop.end_placement(ports, tenants.creditor, "A-0", datetime(2026, 2, 1, tzinfo=UTC))
    _hang_on_recall(database, "A-0", closed_at=datetime(2026, 2, 20, tzinfo=UTC))
    mine = report(ports, tenants.agency)[0]
    assert "A-0" not in accounts(ports, tenants.creditor, mine.id)


def test_narrowed_to_accounts_or_a_consignment_only_those_creditors_are_told(ports, tenants) -> None:
    [mine] = report(ports, tenants.agency, Scope(accounts=("A-1", "A-2", "X-77")))
    assert accounts(ports, tenants.creditor, mine.id) == {"A-1", "A-2"}
    assert told(ports, tenants.other_creditor) == []
    with ports.session(tenants.agency) as session:
        sent = session.scalars(select(Consignment.id).where(Consignment.creditor_id == tenants.other_creditor.tenant))
        scope = Scope(consignment_ids=(sent.one(),))
    [theirs] = report(ports, tenants.agency, scope, key="r-2")
    assert accounts(ports, tenants.other_creditor, theirs.id) == {"B-1", "B-2"}


def test_what_another_agency_holds_cannot_be_drawn_in(ports, tenants) -> None:
    with pytest.raises(service.NobodyTouched):
        report(ports, tenants.agency, Scope(accounts=("R-1",)))


def test_the_same_form_twice_is_one_incident_also_at_the_same_time(ports, tenants) -> None:
    first = report(ports, tenants.agency)
    again = report(ports, tenants.agency)
    assert [one.id for one in again] == [one.id for one in first]

    with ThreadPoolExecutor(2) as pool:
        pressed = list(pool.map(lambda _: report(ports, tenants.agency, key="twice"), range(2)))
    assert [one.id for one in pressed[0]] == [one.id for one in pressed[1]]
    with ports.session(tenants.creditor) as session:
        assert len(session.scalars(select(Incident.id)).all()) == 2
    assert told(ports, tenants.creditor).count("incident.reported") == 2


def test_a_word_more_is_a_new_row_for_everybody_who_was_told(ports, tenants) -> None:
    first, second = report(ports, tenants.agency)
    with ports.session(tenants.agency) as session, transaction(session):
        said = replace(FACTS, kind=IncidentKind.DISCLOSURE, happened_from=datetime(2026, 1, 1, tzinfo=UTC))
        service.amend(session, tenants.agency, first.id, said, Scope(accounts=("A-0",)), now=NOW + timedelta(hours=1))
    seen = detail(ports, tenants.creditor, first.id)
    assert [one.facts["kind"] for one in seen.statements] == ["theft", "disclosure"]
    assert [one.subjects for one in seen.scopes] == [3, 1]
    assert accounts(ports, tenants.creditor, first.id) == {"A-0"}
    assert detail(ports, tenants.other_creditor, second.id).part.subjects == 0
    with ports.session(tenants.creditor) as session, pytest.raises(ProgrammingError, match=r"permission denied"):
        session.execute(text("update incident_statements set facts = '{}'"))


def test_nobody_gives_itself_more_time_by_having_known_later(ports, tenants) -> None:
    aware = NOW - timedelta(hours=30)
    first, second = report(ports, tenants.agency, aware_at=aware)

    def amend(actor, part, at) -> None:
        with ports.session(actor) as session, transaction(session):
            said = replace(FACTS, aware_at=at)
            service.amend(session, actor, part.id, said, Scope(), now=NOW + timedelta(hours=1))

    for actor in (tenants.agency, tenants.creditor):
        with pytest.raises(rules.AwareLater):
            amend(actor, first, aware + timedelta(minutes=1))
    # A creditor finds out that it was known earlier; what the agency says to all its creditors does not undo that.
    earlier = aware - timedelta(hours=2)
    amend(tenants.creditor, first, earlier)
    amend(tenants.agency, second, aware)
    seen = detail(ports, tenants.creditor, first.id)
    assert (seen.part.aware_at, seen.facts.aware_at) == (earlier, earlier)
    assert rules.is_late(seen.part.aware_at, seen.part.reported_at)
    assert detail(ports, tenants.other_creditor, second.id).part.aware_at == aware


def test_a_report_after_more_than_a_day_is_late_and_said_to_be(ports, tenants) -> None:
    aware = NOW - timedelta(hours=24, seconds=1)
    late = report(ports, tenants.agency, aware_at=aware)[0]
    assert rules.is_late(late.aware_at, late.reported_at)
    timely = report(ports, tenants.agency, key="r-2", aware_at=NOW - timedelta(hours=24))[0]
    assert not rules.is_late(timely.aware_at, timely.reported_at)
    with ports.session(tenants.creditor) as session:
        found = queries.list_incidents(session, tenants.creditor, queries.Register(is_late=True)).rows
    assert [one.id for one in found] == [late.id]


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"aware_at": NOW + timedelta(minutes=1)}, rules.TimesDisagree),
        ({"happened_to": FACTS.happened_from - timedelta(minutes=1)}, rules.TimesDisagree),
        ({"aware_at": FACTS.happened_from - timedelta(minutes=1)}, rules.TimesDisagree),
        ({"happened_to": NOW + timedelta(days=1)}, rules.TimesDisagree),
        ({"cause": "  "}, rules.NothingSaid),
        ({"measures": "x" * 4_001}, rules.NothingSaid),
    ],
)
def test_a_report_that_cannot_be_is_refused(ports, tenants, facts, refusal) -> None:
    with pytest.raises(refusal):
        report(ports, tenants.agency, **facts)
    assert told(ports, tenants.creditor) == []


def test_a_creditor_opens_one_itself_for_all_its_people_or_for_an_agency_of_its_panel(ports, tenants) -> None:
    creditor = tenants.creditor
    with ports.session(creditor) as session, transaction(session):
        own = service.open_incident(session, creditor, FACTS, Scope(), agency_id=None, key="o-1", now=NOW)
        at = tenants.agency.tenant
        theirs = service.open_incident(session, creditor, FACTS, Scope(), agency_id=at, key="o-2", now=NOW)
    assert accounts(ports, creditor, own.id) == {"A-0", "A-1", "A-2", "R-1"}
    assert accounts(ports, creditor, theirs.id) == {"A-0", "A-1", "A-2"}
    assert told(ports, tenants.agency) == ["incident.reported"]
    with ports.session(tenants.agency) as session:
        assert session.scalars(select(Incident.id)).all() == [theirs.id]
    with ports.session(creditor) as session, pytest.raises(service.NotOnThePanel):
        service.open_incident(session, creditor, FACTS, Scope(), agency_id=creditor.tenant, key="o-3", now=NOW)


def test_nobody_determines_whom_another_one_s_incident_touches(ports, tenants) -> None:
    part = report(ports, tenants.agency)[0]
    ask = text('select determine_incident(:c, :i, \'{"from": "2026-01-01", "to": "2026-03-01"}\', 1, now())')
    for stranger in (tenants.other_agency, tenants.other_creditor):
        with ports.session(stranger) as session, pytest.raises(ProgrammingError, match="the two it concerns"):
            session.execute(ask, {"c": part.creditor_id, "i": part.id})


def test_without_the_permission_nothing_is_reported(ports, tenants) -> None:
    mute = replace(tenants.agency, permissions=tenants.agency.permissions - {Permission.INCIDENT_REPORT})
    with pytest.raises(Forbidden):
        report(ports, mute)


def _hang_on_recall(database, account: str, *, closed_at) -> None:
    """The ended placement was recalled; how a recall comes to its end is not the question here."""
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        known = {"account": account, "closed": closed_at}
        connection.execute(
            text("""
                with made as (
                    insert into recalls (creditor_id, agency_id, mandate_version_id, reason, state, cases, effective_on,
                                         requested_at, ended_at, closed_at)
                    select creditor_id, agency_id, mandate_version_id, 'strategy', 'ended', 1, '2026-02-01',
                           '2026-01-20', '2026-02-01', cast(:closed as timestamptz)
                    from placements where account_ref = :account returning id
                )
                update placements set recall_id = made.id from made where account_ref = :account
            """),
            known,
        )
    engine.dispose()
