"""A recall list asks each agency once for each reason and date, and a case is in one recall only."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from agencies.kernel.session import transaction
from assignments.cases.models import CaseState
from assignments.placements import recalls
from assignments.placements.models import Placement, PlacementState, Recall, RecallReason, RecallState
from assignments.placements.recall_queries import recalls_of_upload
from tests.creditor_files import RECALLED, case, checked, recall, told, undo
from tests.files import apply
from tests.loop import NewCase, add_cases, add_mandate, draft, place, place_with
from uploads.lifecycle import CannotBeUndone
from uploads.models import UploadKind
from uploads.rows import Loaded
from uploads.schemas.recall_list import REASONS


@pytest.fixture
def today(ports, tenants):
    with ports.session(tenants.creditor) as session:
        return recalls.today_of(session, tenants.creditor.tenant, ports.now())


def test_the_reasons_of_a_list_are_those_of_a_recall():
    assert set(REASONS) == {one.value for one in RecallReason}


def test_rows_become_one_recall_for_each_agency_reason_and_date(ports, tenants, today):
    mandate = add_mandate(ports, tenants.creditor, tenants.other_agency)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [mandate]))
    later, latest = today + timedelta(days=10), today + timedelta(days=20)
    upload, loaded = recall(
        ports,
        tenants.creditor,
        f"A1,Cambio de estrategia,{later},Fin de campaña",
        f"A2,estrategia,{later},Fin de campaña",
        f"A3,venta de cartera,{later},uno",
        f"A4,venta de cartera,{later},otro",
        f"A5,estrategia,{latest},",
        f"A6,estrategia,{later},Fin de campaña",
    )
    assert loaded == Loaded(applied=6, unchanged=0, rejected=0)
    with ports.session(tenants.creditor) as session:
        made = recalls_of_upload(session, tenants.creditor, upload.id)
        found = sorted((r.recall.agency_id, r.recall.reason, r.recall.effective_on, r.recall.cases) for r in made)
        notes = {r.recall.note for r in made}
    first, second = tenants.agency.tenant, tenants.other_agency.tenant
    assert found == sorted(
        [
            (first, RecallReason.STRATEGY, later, 2),
            (first, RecallReason.SOLD, later, 2),
            (first, RecallReason.STRATEGY, latest, 1),
            (second, RecallReason.STRATEGY, later, 1),
        ]
    )
    assert notes == {"Fin de campaña", None}
    with ports.session(tenants.agency) as session:
        assert session.scalar(select(func.count()).select_from(Recall)) == 3


def test_what_cannot_be_recalled_is_refused_row_by_row(ports, tenants, today):
    soon, past, far = today + timedelta(days=5), today - timedelta(days=1), today + timedelta(days=366)
    recall(ports, tenants.creditor, f"A1,estrategia,{soon},")
    rows = [
        f"Z1,estrategia,{soon},",
        f"A6,estrategia,{soon},",
        f"A2,estrategia,{past},",
        f"A2,estrategia,{far},",
        f"A3,habeas data,{soon},",
        f"A1,estrategia,{soon},",
        f"A4,porque sí,{soon},",
        f"A5,estrategia,{soon},",
        f"A5,estrategia,{soon},",
    ]
    upload, loaded = recall(ports, tenants.creditor, *rows)
    assert told(ports, tenants.creditor, upload) == {
        2: ("account_ref", "not_handed_over"),
        3: ("account_ref", "not_placed"),
        4: ("effective_on", "date_is_past"),
        5: ("account_ref", "duplicate"),
        6: ("effective_on", "takes_effect_at_once"),
        7: ("account_ref", "already_recalled"),
        8: ("reason", "unknown_choice"),
        10: ("account_ref", "duplicate"),
    }
    assert loaded == Loaded(applied=1, unchanged=0, rejected=8)
    upload, _ = recall(ports, tenants.creditor, f"A2,estrategia,{far},", f"A4,estrategia,{soon},")
    assert told(ports, tenants.creditor, upload) == {2: ("effective_on", "too_far_ahead")}


def test_a_reason_of_law_ends_access_at_once_also_of_what_waits(ports, tenants, today):
    recall(ports, tenants.creditor, f"A1,estrategia,{today + timedelta(days=5)},")
    _, loaded = recall(ports, tenants.creditor, f"A1,habeas data,{today},", f"A2,queja,{today},")
    assert loaded.applied == 2
    assert [case(ports, tenants.creditor, one).state for one in ("A1", "A2")] == [CaseState.OPEN] * 2
    with ports.session(tenants.agency) as session:
        live = select(func.count()).select_from(Placement).where(Placement.ended_at.is_(None))
        assert session.scalar(live) == 3


def test_two_lists_at_once_recall_a_case_once(ports, tenants, today):
    rows = [f"A{n},estrategia,{today + timedelta(days=5)}," for n in range(1, 6)]
    lists = [checked(ports, tenants.creditor, UploadKind.RECALL_LIST, RECALLED, order) for order in (rows, rows[::-1])]
    start = threading.Barrier(2)

    def apply_one(upload):
        start.wait()
        return apply(ports, tenants.creditor, upload.id)

    with ThreadPoolExecutor(2) as pool:
        done = [one.result() for one in [pool.submit(apply_one, upload) for upload in lists]]
    assert sorted(one.applied for one in done) == [0, 5]
    with ports.session(tenants.creditor) as session:
        assert session.scalars(select(Recall.cases)).all() == [5]


def test_a_list_is_taken_back_until_somebody_answers(ports, tenants, today):
    rows = [f"A1,estrategia,{today + timedelta(days=5)},", f"A2,venta de cartera,{today + timedelta(days=5)},"]
    upload, _ = recall(ports, tenants.creditor, *rows)
    undo(ports, tenants.creditor, upload)
    with ports.session(tenants.creditor) as session:
        assert {one.state for one in session.scalars(select(Recall))} == {RecallState.WITHDRAWN}
        assert PlacementState.RECALL_PENDING not in {one.state for one in session.scalars(select(Placement))}
    again, loaded = recall(ports, tenants.creditor, *rows)
    assert loaded.applied == 2
    with ports.session(tenants.agency) as session, transaction(session):
        asked = select(Recall.id).where(Recall.state == RecallState.PENDING)
        recalls.accept(session, tenants.agency, session.scalars(asked.limit(1)).one(), now=ports.now())
    with pytest.raises(CannotBeUndone):
        undo(ports, tenants.creditor, again)


def test_a_long_list_takes_as_many_statements_as_a_short_one(ports, tenants, today):
    many = [NewCase(f"M{n:05}", 1_000 + n) for n in range(400)]
    place_with(ports, tenants.creditor, tenants.other_agency, many)
    day, reasons = today + timedelta(days=5), ("estrategia", "venta de cartera")
    ran: list[str] = []
    event.listen(ports.engine, "before_cursor_execute", lambda *given: ran.append(given[2]))
    counts = []
    for some in (many[:4], many[4:]):
        rows = [f"{one.account_ref},{reasons[n % 2]},{day}," for n, one in enumerate(some)]
        upload = checked(ports, tenants.creditor, UploadKind.RECALL_LIST, RECALLED, rows)
        ran.clear()
        assert apply(ports, tenants.creditor, upload.id).applied == len(some)
        counts.append(len(ran))
    assert counts[0] == counts[1]


def test_dates_are_the_creditor_s_days_and_not_those_of_the_server(ports, tenants, today):
    # The day after the creditor's is none on which a complaint may wait, whatever the day in Greenwich is.
    tomorrow = today + timedelta(days=1)
    add_cases(ports, tenants.creditor, [NewCase("B1", 1_000)])
    upload = checked(
        ports, tenants.creditor, UploadKind.RECALL_LIST, RECALLED, [f"A1,queja,{tomorrow},", f"A2,queja,{today},"]
    )
    assert told(ports, tenants.creditor, upload) == {2: ("effective_on", "takes_effect_at_once")}
