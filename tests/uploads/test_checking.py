"""A file checked block by block into staging, also by workers that die on the way."""

from __future__ import annotations

import gc
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads import service
from uploads.checking.checks import Checked
from uploads.checking.run import batches
from uploads.checking.staging import STAGED
from uploads.faults import ROW_FAULTS
from uploads.formats.blocks import Block
from uploads.formats.frames import LINE, Sheet
from uploads.models import UploadKind, UploadState
from uploads.options import Options
from uploads.own import readable_key
from uploads.queries import error_groups, get_upload, list_errors

HEADER = "obligacion;cedula;nombre;saldo total;fecha vencimiento\n"
GOOD = HEADER + "".join(f"A{number};1000{number};Peña {number};{number}00,50;25/12/2023\n" for number in range(1, 8))


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(world: World) -> Actor:
    return world.actor(Role.ANALYST)


def faults_of(ports: Ports, actor: Actor, upload_id: int) -> list[tuple[int, str, str]]:
    with ports.session(actor) as session:
        return [(row.line, row.field, row.code) for row in list_errors(session, actor, upload_id).rows]


def staged_lines(ports: Ports, actor: Actor, upload_id: int) -> list[int]:
    table = STAGED[UploadKind.PORTFOLIO]
    with ports.session(actor) as session:
        return list(session.scalars(select(table.c.line).where(table.c.upload_id == upload_id).order_by(table.c.line)))


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


@pytest.mark.parametrize("is_ahead", [False, True])
def test_a_block_that_was_handed_on_is_held_by_no_stage(ports: Ports, analyst: Actor, is_ahead: bool) -> None:
    upload = files.send(ports, analyst, GOOD.encode()).upload
    files.confirm(ports, analyst, upload.id)
    with ports.session(analyst) as session, ThreadPoolExecutor(3) as threads:
        upload = get_upload(session, analyst, upload.id)
        with ports.storage.open(readable_key(upload)) as file:
            made = batches(file, upload, ports.keyring, 60, ahead=threads if is_ahead else None)
            first, second = next(made), next(made)

            lines = [one.frame[LINE].to_list() for one in gc.get_objects() if isinstance(one, Sheet)]
            lines += [one.rows[LINE].to_list() for one in gc.get_objects() if isinstance(one, Checked)]
            ends = [one.end for one in gc.get_objects() if isinstance(one, Block)]
    assert not [some for some in lines if min(some) <= second.line], "its rows are held"
    assert not {first.end, second.end} & set(ends), "its bytes are held"


def test_errors_beyond_the_list_are_counted_still(
    ports: Ports, analyst: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uploads.checking.run.LISTED", 25)
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


def test_a_check_of_a_file_that_was_turned_away_ends_at_once(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, GOOD.encode()).upload
    files.confirm(ports, analyst, upload.id)
    with ports.session(analyst) as session, transaction(session):
        service.reject(session, analyst, upload.id, now=utc_now())
    assert files.check(ports, analyst, upload.id).state is UploadState.REJECTED
    assert staged_lines(ports, analyst, upload.id) == []
