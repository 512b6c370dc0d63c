"""A complete report is a version; a correction another one, which takes back what was not so and never edits it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from assignments import performance
from assignments.cases.models import Case
from assignments.ledger.statements import balances, list_entries, verify
from assignments.reports import service
from assignments.reports.contents import list_files, list_report_payments, list_versions
from assignments.reports.queries import list_payments, list_reports
from tests.loop import REPORTED_AT, faults, paid, report_activities, report_payments, worked
from uploads.models import UploadKind

LATER = REPORTED_AT + timedelta(days=1)


@pytest.fixture
def february(ports, tenants) -> int:
    """A complete report of two payments with references, and one activity; its id."""
    with ports.session(tenants.creditor) as session, transaction(session):
        service.open_periods(session, tenants.creditor, now=REPORTED_AT)
    with ports.session(tenants.agency) as session:
        report_id = list_reports(session, tenants.agency, now=REPORTED_AT).rows[0].id
    rows = [paid("A1", 10_000, payment_ref="P1"), paid("A2", 20_000, payment_ref="P2")]
    report_payments(ports, tenants.agency, tenants.creditor, rows, report_id=report_id)
    report_activities(ports, tenants.agency, tenants.creditor, [worked("A1")], report_id=report_id)
    return report_id


def correct(ports, tenants, report_id: int, *rows: dict, now: datetime = LATER):
    return report_payments(ports, tenants.agency, tenants.creditor, list(rows), report_id=report_id, now=now)


def versions(ports, tenants, report_id: int) -> list[tuple[int, int, dict, int]]:
    """Version, payments, collected, activities; the same on both sides."""
    found = []
    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session:
            rows = list_versions(session, actor, report_id)
            found.append([(one.version, one.payments, one.collected, one.activities) for one in rows])
    assert found[0] == found[1]
    return found[0]


def sound(ports, tenants) -> None:
    """Balances, books and cells agree with the records."""
    with ports.session(tenants.creditor) as session:
        assert verify(session) == []
        assert performance.differing(session, tenants.creditor) == 0


def owing(ports, tenants) -> dict[str, int]:
    with ports.session(tenants.creditor) as session:
        return dict(session.execute(select(Case.account_ref, Case.balance_minor).order_by(Case.account_ref)).all())


def test_a_complete_report_is_its_first_version(ports, tenants, february):
    assert versions(ports, tenants, february) == [(1, 2, {"COP": 30_000}, 1)]
    with ports.session(tenants.creditor) as session:
        files = list_files(session, tenants.creditor, february)
        assert [(one.part, one.version, one.added, one.corrected) for one in files] == [
            ("activities", 1, 1, 0),
            ("payments", 1, 2, 0),
        ]
        told = [one.kind for one in list_notices(session, tenants.creditor).rows]
    assert told.count("report.completed") == 1


def test_a_correction_takes_back_what_was_not_so_and_adds_what_is(ports, tenants, february):
    _, loaded = correct(ports, tenants, february, paid("A1", 12_500, payment_ref="P1"), paid("A3", 5_000))
    assert (loaded.applied, loaded.unchanged, loaded.rejected) == (2, 0, 0)
    assert versions(ports, tenants, february) == [(2, 3, {"COP": 37_500}, 1), (1, 2, {"COP": 30_000}, 1)]
    assert owing(ports, tenants) == {"A1": 87_500, "A2": 80_000, "A3": 95_000, "A4": 100_000, "A5": 100_000}
    sound(ports, tenants)
    with ports.session(tenants.agency) as session:
        lines = list_report_payments(session, tenants.agency, february).rows
        assert [(one.account_ref, one.amount_minor, one.version, one.taken_back_at is None) for one in lines] == [
            ("A3", 5_000, 2, True),
            ("A1", 12_500, 2, True),
            ("A2", 20_000, 1, True),
            ("A1", 10_000, 1, False),
        ]
        [books] = balances(session, tenants.agency)
        # 18.5 % of what stands: 12,500 and 20,000 and 5,000.
        assert (books.payments, books.collected_minor, books.commission_minor) == (3, 37_500, 2_313 + 3_700 + 925)
        entries = [
            (one.account_ref, one.amount_minor, one.commission_minor)
            for one in list_entries(session, tenants.agency).rows
        ]
        assert ("A1", -10_000, -1_850) in entries
        assert ("A1", 10_000, 1_850) in entries


def test_the_creditor_is_told_of_a_correction(ports, tenants, february):
    correct(ports, tenants, february, paid("A1", 12_500, payment_ref="P1"))
    with ports.session(tenants.creditor) as session:
        [notice] = [one for one in list_notices(session, tenants.creditor).rows if one.kind == "report.corrected"]
    assert notice.details["version"] == 2


def test_an_amount_of_zero_only_takes_back(ports, tenants, february):
    _, loaded = correct(ports, tenants, february, paid("A2", 0, payment_ref="P2"))
    assert (loaded.applied, loaded.unchanged, loaded.rejected) == (1, 0, 0)
    assert versions(ports, tenants, february)[0] == (2, 1, {"COP": 10_000}, 1)
    assert owing(ports, tenants)["A2"] == 100_000
    sound(ports, tenants)
    with ports.session(tenants.creditor) as session:
        case_id = session.scalars(select(Case.id).where(Case.account_ref == "A2")).one()
        assert list_payments(session, tenants.creditor, case_id) == []


def test_what_was_taken_back_can_be_reported_again_and_corrected_again(ports, tenants, february):
    correct(ports, tenants, february, paid("A1", 0, payment_ref="P1"))
    correct(ports, tenants, february, paid("A1", 11_000, payment_ref="P1"), now=LATER + timedelta(hours=1))
    correct(ports, tenants, february, paid("A1", 13_000, payment_ref="P1"), now=LATER + timedelta(hours=2))
    assert [one[:3] for one in versions(ports, tenants, february)] == [
        (4, 2, {"COP": 33_000}),
        (3, 2, {"COP": 31_000}),
        (2, 1, {"COP": 20_000}),
        (1, 2, {"COP": 30_000}),
    ]
    assert owing(ports, tenants)["A1"] == 87_000
    sound(ports, tenants)


@pytest.mark.parametrize(
    "row",
    [
        {"account": "A3", "amount": 10_000},
        {"account": "A1", "amount": 10_000, "day": date(2026, 2, 17)},
        {"account": "A1", "amount": 10_000, "received_by": "creditor"},
    ],
    ids=["another case", "another day", "another receiver"],
)
def test_every_figure_can_be_put_right(ports, tenants, february, row):
    account, amount, day = row.pop("account"), row.pop("amount"), row.pop("day", date(2026, 2, 3))
    correct(ports, tenants, february, paid(account, amount, day, payment_ref="P1", **row))
    assert versions(ports, tenants, february)[0][:3] == (2, 2, {"COP": 30_000})
    balance = owing(ports, tenants)
    assert balance[account] == 90_000
    assert sum(balance.values()) == 470_000
    sound(ports, tenants)


def test_the_same_again_is_no_new_version(ports, tenants, february):
    _, loaded = correct(ports, tenants, february, paid("A1", 10_000, payment_ref="P1"))
    assert (loaded.applied, loaded.unchanged) == (0, 1)
    assert len(versions(ports, tenants, february)) == 1


def test_before_a_report_is_complete_nothing_is_taken_back(ports, tenants):
    with ports.session(tenants.creditor) as session, transaction(session):
        service.open_periods(session, tenants.creditor, now=REPORTED_AT)
    with ports.session(tenants.agency) as session:
        report_id = list_reports(session, tenants.agency, now=REPORTED_AT).rows[0].id
    correct(ports, tenants, report_id, paid("A1", 10_000, payment_ref="P1"))
    upload, _ = correct(ports, tenants, report_id, paid("A1", 12_500, payment_ref="P1"))
    assert faults(ports, tenants.agency, upload)[2][1] == "reference_reused"
    assert owing(ports, tenants)["A1"] == 90_000


def test_a_file_for_no_report_takes_nothing_back(ports, tenants, february):
    upload, _ = report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 12_500, payment_ref="P1")])
    assert faults(ports, tenants.agency, upload)[2][1] == "reference_reused"
    assert versions(ports, tenants, february) == [(1, 2, {"COP": 30_000}, 1)]


def test_one_report_does_not_correct_what_another_said(ports, tenants, february):
    with ports.session(tenants.agency) as session:
        january = list_reports(session, tenants.agency, now=REPORTED_AT).rows[1].id
    for kind in (UploadKind.PAYMENTS, UploadKind.ACTIVITIES):
        with ports.session(tenants.agency) as session, transaction(session):
            service.declare_nothing(session, tenants.agency, january, kind=kind, now=REPORTED_AT)
    upload, _ = correct(ports, tenants, january, paid("A1", 12_500, payment_ref="P1"))
    assert faults(ports, tenants.agency, upload)[2][1] == "reference_reused"
    assert versions(ports, tenants, january) == [(1, 0, {}, 0)]


def test_corrections_in_any_order_end_in_the_same_state(ports, tenants, february):
    """A payment that is corrected, and one that comes late, whichever comes first."""
    first, late = paid("A1", 12_500, payment_ref="P1"), paid("A1", 500, date(2026, 1, 20), payment_ref="P0")
    correct(ports, tenants, february, late)
    correct(ports, tenants, february, first)
    assert versions(ports, tenants, february)[0][:3] == (3, 3, {"COP": 33_000})
    assert owing(ports, tenants)["A1"] == 87_000
    sound(ports, tenants)


@pytest.mark.parametrize("table", ["report_versions", "report_files", "payment_reversals"])
@pytest.mark.parametrize("change", ["update {} set version = 9", "delete from {}"])
def test_the_past_cannot_be_rewritten(ports, tenants, february, table, change):
    correct(ports, tenants, february, paid("A1", 12_500, payment_ref="P1"))
    statement = change.format(table).replace("version", "revision" if table == "payment_reversals" else "version")
    with ports.session(tenants.agency) as session, pytest.raises(DBAPIError), transaction(session):
        session.execute(text(statement))


def test_nobody_else_sees_versions_or_corrections(ports, tenants, february):
    correct(ports, tenants, february, paid("A1", 12_500, payment_ref="P1"))
    for stranger in (tenants.other_creditor, tenants.other_agency):
        with ports.session(stranger) as session:
            assert list_versions(session, stranger, february) == []
            assert list_files(session, stranger, february) == []
            assert list_report_payments(session, stranger, february).rows == ()
            for table in ("report_versions", "report_files", "payment_reversals"):
                assert session.execute(text(f"select count(*) from {table}")).scalar_one() == 0


def test_a_creditor_cannot_write_a_correction(ports, tenants, february):
    with ports.session(tenants.creditor) as session, pytest.raises(DBAPIError), transaction(session):
        session.execute(
            text(
                "insert into payment_reversals select creditor_id, agency_id, id, natural_key, 1, upload_id, line, "
                "reported_at from payments"
            )
        )


def test_a_correction_of_a_month_moves_the_first_payment_of_a_payer(ports, tenants, february):
    """The cells follow when the only payment of a case moves to another month."""
    correct(ports, tenants, february, paid("A2", 20_000, date(2026, 1, 15), payment_ref="P2"))
    sound(ports, tenants)
