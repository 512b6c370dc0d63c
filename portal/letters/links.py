"""The links in letters: each is made when its letter is written, and only its hash is kept.

A letter whose link would open nothing any more is not sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from agencies.applications import letters as applications
from agencies.applications.links import LINK_LIFETIME
from agencies.kernel.tenancy import Actor
from agencies.organisations import emails, invitations, resets
from portal.letters.writing import Link

#: Where each link leads; a test compares these with the routes.
INVITATION = "/invitations/{token}"
RESET = "/reset/{token}"
CONFIRM = "/email/confirm/{token}"
OBJECT = "/email/object/{token}"
SIGN_IN = "/sign-in"
APPLICATION = "/apply/open/{token}"


class Asked(NamedTuple):
    """What a link is made from."""

    session: Session
    actor: Actor
    #: Nobody where the letter goes to an applicant.
    user_id: int | None
    key: str
    details: dict[str, Any]
    now: datetime
    portal: str


def _invitation(asked: Asked) -> Link | None:
    made = invitations.send(asked.session, asked.actor, asked.details["invitation_id"], now=asked.now)
    return None if made is None else Link(asked.portal + INVITATION.format(token=made.token), made.expires_at)


def _application(asked: Asked) -> Link | None:
    number = asked.details["application_id"]
    token = applications.link_for(asked.session, asked.actor, number, now=asked.now)
    return None if token is None else Link(asked.portal + APPLICATION.format(token=token), asked.now + LINK_LIFETIME)


def _reset(asked: Asked) -> Link | None:
    if asked.user_id is None:
        return None
    made = resets.make_link(asked.session, asked.actor, asked.user_id, letter=asked.key, now=asked.now)
    return None if made is None else Link(asked.portal + RESET.format(token=made.token), made.until)


def _confirmation(asked: Asked) -> Link | None:
    change = asked.details["change_id"]
    made = emails.make_confirmation(asked.session, asked.actor, change, letter=asked.key, now=asked.now)
    return None if made is None else Link(asked.portal + CONFIRM.format(token=made.token), made.until)


def _objection(asked: Asked) -> Link | None:
    change = asked.details["change_id"]
    made = emails.make_objection(asked.session, asked.actor, change, letter=asked.key, now=asked.now)
    return None if made is None else Link(asked.portal + OBJECT.format(token=made.token), made.until)


#: Kind of letter -> what makes its link; None where there is nothing to open any more.
LINKS: dict[str, Callable[[Asked], Link | None]] = {
    "invitation": _invitation,
    applications.LINK: _application,
    applications.MORE_ASKED: _application,
    applications.DECLINED: _application,
    "password.reset": _reset,
    "password.reset_started": _reset,
    "password.elsewhere": lambda asked: Link(asked.portal + SIGN_IN),
    "email.confirm": _confirmation,
    "email.asked": _objection,
    "email.changed": _objection,
}
