"""Many people at once: one statement, pieces of the log no larger than any other, and each case once."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from agencies.kernel.session import transaction
from assignments.cases.models import Case, Debtor
from assignments.reads import service as reads
from assignments.reads.models import CaseRead, Purpose, ReadKind, Subject
from assignments.reads.taking import WINDOW, taken_in_full
from tests.loop import NewCase, add_cases

ABOUT = (Subject.INCIDENT, 7)


@pytest.fixture
def cases(ports, tenants) -> list[int]:
    """Seven cases of four people, and one of another creditor."""
    owed = [NewCase(f"A-{n}", 5, debtor_ref=f"d{n % 4}") for n in range(7)]
    add_cases(ports, tenants.creditor, owed)
    add_cases(ports, tenants.other_creditor, [NewCase("B-1", 5)])
    with ports.session(tenants.creditor) as session:
        return sorted(session.scalars(select(Case.id)))


def log(ports, actor) -> list[CaseRead]:
    with ports.session(actor) as session:
        return list(session.scalars(select(CaseRead).order_by(CaseRead.id)))


@pytest.mark.parametrize("is_statement", [True, False])
def test_all_cases_of_the_people_are_written_in_one_statement_piece_by_piece(
    ports, tenants, cases, now, monkeypatch, is_statement
):
    monkeypatch.setattr(reads, "MOST", 3)
    people = select(Debtor.id).where(Debtor.creditor_id == tenants.creditor.tenant)
    statements: list[str] = []
    with ports.session(tenants.creditor) as session, transaction(session):
        asked = people if is_statement else session.scalars(people).all()
        event.listen(session.connection(), "before_cursor_execute", lambda *told: statements.append(told[2]))
        reads.note_people(
            session, tenants.creditor, ReadKind.FULL_EXPORT, asked, purpose=Purpose.LEGAL, subject=ABOUT, now=now
        )

    assert len([one for one in statements if "case_reads" in one]) == 1
    rows = log(ports, tenants.creditor)
    assert [row.cases for row in rows] == [3, 3, 1]
    assert sorted(one for row in rows for one in row.case_ids) == cases
    assert {(row.user_id, row.role, row.subject_id) for row in rows} == {
        (tenants.creditor.user_id, tenants.creditor.role, 7)
    }
    assert all((row.first_case, row.last_case) == (row.case_ids[0], row.case_ids[-1]) for row in rows)
    assert log(ports, tenants.other_creditor) == []


def test_people_of_an_incident_and_of_lists_are_one_day_of_one_person(ports, tenants, cases, now):
    with ports.session(tenants.creditor) as session, transaction(session):
        people = session.scalars(select(Debtor.id).order_by(Debtor.id)).all()
        for _ in range(2):
            reads.note_people(session, tenants.creditor, ReadKind.FULL_EXPORT, people[:2], now=now)
        in_lists = taken_in_full(session, tenants.creditor, now=now)
        reads.note_people(session, tenants.creditor, ReadKind.FULL_EXPORT, people[:3], subject=ABOUT, now=now)
        with_the_incident = taken_in_full(session, tenants.creditor, now=now)
        again = taken_in_full(session, tenants.creditor, lambda _, case_id: case_id.in_(cases[:2]), now=now)
        later = taken_in_full(session, tenants.creditor, now=now + WINDOW)

    # Each case once, whatever it was taken for.
    assert (in_lists, with_the_incident, again, later) == (4, 6, 4, 0)


def test_people_of_another_creditor_are_nobody_of_ours(ports, tenants, cases, now):
    with ports.session(tenants.creditor) as session:
        ours = session.scalars(select(Debtor.id)).all()
    with ports.session(tenants.other_creditor) as session, transaction(session):
        reads.note_people(session, tenants.other_creditor, ReadKind.PAGE, ours, subject=ABOUT, now=now)

    assert [(row.cases, row.subject_id) for row in log(ports, tenants.other_creditor)] == [(0, 7)]
    assert log(ports, tenants.creditor) == []
