"""A file whose work gave up is not stuck: it can be turned away, and only then."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agencies.kernel import work
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER, Actor
from agencies.kernel.work import Work, WorkState
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads import confirming, service
from uploads.lifecycle import UploadMovedOn
from uploads.models import UploadState
from uploads.queries import get_upload

GOOD = b"obligacion;cedula;nombre;saldo total;fecha vencimiento\nA1;1000;Pena;100,50;25/12/2023\n"


@pytest.fixture
def analyst(ports: Ports) -> Actor:
    return World(ports).actor(Role.ANALYST)


def fail(ports: Ports, kind: str) -> None:
    with ports.session(WORKER) as session, transaction(session):
        work_id = session.scalars(select(Work.id).where(Work.kind == kind, Work.state == WorkState.QUEUED)).one()
        lease = work.claim(session, work_id)
        assert lease is not None
        work.give_up(session, lease, "broken", now=utc_now())


def reject(ports: Ports, actor: Actor, upload_id: int) -> None:
    with ports.session(actor) as session, transaction(session):
        service.reject(session, actor, upload_id, now=utc_now())


def states(ports: Ports, actor: Actor, upload_id: int, kind: str) -> tuple[UploadState, WorkState]:
    with ports.session(actor) as session:
        asked = session.scalars(select(Work.state).where(Work.kind == kind)).one()
        return get_upload(session, actor, upload_id).state, asked


def test_a_file_that_cannot_be_checked_is_turned_away(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, GOOD).upload
    files.confirm(ports, analyst, upload.id)
    fail(ports, confirming.CHECK)

    reject(ports, analyst, upload.id)

    assert states(ports, analyst, upload.id, confirming.CHECK) == (UploadState.REJECTED, WorkState.DONE)


def test_a_file_that_cannot_be_applied_is_turned_away_and_may_be_sent_again(ports: Ports, analyst: Actor) -> None:
    upload = files.checked(ports, analyst, GOOD)
    with ports.session(analyst) as session, transaction(session):
        service.apply(session, analyst, upload.id, good_rows_only=True, now=utc_now())
    fail(ports, service.APPLY)

    reject(ports, analyst, upload.id)

    assert states(ports, analyst, upload.id, service.APPLY) == (UploadState.REJECTED, WorkState.DONE)
    assert not files.send(ports, analyst, GOOD).is_repeat


def test_a_file_that_is_being_applied_is_not_turned_away(ports: Ports, analyst: Actor) -> None:
    upload = files.checked(ports, analyst, GOOD)
    with ports.session(analyst) as session, transaction(session):
        service.apply(session, analyst, upload.id, good_rows_only=True, now=utc_now())

    with pytest.raises(UploadMovedOn):
        reject(ports, analyst, upload.id)
    with ports.session(WORKER) as session, transaction(session):
        lease = work.claim(session, session.scalars(select(Work.id).where(Work.kind == service.APPLY)).one())
    with ports.session(analyst) as session, transaction(session):
        work.fence(session, lease)
        # The job holds its row: the refusal does not wait for it.
        with pytest.raises(UploadMovedOn):
            reject(ports, analyst, upload.id)

    assert states(ports, analyst, upload.id, service.APPLY) == (UploadState.APPLYING, WorkState.RUNNING)
