"""The store and the rows agree, in a folder and in a bucket; what nobody needs goes, and nothing that anybody needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.base import Base
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from assignments.reads.files import hand_out
from config import Settings
from portal import keeping
from portal.app import create_app, ports_of
from portal.jobs import schedules, tasks
from portal.ports import Ports
from tests import files
from tests.tenants import Tenants, add_tenants
from tests.uploads.opened import opened, workbook
from uploads import receiving, service, transfers
from uploads.models import Upload, UploadKind, UploadState
from uploads.own import FilePurged, readable_key
from uploads.stores.keys import text_key, upload_key

DATA = b"obligacion;saldo\nA-1;10\n"
#: A day from now everything that is there is old enough.
LATER = datetime.now(UTC) + timedelta(hours=25)
MONTHS_LATER = datetime.now(UTC) + timedelta(days=40)


@pytest.fixture(params=["folder", "bucket"])
def instance(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Ports]:
    """An app's ports, over either store."""
    if request.param == "bucket":
        settings = replace(settings, storage_folder=None, bucket=request.getfixturevalue("object_server").new_bucket())
    app = create_app(settings)
    yield ports_of(app)
    ports_of(app).engine.dispose()


@pytest.fixture
def tenants(instance: Ports) -> Tenants:
    return add_tenants(instance)


@pytest.fixture
def command(instance: Ports):
    """Run a command in an app on the same settings; its clock stands at an instant."""

    def run(*arguments: str, at: datetime = LATER):
        app = create_app(instance.settings)
        app.extensions["encargo"] = replace(ports_of(app), now=lambda: at)
        try:
            return app.test_cli_runner().invoke(args=list(arguments))
        finally:
            ports_of(app).engine.dispose()

    return run


def there(ports: Ports) -> set[str]:
    return {one.key for one in ports.storage.keys("")}


def lose(ports: Ports, actor: Actor, data: bytes) -> str:
    """Receive a file in a process that dies between keeping it and committing."""
    incoming = ports.storage.incoming()
    incoming.write(data)
    with ports.session(actor) as session, pytest.raises(KeyboardInterrupt), transaction(session):
        received = receiving.receive(
            session, actor, incoming, kind=UploadKind.PORTFOLIO, filename="a.csv", now=datetime.now(UTC)
        )
        key = received.upload.storage_key
        raise KeyboardInterrupt
    return key


def keep(ports: Ports, key: str, data: bytes = b"bytes") -> str:
    incoming = ports.storage.incoming()
    incoming.write(data)
    incoming.keep(key)
    return key


def rejected(ports: Ports, actor: Actor, data: bytes = DATA) -> Upload:
    upload = files.send(ports, actor, data).upload
    with ports.session(actor) as session, transaction(session):
        return service.reject(session, actor, upload.id, now=datetime.now(UTC))


def test_a_file_stands_where_whose_it_is_and_what_is_in_it_say(instance: Ports, tenants: Tenants, command):
    upload = files.send(instance, tenants.creditor, DATA).upload

    assert upload.storage_key == f"{tenants.creditor.tenant}/portfolio/0/{upload.sha256.hex()}"
    assert there(instance) == {upload.storage_key}
    result = command("verify-files")
    assert (result.exit_code, result.output) == (0, "1 files: 0 missing, 0 changed, 0 orphaned.\n")


def test_the_same_bytes_of_two_organisations_are_two_files(instance: Ports, tenants: Tenants):
    ours = files.send(instance, tenants.creditor, DATA).upload
    theirs = files.send(instance, tenants.other_creditor, DATA).upload

    assert there(instance) == {ours.storage_key, theirs.storage_key}


def test_a_missing_file_is_named_and_fails(instance: Ports, tenants: Tenants, command):
    upload = files.send(instance, tenants.creditor, DATA).upload
    instance.storage.delete(upload.storage_key)

    result = command("verify-files")

    assert result.exit_code == 1
    assert f"missing organisation={tenants.creditor.tenant} key={upload.storage_key}" in result.output


def test_a_file_of_another_size_is_named_and_fails(instance: Ports, tenants: Tenants, command):
    upload = files.send(instance, tenants.creditor, DATA).upload
    keep(instance, upload.storage_key, DATA + b"A-2;20\n")

    result = command("verify-files")

    assert result.exit_code == 1
    assert f"changed organisation={tenants.creditor.tenant} key={upload.storage_key}" in result.output


def test_a_file_kept_by_a_process_that_died_is_found_and_swept_once_it_is_old(
    instance: Ports, tenants: Tenants, command
):
    kept = files.send(instance, tenants.creditor, b"another;file\n1;2\n").upload
    key = lose(instance, tenants.creditor, DATA)
    now = datetime.now(UTC)
    assert there(instance) == {key, kept.storage_key}

    # Young, it may be on its way in: its row may be about to commit.
    assert "0 orphaned" in command("verify-files", at=now).output
    assert command("sweep-files", at=now).output.startswith("0 orphans removed")
    assert there(instance) == {key, kept.storage_key}

    found = command("verify-files")
    assert found.exit_code == 0, "an orphan is untidy, not a loss"
    assert f"orphan key={key}" in found.output
    assert command("sweep-files").output.startswith("1 orphans removed")
    assert there(instance) == {kept.storage_key}


def test_the_daily_job_sweeps_its_own_organisation_and_no_other(instance: Ports, tenants: Tenants):
    ours = lose(instance, tenants.creditor, DATA)
    theirs = lose(instance, tenants.other_creditor, DATA)
    kept = files.send(instance, tenants.creditor, b"another;file\n1;2\n").upload
    ports = replace(instance, now=lambda: LATER)

    run = schedules.Run("sweep_files", tenants.creditor.tenant, LATER.date())
    assert run.kind in {daily.kind for daily in schedules.DAILY}
    assert schedules.begin(ports, run, LATER)
    assert tasks.perform_due(ports) == 1

    assert there(instance) == {theirs, kept.storage_key}
    assert ours not in there(instance)


def test_bytes_that_came_again_meanwhile_are_not_swept(instance: Ports, tenants: Tenants):
    key = lose(instance, tenants.creditor, DATA)
    (orphan,) = keeping.verify(instance, now=LATER).orphans

    # Listed as an orphan, and then the same bytes are sent again, by somebody who does not give up.
    upload = files.send(instance, tenants.creditor, DATA).upload
    for step in keeping.removals(instance, [orphan]):
        with instance.session(tenants.creditor) as session, transaction(session):
            assert step(session, tenants.creditor).orphans == 0

    assert upload.storage_key == orphan.key == key
    assert there(instance) == {key}


def test_the_text_of_a_file_is_spared_before_its_row_says_so_and_goes_with_it(
    instance: Ports, tenants: Tenants, command
):
    upload = files.send(instance, tenants.creditor, DATA).upload
    text = keep(instance, text_key(upload.storage_key, upload.id))
    lonely = keep(instance, text_key(upload_key(tenants.creditor.tenant, "portfolio", None, bytes(32)), 77))

    command("sweep-files")

    assert there(instance) == {upload.storage_key, text}
    assert lonely not in there(instance)


def test_what_is_left_of_a_file_sent_in_pieces_goes_when_nobody_goes_on_with_it(
    instance: Ports, tenants: Tenants, command
):
    keep(instance, f"{tenants.creditor.tenant}/transfers/77/0")

    assert command("sweep-files").output.startswith("1 orphans removed")
    assert there(instance) == set()


def test_pieces_of_a_file_somebody_may_still_go_on_with_stay(instance: Ports, tenants: Tenants, command):
    actor, now = tenants.creditor, datetime.now(UTC)
    piece = instance.storage.incoming()
    piece.write(DATA)
    with instance.session(actor) as session, transaction(session):
        begun = transfers.begin(
            session,
            actor,
            kind=UploadKind.PORTFOLIO,
            filename="a.csv",
            size_bytes=len(DATA),
            largest=1 << 20,
            now=now,
        )
        transfers.take(session, actor, begun.id, piece, offset=0, digest=piece.digest(), now=now)
        expires = begun.expires_at
    kept = there(instance)
    assert len(kept) == 1

    assert command("sweep-files", at=expires - timedelta(minutes=1)).output.startswith("0 orphans removed")
    assert there(instance) == kept
    assert command("sweep-files", at=expires + timedelta(minutes=1)).output.startswith("1 orphans removed")
    assert there(instance) == set()


def test_a_rejected_file_loses_its_bytes_after_a_month_and_keeps_its_name_and_hash(
    instance: Ports, tenants: Tenants, command
):
    actor = tenants.creditor
    upload = rejected(instance, actor)
    assert "0 rejected or undone files emptied" in command("sweep-files", at=LATER).output
    assert there(instance) == {upload.storage_key}

    result = command("sweep-files", at=MONTHS_LATER)

    assert "1 rejected or undone files emptied" in result.output
    assert there(instance) == set()
    with instance.session(actor) as session:
        row = session.get_one(Upload, (actor.tenant, upload.id))
        assert (row.filename, row.sha256, row.size_bytes) == (upload.filename, upload.sha256, len(DATA))
        assert row.purged_at == MONTHS_LATER
        with pytest.raises(FilePurged):
            readable_key(row)
        with pytest.raises(FilePurged):
            hand_out(session, actor, upload.id, now=MONTHS_LATER)
    assert command("verify-files", at=MONTHS_LATER).exit_code == 0, "it is gone on purpose"
    assert "0 rejected or undone files emptied" in command("sweep-files", at=MONTHS_LATER).output


def test_bytes_that_a_later_upload_needs_outlive_the_rejected_one(instance: Ports, tenants: Tenants, command):
    actor = tenants.creditor
    first = rejected(instance, actor)
    again = files.send(instance, actor, DATA).upload
    assert again.id != first.id
    assert again.storage_key == first.storage_key

    assert "1 rejected or undone files emptied" in command("sweep-files", at=MONTHS_LATER).output

    assert there(instance) == {again.storage_key}
    with instance.storage.open(again.storage_key) as file:
        assert file.read() == DATA
    assert command("verify-files", at=MONTHS_LATER).exit_code == 0


def test_the_text_of_a_rejected_file_goes_though_the_same_bytes_came_again(instance: Ports, tenants: Tenants, command):
    actor, data = tenants.creditor, workbook()
    first = opened(instance, actor, data)
    with instance.session(actor) as session, transaction(session):
        service.reject(session, actor, first.id, now=datetime.now(UTC))
    second = opened(instance, actor, data)
    assert there(instance) == {second.storage_key, first.text_key, second.text_key}

    assert "1 rejected or undone files emptied" in command("sweep-files", at=MONTHS_LATER).output

    assert there(instance) == {second.storage_key, second.text_key}
    assert command("verify-files", at=MONTHS_LATER).exit_code == 0


def test_two_rejected_files_of_the_same_bytes_are_both_emptied(instance: Ports, tenants: Tenants, command):
    for _ in range(2):
        rejected(instance, tenants.creditor)

    assert "2 rejected or undone files emptied" in command("sweep-files", at=MONTHS_LATER).output

    assert there(instance) == set()
    with instance.session(tenants.creditor) as session:
        assert all(row.state is UploadState.REJECTED and row.purged_at for row in session.scalars(select(Upload)))


def test_no_command_sweeps_what_is_younger_than_an_hour(command):
    assert command("sweep-files", "--older-than", "0").exit_code == 2


def test_every_column_that_names_a_file_is_known_here():
    columns = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in {"storage_key", "text_key", "file_key"} or column.name.endswith("_file_key")
    }

    assert columns == set(keeping.NAMED)


def test_a_store_that_does_not_answer_is_no_loss(instance: Ports, command):
    if instance.settings.bucket is None:
        pytest.skip("a folder always answers")
    away = replace(instance.settings, bucket=replace(instance.settings.bucket, name="encargo-no-such-bucket"))
    app = create_app(away)

    result = app.test_cli_runner().invoke(args=["verify-files"])

    assert result.exit_code == 1
    assert "NoSuchBucket" in result.output
    assert "missing" not in result.output
    ports_of(app).engine.dispose()
