"""What a sweep may touch: what nobody needs and what is ours, and no row says of bytes that they are there when not."""

# ruff: noqa: F401, F811 - the fixtures are those of the file beside

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from portal import keeping
from portal.ports import Ports
from tests import attested, files, loop
from tests.portal.test_keeping import (
    DATA,
    LATER,
    MONTHS_LATER,
    command,
    instance,
    keep,
    rejected,
    tenants,
    there,
)
from tests.tenants import Tenants
from uploads.keeping import purge_ended
from uploads.models import Upload, UploadState
from uploads.stores.keys import owner_of, upload_key

#: Nobody's key of ours: other people's files, older than any of ours, in the same folder or bucket.
FOREIGN = [
    "loose",
    "backups/2019/cartera",
    "999999/transfers/7/0",
    "999999/evidence/x",
    "07/evidence/x",
    "x/evidence/x",
]
DOTTED = ["backup.tar.gz", "1/portfolio/0/x.csv", "a b/c", ".hidden"]


def plant(ports: Ports, key: str) -> None:
    """Put a file into the store behind its back, as whoever shares the place does."""
    if (bucket := ports.settings.bucket) is not None:
        ports.storage.beneath._client.put_object(Bucket=bucket.name, Key=f"{bucket.prefix}/{key}", Body=b"theirs")
        return
    path = ports.settings.storage_folder / "kept" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"theirs")


def undone(ports: Ports, actor: Actor, at: datetime) -> Upload:
    """A file that was taken back at a moment."""
    upload = files.send(ports, actor, DATA).upload
    with ports.session(actor) as session, transaction(session):
        row = session.get_one(Upload, (actor.tenant, upload.id))
        row.state, row.undone_at, row.undone_by = UploadState.UNDONE, at, actor.user_id
    return upload


def test_other_people_s_files_and_names_we_never_make_stay_and_stop_nothing(
    instance: Ports,
    tenants: Tenants,
    command,
):
    inside = f"{tenants.creditor.tenant}/notes/readme"
    theirs = {*FOREIGN, *DOTTED, inside, f"{tenants.creditor.tenant}/portfolio/0/{'A' * 64}"}
    for key in theirs:
        plant(instance, key)
    ours = keep(instance, upload_key(tenants.creditor.tenant, "portfolio", None, bytes(32)))

    assert "1 orphaned" in command("verify-files").output
    result = command("sweep-files")

    assert (result.exit_code, result.output.splitlines()) == (
        0,
        [
            "1 orphans removed, 0 abandoned arrivals removed, 0 rejected or undone files emptied.",
            f"{len(theirs)} files are not ours by their names and are left alone.",
        ],
    )
    assert there(instance) == theirs
    assert ours not in theirs


def test_evidence_that_a_row_names_stays_whatever_its_key(instance: Ports, tenants: Tenants, command):
    loop.add_mandate(instance, tenants.creditor, tenants.agency)
    attested.begin_draft(instance, tenants.creditor, tenants.agency, "mark")
    named = there(instance)

    assert command("sweep-files").output.startswith("0 orphans removed")
    # The signed form, and the contract with a subprocessor that the draft discloses.
    agency = tenants.agency.tenant
    assert there(instance) == named == {f"evidence/mark{agency}", f"{agency}/evidence/mark-contract"}
    assert command("verify-files").exit_code == 0


def test_what_was_begun_and_never_kept_is_swept(instance: Ports, tenants: Tenants, command):
    if instance.settings.storage_folder is not None:
        waiting = instance.settings.storage_folder / "incoming"
        waiting.mkdir(exist_ok=True)
        (waiting / "5e5e").write_bytes(b"half")
    else:
        bucket = instance.settings.bucket
        key = upload_key(tenants.creditor.tenant, "portfolio", None, bytes(32))
        instance.storage.beneath._client.create_multipart_upload(Bucket=bucket.name, Key=f"{bucket.prefix}/{key}")

    assert "0 abandoned arrivals" in command("sweep-files", at=datetime.now(UTC)).output
    assert "1 abandoned arrivals" in command("sweep-files").output


def test_what_other_people_are_sending_is_not_broken_off(instance: Ports, tenants: Tenants, command):
    if (bucket := instance.settings.bucket) is None:
        pytest.skip("a folder is ours alone")
    for key in ("backup.tar.gz", "999999/evidence/x"):
        instance.storage.beneath._client.create_multipart_upload(Bucket=bucket.name, Key=f"{bucket.prefix}/{key}")

    assert "0 abandoned arrivals" in command("sweep-files").output

    found = instance.storage.beneath._client.list_multipart_uploads(Bucket=bucket.name)
    assert len(found["Uploads"]) == 2


@pytest.mark.parametrize("key", [*FOREIGN, *DOTTED])
def test_the_owner_of_a_key_is_told_by_its_whole_form(key: str):
    assert owner_of(key) in {None, 999999}
    assert owner_of(f"{key}\n") is None


def test_an_undone_file_loses_its_bytes_after_a_month_and_not_before(
    instance: Ports,
    tenants: Tenants,
    command,
):
    # Taken back long after it came: the days count from then.
    upload = undone(instance, tenants.creditor, MONTHS_LATER - timedelta(days=29))
    assert "0 rejected or undone files emptied" in command("sweep-files", at=MONTHS_LATER).output
    assert there(instance) == {upload.storage_key}

    assert "1 rejected or undone" in command("sweep-files", at=MONTHS_LATER + timedelta(days=2)).output

    assert there(instance) == set()


def test_an_undone_file_sent_again_keeps_its_bytes(instance: Ports, tenants: Tenants, command):
    undone(instance, tenants.creditor, datetime.now(UTC))
    again = files.send(instance, tenants.creditor, DATA).upload

    assert "1 rejected or undone files emptied" in command("sweep-files", at=MONTHS_LATER).output

    assert there(instance) == {again.storage_key}


def test_bytes_stay_when_giving_them_up_does_not_become_durable(instance: Ports, tenants: Tenants):
    actor = tenants.creditor
    upload = rejected(instance, actor)
    with instance.session(actor) as session, pytest.raises(KeyboardInterrupt), transaction(session):
        assert purge_ended(session, actor, before=MONTHS_LATER, now=MONTHS_LATER)
        raise KeyboardInterrupt
    assert there(instance) == {upload.storage_key}
    with instance.session(actor) as session:
        assert session.get_one(Upload, (actor.tenant, upload.id)).purged_at is None


def test_bytes_given_up_by_a_process_that_died_are_an_orphan_and_go(
    instance: Ports,
    tenants: Tenants,
    command,
):
    actor = tenants.creditor
    upload = rejected(instance, actor)
    with instance.session(actor) as session, transaction(session):
        assert purge_ended(session, actor, before=MONTHS_LATER, now=MONTHS_LATER) == [[upload.storage_key]]
    assert there(instance) == {upload.storage_key}

    assert command("sweep-files").output.startswith("1 orphans removed")
    assert there(instance) == set()


def test_bytes_sent_again_between_giving_up_and_removing_stay(instance: Ports, tenants: Tenants):
    actor = tenants.creditor
    rejected(instance, actor)
    again = None
    for step in keeping.purges(instance, MONTHS_LATER):
        with instance.session(actor) as session, transaction(session):
            step(session, actor)
        again = again or files.send(instance, actor, DATA).upload

    assert again is not None
    assert there(instance) == {again.storage_key}
    assert LATER < MONTHS_LATER
