"""The one question before data or work moves: may this agency, for this creditor, today; if not, why not.

Asked by whoever is about to place, to hand out a file, to take a bid, to order a search or to close a recall. What is
placed already stays where it is and visible: a gate stops what comes next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.attestations.catalogue import catalogue
from agencies.attestations.models import Attestation, AttestationState
from agencies.attestations.rules import Standing, standing_of
from agencies.attestations.templates import Act, Template, Texts
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, NotFound, msg
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import Organisation
from agencies.standing.eligibility import Unfit, unfit
from agencies.standing.models import OfferedService

__all__ = ["Act", "Blocked", "GateClosed", "obstacles", "pass_gate"]

#: The service an agency must offer for an act; the others come after it has work already.
_SERVICES = {
    Act.PLACE: OfferedService.COLLECT,
    Act.BID: OfferedService.COLLECT,
    Act.ORDER_LOCATE: OfferedService.LOCATE,
}


@dataclass(frozen=True)
class Blocked:
    """One reason why an agency may not: a template that does not hold, or something its own file says."""

    creditor_id: int
    agency_id: int
    #: A template's code such as `AT-02`, or `service`, `coverage`, `capacity`, `panel`.
    code: str
    #: None where the agency's file speaks.
    state: Standing | None
    valid_until: date | None = None
    recall_id: int | None = None
    #: What the template is called.
    title: Texts = field(default_factory=dict, compare=False)

    @property
    def unfit(self) -> Unfit | None:
        """What the agency's file says, if that is the reason."""
        return Unfit(self.code) if self.state is None else None


class GateClosed(Conflict):
    """Something the agency owes the creditor is missing or has lapsed; `obstacles` says what, agency by agency."""

    text = msg("Not possible now: %(reasons)s. The list of attestations shows what is missing.")

    def __init__(self, obstacles: Mapping[int, tuple[Blocked, ...]]) -> None:
        self.obstacles = dict(obstacles)
        codes = sorted({one.code for reasons in obstacles.values() for one in reasons})
        super().__init__(reasons=", ".join(codes))


def obstacles(
    session: Session,
    actor: Actor,
    act: Act,
    *,
    creditor_id: int,
    agency_ids: Collection[int],
    now: datetime,
    recall_id: int | None = None,
    cases: Mapping[int, int] | None = None,
) -> dict[int, tuple[Blocked, ...]]:
    """Why each agency may not, in order of codes; agencies that may are left out.

    Both sides ask: a creditor about its agencies, an agency about itself. Raises `NotFound` for anybody else's.
    """
    _check_own(actor, creditor_id, agency_ids)
    home = session.execute(
        select(Organisation.country, Organisation.time_zone).where(Organisation.id == creditor_id)
    ).one_or_none()
    if home is None:
        raise NotFound
    today = local_date(now, home.time_zone)
    asked = [one for one in catalogue(session, creditor_id, home.country, today) if act in one.blocks]
    rows = _rows(session, creditor_id, agency_ids, asked)
    speaks = {}
    if act in _SERVICES:
        service = _SERVICES[act]
        speaks = unfit(
            session,
            agency_ids,
            creditor_id=creditor_id,
            service=service,
            country=home.country,
            cases=cases or {},
        )
    found = {}
    for agency_id in sorted(set(agency_ids)):
        reasons = [
            *_lapsed(creditor_id, agency_id, asked, rows, today, recall_id),
            *(Blocked(creditor_id, agency_id, reason.value, None) for reason in speaks.get(agency_id, ())),
        ]
        if reasons:
            found[agency_id] = tuple(reasons)
    return found


def pass_gate(
    session: Session,
    actor: Actor,
    act: Act,
    *,
    creditor_id: int,
    agency_ids: Collection[int],
    now: datetime,
    recall_id: int | None = None,
    cases: Mapping[int, int] | None = None,
) -> None:
    """Go on when every agency may; raises `GateClosed`."""
    found = obstacles(
        session,
        actor,
        act,
        creditor_id=creditor_id,
        agency_ids=agency_ids,
        now=now,
        recall_id=recall_id,
        cases=cases,
    )
    if found:
        raise GateClosed(found)


def _check_own(actor: Actor, creditor_id: int, agency_ids: Collection[int]) -> None:
    is_own = {
        Side.CREDITOR: creditor_id == actor.organisation_id,
        Side.AGENCY: set(agency_ids) <= {actor.organisation_id},
    }
    if not is_own.get(actor.side, False):
        raise NotFound


_Rows = Mapping[tuple[int, str, int | None], list[Attestation]]


def _rows(session: Session, creditor_id: int, agency_ids: Collection[int], asked: Collection[Template]) -> _Rows:
    found: dict[tuple[int, str, int | None], list[Attestation]] = defaultdict(list)
    for row in session.scalars(
        select(Attestation)
        .where(
            Attestation.creditor_id == creditor_id,
            Attestation.agency_id.in_(agency_ids),
            Attestation.code.in_([one.code for one in asked]),
            Attestation.state != AttestationState.DRAFT,
        )
        # What a review or a revocation decided a moment ago counts, whatever the session read before.
        .execution_options(populate_existing=True)
    ):
        found[row.agency_id, row.code, row.recall_id].append(row)
    return found


def _lapsed(
    creditor_id: int,
    agency_id: int,
    asked: Collection[Template],
    rows: _Rows,
    today: date,
    recall_id: int | None,
) -> list[Blocked]:
    reasons = []
    for template in asked:
        about = recall_id if template.is_per_recall else None
        own = rows.get((agency_id, template.code, about), [])
        state, row = standing_of([] if template.is_per_recall and about is None else own, today, template)
        if state not in {Standing.ACCEPTED, Standing.EXPIRING}:
            until = row.valid_until if row else None
            reasons.append(Blocked(creditor_id, agency_id, template.code, state, until, about, template.title))
    return reasons
