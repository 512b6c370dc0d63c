"""Promises come in once; a later file changes what is said of them and never what was promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from agencies.kernel.errors import Forbidden
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments import intake
from assignments.promises.models import Promise, PromiseState, PromiseStatement
from tests.loop import REPORTED_AT, NewCase, end_placement, faults, place_with
from tests.reporting import load, report, stage
from uploads.lifecycle import CannotBeUndone
from uploads.models import UploadError, UploadKind

PROMISES = UploadKind.PROMISES
LATER = REPORTED_AT + timedelta(days=7)


def row(account: str = "A1", **changed: object) -> dict[str, object]:
    made, by = date(2026, 2, 3), date(2026, 2, 15)
    return {"account_ref": account, "made_on": made, "promised_on": by, "amount": 20_000, **changed}


def stated(ports, actor) -> list[tuple[str, int, str]]:
    with ports.session(actor) as session:
        found = session.scalars(select(Promise).where(Promise.withdrawn_at.is_(None)).order_by(Promise.id))
        return [(one.natural_key.partition(":")[0], one.amount_minor, one.stated_state.value) for one in found]


def test_new_promises_are_stored_with_their_placement_and_terms(ports, tenants):
    upload = report(ports, tenants.agency, tenants.creditor, PROMISES, [row(promise_ref="P1"), row("A2")])

    assert (upload.rows_applied, upload.rows_unchanged, upload.rows_rejected) == (2, 0, 0)
    with ports.session(tenants.creditor) as session:
        first = session.scalars(select(Promise).order_by(Promise.id)).first()
        told = session.scalars(select(PromiseStatement)).all()
    assert (first.natural_key, first.currency, first.authority_bp) == ("ref:P1", "COP", 1_000)
    assert first.stated_state is PromiseState.PENDING
    assert len(told) == 2


def test_the_same_file_in_other_bytes_says_nothing_new(ports, tenants):
    rows = [row(promise_ref="P1"), row("A2"), row("A3", plan_ref="C1", instalment=1, instalments=2)]
    report(ports, tenants.agency, tenants.creditor, PROMISES, rows)

    again = report(ports, tenants.agency, tenants.creditor, PROMISES, list(reversed(rows)), now=LATER)

    assert (again.rows_applied, again.rows_unchanged, again.rows_rejected) == (0, 3, 0)
    assert len(stated(ports, tenants.agency)) == 3


def test_a_later_file_changes_what_is_said_and_both_words_are_kept(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, PROMISES, [row(promise_ref="P1")])

    later = report(
        ports, tenants.agency, tenants.creditor, PROMISES, [row(promise_ref="P1", state="broken")], now=LATER
    )

    assert (later.rows_applied, later.rows_unchanged) == (1, 0)
    assert stated(ports, tenants.agency) == [("ref", 20_000, "broken")]
    with ports.session(tenants.creditor) as session:
        told = session.scalars(select(PromiseStatement.state).order_by(PromiseStatement.id)).all()
    assert told == [PromiseState.PENDING, PromiseState.BROKEN]


def test_an_older_file_never_speaks_over_a_newer_one(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, PROMISES, [row(promise_ref="P1", state="kept")], now=LATER)

    report(ports, tenants.agency, tenants.creditor, PROMISES, [row(promise_ref="P1", state="pending")])

    assert stated(ports, tenants.agency) == [("ref", 20_000, "kept")]


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": 30_000},
        {"promised_on": date(2026, 2, 20)},
        {"made_on": date(2026, 2, 4)},
        {"account_ref": "A2"},
        {"discount_percent": "7%"},
    ],
)
def test_the_facts_of_a_known_promise_are_not_changed(ports, tenants, changed):
    first = row(promise_ref="P1", discount_percent="5%")
    report(ports, tenants.agency, tenants.creditor, PROMISES, [first])

    upload = report(ports, tenants.agency, tenants.creditor, PROMISES, [first | changed], now=LATER)

    assert faults(ports, tenants.agency, upload) == {2: ("promise_ref", "promise_changed", "P1")}
    assert stated(ports, tenants.agency) == [("ref", 20_000, "pending")]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"account_ref": "NADIE"}, ("account_ref", "not_your_case", "NADIE")),
        ({"made_on": date(2026, 3, 12)}, ("made_on", "in_future", "2026-03-12")),
        ({"made_on": date(2026, 1, 2)}, ("made_on", "before_placement", "2026-01-02")),
        ({"promised_on": date(2026, 2, 2)}, ("promised_on", "promised_before_made", "2026-02-02")),
        ({"currency": "USD"}, ("currency", "wrong_currency", "USD")),
        ({"amount": 0}, ("amount", "nothing_promised", "0")),
        ({"instalment": 3, "instalments": 2}, ("instalment", "instalment_out_of_range", "3/2")),
        ({"instalment": 0}, ("instalment", "instalment_out_of_range", "0")),
        ({"discount_percent": "0,3"}, ("discount_percent", "unreadable_percent", "0,3")),
        ({"discount_percent": "120%"}, ("discount_percent", "unreadable_percent", "120%")),
        ({"discount_percent": "treinta"}, ("discount_percent", "unreadable_percent", "treinta")),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_name(ports, tenants, changed, fault):
    upload = report(ports, tenants.agency, tenants.creditor, PROMISES, [row() | changed, row("A5")])

    assert faults(ports, tenants.agency, upload) == {2: fault}
    assert upload.rows_applied == 1


def test_references_that_could_be_taken_for_one_another_are_told_apart(ports, tenants):
    rows = [
        row(promise_ref="P1#1"),
        row("A2", promise_ref="P1", instalment=1),
        row("A3", plan_ref="C|1", instalment=1),
        row("A3|C", plan_ref="1", instalment=1),
    ]
    place_with(ports, tenants.creditor, tenants.agency, [NewCase("A3|C", 50_000)])

    assert report(ports, tenants.agency, tenants.creditor, PROMISES, rows).rows_applied == 4


def test_one_promise_told_twice_in_a_file_is_told_once(ports, tenants):
    upload = report(ports, tenants.agency, tenants.creditor, PROMISES, [row(), row()])

    assert faults(ports, tenants.agency, upload) == {3: ("promise_ref", "promise_repeated", "A1")}


def test_an_account_of_another_agency_and_one_that_does_not_exist_look_the_same(ports, tenants):
    place_with(ports, tenants.creditor, tenants.other_agency, [NewCase("RIVAL", 50_000)])

    upload = report(
        ports, tenants.agency, tenants.creditor, PROMISES, [row("RIVAL"), row("NUNCA")], good_rows_only=True
    )

    told = {(field, code) for field, code, _ in faults(ports, tenants.agency, upload).values()}
    assert told == {("account_ref", "not_your_case")}


def test_a_case_that_went_back_takes_no_promise_made_afterwards(ports, tenants):
    end_placement(ports, tenants.creditor, "A1", datetime(2026, 2, 10, 15, tzinfo=UTC))
    rows = [
        row(made_on=date(2026, 2, 9), promise_ref="antes"),
        row(made_on=date(2026, 2, 11), promise_ref="despues"),
        # Nobody says when: nothing shows that it was the agency's then.
        row(made_on=None, promise_ref="sin fecha"),
    ]

    upload = report(ports, tenants.agency, tenants.creditor, PROMISES, rows)

    assert {line: fault[1] for line, fault in faults(ports, tenants.agency, upload).items()} == {
        3: "not_your_case",
        4: "not_your_case",
    }


@pytest.mark.parametrize(
    ("changed", "is_beyond"),
    [
        ({"discount_percent": "10%"}, False),
        ({"discount_percent": "10,5"}, True),
        ({"discount_amount": 10_000}, False),
        ({"discount_amount": 10_100}, True),
        ({"is_settlement": "yes"}, False),
        ({}, False),
    ],
)
def test_a_discount_beyond_the_terms_is_remarked_on_and_the_creditor_told(ports, tenants, changed, is_beyond):
    upload = report(ports, tenants.agency, tenants.creditor, PROMISES, [row(**changed)])

    assert upload.rows_applied == 1
    with ports.session(tenants.agency) as session:
        remarks = session.execute(select(UploadError.code, UploadError.is_warning)).all()
    with ports.session(tenants.creditor) as session:
        notices = [one.kind for one in list_notices(session, tenants.creditor).rows]
        [promise] = session.scalars(select(Promise))
    assert remarks == ([("beyond_authority", True)] if is_beyond else [])
    assert upload.warning_counts == ({"discount_percent:beyond_authority": 1} if is_beyond else {})
    assert ("promise.beyond_authority" in notices) is is_beyond
    assert promise.is_beyond is is_beyond


def test_a_settlement_of_unknown_size_is_beyond_terms_that_allow_none(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, [NewCase("B1", 50_000)])

    upload = report(ports, tenants.agency, tenants.creditor, PROMISES, [row("B1", is_settlement="yes")])

    assert upload.warning_counts == {"discount_percent:beyond_authority": 1}


def test_pesos_without_cents_are_whole(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, [NewCase("CL1", 500_000, currency="CLP")])

    report(ports, tenants.agency, tenants.creditor, PROMISES, [row("CL1", currency="CLP", amount=125_000)])

    with ports.session(tenants.agency) as session:
        assert session.execute(select(Promise.currency, Promise.amount_minor)).all() == [("CLP", 125_000)]


def test_two_files_at_once_make_each_promise_once(ports, tenants):
    rows = [row(f"A{n}", promise_ref=f"P{n}") for n in range(1, 6)]
    uploads = [stage(ports, tenants.agency, tenants.creditor, PROMISES, rows) for _ in range(2)]
    start, done = Barrier(2), []

    def run(upload_id: int) -> None:
        start.wait()
        done.append(load(ports, tenants.agency, upload_id))

    threads = [Thread(target=run, args=(one,)) for one in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted((one.rows_applied, one.rows_unchanged) for one in done) == [(0, 5), (5, 0)]
    assert len(stated(ports, tenants.agency)) == 5


def test_applying_again_changes_nothing(ports, tenants):
    upload = report(ports, tenants.agency, tenants.creditor, PROMISES, [row()])

    load(ports, tenants.agency, upload.id)

    with ports.session(tenants.agency) as session:
        assert session.scalar(select(func.count()).select_from(PromiseStatement)) == 1


def test_an_investigator_reports_no_promises(ports, tenants):
    upload_id = stage(ports, tenants.agency, tenants.creditor, PROMISES, [row()])
    investigator = replace(tenants.agency, permissions=PERMISSIONS[Role.INVESTIGATOR])

    with pytest.raises(Forbidden):
        load(ports, investigator, upload_id)


def test_a_file_is_taken_back_while_no_other_speaks_of_its_promises(ports, tenants):
    upload = report(ports, tenants.agency, tenants.creditor, PROMISES, [row(promise_ref="P1"), row("A2")])

    with ports.session(tenants.agency) as session, transaction(session):
        intake.undo(session, tenants.agency, upload.id, LATER)

    assert stated(ports, tenants.agency) == []
    # What was wrong may be told anew under the same reference.
    again = report(ports, tenants.agency, tenants.creditor, PROMISES, [row(promise_ref="P1", amount=9)], now=LATER)
    assert again.rows_applied == 1
    assert stated(ports, tenants.agency) == [("ref", 9, "pending")]


@pytest.mark.parametrize("which", [0, 1])
def test_files_that_speak_of_the_same_promise_are_not_taken_back(ports, tenants, which):
    uploads = [
        report(ports, tenants.agency, tenants.creditor, PROMISES, [row(promise_ref="P1")]),
        report(ports, tenants.agency, tenants.creditor, PROMISES, [row(promise_ref="P1", state="kept")], now=LATER),
    ]

    with ports.session(tenants.agency) as session, pytest.raises(CannotBeUndone):
        intake.ask_undo(session, tenants.agency, uploads[which].id, now=LATER)
    with ports.session(tenants.agency) as session, pytest.raises(CannotBeUndone):
        intake.undo(session, tenants.agency, uploads[which].id, LATER)


@pytest.mark.parametrize(
    "change",
    [
        update(Promise).values(amount_minor=1),
        delete(Promise),
        update(PromiseStatement).values(state=PromiseState.KEPT),
        delete(PromiseStatement),
    ],
)
@pytest.mark.parametrize("side", ["creditor", "agency"])
def test_no_side_rewrites_what_was_promised_or_said(ports, tenants, side, change):
    report(ports, tenants.agency, tenants.creditor, PROMISES, [row()])

    with ports.session(getattr(tenants, side)) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(change)


@pytest.mark.parametrize("side", ["other_creditor", "other_agency"])
def test_strangers_see_nothing(ports, tenants, side):
    report(ports, tenants.agency, tenants.creditor, PROMISES, [row()])

    with ports.session(getattr(tenants, side)) as session:
        for table in ("promises", "promise_statements"):
            assert session.scalar(text(f"select count(*) from {table}")) == 0
