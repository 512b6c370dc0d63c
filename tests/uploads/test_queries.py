"""Uploads as they are listed and watched, and that nobody sees those of others."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads import confirming, service
from uploads.checking.staging import STAGED
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options
from uploads.queries import error_groups, get_upload, list_errors, list_uploads, progress

HEADER = "obligacion;cedula;nombre;saldo total;fecha vencimiento\n"
GOOD = HEADER + "".join(f"A{number};1000{number};Peña {number};{number}00,50;25/12/2023\n" for number in range(1, 8))


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(world: World) -> Actor:
    return world.actor(Role.ANALYST)


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
            lambda: confirming.proposal(session, stranger, upload.id),
            lambda: confirming.confirm(session, stranger, upload.id, mapping={}, options=Options(), now=utc_now()),
            lambda: service.apply(session, stranger, upload.id, good_rows_only=True, now=utc_now()),
            lambda: service.reject(session, stranger, upload.id, now=utc_now()),
        ):
            with pytest.raises(NotFound):
                refused()
    with pytest.raises(NotFound):
        files.load(ports, stranger, upload.id)
    with ports.session(analyst) as session:
        assert get_upload(session, analyst, upload.id).state is UploadState.CHECKED


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
