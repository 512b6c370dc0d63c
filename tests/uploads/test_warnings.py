"""What is remarked on rows that stay good, and twenty thousand rows with every kind of fault counted one by one."""

from __future__ import annotations

from datetime import date

import pytest

from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from bench import dirty_portfolio
from portal.ports import Ports
from tests import files
from tests.people import World
from tests.uploads.test_checks import checked
from uploads.checking.remarks import RULES, remarks
from uploads.faults import ROW_FAULTS, ROW_WARNINGS
from uploads.models import UploadState
from uploads.options import Options
from uploads.queries import error_groups, list_errors
from uploads.schemas.portfolio import PORTFOLIO

OPTIONS = Options(currency="COP", date_order="dmy", decimal=",", time_zone="America/Bogota", country="CO")
TODAY = date(2026, 11, 21)


def told(fields: str, *rows: str) -> list[tuple[int, str, str]]:
    found = checked(fields, *rows, options=OPTIONS, today=TODAY)
    assert found.rejected == 0
    return [(line, field, code) for line, field, code, _ in found.warnings.rows()]


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("birth_date", "22/11/2008", "too_young"),
        ("birth_date", "21/11/1915", "too_old"),
        ("charge_off_date", "22/11/2026", "not_yet"),
        ("last_payment_date", "01/01/2027", "not_yet"),
        ("due_date", "02/01/2020", "due_after_charge_off"),
        ("principal", "101,00", "parts_exceed_balance"),
        ("days_past_due", "0", "not_delinquent"),
        ("days_past_due", "9999", "placeholder"),
        ("stage", "Al día", "not_delinquent"),
        ("stage", "PAID", "not_delinquent"),
        ("phone", "12", "unreadable_phone"),
        ("email", "ana(at)example.com", "unreadable_email"),
        ("address", "#", "unreadable_address"),
        ("national_id", "12", "id_shape"),
    ],
)
def test_a_doubtful_value_is_remarked_on_and_its_row_stays_good(field: str, cell: str, code: str) -> None:
    cells = {"account_ref": "A1", "balance_total": "100", field: cell}
    if code == "due_after_charge_off":
        cells["charge_off_date"] = "01/01/2020"
    at = "balance_total" if code == "parts_exceed_balance" else field
    assert told(";".join(cells), ";".join(cells.values())) == [(2, at, code)]


@pytest.mark.parametrize("month", [2, 6, 11])
def test_years_are_full_from_the_birthday_on_in_every_month(month: int) -> None:
    today = date(2026, month, 21)
    just, soon = [date(2008, month, 21), date(2008, 1, 22)], [date(2008, month, 22), date(2008, 12, 20)]
    rows = [f"A{number};100;{day:%d/%m/%Y}" for number, day in enumerate([*just, *soon])]
    found = checked("account_ref;balance_total;birth_date", *rows, options=OPTIONS, today=today)
    assert [(line, code) for line, _, code, _ in found.warnings.rows()] == [(4, "too_young"), (5, "too_young")]


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("birth_date", "21/11/2008"),
        ("birth_date", "22/11/1915"),
        ("charge_off_date", "21/11/2026"),
        ("due_date", "01/01/2030"),
        ("principal", "100,00"),
        ("days_past_due", "1"),
        ("stage", "Prejurídico"),
        ("stage", "No pagado"),
    ],
)
def test_an_ordinary_value_is_not_remarked_on(field: str, cell: str) -> None:
    assert told(f"account_ref;balance_total;{field}", f"A1;100;{cell}") == []


def test_an_account_of_nothing_is_not_delinquent() -> None:
    assert told("account_ref;balance_total", "A1;0") == [(2, "balance_total", "not_delinquent")]


def test_a_rejected_row_has_no_remarks() -> None:
    found = checked("account_ref;balance_total;phone", "A1;x;12", options=OPTIONS, today=TODAY)
    assert (found.rejected, found.warnings.rows()) == (1, [])


def test_normal_forms_stand_beside_what_was_written() -> None:
    found = checked(
        "account_ref;balance_total;id_type;national_id;phone;phone_2;city;address;email",
        "A1;1;Nit.;900.123.456-8;300 123 4567;2345678;Bogotá D.C.;Cra 7 # 12-34;Ana@Example.COM",
        "A2;1;;;12;;;;",
        options=OPTIONS,
    )
    first, second = found.rows.to_dicts()
    assert (first["id_type"], first["national_id"], first["id_check_digit"]) == ("NIT", "900123456", "8")
    assert (first["phone"], first["phone_e164"], first["phone_2_e164"]) == (
        "300 123 4567",
        "+573001234567",
        "+576012345678",
    )
    assert (first["address"], first["address_normal"], first["email"]) == (
        "Cra 7 # 12-34",
        "CR 7 # 12-34",
        "ana@example.com",
    )
    assert (second["phone"], second["phone_e164"], second["address_normal"]) == ("12", None, None)


def test_an_account_that_a_spreadsheet_rounded_is_refused() -> None:
    found = checked("account_ref;balance_total", "8,6E+08;1", "860003563.0;1", "1E5;1", options=OPTIONS)
    assert [(line, code) for line, _, code, _ in found.errors.rows()] == [(2, "digits_lost")]
    assert found.rows["account_ref"].to_list() == ["860003563", "1E5"]


def test_rules_name_fields_and_texts_that_exist() -> None:
    for rule in RULES["portfolio"]:
        assert {rule.field, *rule.needs} <= {field.name for field in PORTFOLIO.fields}
        assert rule.code in ROW_WARNINGS
    assert remarks("payments", {}, TODAY) == []


def test_every_fault_and_remark_that_was_planted_is_counted(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setattr("uploads.checking.run.LISTED", 1_000)
    actor: Actor = World(ports).actor(Role.ANALYST)
    planted = dirty_portfolio.write(tmp_path / "dirty.csv", 20_000)
    done = files.checked(
        ports, actor, (tmp_path / "dirty.csv").read_bytes(), options=dirty_portfolio.OPTIONS, block_bytes=1 << 20
    )
    assert done.state is UploadState.CHECKED, done.fault
    assert done.error_counts == planted.faults
    assert done.warning_counts == planted.remarks
    assert (done.rows_read, done.rows_rejected) == (planted.rows, sum(planted.faults.values()))
    assert done.totals == planted.totals
    with ports.session(actor) as session:
        groups = [*error_groups(session, actor, done.id), *error_groups(session, actor, done.id, is_warning=True)]
        first = list_errors(session, actor, done.id, limit=5).rows
        remarked = list_errors(session, actor, done.id, is_warning=True, limit=5).rows
    assert all(one.code in ROW_FAULTS or one.code in ROW_WARNINGS for one in groups)
    assert len(first) == len(remarked) == 5
