"""The moves of an application between its states, and who makes them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from agencies.applications.models import Application, ApplicationState, ApplicationStep
from agencies.kernel import audit
from agencies.kernel.errors import Conflict, msg
from agencies.kernel.tenancy import DOOR

_S = ApplicationState


class Mover(StrEnum):
    """Who takes an application on."""

    APPLICANT = "applicant"
    OPERATOR = "operator"
    #: The calendar.
    TIME = "time"


#: From where to where, and who may take it there.
MOVES: dict[tuple[ApplicationState, ApplicationState], Mover] = {
    (_S.UNCONFIRMED, _S.DRAFT): Mover.APPLICANT,
    (_S.DRAFT, _S.SUBMITTED): Mover.APPLICANT,
    (_S.MORE_ASKED, _S.SUBMITTED): Mover.APPLICANT,
    (_S.DRAFT, _S.WITHDRAWN): Mover.APPLICANT,
    (_S.SUBMITTED, _S.WITHDRAWN): Mover.APPLICANT,
    (_S.UNDER_REVIEW, _S.WITHDRAWN): Mover.APPLICANT,
    (_S.MORE_ASKED, _S.WITHDRAWN): Mover.APPLICANT,
    (_S.SUBMITTED, _S.UNDER_REVIEW): Mover.OPERATOR,
    (_S.UNDER_REVIEW, _S.MORE_ASKED): Mover.OPERATOR,
    (_S.UNDER_REVIEW, _S.APPROVED): Mover.OPERATOR,
    (_S.UNDER_REVIEW, _S.DECLINED): Mover.OPERATOR,
    (_S.UNCONFIRMED, _S.EXPIRED): Mover.TIME,
    (_S.DRAFT, _S.EXPIRED): Mover.TIME,
    (_S.MORE_ASKED, _S.EXPIRED): Mover.TIME,
}
#: The applicant may write.
WRITABLE = frozenset({_S.DRAFT, _S.MORE_ASKED})
#: Nothing more happens to it.
ENDED = frozenset({_S.APPROVED, _S.DECLINED, _S.WITHDRAWN, _S.EXPIRED})
#: Seen by the operator: whatever was ever submitted.
SEEN = (_S.SUBMITTED, _S.UNDER_REVIEW, _S.MORE_ASKED, _S.APPROVED, _S.DECLINED, _S.WITHDRAWN)
#: What the platform's trail calls the steps an applicant takes.
APPLICANTS_STEPS = {
    _S.DRAFT: "application.confirmed",
    _S.SUBMITTED: "application.submitted",
    _S.WITHDRAWN: "application.withdrawn",
}


class ApplicationMovedOn(Conflict):
    """It is not in the state this can be done in."""

    text = msg("This application has moved on in the meantime. Reload the page and look at it again.")


def move(row: Application, state: ApplicationState, mover: Mover) -> None:
    """Take an application to a state; raises `ApplicationMovedOn`."""
    if MOVES.get((row.state, state)) is not mover:
        raise ApplicationMovedOn
    row.state = state


def take(
    session: Session,
    row: Application,
    state: ApplicationState,
    mover: Mover,
    now: datetime,
    *,
    by_user_id: int | None = None,
    message: str = "",
) -> None:
    """Move an application, keep the step, and tell the platform's trail of an applicant's step."""
    move(row, state, mover)
    row.updated_at = now
    session.add(
        ApplicationStep(
            organisation_id=row.organisation_id,
            handle=row.handle,
            state=state,
            at=now,
            by_user_id=by_user_id,
            message=message,
        )
    )
    if mover is Mover.APPLICANT:
        audit.record(
            session,
            DOOR,
            APPLICANTS_STEPS[state],
            now=now,
            organisations=[row.organisation_id],
            application_id=row.id,
            kind=row.kind.value,
            country=row.country,
        )
