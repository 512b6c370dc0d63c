"""Sends one letter: writes it with the link it needs, and hands it to the postbox in a step of its own.

What the link opens is durable before the letter leaves, so that a letter that arrived never carries a dead link; when
the process dies in between, the next attempt makes another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage

from agencies.applications import letters as applications
from agencies.applications.content import address_of
from agencies.kernel import letters
from agencies.kernel.errors import Invalid, msg
from agencies.organisations.countries import country
from agencies.organisations.models import Organisation, User, UserState
from portal.jobs.frame import Advance, Job, Step
from portal.letters.links import LINKS, Asked
from portal.letters.texts import LETTERS
from portal.letters.writing import Addressee, Link, write


class LetterUnknown(Invalid):
    """Somebody posted a kind of letter that has no text."""

    text = msg("There is no text for this kind of letter.")


@contextmanager
def send_letter(job: Job) -> Iterator[Advance]:
    """Write in one transaction, send in the next."""
    written: EmailMessage | None = None

    def advance() -> Step | None:
        nonlocal written
        if written is None:
            written = _write(job)
            return Step("sending", 0, 1) if written else None
        job.ports.postbox.deliver(written)
        letters.forget_address(job.session, job.actor, job.payload["key"])
        return None

    yield advance


def _write(job: Job) -> EmailMessage | None:
    """The letter, or None when nobody needs it any more."""
    kind, key, settings = job.payload["letter"], job.payload["key"], job.ports.settings
    if not kind:
        return None
    if kind not in LETTERS:
        raise LetterUnknown
    addressee = _addressee(job)
    if addressee is None:
        return None
    link = _link(job, kind)
    if LETTERS[kind].link and link is None:
        return None
    return write(
        kind,
        addressee,
        key=key,
        sender=settings.mail_from,
        portal=settings.public_url,
        at=datetime.fromisoformat(job.payload["at"]),
        now=job.now,
        link=link,
        details=job.payload["details"],
    )


def _addressee(job: Job) -> Addressee | None:
    if job.payload["user_id"] is None:
        return _applicant(job)
    user = job.session.get_one(User, job.payload["user_id"])
    home = job.session.get_one(Organisation, user.organisation_id)
    address = user.email
    if job.payload["details"].get("is_elsewhere"):
        address = letters.open_address(job.session, job.actor, job.payload["key"]) or ""
    if not address or user.state is UserState.DISABLED:
        return None
    return Addressee(
        organisation_id=user.organisation_id,
        organisation=home.name,
        address=address,
        email=user.email,
        # Until somebody has come in, the name is what another person typed.
        name="" if user.state is UserState.INVITED else user.name,
        language=user.language,
        time_zone=home.time_zone,
    )


def _applicant(job: Job) -> Addressee | None:
    """Somebody who is not on the platform yet, to whom the platform itself writes."""
    row = applications.find_addressee(job.session, job.actor, job.payload["details"]["application_id"])
    if row is None:
        return None
    home, address = job.session.get_one(Organisation, job.actor.tenant), address_of(job.session, row)
    zone = country(row.country).time_zone
    return Addressee(home.id, home.name, address, address, name="", language=row.language, time_zone=zone)


def _link(job: Job, kind: str) -> Link | None:
    if kind not in LINKS:
        return None
    return LINKS[kind](
        Asked(
            job.session,
            job.actor,
            user_id=job.payload["user_id"],
            key=job.payload["key"],
            details=job.payload["details"],
            now=job.now,
            portal=job.ports.settings.public_url,
        )
    )
