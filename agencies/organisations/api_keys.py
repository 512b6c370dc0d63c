"""Keys by which an organisation's own systems come in: made once, shown once, ended at once.

A key belongs to the organisation and to no person: it goes on when whoever made it leaves, and stops when the
organisation is suspended. One that was made while somebody else had its maker's account is good for nothing any more
once the change of e-mail address that began it is taken back. A key may do what its scopes name and nothing else, for
a time, from addresses that can be named. Of its secret there is only the hash, and only the door reads that.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, column_property, mapped_column

from agencies.kernel import audit, letters
from agencies.kernel.base import Base
from agencies.kernel.errors import Conflict, Forbidden, Invalid, NotFound, msg
from agencies.kernel.tenancy import DOOR, Actor, Side, require
from agencies.organisations import credentials, heads
from agencies.organisations.email_changes import ChangeState, EmailChange
from agencies.organisations.models import Organisation, OrganisationState
from agencies.organisations.permissions import Permission

#: What a key can be allowed, side by side; whatever is not named here no key may do.
SCOPES: dict[Side, tuple[Permission, ...]] = {
    Side.CREDITOR: (
        Permission.CASE_VIEW,
        Permission.PORTFOLIO_UPLOAD,
        Permission.PLACEMENT_VIEW,
    ),
    Side.AGENCY: (
        Permission.PLACEMENT_VIEW,
        Permission.PLACEMENT_ACKNOWLEDGE,
        Permission.REPORT_SUBMIT,
    ),
}
#: Kinds of notices and letters.
MADE, REVOKED, MADE_BY_YOU = "key.made", "key.revoked", "key.made_by_you"
#: What stands where a person's role does.
ROLE = "api_key"
#: How a key begins, so that people and scanners of leaked secrets know one when they see it.
MARK = "encargo_"
LONGEST = timedelta(days=366)
MOST_KEYS = 20
MOST_ADDRESSES = 20
_SEEN_EVERY = timedelta(hours=1)
#: Letters of the secret that are kept to tell keys apart; the rest alone has more than 200 bits.
_SHOWN = 6


class ScopesMissing(Invalid):
    """A key that may do nothing, or what no key or not its maker may."""

    text = msg("Choose what the key may do, among what you may do yourself.")


class AddressUnusable(Invalid):
    """Not an address or a network."""

    text = msg("“%(address)s” is no address or network. Write one as 203.0.113.7 or 203.0.113.0/24.")


class TooManyAddresses(Invalid):
    """A list that long is no list."""

    text = msg("Name at most %(most)d addresses or networks.")


class ExpiryUnusable(Invalid):
    """A key lives for a while, and for a year at most."""

    text = msg("A key works for at least a day and for at most one year.")


class TooManyKeys(Conflict):
    """Keys nobody can oversee."""

    text = msg("Your organisation has %(most)d working keys already. Revoke one that is not needed any more.")


class AddressNotAllowed(Forbidden):
    """The key is good, and not from there."""

    text = msg("This key is not accepted from the address the request came from.")


class ApiKey(Base):
    """One key of an organisation; the hash of its secret is read at the door alone."""

    __tablename__ = "api_keys"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "made_by"], ["users.organisation_id", "users.id"]),
        ForeignKeyConstraint(["organisation_id", "revoked_by"], ["users.organisation_id", "users.id"]),
        CheckConstraint("cardinality(scopes) > 0", name="scopes"),
        CheckConstraint("expires_at <= made_at + interval '366 days'", name="expires_at"),
        CheckConstraint("(revoked_at is null) = (revoked_by is null)", name="revoked_by"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    #: The beginning of the key, by which people know it again.
    prefix: Mapped[str]
    #: SHA-256 of the whole key.
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True, deferred=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    #: Networks it is accepted from; an empty list is anywhere.
    addresses: Mapped[list[str]] = mapped_column(ARRAY(Text))
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    #: To the hour or so.
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None]
    if TYPE_CHECKING:
        is_given_up: Mapped[bool]

    def works(self, now: datetime) -> bool:
        """Whether it is neither revoked nor given up nor expired."""
        return self.revoked_at is None and not self.is_given_up and self.expires_at > now


def _in_other_hands() -> ColumnElement[bool]:
    """Whether a key was made between the asking for a change of its maker's address and its being taken back.

    It is asked whenever a key is looked at: so not even one that is being made at that moment stays good.
    """
    return exists().where(
        EmailChange.organisation_id == ApiKey.organisation_id,
        EmailChange.user_id == ApiKey.made_by,
        EmailChange.state == ChangeState.TAKEN_BACK,
        EmailChange.asked_at <= ApiKey.made_at,
        EmailChange.decided_at >= ApiKey.made_at,
    )


#: Known of every key that is read.
ApiKey.is_given_up = column_property(_in_other_hands())


@dataclass(frozen=True)
class Made:
    """A new key, and its only showing."""

    key: ApiKey
    secret: str


@dataclass(frozen=True)
class KeyHolder:
    """Whose key it is, and the actor the request runs as."""

    actor: Actor
    key_id: int
    name: str
    organisation: Organisation
    expires_at: datetime


def make(
    session: Session,
    actor: Actor,
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime,
    addresses: list[str],
    now: datetime,
) -> Made:
    """Make a key for the actor's organisation.

    Raises `ScopesMissing`, `ExpiryUnusable`, `AddressUnusable`, `TooManyAddresses` or `TooManyKeys`.
    """
    require(actor, Permission.API_KEY_MANAGE)
    allowed = [one.value for one in SCOPES[actor.side] if one.value in scopes and actor.may(one)]
    if not allowed or set(scopes) != set(allowed):
        raise ScopesMissing
    if not now + timedelta(days=1) <= expires_at <= now + LONGEST:
        raise ExpiryUnusable
    networks = read_addresses(addresses)
    # Two who make one each at the same time wait for each other.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("api_keys", actor.tenant))))
    if sum(one.works(now) for one in list_keys(session, actor)) >= MOST_KEYS:
        raise TooManyKeys(most=MOST_KEYS)
    secret = MARK + secrets.token_urlsafe(32)
    key = ApiKey(
        organisation_id=actor.tenant,
        name=name,
        prefix=secret[: len(MARK) + _SHOWN],
        secret_hash=credentials.digest(secret),
        scopes=allowed,
        addresses=networks,
        made_by=actor.user_id,
        made_at=now,
        expires_at=expires_at,
    )
    session.add(key)
    session.flush()
    audit.record(session, actor, "key.made", now=now, key_id=key.id, scopes=allowed, expires_at=expires_at)
    _tell_others(session, actor, key, MADE, now)
    letters.post(session, user_id=key.made_by, kind=MADE_BY_YOU, key=f"{MADE_BY_YOU}/{key.id}", now=now)
    return Made(key, secret)


def list_keys(session: Session, actor: Actor) -> list[ApiKey]:
    """The organisation's keys, the newest first."""
    require(actor, Permission.API_KEY_MANAGE)
    statement = select(ApiKey).where(ApiKey.organisation_id == actor.tenant).order_by(ApiKey.id.desc())
    return list(session.scalars(statement))


def revoke(session: Session, actor: Actor, key_id: int, *, now: datetime) -> None:
    """End a key from the next request on; raises `NotFound`, or `Conflict` when it is revoked already."""
    require(actor, Permission.API_KEY_MANAGE)
    statement = select(ApiKey).where(ApiKey.organisation_id == actor.tenant, ApiKey.id == key_id)
    key = session.scalar(statement.with_for_update())
    if key is None:
        raise NotFound
    if key.revoked_at is not None or key.is_given_up:
        raise Conflict
    key.revoked_at, key.revoked_by = now, actor.user_id
    audit.record(session, actor, "key.revoked", now=now, key_id=key.id)
    _tell_others(session, actor, key, REVOKED, now)


def give_up(session: Session, organisation_id: int, user_id: int, *, since: datetime, now: datetime) -> None:
    """Write down, at the door, which keys ended because a change of their maker's address was taken back."""
    ended = (
        select(ApiKey)
        .where(ApiKey.organisation_id == organisation_id, ApiKey.made_by == user_id, ApiKey.revoked_at.is_(None))
        .where(ApiKey.made_at >= since, ApiKey.made_at <= now)
        .order_by(ApiKey.id)
    )
    homes = [organisation_id]
    for key in session.scalars(ended).all():
        audit.record(
            session, DOOR, "key.given_up", now=now, organisations=homes, key_id=key.id, subject_user_id=user_id
        )


def find_holder(session: Session, secret: str, *, address: str | None, now: datetime) -> KeyHolder | None:
    """Who comes in with this key, at the door; None for every key that is not good, whatever the reason.

    Raises `AddressNotAllowed` when the key is good and the address is not.
    """
    row = session.execute(
        select(ApiKey, Organisation)
        .join(Organisation, Organisation.id == ApiKey.organisation_id)
        .where(
            ApiKey.secret_hash == credentials.digest(secret),
            ApiKey.revoked_at.is_(None),
            ~_in_other_hands(),
            ApiKey.expires_at > now,
            Organisation.state == OrganisationState.APPROVED,
        )
    ).one_or_none()
    if row is None:
        return None
    key, organisation = row
    if not admits(key.addresses, address):
        raise AddressNotAllowed
    if key.last_used_at is None or key.last_used_at < now - _SEEN_EVERY:
        session.execute(
            update(ApiKey)
            .where(ApiKey.organisation_id == key.organisation_id, ApiKey.id == key.id)
            .values(last_used_at=func.greatest(ApiKey.last_used_at, now))
            .execution_options(synchronize_session=False)
        )
    return KeyHolder(actor_of_key(key, organisation), key.id, key.name, organisation, key.expires_at)


def actor_of_key(key: ApiKey, organisation: Organisation) -> Actor:
    """The actor a key stands for: its scopes, as far as keys of that side may have them today."""
    side = Side(organisation.kind.value)
    allowed = {one.value for one in SCOPES.get(side, ())}
    return Actor(
        side=side,
        organisation_id=organisation.id,
        role=ROLE,
        permissions=frozenset(allowed & set(key.scopes)),
        language=organisation.language,
        time_zone=organisation.time_zone,
        key_id=key.id,
    )


def read_addresses(given: list[str]) -> list[str]:
    """Addresses and networks in one form; raises `AddressUnusable` or `TooManyAddresses`."""
    if len(given) > MOST_ADDRESSES:
        raise TooManyAddresses(most=MOST_ADDRESSES)
    found = []
    for one in given:
        try:
            found.append(str(ipaddress.ip_network(one, strict=False)))
        except ValueError as unreadable:
            raise AddressUnusable(address=one) from unreadable
    return sorted(set(found))


def admits(networks: list[str], address: str | None) -> bool:
    """Whether a request from this address may use a key with this list."""
    if not networks:
        return True
    try:
        where = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    if isinstance(where, ipaddress.IPv6Address) and where.ipv4_mapped is not None:
        where = where.ipv4_mapped
    return any(where in ipaddress.ip_network(one) for one in networks)


def _tell_others(session: Session, actor: Actor, key: ApiKey, kind: str, now: datetime) -> None:
    """Whoever else manages the organisation learns of a way in that is nobody's in person."""
    about = actor.user_id or key.made_by
    heads.tell_others(session, actor, key.organisation_id, kind, about=about, key=str(key.id), now=now)
