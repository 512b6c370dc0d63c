"""The read log: who saw a case, what somebody saw in a window, and that nobody writes it anew or reads another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.errors import Forbidden
from agencies.kernel.session import transaction
from agencies.kernel.tracing import answers
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments.cases.models import Case, Portfolio
from assignments.manifests.handing import manifest
from assignments.placements.queries import list_consignments
from assignments.reads import queries
from assignments.reads import service as reads
from assignments.reads.models import CaseRead, Purpose, ReadKind, Subject
from assignments.reads.queries import ReadFilter, SeenCase
from tests import loop
from tests.loop import PLACED_AT

HOUR = timedelta(hours=1)


def note(ports, actor, kind, cases, **what) -> None:
    with ports.session(actor) as session, transaction(session):
        reads.note(session, actor, kind, cases, **{"now": PLACED_AT, **what})


def seen(ports, actor, **asked) -> list[SeenCase]:
    with ports.session(actor) as session:
        return queries.seen_cases(session, actor, ReadFilter(**asked))


def rows(ports, actor, **asked) -> list[CaseRead]:
    with ports.session(actor) as session:
        return list(queries.list_reads(session, actor, ReadFilter(**asked)).rows)


def test_a_case_is_found_in_a_page_of_its_own_and_in_every_list_it_stood_in(ports, tenants):
    bank, agency = tenants.creditor, tenants.agency
    note(ports, bank, ReadKind.PAGE, [(bank.tenant, 7)])
    note(
        ports, agency, ReadKind.WORK_LIST, [(bank.tenant, 5), (bank.tenant, 7), (bank.tenant, 9)], now=PLACED_AT + HOUR
    )
    note(ports, agency, ReadKind.LIST, [(bank.tenant, 5), (bank.tenant, 9)])

    with ports.session(bank) as session:
        found = queries.who_saw(session, bank, bank.tenant, 7).rows

    assert [(one.kind, one.agency_id, one.role) for one in found] == [
        (ReadKind.WORK_LIST, agency.tenant, "manager"),
        (ReadKind.PAGE, None, "director"),
    ]


def test_what_an_agency_saw_in_a_window_is_the_exact_set(ports, tenants):
    bank, agency, other = tenants.creditor, tenants.agency, tenants.other_agency
    for hours, cases in ((0, (1, 2)), (2, (2, 3)), (5, (4,))):
        note(ports, agency, ReadKind.LIST, [(bank.tenant, one) for one in cases], now=PLACED_AT + hours * HOUR)
    note(ports, other, ReadKind.LIST, [(bank.tenant, 8)], now=PLACED_AT + HOUR)

    window = {"since": PLACED_AT + HOUR, "until": PLACED_AT + 5 * HOUR}
    assert seen(ports, bank, agency_id=agency.tenant, **window) == [SeenCase(bank.tenant, one) for one in (2, 3)]
    assert seen(ports, agency, **window) == [SeenCase(bank.tenant, one) for one in (2, 3)]
    assert seen(ports, bank, user_id=agency.user_id) == [SeenCase(bank.tenant, one) for one in (1, 2, 3, 4)]


def test_a_list_over_several_creditors_is_written_down_for_each_of_them_and_no_further(ports, tenants):
    one, two, agency = tenants.creditor, tenants.other_creditor, tenants.agency
    note(ports, agency, ReadKind.WORK_LIST, [(one.tenant, 1), (two.tenant, 2), (one.tenant, 3)])

    assert [(row.creditor_id, row.case_ids) for row in rows(ports, one)] == [(one.tenant, [1, 3])]
    assert [(row.creditor_id, row.case_ids) for row in rows(ports, two)] == [(two.tenant, [2])]
    assert len(rows(ports, agency)) == 2
    assert rows(ports, tenants.other_agency) == []


def test_a_file_of_many_cases_is_a_few_rows_with_every_case_in_them(ports, tenants):
    bank = tenants.creditor
    note(ports, bank, ReadKind.EXPORT, [(bank.tenant, one) for one in range(1, reads.MOST * 2 + 2)])

    found = rows(ports, bank)
    assert sorted(row.cases for row in found) == [1, reads.MOST, reads.MOST]
    assert len(seen(ports, bank)) == reads.MOST * 2 + 1
    with ports.session(bank) as session:
        assert len(queries.who_saw(session, bank, bank.tenant, reads.MOST + 3).rows) == 1


def test_the_manifest_writes_down_the_cases_that_stood_in_it(ports, tenants):
    bank, agency = tenants.creditor, tenants.agency
    loop.place_with(ports, bank, agency, [loop.NewCase(f"A-{at}", 1_000) for at in range(3)])
    loop.acknowledge_all(ports, agency)
    with ports.session(agency) as session, transaction(session):
        [consignment] = list_consignments(session, agency).rows
        answers(session, "f00d")
        list(manifest(session, agency, consignment.id, ports.references, now=PLACED_AT))

    [row] = rows(ports, bank, kinds=(ReadKind.MANIFEST,))
    with ports.session(bank) as session:
        everything = sorted(session.scalars(select(Case.id)))
    assert row.case_ids == everything
    assert (row.subject_kind, row.subject_id, row.request_id) == (Subject.CONSIGNMENT, consignment.id, "f00d")
    assert "phone" in row.fields


def test_a_file_that_was_looked_into_stands_for_the_cases_it_became(ports, tenants):
    bank = tenants.creditor
    loop.add_cases(ports, bank, [loop.NewCase("A-1", 1_000), loop.NewCase("A-2", 1_000)])
    loop.add_cases(ports, bank, [loop.NewCase("B-1", 1_000)])
    with ports.session(bank) as session:
        upload_id = session.scalar(select(Portfolio.upload_id).order_by(Portfolio.id))
        ids = sorted(session.scalars(select(Case.id).where(Case.account_ref.in_(["A-1", "A-2"]))))
    note(ports, bank, ReadKind.FILE, (), subject=(Subject.UPLOAD, upload_id), creditor_id=bank.tenant)

    assert seen(ports, bank) == [SeenCase(bank.tenant, one) for one in ids]


def test_a_page_that_shows_nobody_is_not_written_down(ports, tenants):
    note(ports, tenants.creditor, ReadKind.LIST, ())

    assert rows(ports, tenants.creditor) == []


def test_a_purpose_is_kept_and_asked_for(ports, tenants):
    bank = tenants.creditor
    note(ports, bank, ReadKind.REVEAL, [(bank.tenant, 1)], purpose=Purpose.CALL, fields=("phone",))
    note(ports, bank, ReadKind.REVEAL, [(bank.tenant, 2)], purpose=Purpose.LEGAL, fields=("phone",))

    assert [row.case_ids for row in rows(ports, bank, purpose=Purpose.LEGAL)] == [[2]]


def test_who_may_not_see_the_trail_may_not_see_the_log(ports, tenants):
    analyst = replace(tenants.creditor, role="analyst", permissions=PERMISSIONS[Role.ANALYST])
    with ports.session(analyst) as session:
        with pytest.raises(Forbidden):
            queries.list_reads(session, analyst, ReadFilter())
        with pytest.raises(Forbidden):
            queries.seen_cases(session, analyst, ReadFilter())


@pytest.mark.parametrize(
    "statement", ["update case_reads set role = 'x'", "delete from case_reads", "truncate case_reads"]
)
def test_the_log_is_only_added_to(ports, tenants, database, statement):
    note(ports, tenants.creditor, ReadKind.PAGE, [(tenants.creditor.tenant, 1)])
    with ports.session(tenants.creditor) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text(statement))
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection, pytest.raises(DBAPIError, match=r"append-only|only added"):
        connection.execute(text(statement))
    engine.dispose()


def test_an_agency_cannot_write_in_another_s_name(ports, tenants):
    forged = text(
        "insert into case_reads (creditor_id, agency_id, kind, fields, case_ids, cases, at)"
        " values (:creditor, :agency, 'page', '[]', '{1}', 1, now())"
    )
    for agency in (tenants.other_agency.tenant, None):
        with ports.session(tenants.agency) as session, pytest.raises(DBAPIError, match="row-level security"):
            session.execute(forged, {"creditor": tenants.creditor.tenant, "agency": agency})
