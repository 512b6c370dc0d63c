"""Passkeys (WebAuthn): a key of one's device signs a random number of ours; with its owner verified it is both factors.

A number is answered once, in time, by the session it was given to and for the purpose it was given for. Origin and
domain are those of the settings, never of the request. The device counts its uses; a count that does not grow tells of
a copy, and is refused. What does not fit is a value, so that the number it answered is used up all the same.
"""

from __future__ import annotations

import ipaddress
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from agencies.kernel.errors import Conflict, NotFound, msg
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor
from agencies.organisations import credentials, enrolling, proving, signing_in
from agencies.organisations.factors import Passkey, PasskeyChallenge, Purpose
from agencies.organisations.models import Organisation, User
from agencies.organisations.service import actor_of
from agencies.organisations.signing_in import SignedIn

MOST = 20
LONGEST_NAME = 60
#: How long a device may take to answer.
_LASTS = timedelta(minutes=5)
#: What hostile answers make the library raise besides its own.
_UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class TooManyPasskeys(Conflict):
    """Nobody has that many devices."""

    text = msg("You have %(most)d passkeys already. Remove one that you no longer use.")


@dataclass(frozen=True)
class RelyingParty:
    """Whom a passkey is for: the domain it is bound to, and the one origin it may be used from."""

    domain: str
    origin: str
    name: str = "Encargo"


def relying_party(public_url: str) -> RelyingParty | None:
    """Whom passkeys of an installation are for; None where it has no domain name, because they need one."""
    parts = urlsplit(public_url)
    domain = parts.hostname or ""
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return RelyingParty(domain, f"{parts.scheme}://{parts.netloc}")
    return None


def offer_registration(session: Session, person: SignedIn, party: RelyingParty, *, now: datetime) -> str:
    """What a browser needs to make a new passkey, as JSON."""
    enrolling.require_proof(person)
    known = session.scalars(select(Passkey.credential_id).where(*_mine(person.actor))).all()
    if len(known) >= MOST:
        raise TooManyPasskeys(most=MOST)
    options = generate_registration_options(
        rp_id=party.domain,
        rp_name=party.name,
        user_id=_handle(session, person.actor),
        user_name=person.email,
        user_display_name=person.user_name,
        challenge=_challenge(session, Purpose.REGISTER, person, now),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options)


def register(
    session: Session, person: SignedIn, party: RelyingParty, response: str, *, name: str, now: datetime
) -> bool:
    """Keep a new passkey under a name; False when the answer does not fit."""
    enrolling.require_proof(person)
    challenge = _answered(session, response, Purpose.REGISTER, person, now)
    if challenge is None:
        return False
    try:
        made = verify_registration_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=party.domain,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _UNREADABLE:
        return False
    kept = session.execute(
        insert(Passkey)
        .values(
            organisation_id=person.actor.tenant,
            user_id=person.user_id,
            name=name[:LONGEST_NAME] or "Passkey",
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            uses=made.sign_count,
            added_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Passkey.id)
    )
    if kept.one_or_none() is None:
        return False
    proving.tell(session, person.actor, "user.passkey_added", now, letter="passkey.added")
    return True


def offer_proof(session: Session, person: SignedIn | None, party: RelyingParty, *, now: datetime) -> str:
    """What a browser needs to use a passkey: one of this person's, or any of this site where nobody is known yet."""
    known = [] if person is None else session.scalars(select(Passkey.credential_id).where(*_mine(person.actor))).all()
    options = generate_authentication_options(
        rp_id=party.domain,
        challenge=_challenge(session, Purpose.SIGN_IN if person is None else Purpose.PROVE, person, now),
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def prove(session: Session, person: SignedIn, party: RelyingParty, response: str, *, now: datetime) -> bool:
    """Whether a passkey of this person has answered."""
    key = _used(session, person, party, response, now)
    return key is not None and (key.organisation_id, key.user_id) == (person.actor.tenant, person.user_id)


def sign_in(session: Session, party: RelyingParty, response: str, *, now: datetime) -> User | None:
    """The user whose passkey has answered and who may come in now; None for every other case alike."""
    key = _used(session, None, party, response, now)
    if key is None:
        return None
    user = session.get_one(User, key.user_id)
    return user if signing_in.may_come_in(session, user) else None


@dataclass(frozen=True)
class KnownPasskey:
    """A passkey as its owner knows it."""

    id: int
    name: str
    added_at: datetime
    last_used_at: datetime | None


def list_own(session: Session, actor: Actor) -> list[KnownPasskey]:
    """The actor's passkeys, the oldest first."""
    shown = select(Passkey.id, Passkey.name, Passkey.added_at, Passkey.last_used_at)
    return [KnownPasskey(*row) for row in session.execute(shown.where(*_mine(actor)).order_by(Passkey.id))]


def has_any(session: Session, person: SignedIn) -> bool:
    """Whether there is a passkey to ask this person for."""
    return session.scalar(select(Passkey.id).where(*_mine(person.actor)).limit(1)) is not None


def remove(session: Session, person: SignedIn, passkey_id: int, *, now: datetime) -> None:
    """Forget a passkey, unless it is the last way to prove who one is; raises `NotFound` or `LastFactor`."""
    actor = person.actor
    known = set(session.scalars(select(Passkey.id).where(*_mine(actor)).with_for_update()))
    if passkey_id not in known:
        raise NotFound
    if len(known) == 1 and enrolling.confirmed_at(session, actor) is None:
        raise enrolling.LastFactor
    gone = delete(Passkey).where(*_mine(actor), Passkey.id == passkey_id)
    session.execute(gone.execution_options(synchronize_session=False))
    proving.tell(session, actor, "user.passkey_removed", now, letter="passkey.removed")


def _used(
    session: Session, person: SignedIn | None, party: RelyingParty, response: str, now: datetime
) -> Passkey | None:
    purpose = Purpose.SIGN_IN if person is None else Purpose.PROVE
    challenge = _answered(session, response, purpose, person, now)
    told = _read(response)
    key = session.scalar(select(Passkey).where(Passkey.credential_id == _bytes(told.get("id"))))
    if challenge is None or key is None:
        return None
    user = session.get_one(User, key.user_id)
    actor = actor_of(user, session.get_one(Organisation, key.organisation_id))
    try:
        verified = verify_authentication_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=party.domain,
            expected_origin=party.origin,
            credential_public_key=key.public_key,
            # The count is judged below, because one that does not grow has to be told and not only refused.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        handle = told["response"].get("userHandle")
    except _UNREADABLE:
        return None
    if handle and _bytes(handle) != _handle(session, actor):
        return None
    return key if _count_use(session, key, actor, verified.new_sign_count, now) else None


def _count_use(session: Session, key: Passkey, actor: Actor, uses: int, now: datetime) -> bool:
    """Whether the device's count has grown, or it keeps none; a count that stays behind is a copied device's."""
    grows = Passkey.uses < uses if uses else Passkey.uses == 0
    counted = session.execute(
        update(Passkey)
        .where(Passkey.organisation_id == key.organisation_id, Passkey.id == key.id, grows)
        .values(uses=uses, last_used_at=now)
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    )
    if counted.one_or_none() is None:
        proving.tell(session, actor, "user.passkey_copied", now, letter="passkey.copied")
        return False
    return True


def _challenge(session: Session, purpose: Purpose, person: SignedIn | None, now: datetime) -> bytes:
    """A new random number for a device to sign; those whose time is over go."""
    over = delete(PasskeyChallenge).where(PasskeyChallenge.expires_at <= now)
    session.execute(over.execution_options(synchronize_session=False))
    challenge = secrets.token_bytes(32)
    whose = None if person is None else person.session_id
    session.add(PasskeyChallenge(digest=_digest(challenge), purpose=purpose, session_id=whose, expires_at=now + _LASTS))
    return challenge


def _answered(
    session: Session, response: str, purpose: Purpose, person: SignedIn | None, now: datetime
) -> bytes | None:
    """The number this answers, which is used up by it; None when it was not given out for this."""
    try:
        told = json.loads(base64url_to_bytes(_read(response)["response"]["clientDataJSON"]))
        challenge = base64url_to_bytes(told["challenge"])
    except _UNREADABLE:
        return None
    taken = session.execute(
        delete(PasskeyChallenge)
        .where(
            PasskeyChallenge.digest == _digest(challenge),
            PasskeyChallenge.purpose == purpose,
            PasskeyChallenge.session_id.is_not_distinct_from(None if person is None else person.session_id),
            PasskeyChallenge.expires_at > now,
        )
        .returning(PasskeyChallenge.digest)
        .execution_options(synchronize_session=False)
    )
    return None if taken.one_or_none() is None else challenge


def _read(response: str) -> dict[str, Any]:
    try:
        told = json.loads(response)
    except _UNREADABLE:
        return {}
    return told if isinstance(told, dict) else {}


def _bytes(text: object) -> bytes:
    try:
        return base64url_to_bytes(text) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _handle(session: Session, actor: Actor) -> bytes:
    """What devices know a person by: nothing that says who it is."""
    return keyring_of(session).index(actor.tenant, "passkey", str(actor.user_id))


def _digest(challenge: bytes) -> bytes:
    return credentials.digest(challenge.hex())


def _mine(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return Passkey.organisation_id == actor.tenant, Passkey.user_id == actor.user_id
