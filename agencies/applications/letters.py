"""What an applicant is written: each step that the applicant has to know of, with the letter it needs, in one go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.applications import drafting, links, reviewing
from agencies.applications.lifecycle import ENDED
from agencies.applications.models import Application, ApplicationState
from agencies.kernel import letters
from agencies.kernel.tenancy import Actor
from agencies.organisations import invitations
from agencies.organisations.models import OrganisationKind
from agencies.organisations.service import Invited

#: Kinds of letters.
LINK, SUBMITTED, MORE_ASKED, DECLINED = (
    "application.link",
    "application.submitted",
    "application.more_asked",
    "application.declined",
)


def begin(
    session: Session, *, kind: OrganisationKind, country: str, email: str, language: str, now: datetime
) -> Application:
    """Begin an application, or find the one of this address; either way its link goes out by letter."""
    row = links.begin(session, kind=kind, country=country, email=email, language=language, now=now)
    _tell(session, row, LINK, now)
    return row


def send_again(session: Session, *, email: str, kind: OrganisationKind, now: datetime) -> None:
    """Have a new link sent to an address that has begun; for any other address as much work is done in vain."""
    row = links.find_by_address(session, email=email, kind=kind)
    if row is None:
        letters.post_nothing(session, links.platform(session), key=f"{LINK}/none/{now.timestamp()}", now=now)
    else:
        _tell(session, row, LINK, now)


def submit(session: Session, token: str, *, now: datetime) -> Application:
    """Hand an application in and say that it has arrived; a second press changes nothing."""
    row = drafting.submit(session, token, now=now)
    if row.submitted_at == now:
        _tell(session, row, SUBMITTED, now)
    return row


def ask_more(session: Session, actor: Actor, application_id: int, *, message: str, now: datetime) -> Application:
    """Send an application back with what is wanted, and a link to go on."""
    row = reviewing.ask_more(session, actor, application_id, message=message, now=now)
    _tell(session, row, MORE_ASKED, now)
    return row


def decline(session: Session, actor: Actor, application_id: int, *, message: str, now: datetime) -> Application:
    """Turn an application down, with a link to the reason."""
    row = reviewing.decline(session, actor, application_id, message=message, now=now)
    _tell(session, row, DECLINED, now)
    return row


def approve(session: Session, actor: Actor, application_id: int, *, now: datetime) -> tuple[Application, Invited]:
    """Let the organisation in; its first person is invited by letter."""
    row, invited = reviewing.approve(session, actor, application_id, now=now)
    invitations.post(session, actor, invited, now=now)
    return row, invited


def find_addressee(session: Session, actor: Actor, application_id: int) -> Application | None:
    """The application a letter is about, for whoever writes it; None when there is nobody to write to any more."""
    row = session.scalar(
        select(Application).where(Application.organisation_id == actor.tenant, Application.id == application_id)
    )
    return None if row is None or row.state is ApplicationState.EXPIRED else row


def link_for(session: Session, actor: Actor, application_id: int, *, now: datetime) -> str | None:
    """The token of the link that a letter carries; None when nothing is to be opened any more."""
    row = find_addressee(session, actor, application_id)
    is_over = row is None or (row.state in ENDED and row.state is not ApplicationState.DECLINED)
    return None if row is None or is_over else links.fresh_link(session, row, now=now)


def _tell(session: Session, row: Application, kind: str, now: datetime) -> None:
    letters.post_about(
        session,
        row.organisation_id,
        kind=kind,
        key=f"{kind}/{row.id}/{now.timestamp()}",
        now=now,
        application_id=row.id,
    )
