"""Orders as a file out, findings as a file in: the same checks, and every row accounted for."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from agencies.attestations.gates import GateClosed
from agencies.kernel.errors import Forbidden
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import as_loader
from agencies.organisations.permissions import Role
from assignments import intake
from assignments.cases.queries import Selection
from assignments.locates.desk import list_to_verify
from assignments.locates.handing_out import NotTakenOn, orders_file
from assignments.locates.models import Finding, FindingState, LocateOrder, OrderOutcome, OrderState
from tests import locating, loop
from tests.locating import FOUND_AT, order, phone, take_on
from tests.loop import NewCase, add_cases, faults
from tests.tenants import add_person
from uploads.kinds import SENDERS_PERMISSION
from uploads.models import Upload, UploadKind, UploadState
from uploads.sealed import joined, place_of_row


@pytest.fixture
def batch(ports, tenants, mandate):
    made = order(ports, tenants.creditor, mandate)
    take_on(ports, tenants.agency, made)
    return made


def row(account: str, value: str | None = "311 555 0101", **changed: object) -> dict[str, object]:
    return {
        "account_ref": account,
        "kind": "phone",
        "value": value,
        "source_class": "data_provider",
        "source_ref": "Consulta 1",
        "found_on": FOUND_AT.date(),
        **changed,
    }


def none(account: str) -> dict[str, object]:
    return {"account_ref": account, "kind": "none", "evidence": "RUNT, directorio"}


def send(ports, agency, creditor, rows, *, good_rows_only: bool = True, now=FOUND_AT) -> Upload:
    """A checked file of findings, applied as the job does it."""
    with ports.session(agency) as session, transaction(session):
        number = session.scalar(select(func.count()).select_from(Upload)) + 1
        upload = Upload(
            organisation_id=agency.tenant,
            creditor_id=creditor.tenant,
            kind=UploadKind.FINDINGS,
            state=UploadState.APPLYING,
            filename="hallazgos.csv",
            size_bytes=1,
            sha256=number.to_bytes(32, "big"),
            storage_key=f"x/{number}",
            currency="COP",
            rows_read=len(rows),
            rows_good=len(rows),
            good_rows_only=good_rows_only,
            created_at=FOUND_AT,
        )
        session.add(upload)
        session.flush()
        with as_loader(session) as connection, connection.cursor() as cursor:
            for line, one in enumerate(rows, start=2):
                cells = {**one}
                if (value := cells.pop("value", None)) is not None:
                    place = place_of_row(agency.tenant, "staged_findings", upload.id, line)
                    cells["sealed"] = ports.keyring.seal(joined(value), place)
                staged = {"organisation_id": agency.tenant, "upload_id": upload.id, "line": line, **cells}
                cursor.execute(
                    f"insert into staged_findings ({', '.join(staged)}) values ({', '.join(['%s'] * len(staged))})",
                    list(staged.values()),
                )
        intake.load(session, agency, upload.id, now=now)
        return upload


def findings(ports, actor) -> dict[str, Finding]:
    with ports.session(actor) as session:
        return {one.value: one for one in session.scalars(select(Finding))}


def orders(ports, actor, batch) -> dict[str, LocateOrder]:
    return {one.account_ref: one for one in locating.orders(ports, actor, batch)}


def test_a_file_says_of_every_row_what_became_of_it(ports, tenants, batch):
    rows = [row("A1"), row("A1", "300 123 4567"), row("A3", "x@example.co", kind="email"), none("A4"), row("A1", "12")]
    upload = send(ports, tenants.agency, tenants.creditor, rows)

    assert (upload.rows_read, upload.rows_applied, upload.rows_unchanged, upload.rows_rejected) == (5, 4, 0, 1)
    found = findings(ports, tenants.agency)
    assert set(found) == {"+573115550101", "+573001234567", "x@example.co"}
    assert found["+573001234567"].is_known
    assert {one.state for one in found.values()} == {FindingState.SUBMITTED}
    by_account = orders(ports, tenants.agency, batch)
    assert {one.state for one in by_account.values()} == {OrderState.SUBMITTED}
    assert by_account["A4"].outcome is OrderOutcome.NONE_FOUND
    assert by_account["A4"].searched == "RUNT, directorio"
    assert by_account["A1"].outcome is OrderOutcome.FOUND


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([row("A1", "12")], ("value", "unreadable_phone")),
        ([row("A1", "ana", kind="email")], ("value", "unreadable_email")),
        ([row("A1", "--", kind="address")], ("value", "unreadable_address")),
        ([row("A1", "NIT 900123456-1", kind="employer")], ("value", "unreadable_employer")),
        ([row("A1", None)], ("value", "required")),
        ([row("A1", source_ref=None)], ("source_ref", "required")),
        ([row("A1", source_class=None)], ("source_class", "required")),
        ([row("A1", found_on=None)], ("found_on", "required")),
        ([row("A1", found_on=date(2030, 1, 1))], ("found_on", "in_future")),
        ([row("A2")], ("account_ref", "not_your_order")),
        ([row("nobody")], ("account_ref", "not_your_order")),
    ],
)
def test_a_row_that_cannot_stand_is_refused_with_its_reason(ports, tenants, batch, rows, fault):
    upload = send(ports, tenants.agency, tenants.creditor, [*rows, none("A4")])

    assert faults(ports, tenants.agency, upload)[2][:2] == fault
    assert (upload.rows_applied, upload.rows_rejected) == (1, 1)
    assert findings(ports, tenants.agency) == {}


def test_a_file_that_contradicts_itself_is_refused_where_it_does(ports, tenants, batch):
    upload = send(ports, tenants.agency, tenants.creditor, [row("A1"), none("A1")])

    assert faults(ports, tenants.agency, upload)[3][1] == "findings_and_none"
    assert orders(ports, tenants.agency, batch)["A1"].outcome is OrderOutcome.FOUND


def test_the_same_findings_in_other_bytes_change_nothing(ports, tenants, batch):
    send(ports, tenants.agency, tenants.creditor, [row("A1")])
    upload = send(ports, tenants.agency, tenants.creditor, [row("A1", "+57 311-555-0101"), row("A3", "3205550102")])

    assert (upload.rows_applied, upload.rows_unchanged) == (1, 1)
    assert len(findings(ports, tenants.agency)) == 2


def test_all_or_nothing_takes_nothing_when_a_row_is_bad(ports, tenants, batch):
    upload = send(ports, tenants.agency, tenants.creditor, [row("A1"), row("A1", "12")], good_rows_only=False)

    assert upload.state is UploadState.CHECKED
    assert findings(ports, tenants.agency) == {}


def test_another_agency_s_orders_are_not_there(ports, tenants, batch):
    locating.locate_mandate(ports, tenants.creditor, tenants.other_agency)
    upload = send(ports, tenants.other_agency, tenants.creditor, [row("A1")])

    assert faults(ports, tenants.other_agency, upload)[2][1] == "not_your_order"
    assert findings(ports, tenants.agency) == {}


def test_every_person_of_an_open_batch_stands_in_its_file(ports, tenants, mandate):
    add_cases(ports, tenants.creditor, [NewCase("F1", 1_000, name="=1+1", phones=("3110000000",))])
    made = order(ports, tenants.creditor, mandate, exclusions="No llamar al trabajo")
    with ports.session(tenants.agency) as session, pytest.raises(NotTakenOn):
        orders_file(session, tenants.agency, made.id, now=FOUND_AT)
    take_on(ports, tenants.agency, made)

    with ports.session(tenants.agency) as session, transaction(session):
        content = b"".join(orders_file(session, tenants.agency, made.id, now=FOUND_AT)).decode("utf-8-sig")
    lines = {one["account_ref"]: one for one in csv.DictReader(io.StringIO(content))}
    assert set(lines) == {"A1", "A3", "A4", "F1"}
    assert lines["F1"]["debtor_name"] == "'=1+1"
    assert {one["exclusions"] for one in lines.values()} == {"No llamar al trabajo"}
    assert {one["purpose"] for one in lines.values()} == {"collect_own_debt"}


def test_the_file_is_closed_to_an_agency_whose_security_has_lapsed(ports, tenants, batch):
    after = FOUND_AT.replace(year=2200)

    with ports.session(tenants.agency) as session, pytest.raises(GateClosed) as refused:
        orders_file(session, tenants.agency, batch.id, now=after)
    assert {one.code for one in refused.value.obstacles[tenants.agency.tenant]} == {"AT-02"}


def test_who_does_not_look_for_people_sends_no_findings(ports, tenants, batch):
    agent = add_person(ports, Role.AGENT, "Cobros Tres")

    assert not agent.may(SENDERS_PERMISSION[UploadKind.FINDINGS])
    with ports.session(agent) as session, pytest.raises(Forbidden):
        orders_file(session, agent, batch.id, now=FOUND_AT)


def draft(ports, agency, order_id, raw="311 555 0101"):
    with ports.session(agency) as session, transaction(session):
        locating.investigating.add(session, agency, order_id, phone(raw), now=FOUND_AT)


def test_a_row_that_equals_a_draft_hands_the_draft_in(ports, tenants, batch):
    draft(ports, tenants.agency, orders(ports, tenants.agency, batch)["A1"].id)

    upload = send(ports, tenants.agency, tenants.creditor, [row("A1", "+57 311-555-0101", source_ref="Consulta 2")])
    [found] = findings(ports, tenants.agency).values()
    assert (found.state, found.source_ref) == (FindingState.SUBMITTED, "Consulta 88-12")
    assert (upload.rows_applied, upload.rows_unchanged) == (1, 0)
    with ports.session(tenants.creditor) as session:
        assert [one.id for one in list_to_verify(session, tenants.creditor).rows] == [found.id]


def test_what_was_typed_on_an_order_is_handed_in_with_the_file_that_names_it(ports, tenants, batch):
    by_account = orders(ports, tenants.agency, batch)
    draft(ports, tenants.agency, by_account["A1"].id, "6044445555")
    draft(ports, tenants.agency, by_account["A4"].id, "3205550103")

    send(ports, tenants.agency, tenants.creditor, [row("A1")])
    found = findings(ports, tenants.agency)
    assert found["+576044445555"].state is FindingState.SUBMITTED
    assert found["+573115550101"].state is FindingState.SUBMITTED
    # An order the file does not name is as its investigator left it.
    assert found["+573205550103"].state is FindingState.DRAFT
    assert orders(ports, tenants.agency, batch)["A4"].state is OrderState.ACKNOWLEDGED


def test_a_file_sent_again_does_not_rewrite_who_handed_in_and_when(ports, tenants, batch):
    rows = [row("A1"), none("A4")]
    send(ports, tenants.agency, tenants.creditor, rows)
    before = orders(ports, tenants.agency, batch)
    colleague = replace(tenants.agency, user_id=tenants.agency.user_id + 1)

    upload = send(ports, colleague, tenants.creditor, [*rows, row("A3")], now=FOUND_AT + timedelta(days=2))
    after = orders(ports, tenants.agency, batch)
    for account in ("A1", "A4"):
        for name in ("submitted_at", "submitted_by", "outcome", "searched"):
            assert getattr(after[account], name) == getattr(before[account], name)
    assert (after["A3"].submitted_at, after["A3"].submitted_by) == (FOUND_AT + timedelta(days=2), colleague.user_id)
    assert (upload.rows_applied, upload.rows_unchanged) == (1, 2)


def test_an_order_handed_in_empty_gains_what_a_later_file_brings(ports, tenants, batch):
    send(ports, tenants.agency, tenants.creditor, [none("A1")])
    send(ports, tenants.agency, tenants.creditor, [row("A1")], now=FOUND_AT + timedelta(days=1))

    gained = orders(ports, tenants.agency, batch)["A1"]
    assert (gained.outcome, gained.submitted_at) == (OrderOutcome.FOUND, FOUND_AT + timedelta(days=1))


def test_the_creditor_is_told_of_findings_that_come_in_a_file(ports, tenants, batch):
    send(ports, tenants.agency, tenants.creditor, [row("A1"), row("A3")])
    send(ports, tenants.agency, tenants.creditor, [row("A1"), row("A4")])

    with ports.session(tenants.creditor) as session:
        told = [one for one in list_notices(session, tenants.creditor).rows if one.kind == "finding.submitted"]
    assert [one.details["batch_id"] for one in told] == [batch.id]


def test_a_file_says_nothing_of_people_its_agency_collects_from(ports, tenants, batch):
    collect = loop.add_mandate(ports, tenants.creditor, tenants.agency)
    loop.place(
        ports, tenants.creditor, loop.draft(ports, tenants.creditor, [collect], selection=Selection(search="A1"))
    )

    upload = send(ports, tenants.agency, tenants.creditor, [row("A1", "3001234567"), none("A4")])
    assert faults(ports, tenants.agency, upload)[2][:2] == ("account_ref", "not_your_order")
    assert findings(ports, tenants.agency) == {}
    assert orders(ports, tenants.creditor, batch)["A1"].state is OrderState.ACKNOWLEDGED
