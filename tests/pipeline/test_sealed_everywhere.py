"""Whatever is sealed anywhere turns with the keys, and stands readable nowhere, whoever wrote it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from agencies.kernel.sealing import Keyring, SealBroken
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import enrolling, factors, proving, totp
from agencies.organisations.factors import Authenticator
from assignments.subjects import handling
from assignments.subjects.models import RequestKind
from portal import rotation
from portal.app import ports_of
from portal.commands.keys import rotate_keys
from portal.jobs import tasks
from portal.ports import Ports
from portal.sealedcolumns import COLUMNS
from tests import opened, subjects
from tests.pipeline.neighbours import Neighbours
from tests.portal.walls import SEALED_HISTORY

#: Octets that are no sealed value: keyed or plain hashes, public keys, and what people are found by.
NO_SEALS = {
    "agency_documents.sha256",
    "api_answers.request_sha256",
    "api_keys.secret_hash",
    "application_files.sha256",
    "mandate_signatures.digest",
    "manifests.sha256",
    "application_keys.email_index",
    "application_keys.token_hash",
    "approvals.subject_sha256",
    "attestation_files.sha256",
    "attestation_signatures.text_sha256",
    "attestation_snapshots.sha256",
    "audit_events.hash",
    "audit_events.previous",
    "audit_heads.hash",
    "bank_accounts.number_index",
    "chain_checks.to_hash",
    "contact_points.form",
    "contact_stops.form",
    "debtors.address_index",
    "debtors.document_index",
    "debtors.email_index",
    "debtors.identity",
    "debtors.phone_2_index",
    "debtors.phone_index",
    "entries.inputs_hash",
    "erasures.mark",
    "file_verdicts.sha256",
    "findings.file_sha256",
    "findings.form",
    "header_mappings.header_hash",
    "incident_files.sha256",
    "invitations.token_hash",
    "mailed_links.token_hash",
    "passkey_challenges.digest",
    "passkeys.credential_id",
    "passkeys.public_key",
    "recovery_codes.code_hash",
    "staged_portfolio.address_index",
    "staged_portfolio.email_index",
    "staged_portfolio.identity",
    "staged_portfolio.phone_2_index",
    "staged_portfolio.phone_index",
    "subject_answers.sha256",
    "subprocessor_decisions.fingerprint",
    "subprocessor_lists.sha256",
    "subprocessors.contract_sha256",
    "transfers.digests",
    "uploads.sha256",
    "web_sessions.token_hash",
}
OCTETS = """
select c.table_name || '.' || c.column_name from information_schema.columns c
join information_schema.tables t using (table_schema, table_name)
where c.table_schema = 'public' and c.data_type = 'bytea' and t.table_type = 'BASE TABLE'
"""


@pytest.fixture
def everywhere(neighbours: Neighbours) -> Neighbours:
    """Something sealed in every column that there is."""
    creditor, now = neighbours.creditor, neighbours.ports.now()
    with neighbours.ports.session(DOOR) as session, transaction(session):
        if not factors.has_factor(session, creditor.tenant, creditor.user_id):
            enrolling.enrol(session, creditor, totp.new_seed(), now=now)
        row = session.get_one(Authenticator, (creditor.tenant, creditor.user_id))
        place = proving.seed_place(creditor, "pending_seed")
        row.pending_seed, row.pending_at = neighbours.ports.keyring.seal(totp.new_seed(), place), now
    account = "CENTINELA-3"
    request = subjects.ask(neighbours.ports, creditor, RequestKind.RECTIFICATION, key="mended")
    subjects.matched(neighbours.ports, creditor, subjects.identified(neighbours.ports, creditor, request), account)
    mended = {"debtor_id": subjects.debtor_of(neighbours.ports, creditor, account), "name": "Otra", "birth_date": None}
    subjects.do(neighbours.ports, creditor, handling.rectify, request.id, **mended)
    return neighbours


def test_every_column_of_octets_turns_with_the_keys_or_is_known_to_be_no_seal(superuser: Engine):
    """Somebody who adds a sealed column and forgets it here would lose what is in it with the older key."""
    with superuser.connect() as connection:
        there = set(connection.scalars(text(OCTETS)))
    turned = {f"{one.table}.{one.column}" for one in COLUMNS if not one.octets}

    assert there == NO_SEALS | turned
    assert NO_SEALS & turned == set()


@pytest.mark.parametrize("table", SEALED_HISTORY)
def test_of_history_what_is_sealed_is_written_anew_and_nothing_else(superuser: Engine, table: str):
    granted = text(
        "select column_name::text, privilege_type::text from information_schema.role_column_grants"
        " where grantee like 'app\\_%' and table_name = :table and privilege_type not in ('SELECT', 'INSERT')"
    )
    triggers = text("select tgname::text from pg_trigger where tgrelid = cast(:table as regclass)")
    with superuser.connect() as connection:
        changed = {tuple(row) for row in connection.execute(granted, {"table": table})}
        guarded = set(connection.scalars(triggers, {"table": table}))

    assert changed == {(column, "UPDATE") for column in SEALED_HISTORY[table]}
    assert {"append_only", "history", "only_newer_keys"} <= guarded


def test_after_the_rotation_the_older_key_is_taken_away_and_everything_opens(
    app: Flask, everywhere: Neighbours, superuser: Engine, monkeypatch: pytest.MonkeyPatch
):
    ports = ports_of(app)
    both, newest = newer(ports)
    monkeypatch.setitem(app.extensions, "encargo", both)
    monkeypatch.setattr(rotation, "BATCH", 3)
    with superuser.connect() as connection:
        before = opened.opened(connection, ports.keyring)
    counted = Counter(key[:2] for key in before)
    assert [one for one in COLUMNS if one.place and not counted[one.table, one.column]] == []
    run = app.test_cli_runner()

    assert run.invoke(rotate_keys, []).exit_code == 0
    tasks.perform_due(both)

    checked = run.invoke(rotate_keys, ["--check"])
    assert checked.exit_code == 0, checked.output
    with superuser.connect() as connection:
        after = opened.opened(connection, newest)
        with pytest.raises(SealBroken):
            opened.opened(connection, ports.keyring)
    # Letters that were due are sent, and their addresses gone.
    assert {key: value for key, value in before.items() if key[0] != "letter_addresses"} == {
        key: value for key, value in after.items() if key[0] != "letter_addresses"
    }


def test_no_document_telephone_address_or_account_stands_readable_in_any_table(
    everywhere: Neighbours, superuser: Engine
):
    with superuser.connect() as connection:
        words = opened.personal(opened.opened(connection, everywhere.ports.keyring))
        assert len(words) > 20
        assert opened.readable(connection, words) == []
        # It would be seen if it were there.
        assert opened.readable(connection, {"CENTINELA"}) != []


def newer(ports: Ports) -> tuple[Ports, Keyring]:
    """The same instance with a newer key beside its own, and the newer one by itself."""
    own, index = ports.settings.data_keys, ports.settings.index_key
    version = max(own) + 1
    both = replace(ports, keyring=Keyring({**own, version: b"n" * 32}, index))
    return both, Keyring({version: b"n" * 32}, index)
