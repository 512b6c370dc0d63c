"""What a person's way in leaves behind: letters' links, an address to be confirmed, a company's own sign-in."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations import company_sign_in, emails, links
from agencies.organisations.links import Purpose
from agencies.organisations.providers import SignInLink
from portal.ports import Ports

ISSUER = "https://login.bank.example"


def settle_at_the_door(session: Session, actor: Actor, now: datetime) -> None:
    """A person wants another address, and has come in by the company's own sign-in."""
    emails.ask(session, actor, f"otra{actor.user_id}@nueva.example", now=now)
    session.add(
        SignInLink(
            organisation_id=actor.tenant,
            user_id=actor.user_id,
            issuer=ISSUER,
            subject=f"s{actor.user_id}",
            linked_at=now,
        )
    )


def settle(ports: Ports, actor: Actor) -> None:
    """The company's own sign-in, a domain that waits, and the link of a letter."""
    now = ports.now()
    with ports.session(actor) as session, transaction(session):
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
