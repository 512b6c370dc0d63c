"""What ways in leave behind: letters' links, an address to be confirmed, a company's own sign-in, systems."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations import api_answers, api_keys, company_sign_in, emails, links, recovery, signing_in
from agencies.organisations.factors import Passkey
from agencies.organisations.links import Purpose
from agencies.organisations.models import User
from agencies.organisations.permissions import Permission
from agencies.organisations.providers import SignInLink
from agencies.webhooks import service as webhooks
from assignments.cases.selection import Selection
from assignments.segments import service as segments
from assignments.segments.decision import Rule
from portal.ports import Ports

#: Segments, and what was applied with: nobody at an agency reads any of it.
UNSEEN_BY_AGENCIES = {
    *("application_keys", "application_steps", "decision_rules", "decision_tables"),
    *("segment_revisions", "segments"),
}
ISSUER = "https://login.bank.example"


def settle(ports: Ports, actor: Actor, mark: str) -> None:
    """All of that for one person, and a session, recovery codes and a passkey."""
    with ports.session(DOOR) as session, transaction(session):
        _at_the_door(session, actor, mark, ports.now())
    with ports.session(actor) as session, transaction(session):
        _at_home(session, actor, mark, ports.now())


def _at_the_door(session: Session, actor: Actor, mark: str, now: datetime) -> None:
    whose, key = {"organisation_id": actor.tenant, "user_id": actor.user_id}, secrets.token_bytes(32)
    person = session.get_one(User, actor.user_id)
    signing_in.open_session(session, person, address="192.0.2.1", user_agent=mark, now=now)
    recovery.make(session, actor, now=now)
    session.add(Passkey(**whose, name=mark, credential_id=key, public_key=key, uses=0, added_at=now))
    emails.ask(session, actor, f"otra{actor.user_id}@nueva.example", now=now)
    session.add(SignInLink(**whose, issuer=ISSUER, subject=f"s{actor.user_id}", linked_at=now))


def _at_home(session: Session, actor: Actor, mark: str, now: datetime) -> None:
    until = now + timedelta(days=30)
    api_keys.make(session, actor, name=mark, scopes=["placement.view"], expires_at=until, addresses=[], now=now)
    _have_webhook(session, actor, mark, now)
    if actor.may(Permission.PLACEMENT_PLAN):
        segment = segments.save(session, actor, name=mark, selection=Selection(min_minor=1), now=now)
        segments.decide(session, actor, segment.id, [Rule(mark, Selection(min_dpd=1))], revision=0, now=now)
    told = {"request_sha256": bytes(32), "status": 200, "body": f'"{mark}"'}
    api_answers.keep(session, actor, mark, **told, now=now)
    links.make(session, actor, actor.user_id, Purpose.PASSWORD, letter="one", lifetime=timedelta(hours=1), now=now)
    company_sign_in.configure(
        session,
        actor,
        issuer=ISSUER,
        client_id="encargo",
        client_secret="a secret of nobody",
        required=False,
        trusts_factor=False,
        vouches_for_emails=False,
        now=now,
    )
    company_sign_in.ask_domain(session, actor, f"casa{actor.tenant}.example", now=now)


def _have_webhook(session: Session, actor: Actor, mark: str, now: datetime) -> None:
    """A system that is told of files, where nobody listens, with two secrets and a message on its way."""
    url = f"http://127.0.0.1:9/{mark}"
    made = webhooks.make(session, actor, url=url, actions=["upload.checked"], may_loopback=True, now=now)
    webhooks.renew_secret(session, actor, made.webhook.id, now=now)
    webhooks.send_test(session, actor, made.webhook.id, now=now)
