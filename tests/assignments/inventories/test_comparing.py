"""An agency's list is held against its placements: what matches, what is too much, what is missing, by how much."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import create_engine, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments import intake
from assignments.inventories.models import DifferenceKind, Inventory, InventoryDifference
from assignments.inventories.queries import get_inventory, kind_totals, list_differences, list_inventories
from tests.loop import REPORTED_AT, NewCase, add_cases, end_placement, faults, paid, place_with, report_payments
from tests.reporting import load, report, stage
from tests.tenants import add_tenants
from uploads.models import UploadKind

INVENTORY = UploadKind.INVENTORY


@pytest.fixture
def tenants(ports):
    made = add_tenants(ports)
    place_with(ports, made.creditor, made.agency, [NewCase(f"A{n}", 100_000) for n in range(1, 4)])
    return made


def row(account: str = "A1", balance: int | None = 100_000, **others: object) -> dict[str, object]:
    return {"account_ref": account, "balance": balance, **others}


def everything(*changed: dict[str, object]) -> list[dict[str, object]]:
    rows = {f"A{n}": row(f"A{n}") for n in range(1, 4)}
    return list((rows | {one["account_ref"]: one for one in changed}).values())


def differences(ports, actor) -> list[tuple[str, str, int | None, int | None]]:
    with ports.session(actor) as session:
        [latest, *_] = list_inventories(session, actor).rows
        found = [one.difference for one in list_differences(session, actor, latest.inventory.id).rows]
        return [(one.kind.value, one.account_ref, one.theirs_minor, one.ours_minor) for one in found]


def test_a_list_that_is_right_has_no_differences_and_disturbs_nobody(ports, tenants):
    upload = report(ports, tenants.agency, tenants.creditor, INVENTORY, everything())

    assert (upload.rows_applied, upload.rows_unchanged, upload.rows_rejected) == (3, 0, 0)
    with ports.session(tenants.creditor) as session:
        [found] = list_inventories(session, tenants.creditor).rows
        notices = [one.kind for one in list_notices(session, tenants.creditor).rows]
    assert (found.inventory.listed, found.inventory.held, found.inventory.matched, found.differences) == (3, 3, 3, 0)
    assert found.inventory.sums == {"COP": {"theirs": 300_000, "ours": 300_000}}
    assert "inventory.differs" not in notices


@pytest.mark.parametrize("side", ["creditor", "agency"])
def test_every_difference_is_named_with_both_figures(ports, tenants, side):
    place_with(ports, tenants.creditor, tenants.agency, [NewCase("USD1", 5_000, currency="USD")])
    end_placement(ports, tenants.creditor, "A3", datetime(2026, 2, 10, 15, tzinfo=UTC))
    rows = [row("A1", 90_000), row("A3"), row("USD1", 5_000), row("NUNCA", 7)]

    report(ports, tenants.agency, tenants.creditor, INVENTORY, rows)

    assert sorted(differences(ports, getattr(tenants, side))) == [
        ("balance_differs", "A1", 90_000, 100_000),
        ("currency_differs", "USD1", 5_000, 5_000),
        ("never_yours", "NUNCA", 7, None),
        ("no_longer_yours", "A3", 100_000, None),
        ("not_listed", "A2", None, 100_000),
    ]


def test_the_creditor_is_told_of_differences_once(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, INVENTORY, everything(row("A1", 1)))

    with ports.session(tenants.creditor) as session:
        [notice] = [one for one in list_notices(session, tenants.creditor).rows if one.kind == "inventory.differs"]
    assert (notice.details["differences"], notice.details["agency_id"]) == (1, tenants.agency.tenant)


def test_what_another_agency_holds_looks_as_if_it_did_not_exist(ports, tenants):
    place_with(ports, tenants.creditor, tenants.other_agency, [NewCase("RIVAL", 50_000)])

    report(ports, tenants.agency, tenants.creditor, INVENTORY, everything(row("RIVAL", 50_000), row("NUNCA", 50_000)))

    with ports.session(tenants.agency) as session:
        found = session.scalars(select(InventoryDifference).order_by(InventoryDifference.account_ref)).all()
        [latest] = list_inventories(session, tenants.agency).rows
        opened = [one.case_id for one in list_differences(session, tenants.agency, latest.inventory.id).rows]
    told = [
        (one.kind, one.placement_id, one.case_id, one.our_currency, one.ours_minor, one.theirs_minor) for one in found
    ]
    assert told == [(DifferenceKind.NEVER_YOURS, None, None, None, None, 50_000)] * 2
    assert opened == [None, None]


def test_a_payment_that_came_in_meanwhile_shows_as_the_gap_it_makes(ports, tenants):
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 30_000)])

    report(ports, tenants.agency, tenants.creditor, INVENTORY, everything())

    with ports.session(tenants.creditor) as session:
        [latest] = list_inventories(session, tenants.creditor).rows
        [only] = list_differences(session, tenants.creditor, latest.inventory.id).rows
        [total] = kind_totals(session, tenants.creditor, latest.inventory.id)
    assert only.gap_minor == 30_000
    assert (total.kind, total.currency, total.count) == (DifferenceKind.BALANCE_DIFFERS, "COP", 1)
    assert (total.theirs_minor, total.ours_minor) == (100_000, 70_000)


def test_pesos_without_cents_are_compared_whole(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, [NewCase("CL1", 125_000, currency="CLP")])

    report(ports, tenants.agency, tenants.creditor, INVENTORY, everything(row("CL1", 125_000, currency="CLP")))

    assert differences(ports, tenants.creditor) == []
    with ports.session(tenants.creditor) as session:
        sums = session.scalars(select(Inventory.sums)).one()
    assert sums["CLP"] == {"theirs": 125_000, "ours": 125_000}


def test_a_list_without_balances_is_compared_by_its_accounts(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, INVENTORY, [row("A1", None), row("A2", None), row("X", None)])

    found = sorted(one[:2] for one in differences(ports, tenants.creditor))
    assert found == [("never_yours", "X"), ("not_listed", "A3")]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        # On the evening of the 9th it still was the agency's, on the 10th no more.
        (date(2026, 2, 9), []),
        (date(2026, 2, 10), [("no_longer_yours", "A1", 100_000, None)]),
        # Before it was placed nothing had to be on the list.
        (date(2026, 1, 11), []),
    ],
)
def test_a_list_describes_the_evening_of_its_day(ports, tenants, as_of, expected):
    end_placement(ports, tenants.creditor, "A1", datetime(2026, 2, 10, 15, tzinfo=UTC))

    report(ports, tenants.agency, tenants.creditor, INVENTORY, [one | {"as_of": as_of} for one in everything()])

    assert differences(ports, tenants.creditor) == expected


def test_a_list_of_a_day_to_come_is_refused(ports, tenants):
    rows = [row("A1", as_of=date(2026, 3, 12)), row("A2")]

    upload = report(ports, tenants.agency, tenants.creditor, INVENTORY, rows)

    assert faults(ports, tenants.agency, upload) == {2: ("as_of", "in_future", "2026-03-12")}


@pytest.mark.parametrize("day", [date(2026, 2, 28), None])
def test_one_mistyped_day_does_not_move_the_comparison_of_all_rows(ports, tenants, day):
    end_placement(ports, tenants.creditor, "A1", datetime(2026, 2, 10, 15, tzinfo=UTC))
    rows = [row(one, as_of=day) for one in ("A2", "A3")] + [row("A1", as_of=date(2026, 2, 8))]

    upload = report(ports, tenants.agency, tenants.creditor, INVENTORY, rows)

    assert faults(ports, tenants.agency, upload) == {4: ("as_of", "other_day", "2026-02-08")}
    with ports.session(tenants.creditor) as session:
        [found] = list_inventories(session, tenants.creditor).rows
    assert found.inventory.as_of == (day or REPORTED_AT.date())
    assert differences(ports, tenants.creditor) == []


def test_a_later_day_in_one_row_does_not_move_the_others_either(ports, tenants):
    day, later = date(2026, 2, 28), date(2026, 3, 8)
    rows = [row("A1", as_of=later), row("A2", as_of=day), row("A3", as_of=day), row("A4")]

    upload = report(ports, tenants.agency, tenants.creditor, INVENTORY, rows)

    assert faults(ports, tenants.agency, upload) == {2: ("as_of", "other_day", "2026-03-08")}
    with ports.session(tenants.creditor) as session:
        [found] = list_inventories(session, tenants.creditor).rows
    assert found.inventory.as_of == day


def test_each_file_is_a_list_of_its_own_and_the_newest_comes_first(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, INVENTORY, everything())
    tomorrow = REPORTED_AT + timedelta(days=1)
    second = report(ports, tenants.agency, tenants.creditor, INVENTORY, [row("A1")], now=tomorrow)
    load(ports, tenants.agency, second.id)

    with ports.session(tenants.creditor) as session:
        found = [(one.inventory.listed, one.differences) for one in list_inventories(session, tenants.creditor).rows]
    assert found == [(1, 2), (3, 0)]


def test_a_list_that_is_taken_back_stays_on_record(ports, tenants):
    upload = report(ports, tenants.agency, tenants.creditor, INVENTORY, [row("A1")])

    with ports.session(tenants.agency) as session, transaction(session):
        intake.undo(session, tenants.agency, upload.id, REPORTED_AT)

    with ports.session(tenants.creditor) as session:
        [found] = list_inventories(session, tenants.creditor).rows
    assert found.inventory.withdrawn_at == REPORTED_AT
    assert found.differences == 2


@pytest.mark.parametrize("side", ["other_creditor", "other_agency"])
def test_strangers_find_nothing(ports, tenants, side):
    report(ports, tenants.agency, tenants.creditor, INVENTORY, [row("A1")])
    with ports.session(tenants.agency) as session:
        [mine] = list_inventories(session, tenants.agency).rows
    stranger = getattr(tenants, side)

    with ports.session(stranger) as session:
        assert list_inventories(session, stranger).rows == ()
        assert list_differences(session, stranger, mine.inventory.id).rows == ()
        assert session.scalar(text("select count(*) from inventory_differences")) == 0
        with pytest.raises(NotFound):
            get_inventory(session, stranger, mine.inventory.id)


def test_an_agency_s_link_to_a_case_does_not_rest_on_the_database_alone(ports, tenants, database):
    add_cases(ports, tenants.creditor, [NewCase("B1", 5_000)])
    report(ports, tenants.agency, tenants.creditor, INVENTORY, [row("A1", 1), row("B1")])
    with ports.session(tenants.agency) as session:
        [mine] = list_inventories(session, tenants.agency).rows

    # As if somebody had taken down the wall of cases.
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text("alter table cases disable row level security"))
    engine.dispose()

    found = {}
    for actor in (tenants.agency, tenants.creditor):
        with ports.session(actor) as session:
            rows = list_differences(session, actor, mine.inventory.id).rows
        found[actor.side] = {one.difference.account_ref for one in rows if one.case_id is not None}
    assert found == {Side.AGENCY: {"A1", "A2", "A3"}, Side.CREDITOR: {"A1", "A2", "A3", "B1"}}


@pytest.mark.parametrize(
    "change",
    [update(Inventory).values(matched=9), delete(Inventory), update(InventoryDifference).values(ours_minor=1)],
)
@pytest.mark.parametrize("side", ["creditor", "agency"])
def test_no_side_rewrites_how_a_list_came_out(ports, tenants, side, change):
    report(ports, tenants.agency, tenants.creditor, INVENTORY, [row("A1", 1)])

    with ports.session(getattr(tenants, side)) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(change)


def test_an_investigator_sends_no_list(ports, tenants):
    upload_id = stage(ports, tenants.agency, tenants.creditor, INVENTORY, [row()])

    with pytest.raises(Forbidden):
        load(ports, replace(tenants.agency, permissions=PERMISSIONS[Role.INVESTIGATOR]), upload_id)
