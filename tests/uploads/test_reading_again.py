"""Files read as last time without asking, and files read once more: by whom, of whom, and nothing left behind."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads import confirming, receiving, service
from uploads.checking.staging import STAGED
from uploads.lifecycle import UploadMovedOn
from uploads.mapping import saved
from uploads.models import Upload, UploadError, UploadKind, UploadState
from uploads.options import Options
from uploads.queries import get_upload

HEADER = "Llave Interna;Deuda Hoy;Vence"
FIRST = f"{HEADER}\nA-1;1.500,50;31/12/2025\nA-2;x;15/12/2025\n".encode()
NEXT = f"{HEADER}\nB-1;2.500,50;30/12/2025\n".encode()
MAPPING = {0: "account_ref", 1: "balance_total", 2: "due_date"}
OPTIONS = Options(currency="COP", date_order="dmy", decimal=",")


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(world: World) -> Actor:
    return world.actor(Role.ANALYST)


def arrive(ports: Ports, actor: Actor, data: bytes) -> Upload:
    """A file comes as through the portal: what is known of its columns is applied by itself."""
    incoming = ports.storage.incoming()
    incoming.write(data)
    with ports.session(actor) as session, transaction(session):
        return receiving.receive(
            session,
            actor,
            incoming,
            kind=UploadKind.PORTFOLIO,
            filename="cartera.csv",
            reads_as_before=True,
            now=utc_now(),
        ).upload


def reopened(ports: Ports, actor: Actor, upload_id: int) -> Upload:
    with ports.session(actor) as session, transaction(session):
        return confirming.reopen(session, actor, upload_id, now=utc_now())


def audited(ports: Ports, actor: Actor) -> list[str]:
    with ports.session(actor) as session:
        found = session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)).all()
    return [one for one in found if one.startswith(("upload.", "columns."))]


def count(ports: Ports, actor: Actor, upload_id: int) -> tuple[int, int]:
    """Staged rows and listed faults of an upload."""
    staged = STAGED[UploadKind.PORTFOLIO]
    with ports.session(actor) as session:
        rows = session.scalar(select(func.count()).select_from(staged).where(staged.c.upload_id == upload_id))
        faults = session.scalar(select(func.count()).select_from(UploadError).where(UploadError.upload_id == upload_id))
    return rows or 0, faults or 0


@pytest.fixture
def first(ports: Ports, analyst: Actor) -> Upload:
    """A file whose columns a person confirmed, checked."""
    upload = files.send(ports, analyst, FIRST).upload
    files.confirm(ports, analyst, upload.id, MAPPING, OPTIONS)
    return files.check(ports, analyst, upload.id)


def test_the_next_file_with_the_columns_is_checked_without_asking(ports: Ports, analyst: Actor, first: Upload) -> None:
    upload = arrive(ports, analyst, NEXT)
    assert upload.state is UploadState.CHECKING
    assert (upload.mapping, upload.remembered_by) == (first.mapping, analyst.user_id)
    assert upload.remembered_at is not None
    assert Options.from_dict(upload.options).decimal == ","
    done = files.check(ports, analyst, upload.id)
    assert (done.state, done.rows_good, done.value_minor) == (UploadState.CHECKED, 1, 250_050)
    assert audited(ports, analyst)[-3:] == ["upload.received", "upload.read_as_before", "upload.checked"]
    with ports.session(analyst) as session:
        [kept] = saved.list_saved(session, analyst)
    assert kept.times_used == 2


@pytest.mark.parametrize(
    "data",
    [
        f"{HEADER};Ciudad\nB-1;2.500,50;30/12/2025;Cali\n",
        "Llave Interna;Vence\nB-1;30/12/2025\n",
        f"{HEADER}\nB-1;2,500.50;30/12/2025\n",
        f"{HEADER}\nB-1;pendiente;30/12/2025\n",
    ],
    ids=["a new column", "a column gone", "another decimal sign", "other values"],
)
def test_a_file_that_leaves_anything_open_waits_for_a_person(ports: Ports, analyst: Actor, first, data: str) -> None:
    upload = arrive(ports, analyst, data.encode())
    assert (upload.state, upload.remembered_at) == (UploadState.RECEIVED, None)


def test_what_another_organisation_confirmed_is_never_used(ports: Ports, world: World, first: Upload) -> None:
    stranger = world.actor(Role.ANALYST, organisation=1)
    upload = arrive(ports, stranger, NEXT)
    assert upload.state is UploadState.RECEIVED
    with ports.session(stranger) as session:
        found = confirming.proposal(session, stranger, upload.id)
        assert (found.remembered, found.changes) == (None, None)
        assert saved.list_saved(session, stranger) == []


def test_what_was_forgotten_is_asked_for_again(ports: Ports, analyst: Actor, first: Upload) -> None:
    with ports.session(analyst) as session, transaction(session):
        [kept] = saved.list_saved(session, analyst)
        saved.forget_columns(session, analyst, kept.id, now=utc_now())
    assert arrive(ports, analyst, NEXT).state is UploadState.RECEIVED
    assert "columns.forgotten" in audited(ports, analyst)


def test_a_stranger_forgets_nothing_and_reopens_nothing(ports: Ports, world: World, analyst, first: Upload) -> None:
    stranger = world.actor(Role.ANALYST, organisation=1)
    with ports.session(analyst) as session:
        [kept] = saved.list_saved(session, analyst)
    with ports.session(stranger) as session, transaction(session):
        with pytest.raises(NotFound):
            saved.forget_columns(session, stranger, kept.id, now=utc_now())
        with pytest.raises(NotFound):
            confirming.reopen(session, stranger, first.id, now=utc_now())


def test_who_does_not_send_such_files_does_not_read_them_again(ports: Ports, world: World, first: Upload) -> None:
    outsider = world.actor(Role.FINANCE)
    with ports.session(outsider) as session, pytest.raises(Forbidden):
        confirming.reopen(session, outsider, first.id, now=utc_now())


def test_a_checked_file_is_read_differently_from_its_first_row(ports: Ports, analyst: Actor, first: Upload) -> None:
    assert (first.rows_read, first.rows_rejected, count(ports, analyst, first.id)) == (2, 1, (1, 1))
    again = reopened(ports, analyst, first.id)
    assert (again.state, again.rows_read, again.error_counts) == (UploadState.RECEIVED, 0, {})
    assert (again.rows_good, again.value_minor, again.checked_at) == (0, 0, None)
    assert count(ports, analyst, first.id) == (0, 0)
    files.confirm(ports, analyst, first.id, {0: "account_ref", 1: "balance_total"}, OPTIONS)
    done = files.check(ports, analyst, first.id)
    assert (done.state, done.rows_read, done.rows_rejected) == (UploadState.CHECKED, 2, 1)
    assert count(ports, analyst, first.id) == (1, 1)
    assert done.mapping == {"0": "account_ref", "1": "balance_total"}


def test_a_check_that_runs_is_broken_off_and_begins_anew(ports: Ports, analyst: Actor) -> None:
    rows = "".join(f"A-{n};{n},50;31/12/2025\n" for n in range(200))
    upload = files.send(ports, analyst, f"{HEADER}\n{rows}".encode()).upload
    files.confirm(ports, analyst, upload.id, MAPPING, OPTIONS)
    files.check_some(ports, analyst, upload.id, steps=2, block_bytes=1000)
    assert reopened(ports, analyst, upload.id).rows_read == 0
    files.confirm(ports, analyst, upload.id, MAPPING, OPTIONS)
    done = files.check(ports, analyst, upload.id, block_bytes=1000)
    assert (done.rows_read, done.rows_good) == (200, 200)


def test_two_clicks_on_reading_it_differently_are_one(ports: Ports, analyst: Actor, first: Upload) -> None:
    reopened(ports, analyst, first.id)
    with pytest.raises(UploadMovedOn):
        reopened(ports, analyst, first.id)
    with ports.session(analyst) as session:
        assert get_upload(session, analyst, first.id).state is UploadState.RECEIVED


def test_what_is_being_applied_or_is_over_is_not_read_again(ports: Ports, analyst: Actor, first: Upload) -> None:
    with ports.session(analyst) as session, transaction(session):
        service.apply(session, analyst, first.id, good_rows_only=True, now=utc_now())
    with pytest.raises(UploadMovedOn):
        reopened(ports, analyst, first.id)
