"""Since when an agency reports under a mandate, how often, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.tenancy import Actor, owned_by
from agencies.mandates.lifecycle import in_force
from agencies.mandates.models import (
    Answer,
    Mandate,
    MandateState,
    MandateVersion,
    ReportFrequency,
)
from agencies.mandates.signatures import MandateAnswer
from agencies.organisations.models import Organisation
from assignments.placements.models import Consignment, Placement
from assignments.reports.calendar import Period, beginning, due_at, periods_under
from assignments.reports.models import Report


@dataclass(frozen=True)
class Obligation:
    """What a mandate with consignments makes its agency report."""

    mandate: Mandate
    versions: list[MandateVersion]
    country: str
    time_zone: str
    #: First consignment.
    since: datetime
    #: The last day of the last period that was opened, so that new terms never open a day again.
    reported_to: date | None
    #: The last instant there was something to report on, once nothing can follow.
    until: datetime | None

    def periods(self, now: datetime) -> list[Period]:
        """The periods over by now that were not opened before."""
        last = local_date(self.until, self.time_zone) if self.until else None
        return periods_under(self._first_day(), local_date(now, self.time_zone), self._frequency, last)

    def due_at(self, period: Period) -> datetime:
        """The instant from which the report on a period is late, by the terms of the period's end."""
        return due_at(period.end, self._terms(period.end).report_due_days, self.country, self.time_zone)

    def _first_day(self) -> date:
        # After the last period opened, else where the first consignment's period begins.
        if self.reported_to is not None:
            return self.reported_to + timedelta(days=1)
        first = local_date(self.since, self.time_zone)
        return beginning(first, self._frequency(first))

    def _frequency(self, day: date) -> ReportFrequency:
        return self._terms(day).report_frequency

    def _terms(self, day: date) -> MandateVersion:
        return in_force(self.versions, day) or self.versions[0]


def obligations(session: Session, actor: Actor) -> list[Obligation]:
    """What is to be reported under each mandate of the actor's organisation that ever had a consignment."""
    found = session.execute(
        select(Mandate, Organisation.country, Organisation.time_zone, func.min(Consignment.sent_at))
        .join(Organisation, Organisation.id == Mandate.creditor_id)
        .join(MandateVersion, _of_mandate())
        .join(
            Consignment,
            and_(
                Consignment.creditor_id == MandateVersion.creditor_id,
                Consignment.agency_id == MandateVersion.agency_id,
                Consignment.mandate_version_id == MandateVersion.id,
            ),
        )
        .where(owned_by(actor, Mandate.creditor_id, Mandate.agency_id), Consignment.sent_at.is_not(None))
        .group_by(Mandate.creditor_id, Mandate.agency_id, Mandate.id, Organisation.country, Organisation.time_zone)
    ).all()
    opened: dict[int, date] = dict(
        session.execute(
            select(Report.mandate_id, func.max(Report.period_end))
            .where(owned_by(actor, Report.creditor_id, Report.agency_id))
            .group_by(Report.mandate_id)
        ).all()
    )
    versions = session.scalars(
        select(MandateVersion)
        .join(
            MandateAnswer,
            (MandateAnswer.creditor_id == MandateVersion.creditor_id)
            & (MandateAnswer.agency_id == MandateVersion.agency_id)
            & (MandateAnswer.mandate_version_id == MandateVersion.id),
        )
        .where(
            owned_by(actor, MandateVersion.creditor_id, MandateVersion.agency_id),
            MandateAnswer.answer == Answer.ACCEPTED,
        )
        .order_by(MandateVersion.version)
    ).all()
    over = _over(session, actor)
    return [
        Obligation(
            mandate=mandate,
            versions=[one for one in versions if one.mandate_id == mandate.id],
            country=country,
            time_zone=zone,
            since=since,
            reported_to=opened.get(mandate.id),
            until=over.get(mandate.id),
        )
        for mandate, country, zone, since in found
        if since is not None
    ]


def _over(session: Session, actor: Actor) -> dict[int, datetime]:
    """When mandates that have ended were over in fact: with their last placement, if that came later."""
    return dict(
        session.execute(
            select(Mandate.id, func.greatest(Mandate.ended_at, func.max(Placement.ended_at)))
            .join(MandateVersion, _of_mandate())
            .join(
                Placement,
                and_(
                    Placement.creditor_id == MandateVersion.creditor_id,
                    Placement.agency_id == MandateVersion.agency_id,
                    Placement.mandate_version_id == MandateVersion.id,
                ),
            )
            .where(owned_by(actor, Mandate.creditor_id, Mandate.agency_id), Mandate.state == MandateState.ENDED)
            .group_by(Mandate.creditor_id, Mandate.agency_id, Mandate.id, Mandate.ended_at)
            .having(func.bool_and(Placement.ended_at.is_not(None)))
        ).all()
    )


def _of_mandate() -> ColumnElement[bool]:
    return and_(
        MandateVersion.creditor_id == Mandate.creditor_id,
        MandateVersion.agency_id == Mandate.agency_id,
        MandateVersion.mandate_id == Mandate.id,
    )
