"""Files sent, confirmed, turned away: what is refused, and what is said then."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.kernel.work import Work
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads import confirming, service
from uploads.checking.staging import STAGED
from uploads.faults import FILE_FAULTS
from uploads.lifecycle import UploadMovedOn
from uploads.models import UploadKind, UploadState
from uploads.options import Options
from uploads.queries import get_upload

HEADER = "obligacion;cedula;nombre;saldo total;fecha vencimiento\n"
GOOD = HEADER + "".join(f"A{number};1000{number};Peña {number};{number}00,50;25/12/2023\n" for number in range(1, 8))


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(world: World) -> Actor:
    return world.actor(Role.ANALYST)


def staged_lines(ports: Ports, actor: Actor, upload_id: int) -> list[int]:
    table = STAGED[UploadKind.PORTFOLIO]
    with ports.session(actor) as session:
        return list(session.scalars(select(table.c.line).where(table.c.upload_id == upload_id).order_by(table.c.line)))


def test_a_good_file_is_received_confirmed_and_checked(ports: Ports, analyst: Actor) -> None:
    received = files.send(ports, analyst, GOOD.encode(), filename="C:\\datos\\cartera\x07 marzo.csv")
    assert (received.is_repeat, received.upload.state) == (False, UploadState.RECEIVED)
    assert (received.upload.filename, received.upload.delimiter) == ("cartera marzo.csv", ";")
    confirmed = files.confirm(ports, analyst, received.upload.id)
    assert confirmed.state is UploadState.CHECKING
    assert Options.from_dict(confirmed.options) == Options("COP", "dmy", ",", "America/Bogota", "CO")
    done = files.check(ports, analyst, received.upload.id)
    assert done.state is UploadState.CHECKED
    assert (done.rows_read, done.rows_good, done.rows_rejected) == (7, 7, 0)
    assert (done.value_minor, done.currency, done.error_counts) == (280_350, "COP", {})
    with ports.session(analyst) as session:
        actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)).all()
        asked = session.execute(select(Work.kind, Work.key)).all()
    assert [one for one in actions if one.startswith("upload.")] == [
        "upload.received",
        "upload.confirmed",
        "upload.checked",
    ]
    assert [tuple(one) for one in asked] == [("check_upload", str(received.upload.id))]


def test_the_same_bytes_again_give_the_first_upload(ports: Ports, analyst: Actor) -> None:
    first = files.send(ports, analyst, GOOD.encode()).upload
    files.confirm(ports, analyst, first.id)
    again = files.send(ports, analyst, GOOD.encode(), filename="otra.csv")
    assert (again.is_repeat, again.upload.id, again.upload.state) == (True, first.id, UploadState.CHECKING)
    other = files.send(ports, analyst, GOOD.encode() + b"A8;5;x;1,00;\n")
    assert not other.is_repeat
    assert other.upload.id != first.id


def test_the_same_bytes_of_another_creditor_are_another_upload(ports: Ports, world: World, analyst: Actor) -> None:
    mine = files.send(ports, analyst, GOOD.encode()).upload
    theirs = files.send(ports, world.actor(Role.ANALYST, organisation=1), GOOD.encode())
    assert (theirs.is_repeat, theirs.upload.id != mine.id) == (False, True)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "empty"),
        (b"A1;1500,00;25/12/2023\nA2;1600,00;26/12/2023\n", "no_header"),
        (b"obligacion;saldo total\n", "header_only"),
        (b"unas palabras\nA1\n", "no_separator"),
    ],
)
def test_an_unusable_file_is_rejected_on_receipt(ports: Ports, analyst: Actor, data: bytes, fault: str) -> None:
    upload = files.send(ports, analyst, data).upload
    assert (upload.state, upload.fault) == (UploadState.REJECTED, fault)
    assert FILE_FAULTS[fault] % (upload.fault_params or {})
    with ports.session(analyst) as session, transaction(session), pytest.raises(UploadMovedOn):
        confirming.confirm(session, analyst, upload.id, mapping={0: "account_ref"}, options=Options(), now=utc_now())
    assert not files.send(ports, analyst, data).is_repeat


def test_a_required_column_that_is_missing_is_named(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, b"obligacion;ciudad\nA1;Cali\n").upload
    with ports.session(analyst) as session:
        assert confirming.proposal(session, analyst, upload.id).missing == ("balance_total",)
    with pytest.raises(confirming.ColumnsMissing) as refused:
        files.confirm(ports, analyst, upload.id)
    assert "Total balance" in str(refused.value)
    with ports.session(analyst) as session:
        assert get_upload(session, analyst, upload.id).state is UploadState.RECEIVED


@pytest.mark.parametrize(
    "mapping",
    [
        {0: "account_ref", 1: "balance_total", 2: "balance_total"},
        {0: "account_ref", 1: "balance_total", 9: "city"},
        {0: "account_ref", 1: "balance_total", 2: "shoe_size"},
    ],
)
def test_a_mapping_that_cannot_be_is_refused(ports: Ports, analyst: Actor, mapping: dict[int, str]) -> None:
    upload = files.send(ports, analyst, b"a;b;c\nA1;1,50;x\n").upload
    with pytest.raises(confirming.MappingImpossible):
        files.confirm(ports, analyst, upload.id, mapping)


def test_what_the_values_leave_open_is_asked(ports: Ports, analyst: Actor) -> None:
    data = b"obligacion;saldo total;fecha vencimiento\nA1;1.500;01/02/2024\n"
    upload = files.send(ports, analyst, data).upload
    with pytest.raises(confirming.OptionNotSettled) as refused:
        files.confirm(ports, analyst, upload.id)
    assert refused.value.option == "date_order"
    with pytest.raises(confirming.OptionNotSettled) as refused:
        files.confirm(ports, analyst, upload.id, options=Options(date_order="dmy"))
    assert refused.value.option == "decimal"
    files.confirm(ports, analyst, upload.id, options=Options(date_order="mdy", decimal=","))
    done = files.check(ports, analyst, upload.id)
    assert (done.value_minor, done.rows_rejected) == (150_000, 0)


def test_a_confirmed_mapping_is_remembered_for_the_same_columns(ports: Ports, analyst: Actor) -> None:
    first = files.send(ports, analyst, b"k1;k2\nA1;1.500\n").upload
    files.confirm(ports, analyst, first.id, {0: "account_ref", 1: "balance_total"}, Options(decimal=","))
    second = files.send(ports, analyst, b"k2;k1\n1.600;A2\n").upload
    with ports.session(analyst) as session:
        proposal = confirming.proposal(session, analyst, second.id)
    assert proposal.is_remembered
    assert [column.field for column in proposal.columns] == ["balance_total", "account_ref"]
    assert (proposal.options.decimal, proposal.questions) == (",", ())


def test_a_file_turned_away_leaves_no_rows_and_may_be_sent_again(ports: Ports, analyst: Actor) -> None:
    upload = files.checked(ports, analyst, GOOD.encode())
    with ports.session(analyst) as session, transaction(session):
        service.reject(session, analyst, upload.id, now=utc_now())
    with ports.session(analyst) as session:
        now = get_upload(session, analyst, upload.id)
        assert (now.state, now.fault) == (UploadState.REJECTED, "turned_away")
    assert staged_lines(ports, analyst, upload.id) == []
    assert not files.send(ports, analyst, GOOD.encode()).is_repeat


def test_only_those_who_may_send_files_do(ports: Ports, world: World) -> None:
    finance, manager = world.actor(Role.FINANCE), world.actor(Role.MANAGER)
    with pytest.raises(Forbidden):
        files.send(ports, finance, GOOD.encode())
    with pytest.raises(Forbidden):
        files.send(ports, manager, GOOD.encode())
    with pytest.raises(NotFound):
        # The agency has no mandate with this creditor.
        files.send(ports, manager, b"a;b;c\n1;2;3\n", kind=UploadKind.PAYMENTS, creditor_id=world.creditors[0].id)
