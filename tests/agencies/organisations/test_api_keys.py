"""Keys of an organisation's systems: shown once, kept as a hash, good for what they name and no longer."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Conflict, Forbidden, NotFound
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Side
from agencies.organisations import access, api_keys
from agencies.organisations.api_keys import (
    MOST_KEYS,
    SCOPES,
    AddressNotAllowed,
    AddressUnusable,
    ApiKey,
    ExpiryUnusable,
    ScopesMissing,
    TooManyKeys,
)
from agencies.organisations.permissions import PERMISSIONS, SIDE_OF, Permission, Role
from tests.agencies.organisations.test_heads import letters
from tests.tenants import add_colleague, add_person, add_tenants

ANYWHERE = "198.51.100.9"


@pytest.fixture
def tenants(ports):
    return add_tenants(ports)


@pytest.fixture
def make(ports, now):
    def made(actor, *, scopes=(Permission.PLACEMENT_VIEW,), days=90, addresses=(), at=now):
        with ports.session(actor) as session, transaction(session):
            return api_keys.make(
                session,
                actor,
                name="Sistema central",
                scopes=[str(one) for one in scopes],
                expires_at=at + timedelta(days=days),
                addresses=list(addresses),
                now=at,
            )

    return made


@pytest.fixture
def find(ports, now):
    def found(secret, *, address=ANYWHERE, at=now):
        with ports.session(DOOR) as session, transaction(session):
            return api_keys.find_holder(session, secret, address=address, now=at)

    return found


def revoke(ports, actor, key_id, now):
    with ports.session(actor) as session, transaction(session):
        api_keys.revoke(session, actor, key_id, now=now)


def test_whoever_holds_a_key_is_its_organisation_with_exactly_its_scopes(tenants, make, find):
    made = make(tenants.agency, scopes=[Permission.PLACEMENT_VIEW, Permission.REPORT_SUBMIT])
    actor = find(made.secret).actor

    assert (actor.side, actor.tenant) == (Side.AGENCY, tenants.agency.tenant)
    assert actor.permissions == {"placement.view", "report.submit"}
    assert (actor.user_id, actor.key_id) == (None, made.key.id)


def test_the_secret_has_256_bits_and_no_part_of_it_beyond_the_first_is_kept(tenants, make, database):
    made = make(tenants.creditor)
    assert len(base64.urlsafe_b64decode(made.secret.removeprefix("encargo_") + "=")) == 32
    superuser = create_engine(database.superuser_url)
    with superuser.connect() as connection:
        tables = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
        everything = "".join(
            connection.scalar(text(f"select coalesce(string_agg(t::text, ' '), '') from {one} t")) for one in tables
        )
    superuser.dispose()

    assert made.key.prefix in everything
    assert made.secret[len(made.key.prefix) :] not in everything
    assert made.secret.encode().hex() not in everything


def test_the_sides_cannot_read_the_hash_nor_bring_a_key_back(tenants, make, ports, now):
    made = make(tenants.creditor)
    revoke(ports, tenants.creditor, made.key.id, now)
    for statement in ("select secret_hash from api_keys", "update api_keys set scopes = array['x']"):
        with ports.session(tenants.creditor) as session, pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(text(statement))
    with ports.session(tenants.creditor) as session, pytest.raises(ProgrammingError, match="stays as it is"):
        session.execute(text("update api_keys set revoked_at = null, revoked_by = null"))


def test_no_key_can_do_what_its_maker_may_not_or_no_key_may(tenants, make, ports):
    analyst = add_colleague(ports, tenants.creditor, Role.ANALYST)
    for scopes in ([], [Permission.USER_INVITE], [Permission.PLACEMENT_VIEW, Permission.BANK_ACCOUNT_CHANGE], ["x.y"]):
        with pytest.raises(ScopesMissing):
            make(tenants.creditor, scopes=scopes)
    with pytest.raises(ScopesMissing):
        make(tenants.creditor, scopes=[Permission.PLACEMENT_ACKNOWLEDGE])
    with pytest.raises(Forbidden):
        make(analyst)


@pytest.mark.parametrize("side", [Side.CREDITOR, Side.AGENCY])
def test_what_keys_may_be_allowed_is_what_heads_of_that_side_may(side):
    head = {Side.CREDITOR: Role.DIRECTOR, Side.AGENCY: Role.MANAGER}[side]
    assert set(SCOPES[side]) <= PERMISSIONS[head]
    assert {SIDE_OF[role] for role in Role if Permission.API_KEY_MANAGE in PERMISSIONS[role]} == set(SCOPES)


def test_a_revoked_key_opens_nothing_from_then_on(tenants, make, find, ports, now):
    made = make(tenants.creditor)
    assert find(made.secret)
    revoke(ports, tenants.creditor, made.key.id, now)

    assert find(made.secret) is None
    with pytest.raises(Conflict):
        revoke(ports, tenants.creditor, made.key.id, now)


def test_a_key_ends_by_itself_within_a_year(tenants, make, find, now):
    made = make(tenants.creditor, days=365)
    assert find(made.secret, at=now + timedelta(days=364))
    assert find(made.secret, at=now + timedelta(days=365)) is None
    for days in (-1, 0, 367, 5000):
        with pytest.raises(ExpiryUnusable):
            make(tenants.creditor, days=days)


def test_a_key_of_a_suspended_organisation_opens_nothing_until_it_is_let_in_again(tenants, make, find, ports, now):
    made = make(tenants.agency)
    operator = _operator(ports)
    with ports.session(operator) as session, transaction(session):
        access.suspend(session, operator, tenants.agency.tenant, now=now)
    assert find(made.secret) is None
    with ports.session(operator) as session, transaction(session):
        access.approve(session, operator, tenants.agency.tenant, now=now)
    assert find(made.secret)


def test_a_key_outlives_the_person_who_made_it(tenants, make, find, ports, now):
    other = add_colleague(ports, tenants.creditor, Role.DIRECTOR)
    made = make(other)
    with ports.session(tenants.creditor) as session, transaction(session):
        access.disable(session, tenants.creditor, other.user_id, now=now)

    assert find(made.secret).actor.tenant == tenants.creditor.tenant


def test_a_key_is_accepted_from_its_addresses_and_from_nowhere_else(tenants, make, find):
    made = make(tenants.creditor, addresses=["203.0.113.0/28", "2001:db8::7"])
    for address in ("203.0.113.15", "2001:db8::7", "::ffff:203.0.113.1"):
        assert find(made.secret, address=address), address
    for address in ("203.0.113.16", "2001:db8::8", "10.0.0.1", "", None, "no address"):
        with pytest.raises(AddressNotAllowed):
            find(made.secret, address=address)


def test_addresses_are_brought_into_one_form_and_nonsense_is_refused(tenants, make):
    assert make(tenants.creditor, addresses=["203.0.113.7/24", "203.0.113.9/24"]).key.addresses == ["203.0.113.0/24"]
    for nonsense in ("bank.example", "203.0.113.300", "203.0.113.7/33", "0x7f.1"):
        with pytest.raises(AddressUnusable):
            make(tenants.creditor, addresses=[nonsense])


def test_nobody_has_a_key_that_is_cut_longer_or_of_another_spelling(tenants, make, find):
    secret = make(tenants.creditor).secret
    for wrong in (secret[:-1], secret + "A", secret.swapcase(), secret.removeprefix("encargo_"), "", "encargo_"):
        assert find(wrong) is None


def test_the_last_use_is_known_to_the_hour(tenants, make, find, ports, now):
    made = make(tenants.creditor)

    def seen(at):
        find(made.secret, at=at)
        with ports.session(tenants.creditor) as session:
            return api_keys.list_keys(session, tenants.creditor)[0].last_used_at

    assert seen(now) == now
    assert seen(now + timedelta(minutes=59)) == now
    assert seen(now + timedelta(minutes=61)) == now + timedelta(minutes=61)


def test_another_organisation_neither_sees_nor_revokes_it(tenants, make, find, ports, now):
    made = make(tenants.creditor)
    for stranger in (tenants.other_creditor, tenants.agency):
        with ports.session(stranger) as session:
            assert api_keys.list_keys(session, stranger) == []
        with pytest.raises(NotFound):
            revoke(ports, stranger, made.key.id, now)
    assert find(made.secret)


def test_the_last_key_there_is_room_for_is_the_twentieth(tenants, make, ports, now):
    for _ in range(MOST_KEYS):
        last = make(tenants.creditor)
    with pytest.raises(TooManyKeys):
        make(tenants.creditor)
    revoke(ports, tenants.creditor, last.key.id, now)
    make(tenants.creditor)


def test_making_and_revoking_stand_in_the_trail_without_the_secret(tenants, make, ports, now):
    made = make(tenants.creditor)
    revoke(ports, tenants.creditor, made.key.id, now)
    with ports.session(tenants.creditor) as session:
        told = session.scalars(select(AuditEvent).order_by(AuditEvent.seq)).all()
        key = session.get_one(ApiKey, (tenants.creditor.tenant, made.key.id))

    assert [one.action for one in told] == ["key.made", "key.revoked"]
    assert key.revoked_by == tenants.creditor.user_id
    assert not any(made.secret[10:] in one.body for one in told)


def test_a_director_who_makes_or_revokes_a_key_is_seen_by_the_other_directors(tenants, make, ports, now):
    other = add_colleague(ports, tenants.creditor, Role.DIRECTOR)
    analyst = add_colleague(ports, tenants.creditor, Role.ANALYST)
    made = make(tenants.creditor)
    revoke(ports, tenants.creditor, made.key.id, now)

    kinds = ["key.revoked", "key.made"]
    for reader, told in ((other, kinds), (tenants.creditor, []), (analyst, []), (tenants.other_creditor, [])):
        with ports.session(reader) as session:
            assert [one.kind for one in list_notices(session, reader).rows] == told
    # Whoever works with a stolen access does not do it without its owner's postbox learning of it.
    maker = tenants.creditor.user_id
    assert letters(ports) == [("key.made", other.user_id), ("key.made_by_you", maker), ("key.revoked", other.user_id)]


def _operator(ports):
    return add_person(ports, Role.OPERATOR, "Plataforma")
