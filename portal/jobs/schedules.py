"""What begins by the calendar: a row per schedule, organisation and local date makes two schedulers harmless."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from agencies.kernel import clock, schedules, work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER, Actor, Side
from agencies.organisations.models import Organisation, OrganisationKind, OrganisationState
from portal.ports import Ports


@dataclass(frozen=True)
class Daily:
    """Work that begins once on every local date of every organisation of a kind."""

    kind: str
    organisations: OrganisationKind


DAILY: tuple[Daily, ...] = (
    Daily("warn_expiries", OrganisationKind.CREDITOR),
    Daily("expire_approvals", OrganisationKind.CREDITOR),
    Daily("expire_approvals", OrganisationKind.AGENCY),
    Daily("remind_signers", OrganisationKind.AGENCY),
    Daily("expire_applications", OrganisationKind.PLATFORM),
    Daily("warn_credentials", OrganisationKind.AGENCY),
    Daily("warn_incidents", OrganisationKind.CREDITOR),
    Daily("keep_retention", OrganisationKind.CREDITOR),
    Daily("execute_recalls", OrganisationKind.CREDITOR),
    Daily("recall_by_terms", OrganisationKind.CREDITOR),
    Daily("open_report_periods", OrganisationKind.CREDITOR),
    Daily("remind_reports", OrganisationKind.CREDITOR),
    # What nobody asked to have judged: activities that were there before there were rules.
    Daily("judge_conduct", OrganisationKind.CREDITOR),
    Daily("sweep_files", OrganisationKind.CREDITOR),
    Daily("sweep_files", OrganisationKind.AGENCY),
    # Every chain there is, and the heads of all of them kept elsewhere.
    Daily("verify_chains", OrganisationKind.PLATFORM),
)


@dataclass(frozen=True)
class Run:
    """One schedule on one organisation's date."""

    kind: str
    organisation_id: int
    day: date


def due_runs(ports: Ports, now: datetime) -> list[Run]:
    """What should have begun by now, whether or not it has; a date that was missed entirely is not made up for."""
    with ports.session(WORKER) as session:
        organisations = session.execute(
            select(Organisation.id, Organisation.kind, Organisation.time_zone)
            .where(Organisation.state == OrganisationState.APPROVED)
            .order_by(Organisation.id)
        ).all()
    return [
        Run(daily.kind, row.id, clock.local_date(now, row.time_zone))
        for daily in DAILY
        for row in organisations
        if row.kind is daily.organisations
    ]


def begin(ports: Ports, run: Run, now: datetime) -> bool:
    """Ask for the run's work unless somebody did; says whether this call was the one."""
    owner = Actor(side=Side.WORKER, organisation_id=run.organisation_id)
    with ports.session(owner) as session, transaction(session):
        is_first = schedules.begin(session, f"{run.kind}/{run.organisation_id}", run.day, now=now)
        if is_first:
            work.request(session, owner, run.kind, run.day.isoformat(), {}, now=now)
        return is_first
