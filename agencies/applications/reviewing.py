"""The operator looks at applications: takes one up, asks for more, lets the organisation in, or declines."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from agencies.applications import content
from agencies.applications.content import Content, Missing
from agencies.applications.drafting import files_of, steps_of
from agencies.applications.lifecycle import SEEN, Mover, take
from agencies.applications.models import Application, ApplicationFile, ApplicationState, ApplicationStep
from agencies.kernel import audit, work
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations import service
from agencies.organisations.models import Organisation, OrganisationKind
from agencies.organisations.permissions import Permission, Role
from agencies.standing.accounts import agencies_paid_to

#: The kind of work that fills the new agency's file from what it applied with.
TAKE_OVER = "take_over_application"
#: Who comes in first, and invites the others.
FIRST_ROLE = {OrganisationKind.AGENCY: Role.MANAGER, OrganisationKind.CREDITOR: Role.DIRECTOR}
OPEN = (ApplicationState.SUBMITTED, ApplicationState.UNDER_REVIEW, ApplicationState.MORE_ASKED)


class MessageMissing(Invalid):
    """Whoever asks or declines says what and why."""

    text = msg("Say what is wanted or why: the applicant reads it.")


@dataclass(frozen=True)
class ApplicationPage:
    """One application as the operator sees it."""

    row: Application
    said: Content
    email: str
    missing: tuple[Missing, ...]
    files: tuple[ApplicationFile, ...]
    steps: tuple[ApplicationStep, ...]
    #: An organisation with the same country and tax number that is here already.
    known: Organisation | None
    #: Agencies that are paid to the same account.
    paid_alike: tuple[str, ...]
    #: Whether the account is held by the applicant itself.
    is_own_account: bool


def list_applications(
    session: Session, actor: Actor, *, states: Collection[ApplicationState] = OPEN
) -> list[Application]:
    """Applications that were submitted, those waiting longest first."""
    _check(actor)
    wanted = set(states) & set(SEEN)
    statement = select(Application).where(Application.organisation_id == actor.tenant, Application.state.in_(wanted))
    return list(session.scalars(statement.order_by(Application.submitted_at, Application.id)))


def get_application(session: Session, actor: Actor, application_id: int) -> ApplicationPage:
    """One application with everything it says; raises `NotFound`."""
    _check(actor)
    row = _find(session, actor, application_id)
    said, files = content.opened(session, row), files_of(session, row)
    known = session.scalar(
        select(Organisation).where(Organisation.country == row.country, Organisation.tax_id == row.tax_id)
    )
    account = said.get("bank", {})
    return ApplicationPage(
        row=row,
        said=said,
        email=content.address_of(session, row),
        missing=tuple(content.missing(row.kind, row.country, said, {one.kind for one in files})),
        files=tuple(files),
        steps=tuple(steps_of(session, row)),
        known=known if row.state in OPEN else None,
        paid_alike=tuple(_names(session, agencies_paid_to(session, actor, row.country, account.get("number", "")))),
        is_own_account=content.is_own_account(said),
    )


def open_file(session: Session, actor: Actor, application_id: int, file_id: int, *, now: datetime) -> ApplicationFile:
    """A file the operator is about to read, and the trace of it; raises `NotFound`."""
    _check(actor)
    row = _find(session, actor, application_id)
    for file in files_of(session, row):
        if file.id == file_id:
            audit.record(session, actor, "application.file_downloaded", now=now, application_id=row.id, file_id=file_id)
            return file
    raise NotFound


def take_up(session: Session, actor: Actor, application_id: int, *, now: datetime) -> Application:
    """Begin to look at an application; a second press changes nothing."""
    row = _to_change(session, actor, application_id)
    if row.state is not ApplicationState.UNDER_REVIEW:
        _step(session, actor, row, ApplicationState.UNDER_REVIEW, "application.taken_up", now)
        row.reviewer_id = actor.user_id
    return row


def ask_more(session: Session, actor: Actor, application_id: int, *, message: str, now: datetime) -> Application:
    """Send it back to the applicant with what is wanted; raises `MessageMissing`."""
    row = _to_change(session, actor, application_id)
    told = _message(message)
    if row.state is not ApplicationState.MORE_ASKED:
        _step(session, actor, row, ApplicationState.MORE_ASKED, "application.more_asked", now, told)
    return row


def decline(session: Session, actor: Actor, application_id: int, *, message: str, now: datetime) -> Application:
    """Turn the application down for good; raises `MessageMissing`."""
    row = _to_change(session, actor, application_id)
    told = _message(message)
    if row.state is not ApplicationState.DECLINED:
        _step(session, actor, row, ApplicationState.DECLINED, "application.declined", now, told)
        row.decided_at = now
    return row


def approve(
    session: Session, actor: Actor, application_id: int, *, now: datetime
) -> tuple[Application, service.Invited]:
    """Let the organisation in and invite its first person, both or neither.

    Raises `OrganisationAlreadyRegistered`, `EmailTaken` or `ApplicationMovedOn`.
    """
    row = _to_change(session, actor, application_id)
    _step(session, actor, row, ApplicationState.APPROVED, "application.approved", now)
    company = content.opened(session, row)["company"]
    made = service.register(
        session,
        actor,
        kind=OrganisationKind(row.kind.value),
        name=company["trade_name"],
        legal_name=company["legal_name"],
        tax_id=company["tax_id"],
        country=row.country,
        language=row.language,
        now=now,
    )
    invited = service.invite(
        session,
        actor,
        email=content.address_of(session, row),
        role=FIRST_ROLE[row.kind],
        organisation_id=made.id,
        now=now,
    )
    row.decided_at = now
    _hand_over(session, row, made, now)
    return row, invited


def _hand_over(session: Session, row: Application, made: Organisation, now: datetime) -> None:
    """Let the new organisation read what it applied with; an agency's file is filled from it by a job of its own."""
    column = "agency_id" if row.kind is OrganisationKind.AGENCY else "creditor_id"
    setattr(row, column, made.id)
    session.flush()
    session.execute(
        update(ApplicationFile)
        .where(ApplicationFile.organisation_id == row.organisation_id, ApplicationFile.handle == row.handle)
        .values({column: made.id})
        .execution_options(synchronize_session=False)
    )
    if row.kind is OrganisationKind.AGENCY:
        owner = Actor(side=Side.PLATFORM, organisation_id=made.id)
        work.request(session, owner, TAKE_OVER, "application", {}, now=now)


def _step(
    session: Session,
    actor: Actor,
    row: Application,
    state: ApplicationState,
    action: str,
    now: datetime,
    message: str = "",
) -> None:
    take(session, row, state, Mover.OPERATOR, now, by_user_id=actor.user_id, message=message)
    audit.record(session, actor, action, now=now, application_id=row.id, kind=row.kind.value, country=row.country)


def _find(session: Session, actor: Actor, application_id: int, *, lock: bool = False) -> Application:
    statement = select(Application).where(
        Application.organisation_id == actor.tenant, Application.id == application_id, Application.state.in_(SEEN)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = session.scalar(statement)
    if row is None:
        raise NotFound
    return row


def _to_change(session: Session, actor: Actor, application_id: int) -> Application:
    _check(actor)
    return _find(session, actor, application_id, lock=True)


def _names(session: Session, agency_ids: Collection[int]) -> list[str]:
    statement = select(Organisation.name).where(Organisation.id.in_(agency_ids))
    return sorted(session.scalars(statement))


def _message(message: str) -> str:
    told = message.strip()
    if not told:
        raise MessageMissing
    return told


def _check(actor: Actor) -> None:
    require(actor, Permission.APPLICATION_REVIEW)
    require_side(actor, Side.PLATFORM)
