"""A file of closures gives back any number of cases, each with its code, once; access ends with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from agencies.kernel.errors import Forbidden
from agencies.kernel.notices import list_notices
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments import intake
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.placements.codes import CONSEQUENCES, STATE_AFTER
from assignments.placements.models import Placement, Return
from assignments.placements.returns import MOST_CASES
from tests.loop import REPORTED_AT, NewCase, end_placement, faults, holders, place_with
from tests.reporting import load, report, stage
from tests.tenants import add_tenants
from uploads.lifecycle import CannotBeUndone
from uploads.models import UploadKind
from uploads.schemas.closures import RETURN_CODES

CLOSURES = UploadKind.CLOSURES


@pytest.fixture
def tenants(ports):
    made = add_tenants(ports)
    place_with(ports, made.creditor, made.agency, [NewCase(f"A{n}", 100_000) for n in range(1, 6)])
    return made


def row(account: str = "A1", code: str = "exhausted", **others: object) -> dict[str, object]:
    return {"account_ref": account, "code": code, **others}


def states(ports, creditor) -> dict[str, tuple[CaseState, ReturnCode | None]]:
    with ports.session(creditor) as session:
        rows = session.execute(select(Case.account_ref, Case.state, Case.return_code))
        return {account: (state, code) for account, state, code in rows}


def test_every_code_of_the_platform_can_be_sent():
    assert set(RETURN_CODES) == {one.value for one in ReturnCode}


def test_no_spelling_means_two_codes():
    spelled = [word for words in RETURN_CODES.values() for word in words]

    assert len(spelled) == len(set(spelled))


def test_each_code_ends_its_cases_as_the_page_does(ports, tenants):
    codes = ["exhausted", "deceased", "untraceable", "paid_full"]
    rows = [row(f"A{n}", code, note="Nota") for n, code in enumerate(codes, start=1)]

    upload = report(ports, tenants.agency, tenants.creditor, CLOSURES, rows)

    assert (upload.rows_applied, upload.rows_unchanged, upload.rows_rejected) == (4, 0, 0)
    found = states(ports, tenants.creditor)
    for number, code in enumerate(codes, start=1):
        given = ReturnCode(code)
        assert found[f"A{number}"] == (STATE_AFTER[CONSEQUENCES[given].disposition], given)
    # Access ends at once: the agency sees only what it still holds.
    with ports.session(tenants.agency) as session:
        assert session.scalars(select(Case.account_ref)).all() == ["A5"]


def test_what_the_agency_says_of_the_day_and_why_is_kept_with_the_return(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, CLOSURES, [row(closed_on=date(2026, 2, 28), note="Tres visitas")])

    with ports.session(tenants.creditor) as session:
        [found] = session.scalars(select(Return))
        notices = [one for one in list_notices(session, tenants.creditor).rows if one.kind == "case.returned"]
    assert (found.stated_on, found.note, found.returned_at) == (date(2026, 2, 28), "Tres visitas", REPORTED_AT)
    assert [one.details["cases"] for one in notices] == [1]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"account_ref": "NADIE"}, ("account_ref", "not_your_case", "NADIE")),
        ({"closed_on": date(2026, 3, 12)}, ("closed_on", "in_future", "2026-03-12")),
        ({"closed_on": date(2026, 1, 2)}, ("closed_on", "before_placement", "2026-01-02")),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_name(ports, tenants, changed, fault):
    upload = report(ports, tenants.agency, tenants.creditor, CLOSURES, [row() | changed, row("A5")])

    assert faults(ports, tenants.agency, upload) == {2: fault}
    assert upload.rows_applied == 1


def test_what_was_given_back_or_recalled_before_is_told_apart_for_whom_it_was_with(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, CLOSURES, [row("A1")])
    end_placement(ports, tenants.creditor, "A2", datetime(2026, 3, 1, tzinfo=UTC))

    again = report(ports, tenants.agency, tenants.creditor, CLOSURES, [row("A1"), row("A2"), row("A3")])

    assert {line: fault[1] for line, fault in faults(ports, tenants.agency, again).items()} == {
        2: "already_returned",
        3: "no_longer_yours",
    }
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Return)) == 2


def test_an_account_of_another_agency_and_one_that_does_not_exist_look_the_same(ports, tenants):
    place_with(ports, tenants.creditor, tenants.other_agency, [NewCase("RIVAL", 50_000)])

    upload = report(ports, tenants.agency, tenants.creditor, CLOSURES, [row("RIVAL"), row("NUNCA"), row("A1")])

    told = {(field, code) for field, code, _ in faults(ports, tenants.agency, upload).values()}
    assert told == {("account_ref", "not_your_case")}
    assert holders(ports, tenants.creditor)["RIVAL"] == tenants.other_agency.tenant


def test_another_creditors_case_is_not_given_back_in_this_ones_file(ports, tenants):
    place_with(ports, tenants.other_creditor, tenants.agency, [NewCase("AJENO", 50_000)])

    upload = report(ports, tenants.agency, tenants.creditor, CLOSURES, [row("AJENO"), row("A1")])

    assert faults(ports, tenants.agency, upload)[2][1] == "not_your_case"
    assert holders(ports, tenants.other_creditor)["AJENO"] == tenants.agency.tenant


def test_more_cases_go_back_than_a_page_takes(ports, tenants):
    many = MOST_CASES + 1
    place_with(ports, tenants.creditor, tenants.agency, [NewCase(f"M{n:05}", 1_000) for n in range(many)])

    upload = report(ports, tenants.agency, tenants.creditor, CLOSURES, [row(f"M{n:05}") for n in range(many)])

    assert upload.rows_applied == many
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).where(Placement.ended_at.is_(None))) == 5


def test_two_files_at_once_give_each_case_back_once(ports, tenants):
    rows = [row(f"A{n}") for n in range(1, 6)]
    uploads = [stage(ports, tenants.agency, tenants.creditor, CLOSURES, rows) for _ in range(2)]
    start, done = Barrier(2), []

    def run(upload_id: int) -> None:
        start.wait()
        done.append(load(ports, tenants.agency, upload_id))

    threads = [Thread(target=run, args=(one,)) for one in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # The later one finds nothing it could give back, and goes back to its user.
    assert sorted((one.rows_applied, one.rows_rejected) for one in done) == [(0, 5), (5, 0)]
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Return)) == 5


def test_applying_again_gives_nothing_back_twice(ports, tenants):
    upload = report(ports, tenants.agency, tenants.creditor, CLOSURES, [row()])

    again = load(ports, tenants.agency, upload.id, now=REPORTED_AT + timedelta(hours=1))

    assert again.rows_applied == 1
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Return)) == 1


def test_an_investigator_gives_nothing_back(ports, tenants):
    upload_id = stage(ports, tenants.agency, tenants.creditor, CLOSURES, [row()])

    with pytest.raises(Forbidden):
        load(ports, replace(tenants.agency, permissions=PERMISSIONS[Role.INVESTIGATOR]), upload_id)


def test_what_was_given_back_is_not_taken_back_with_its_file(ports, tenants):
    upload = report(ports, tenants.agency, tenants.creditor, CLOSURES, [row()])

    with ports.session(tenants.agency) as session, pytest.raises(CannotBeUndone):
        intake.ask_undo(session, tenants.agency, upload.id, now=REPORTED_AT)
