"""What becomes of good and bad files, on the real database, through the services that views and jobs call."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import func, select, text

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
from uploads import service
from uploads.faults import FILE_FAULTS, ROW_FAULTS
from uploads.lifecycle import UploadMovedOn
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options
from uploads.queries import error_groups, get_upload, list_errors, list_uploads, progress
from uploads.staging import STAGED

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


def faults_of(ports: Ports, actor: Actor, upload_id: int) -> list[tuple[int, str, str]]:
    with ports.session(actor) as session:
        return [(row.line, row.field, row.code) for row in list_errors(session, actor, upload_id).rows]


def test_a_good_file_is_received_confirmed_and_checked(ports: Ports, analyst: Actor) -> None:
    received = files.send(ports, analyst, GOOD.encode(), filename="C:\\datos\\cartera\x07 marzo.csv")
    assert (received.is_repeat, received.upload.state) == (False, UploadState.RECEIVED)
    assert (received.upload.filename, received.upload.delimiter) == ("cartera marzo.csv", ";")
    confirmed = files.confirm(ports, analyst, received.upload.id)
    assert confirmed.state is UploadState.CHECKING
    assert Options.from_dict(confirmed.options) == Options("COP", "dmy", ",", "America/Bogota")
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
        (b"PK\x03\x04zip", "not_text"),
        (b"A1;1500,00;25/12/2023\nA2;1600,00;26/12/2023\n", "no_header"),
        (b"obligacion;saldo total\n", "header_only"),
        (b"obligacion;saldo;SALDO\nA1;1;2\n", "duplicate_headers"),
        (b"obligacion\nA1\n", "no_separator"),
    ],
)
def test_an_unusable_file_is_rejected_on_receipt(ports: Ports, analyst: Actor, data: bytes, fault: str) -> None:
    upload = files.send(ports, analyst, data).upload
    assert (upload.state, upload.fault) == (UploadState.REJECTED, fault)
    assert FILE_FAULTS[fault] % (upload.fault_params or {})
    with ports.session(analyst) as session, transaction(session), pytest.raises(UploadMovedOn):
        service.confirm(session, analyst, upload.id, mapping={0: "account_ref"}, options=Options(), now=utc_now())
    assert not files.send(ports, analyst, data).is_repeat


def test_a_required_column_that_is_missing_is_named(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, b"obligacion;ciudad\nA1;Cali\n").upload
    with ports.session(analyst) as session:
        assert service.proposal(session, analyst, upload.id).missing == ("balance_total",)
    with pytest.raises(service.ColumnsMissing) as refused:
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
    with pytest.raises(service.MappingImpossible):
        files.confirm(ports, analyst, upload.id, mapping)


def test_what_the_values_leave_open_is_asked(ports: Ports, analyst: Actor) -> None:
    data = b"obligacion;saldo total;fecha vencimiento\nA1;1.500;01/02/2024\n"
    upload = files.send(ports, analyst, data).upload
    with pytest.raises(service.OptionNotSettled) as refused:
        files.confirm(ports, analyst, upload.id)
    assert refused.value.option == "date_order"
    with pytest.raises(service.OptionNotSettled) as refused:
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
        proposal = service.proposal(session, analyst, second.id)
    assert proposal.is_remembered
    assert [column.field for column in proposal.columns] == ["balance_total", "account_ref"]
    assert (proposal.options.decimal, proposal.questions) == (",", ())


def test_bad_rows_are_told_and_good_ones_staged(ports: Ports, analyst: Actor) -> None:
    data = GOOD + (
        "A8;1;x;-5,00;\n"  # 9
        "A9;1;x;cinco;\n"  # 10
        "\n"  # 11
        "A1;1;x;7,00;\n"  # 12
        "A10;1;x\n"  # 13
        ";1;x;7,00;\n"  # 14
        "A11;1;x;7,00;12/31/2023\n"  # 15
        "A12;1;x"  # 16
    )
    # The last date speaks against the others, so the user was asked.
    done = files.checked(ports, analyst, data.encode(), options=Options(date_order="dmy"))
    assert (done.state, done.rows_read, done.rows_good, done.rows_rejected) == (UploadState.CHECKED, 14, 7, 7)
    assert faults_of(ports, analyst, done.id) == [
        (9, "balance_total", "negative"),
        (10, "balance_total", "unreadable_amount"),
        (12, "account_ref", "duplicate"),
        (13, "row", "too_few_cells"),
        (14, "account_ref", "required"),
        (15, "due_date", "date_order"),
        (16, "row", "cut_short"),
    ]
    assert staged_lines(ports, analyst, done.id) == [2, 3, 4, 5, 6, 7, 8]
    assert done.errors_found == 7
    with ports.session(analyst) as session:
        groups = error_groups(session, analyst, done.id)
    assert {(group.field, group.code, group.count) for group in groups} >= {("account_ref", "duplicate", 1)}
    assert all(group.code in ROW_FAULTS for group in groups)


def test_a_repeated_account_keeps_its_first_row(ports: Ports, analyst: Actor) -> None:
    rows = "".join(f"A{number % 3};{number}\n" for number in range(30))
    done = files.checked(ports, analyst, f"obligacion;saldo\n{rows}".encode(), block_bytes=20)
    assert (done.rows_read, done.rows_good, done.rows_rejected) == (30, 3, 27)
    assert staged_lines(ports, analyst, done.id) == [2, 3, 4]
    assert done.error_counts == {"account_ref:duplicate": 27}
    assert done.value_minor == 300


def test_a_file_in_latin_1_is_read_with_its_accents(ports: Ports, analyst: Actor) -> None:
    done = files.checked(ports, analyst, GOOD.encode("latin-1"))
    table = STAGED[UploadKind.PORTFOLIO]
    with ports.session(analyst) as session:
        names = session.scalars(select(table.c.full_name).order_by(table.c.line)).all()
    assert (done.rows_good, names[0], done.encoding) == (7, "Peña 1", "cp1252")


def test_unknown_columns_are_let_be(ports: Ports, analyst: Actor) -> None:
    done = files.checked(ports, analyst, b"obligacion;color;saldo;talla\nA1;azul;1,50;M\nA2;;2,50;\n")
    assert (done.rows_good, done.rows_rejected, done.mapping) == (2, 0, {"0": "account_ref", "2": "balance_total"})


def test_a_file_cut_inside_a_quote_loses_its_last_row_only(ports: Ports, analyst: Actor) -> None:
    done = files.checked(ports, analyst, (GOOD + 'A8;1;"Peña').encode())
    assert (done.rows_read, done.rows_good) == (8, 7)
    assert faults_of(ports, analyst, done.id) == [(9, "row", "unclosed_quote")]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_an_interrupted_check_goes_on_where_it_stopped(ports: Ports, analyst: Actor, steps: int) -> None:
    rows = [f"A{number};{number},25;{'x' if number % 7 else '01/02/2024'}\n" for number in range(200)]
    rows[50] = "\n"
    rows[120] = "A120;1\n"
    data = ("obligacion;saldo;fecha vencimiento\n" + "".join(rows)).encode()
    options = Options(date_order="dmy", decimal=",")
    whole = files.checked(ports, analyst, data, options=options)
    parts = files.send(ports, analyst, data.replace(b"A199", b"A_199")).upload
    files.confirm(ports, analyst, parts.id, options=options)
    rounds = itertools.count()
    while files.check_some(ports, analyst, parts.id, steps=steps, block_bytes=300):
        next(rounds)
    with ports.session(analyst) as session:
        parts = get_upload(session, analyst, parts.id)
    assert next(rounds) > 2
    assert parts.offset_bytes == parts.size_bytes
    assert (parts.rows_read, parts.rows_good, parts.rows_rejected, parts.value_minor) == (
        whole.rows_read,
        whole.rows_good,
        whole.rows_rejected,
        whole.value_minor,
    )
    assert parts.error_counts == whole.error_counts
    assert staged_lines(ports, analyst, parts.id) == staged_lines(ports, analyst, whole.id)


def test_a_step_that_did_not_commit_leaves_nothing_and_is_done_again(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, GOOD.encode()).upload
    files.confirm(ports, analyst, upload.id)
    with ports.session(analyst) as session:
        running = files.Check(session, analyst, ports.storage, upload.id, block_bytes=60)
        with transaction(session):
            running.next_step()
        with pytest.raises(ZeroDivisionError), transaction(session):
            running.next_step()
            raise ZeroDivisionError
        with transaction(session):
            session.execute(text("select 1"))
        before = get_upload(session, analyst, upload.id)
        session.refresh(before)
        assert len(staged_lines(ports, analyst, upload.id)) == before.rows_read < 7
        while True:
            with transaction(session):
                if running.next_step() is None:
                    break
    assert staged_lines(ports, analyst, upload.id) == [2, 3, 4, 5, 6, 7, 8]


def test_errors_beyond_the_list_are_counted_still(
    ports: Ports, analyst: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uploads.checking.LISTED", 25)
    rows = "".join(f"A{number};x\n" for number in range(100))
    done = files.checked(
        ports,
        analyst,
        f"obligacion;saldo\n{rows}A100;1,5\n".encode(),
        mapping={0: "account_ref", 1: "balance_total"},
        options=Options(decimal=","),
        block_bytes=100,
    )
    assert (done.rows_rejected, done.errors_found) == (100, 100)
    assert done.error_counts == {"balance_total:unreadable_amount": 100}
    assert len(faults_of(ports, analyst, done.id)) == 25


def test_errors_are_paged_in_the_order_of_the_file(ports: Ports, analyst: Actor) -> None:
    rows = "".join(f"A{number};-1;x\n" for number in range(10))
    data = f"obligacion;saldo;fecha vencimiento\n{rows}".encode()
    upload = files.checked(
        ports, analyst, data, mapping={0: "account_ref", 1: "balance_total", 2: "due_date"}, options=Options("COP")
    )
    seen, after = [], None
    with ports.session(analyst) as session:
        while True:
            page = list_errors(session, analyst, upload.id, after, limit=3)
            seen += [(row.line, row.field) for row in page.rows]
            after = page.next_cursor
            if after is None:
                break
        only = list_errors(session, analyst, upload.id, code="negative").rows
    assert seen == [(line, field) for line in range(2, 12) for field in ("balance_total", "due_date")]
    assert {row.code for row in only} == {"negative"}


def test_a_file_turned_away_leaves_no_rows_and_may_be_sent_again(ports: Ports, analyst: Actor) -> None:
    upload = files.checked(ports, analyst, GOOD.encode())
    with ports.session(analyst) as session, transaction(session):
        service.reject(session, analyst, upload.id, now=utc_now())
    with ports.session(analyst) as session:
        now = get_upload(session, analyst, upload.id)
        assert (now.state, now.fault) == (UploadState.REJECTED, "turned_away")
    assert staged_lines(ports, analyst, upload.id) == []
    assert not files.send(ports, analyst, GOOD.encode()).is_repeat


def test_a_check_of_a_file_that_was_turned_away_ends_at_once(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, GOOD.encode()).upload
    files.confirm(ports, analyst, upload.id)
    with ports.session(analyst) as session, transaction(session):
        service.reject(session, analyst, upload.id, now=utc_now())
    assert files.check(ports, analyst, upload.id).state is UploadState.REJECTED
    assert staged_lines(ports, analyst, upload.id) == []


def test_another_creditor_sees_and_changes_nothing(ports: Ports, world: World, analyst: Actor) -> None:
    upload = files.checked(ports, analyst, GOOD.encode())
    stranger = world.actor(Role.ANALYST, organisation=1)
    with ports.session(stranger) as session:
        assert list_uploads(session, stranger).rows == ()
        assert session.scalar(select(func.count()).select_from(Upload)) == 0
        assert session.scalar(select(func.count()).select_from(STAGED[UploadKind.PORTFOLIO])) == 0
        for refused in (
            lambda: get_upload(session, stranger, upload.id),
            lambda: progress(session, stranger, upload.id),
            lambda: error_groups(session, stranger, upload.id),
            lambda: list_errors(session, stranger, upload.id),
            lambda: service.proposal(session, stranger, upload.id),
            lambda: service.confirm(session, stranger, upload.id, mapping={}, options=Options(), now=utc_now()),
            lambda: service.apply(session, stranger, upload.id, good_rows_only=True, now=utc_now()),
            lambda: service.reject(session, stranger, upload.id, now=utc_now()),
        ):
            with pytest.raises(NotFound):
                refused()
    with pytest.raises(NotFound):
        files.load(ports, stranger, upload.id)
    with ports.session(analyst) as session:
        assert get_upload(session, analyst, upload.id).state is UploadState.CHECKED


def test_only_those_who_may_send_files_do(ports: Ports, world: World) -> None:
    finance, manager = world.actor(Role.FINANCE), world.actor(Role.MANAGER)
    with pytest.raises(Forbidden):
        files.send(ports, finance, GOOD.encode())
    with pytest.raises(Forbidden):
        files.send(ports, manager, GOOD.encode())
    with pytest.raises(NotFound):
        # The agency has no mandate with this creditor.
        files.send(ports, manager, b"a;b;c\n1;2;3\n", kind=UploadKind.PAYMENTS, creditor_id=world.creditors[0].id)


def test_uploads_are_listed_newest_first(ports: Ports, analyst: Actor) -> None:
    sent = [files.send(ports, analyst, GOOD.replace("A1", f"B{number}").encode()).upload.id for number in range(5)]
    with ports.session(analyst) as session:
        first = list_uploads(session, analyst, limit=3)
        rest = list_uploads(session, analyst, UploadKind.PORTFOLIO, first.next_cursor, limit=3)
    assert [one.id for one in (*first.rows, *rest.rows)] == sent[::-1]
    assert rest.next_cursor is None


def test_progress_is_what_the_work_says(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, GOOD.encode()).upload
    files.confirm(ports, analyst, upload.id)
    files.check_some(ports, analyst, upload.id, steps=2, block_bytes=60)
    with ports.session(analyst) as session, transaction(session):
        session.execute(text("update work set stage = 'checking', done = 120, total = 240, state = 'running'"))
    with ports.session(analyst) as session:
        seen = progress(session, analyst, upload.id)
    assert (seen.state, seen.stage, seen.done, seen.total) == (UploadState.CHECKING, "checking", 120, 240)
    assert seen.rows_read > 0
    assert seen.rows_per_second is not None
    assert seen.seconds_left is not None
    assert not seen.failed
    with ports.session(analyst) as session, transaction(session):
        session.execute(text("update work set state = 'failed', error = 'os_error'"))
    with ports.session(analyst) as session:
        seen = progress(session, analyst, upload.id)
    assert (seen.failed, seen.error, seen.work_id is not None) == (True, "os_error", True)
