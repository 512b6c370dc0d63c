"""What held when something was placed is kept once, by both sides readable and by neither to be changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import ProgrammingError

from agencies.attestations import snapshots
from agencies.attestations.gates import Act
from agencies.attestations.models import Attestation, AttestationSnapshot
from agencies.attestations.rules import Standing
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from portal.ports import Ports
from tests.attested import SIGNED, UNTIL, attest_all, revoke_one
from tests.tenants import Tenants


def taken(ports: Ports, creditor, agencies, now) -> dict[int, int]:
    with ports.session(creditor) as session, transaction(session):
        ids = [one.tenant for one in agencies]
        return snapshots.take(session, creditor, Act.PLACE, creditor_id=creditor.tenant, agency_ids=ids, now=now)


def test_it_says_what_held_in_which_version_with_which_text_until_when(ports: Ports, tenants: Tenants, now):
    creditor, agency, other = tenants.creditor, tenants.agency, tenants.other_agency
    attest_all(ports, creditor, agency, now=now, but=["AT-05"])
    attest_all(ports, creditor, other, now=now)
    ids = taken(ports, creditor, [agency, other], now)
    # What becomes of it afterwards changes nothing.
    revoke_one(ports, creditor, agency, "AT-02", now=now + timedelta(hours=1))

    for reader in (creditor, agency):
        with ports.session(reader) as session:
            kept = snapshots.get_snapshot(session, reader, ids[agency.tenant])
            known = set(session.scalars(select(Attestation.id).where(Attestation.agency_id == agency.tenant)))
        found = {one.code: one for one in kept.held}
        assert kept.is_intact
        assert len(found) == 13
        assert found["AT-05"].state is Standing.MISSING
        held = found["AT-02"]
        assert (held.state, held.version, held.valid_until) == (Standing.ACCEPTED, 1, UNTIL)
        assert held.text_sha256 == SIGNED.hex()
        assert held.attestation_id in known
    with ports.session(creditor) as session:
        assert session.scalar(select(func.count()).select_from(AttestationSnapshot)) == 2


def test_it_is_the_two_sides_own(ports: Ports, partners: Tenants, now):
    [number] = taken(ports, partners.creditor, [partners.agency], now).values()

    for stranger in (partners.other_creditor, partners.other_agency):
        with ports.session(stranger) as session, pytest.raises(NotFound):
            snapshots.get_snapshot(session, stranger, number)
    with ports.session(partners.other_creditor) as session, pytest.raises(NotFound):
        snapshots.take(
            session, partners.other_creditor, Act.PLACE, creditor_id=partners.creditor.tenant, agency_ids=[], now=now
        )


def test_nobody_changes_it_and_a_change_behind_the_product_shows(database, ports: Ports, partners: Tenants, now):
    [number] = taken(ports, partners.creditor, [partners.agency], now).values()
    for actor in (partners.creditor, partners.agency):
        with ports.session(actor) as session, transaction(session), pytest.raises(ProgrammingError):
            session.execute(text("update attestation_snapshots set held = '[]'"))
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="append-only"):
        connection.execute(text("update attestation_snapshots set held = '[]'"))
    with engine.begin() as connection:
        connection.execute(text("alter table attestation_snapshots disable trigger append_only"))
        connection.execute(text("update attestation_snapshots set held = jsonb_set(held, '{0,state}', '\"accepted\"')"))
        connection.execute(text("alter table attestation_snapshots enable trigger append_only"))
    engine.dispose()

    with ports.session(partners.agency) as session:
        assert not snapshots.get_snapshot(session, partners.agency, number).is_intact
