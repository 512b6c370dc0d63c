"""Whoever signed and whoever reviews are written to before it runs out: once each, on the creditor's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from agencies.attestations import reminding, reviewing
from agencies.kernel.errors import Forbidden
from agencies.kernel.letters import SEND
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER, Actor
from agencies.kernel.work import Work
from agencies.organisations.models import User, UserState
from agencies.organisations.permissions import Role
from agencies.standing import panel
from portal.ports import Ports
from tests.agencies.attestations.test_authoring import sign_own
from tests.disclosed import WORDING, ask_for
from tests.signing import review, signed
from tests.tenants import PLATFORM, SINCE, Tenants, add_person


def add_officer(ports: Ports, creditor: Actor, state: UserState = UserState.ACTIVE) -> int:
    with ports.session(PLATFORM) as session, transaction(session):
        user = User(
            organisation_id=creditor.tenant,
            email=f"{state}@cumplimiento{creditor.tenant}.example",
            name="Oficial",
            role=Role.COMPLIANCE,
            language="es",
            state=state,
            created_at=SINCE,
        )
        session.add(user)
        session.flush()
        return user.id


def letters(ports: Ports) -> list[tuple[int, int, str, str]]:
    """Organisation, person, kind and last day of every letter that was asked for, in order."""
    with ports.session(WORKER) as session:
        rows = session.scalars(select(Work).where(Work.kind == SEND).order_by(Work.id)).all()
        return [
            (row.organisation_id, told["user_id"], told["letter"], told["details"]["last_on"])
            for row in rows
            for told in [row.payload]
        ]


def run(ports: Ports, creditor: Actor, agency: Actor, at: datetime) -> None:
    with ports.session(creditor) as session, transaction(session):
        reminding.write_reviewers(session, creditor, now=at)
    with ports.session(agency) as session, transaction(session):
        reminding.write_signers(session, agency, now=at)


def accepted(ports: Ports, partners: Tenants, now) -> int:
    """One that holds until 11 March of the next year."""
    made = signed(ports, partners, now)
    review(ports, partners.creditor, reviewing.accept, made, now)
    return made


def test_the_signer_and_the_officers_are_written_to_once_at_each_of_the_days(ports: Ports, partners: Tenants, now):
    creditor, agency = partners.creditor, partners.agency
    officer = add_officer(ports, creditor)
    add_officer(ports, creditor, UserState.DISABLED)
    accepted(ports, partners, now)
    for left in (61, 60, 60, 45, 30, 7, 6, 0, -1, -2):
        run(ports, creditor, agency, datetime(2027, 3, 11, 17, tzinfo=UTC) - timedelta(days=left))

    told = letters(ports)
    kinds = ["attestation.expiring"] * 3 + ["attestation.expired"]
    for organisation, person in ((creditor.tenant, officer), (agency.tenant, agency.user_id)):
        assert [one[2:] for one in told if one[:2] == (organisation, person)] == [
            (kind, "2027-03-11") for kind in kinds
        ]
    assert len(told) == 8


def test_days_are_the_creditor_s_for_both(ports: Ports, now):
    """A creditor in Mexico, an agency in Bogota: sixty days before begins at midnight in Mexico."""
    creditor = add_person(ports, Role.DIRECTOR, "Banco Uno", time_zone="America/Mexico_City")
    agency = add_person(ports, Role.MANAGER, "Cobros Uno")
    with ports.session(creditor) as session, transaction(session):
        panel.bring_in(session, creditor, agency.tenant, now=now)
    add_officer(ports, creditor)
    accepted(ports, Tenants(creditor, creditor, agency, agency), now)
    # 10 January 2027 in Mexico begins at 06:00 UTC, an hour after Bogota's.
    midnight = datetime(2027, 1, 10, 6, tzinfo=UTC)

    run(ports, creditor, agency, midnight - timedelta(minutes=1))
    assert letters(ports) == []
    run(ports, creditor, agency, midnight)
    assert len(letters(ports)) == 2


def test_whoever_left_what_was_revoked_and_what_nobody_asks_for_are_left_alone(ports: Ports, partners: Tenants, now):
    creditor, agency = partners.creditor, partners.agency
    made = accepted(ports, partners, now)
    soon = datetime(2027, 3, 1, 17, tzinfo=UTC)
    with ports.session(PLATFORM) as session, transaction(session):
        session.execute(update(User).where(User.id == agency.user_id).values(state=UserState.DISABLED))
    run(ports, creditor, agency, soon)
    assert letters(ports) == []
    with ports.session(PLATFORM) as session, transaction(session):
        session.execute(update(User).where(User.id == agency.user_id).values(state=UserState.ACTIVE))
    review(ports, creditor, reviewing.revoke, made, now, reason="incidente")
    run(ports, creditor, agency, soon)

    assert letters(ports) == []


def test_a_new_version_is_written_of_before_its_day(ports: Ports, partners: Tenants, now):
    creditor, agency = partners.creditor, partners.agency
    ask_for(ports, creditor, since=date(2026, 3, 20), now=now)
    review(ports, creditor, reviewing.accept, sign_own(ports, partners, now), now)
    ask_for(ports, creditor, WORDING, since=date(2026, 6, 1), code="EX-01", now=now)

    run(ports, creditor, agency, datetime(2026, 5, 10, 17, tzinfo=UTC))

    assert letters(ports) == [(agency.tenant, agency.user_id, "attestation.replaced", "2026-05-31")]


def test_each_side_writes_to_its_own_people(ports: Ports, partners: Tenants, now):
    for verb, actor in (
        (reminding.write_signers, partners.creditor),
        (reminding.write_reviewers, partners.agency),
        (reminding.warn_expiries, partners.agency),
    ):
        with ports.session(actor) as session, pytest.raises(Forbidden):
            verb(session, actor, now=now)
