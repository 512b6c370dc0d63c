"""Commands end with 0 only when all is well, and print no secret."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from agencies.kernel import audit
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from config import Settings
from portal.app import create_app
from portal.jobs import queues
from portal.jobs.schedules import due_runs
from portal.ports import Ports
from tests import people
from uploads.models import Upload, UploadKind, UploadState

PASSWORD = "una frase larga que nadie adivina"


@pytest.fixture
def run(app: Flask):
    """Run a command of the test's app and return how it ended."""
    return lambda *arguments, **options: app.test_cli_runner().invoke(args=list(arguments), **options)


@pytest.fixture
def tamper(database):
    """Runs a statement as a superuser with the guards off."""
    engine = create_engine(database.superuser_url)

    def change(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            connection.exec_driver_sql(statement)

    yield change
    engine.dispose()


def happen(ports: Ports, actor, now, count=3) -> None:
    with ports.session(actor) as session, transaction(session):
        for number in range(count):
            audit.record(session, actor, "thing.happened", now=now, number=number)


def test_migrating_twice_changes_nothing(run):
    for _ in range(2):
        result = run("db-upgrade")
        assert result.exit_code == 0
        assert "newest revision" in result.output


def test_without_the_owner_s_address_nothing_is_migrated(settings: Settings):
    app = create_app(replace(settings, database_owner_url=None))

    result = app.test_cli_runner().invoke(args=["db-upgrade"])

    assert result.exit_code == 1
    assert "DATABASE_OWNER_URL" in result.output


def test_an_operator_is_made_who_can_sign_in(run, browser):
    result = run(
        "create-operator",
        *("--email", "olga@encargo.example", "--name", "Olga"),
        env={"OPERATOR_PASSWORD": PASSWORD},
    )

    assert result.exit_code == 0
    assert PASSWORD not in result.output
    answer = browser.post("/sign-in", {"email": "olga@encargo.example", "password": PASSWORD})
    assert answer.status_code == 303


def test_the_password_is_asked_for_twice_and_never_shown(run):
    answers = f"olga@encargo.example\nOlga\n{PASSWORD}\n{PASSWORD}\n"
    result = run("create-operator", input=answers, env={"OPERATOR_PASSWORD": None})

    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output


@pytest.mark.parametrize(("email", "password"), [("olga@encargo.example", "muy corta"), ("no address", PASSWORD)])
def test_an_operator_is_refused_like_anybody_else(run, email, password):
    result = run("create-operator", "--email", email, "--name", "Olga", env={"OPERATOR_PASSWORD": password})

    assert result.exit_code == 1
    assert password not in result.output


def test_sound_data_pass_every_check(run, world: people.World, app_ports: Ports, now):
    happen(app_ports, world.actor(Role.DIRECTOR), now)

    result = run("verify")

    assert (result.exit_code, result.output) == (0, "Every invariant holds.\n")


def test_a_broken_invariant_is_printed_and_fails(run, world: people.World, app_ports: Ports, now):
    creditor = world.actor(Role.DIRECTOR).tenant
    lost = Upload(
        organisation_id=creditor,
        kind=UploadKind.PORTFOLIO,
        state=UploadState.APPLIED,
        filename="a.csv",
        size_bytes=1,
        sha256=b"",
        storage_key="k",
        rows_read=10,
        rows_rejected=1,
        rows_applied=8,
        created_at=now,
    )
    with app_ports.session(world.actor(Role.DIRECTOR)) as session, transaction(session):
        session.add(lost)

    result = run("verify")

    assert result.exit_code == 1
    assert f"upload_loses_rows organisation={creditor} upload_id=1" in result.output
    assert "1 found." in result.output


def test_an_edited_audit_event_is_printed_and_fails(run, world: people.World, app_ports: Ports, now, tamper):
    creditor = world.actor(Role.DIRECTOR).tenant
    happen(app_ports, world.actor(Role.DIRECTOR), now)
    assert run("verify-audit").exit_code == 0

    tamper(f"update audit_events set body = body || ' ' where organisation_id = {creditor} and seq = 2")

    for command in ("verify-audit", "verify"):
        result = run(command)
        assert result.exit_code == 1
        assert f"audit_edited organisation={creditor} seq=2" in result.output


def test_anchors_kept_outside_find_a_cut_that_moved_the_head(
    run, world: people.World, app_ports: Ports, now, tamper, tmp_path
):
    creditor = world.actor(Role.DIRECTOR).tenant
    happen(app_ports, world.actor(Role.DIRECTOR), now)
    anchors = tmp_path / "anchors.jsonl"
    anchors.write_text(run("heads").stdout)
    (kept,) = [
        line for line in map(json.loads, anchors.read_text().splitlines()) if line["organisation_id"] == creditor
    ]
    assert run("verify-audit", "--anchors", str(anchors)).exit_code == 0

    last = f"(select hash from audit_events where organisation_id = {creditor} and seq = {kept['seq'] - 1})"
    tamper(f"delete from audit_events where organisation_id = {creditor} and seq = {kept['seq']}")
    tamper(f"update audit_heads set seq = seq - 1, hash = {last} where organisation_id = {creditor}")

    assert run("verify-audit").exit_code == 0, "inside the database nothing shows it"
    result = run("verify-audit", "--anchors", str(anchors))
    assert result.exit_code == 1
    assert f"audit_cut organisation={creditor} seq={kept['seq']}" in result.output


def test_one_sweep_says_what_it_put_right(run, world: people.World, settings: Settings):
    result = run("sweep")

    assert result.exit_code == 0
    # Every organisation's daily schedules are begun; their rings are sent, and then nothing more is overdue.
    begun = len(due_runs(world.ports, utc_now()))
    assert result.output == f"{2 * begun} put right.\n"
    queue = queues.doorbell_queue(settings)
    assert queue.count == begun
    queue.delete(delete_jobs=True)


def test_the_queue_s_standing_is_told_as_json(run, world: people.World):
    result = run("queue")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "queued": 0,
        "running": 0,
        "failed": 0,
        "oldest_due_seconds": 0,
        "oldest_unsent_seconds": 0,
    }
