"""What the agencies report, month by month: when they do it, and what their files say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from agencies.kernel import clock
from agencies.kernel.errors import NotFound
from assignments.reports.queries import ReportRow, list_reports
from assignments.reports.service import declare_nothing, open_periods
from portal.demo.activities import DrawnActivity, draw_activities
from portal.demo.agencies import OCARIMBA, PIRANDELA
from portal.demo.cast import BANK, CREDITORS, CreditorProfile, Member, Terms, agency_members
from portal.demo.chronology import COUNTRY, Chronology, at_local
from portal.demo.filing import Letter, WayPoint, send
from portal.demo.handovers import SEED
from portal.demo.outcomes import DrawnPayment, draw_payments
from portal.demo.reportfiles import activities_file, payments_file
from portal.demo.steps import Step
from portal.demo.world import World
from uploads.models import UploadKind

#: The first month in which agencies hold cases, and therefore report.
FIRST = 8
#: One agency never reported this month to the bank.
MISSED = (BANK.key, PIRANDELA.key, 3)


@dataclass(frozen=True)
class PlannedReport:
    """One agency's report to one creditor for one month."""

    creditor: CreditorProfile
    terms: Terms
    month: date
    at: datetime

    @property
    def manager(self) -> Member:
        """Who sends it."""
        return agency_members(self.terms.agency)[0]

    @property
    def series(self) -> str:
        """Begins every reference in it, so that those to different creditors stay apart."""
        return f"{self.terms.agency.key[:2].upper()}{self.creditor.key[:1].upper()}"


def planned_reports(chronology: Chronology) -> Iterator[PlannedReport]:
    """Every report that is made before the story ends: as punctual as the agency is, and one never."""
    for creditor in CREDITORS:
        for terms in creditor.mandates:
            for back in range(FIRST, 0, -1):
                if (creditor.key, terms.agency.key, back) == MISSED:
                    continue
                month = chronology.month(back)
                last = clock.add_months(month, 1) - timedelta(days=1)
                day = clock.add_business_days(last, terms.report_due_days + terms.agency.strength.lateness, COUNTRY)
                at = at_local(day, 10, 5 * terms.agency.strength.lateness % 60)
                if at < chronology.end:
                    yield PlannedReport(creditor, terms, month, at)


def steps(world: World) -> Iterator[Step]:
    """Each report that is made, and at the end what has become due by then."""
    for report in planned_reports(world.chronology):
        yield Step(report.at, partial(submit, world, report))
    for creditor in CREDITORS:
        yield Step(world.chronology.end, partial(_open_periods, world, creditor))


def submit(world: World, report: PlannedReport, now: datetime) -> None:
    """The agency's manager sends the two files of a month, or says that there was nothing to tell."""
    agency = report.terms.agency
    owed = _owed(world, report, now)
    payments, activities = month_of(world, report)
    if payments:
        payments += _strays(world, report)
        data = payments_file(agency, payments, report.month, report.series)
        _send_part(world, report, owed, UploadKind.PAYMENTS, "pagos", data, now)
    elif owed.payments_at is None:
        _declare_nothing(world, report, owed, UploadKind.PAYMENTS, now)
    if activities:
        data = activities_file(agency, activities, report.month, report.series)
        _send_part(world, report, owed, UploadKind.ACTIVITIES, "gestiones", data, now)
    elif owed.activities_at is None:
        _declare_nothing(world, report, owed, UploadKind.ACTIVITIES, now)


def month_of(world: World, report: PlannedReport) -> tuple[list[DrawnPayment], list[DrawnActivity]]:
    """What an agency did and collected in the month, over all it holds of the creditor."""
    agency, creditor = report.terms.agency, report.creditor
    payments: list[DrawnPayment] = []
    activities: list[DrawnActivity] = []
    for held in world.held.get((creditor.key, agency.key), []):
        key = f"{creditor.key}/{agency.key}/{held.wave}"
        seed = [SEED, *key.encode()]
        if key not in world.drawn:
            world.drawn[key] = draw_payments(
                held.debts, agency.strength, placed_on=held.placed_on, until=world.chronology.today, seed=seed
            )
        drawn = world.drawn[key]
        payments += [one for one in drawn if clock.first_of_month(one.paid_on) == report.month]
        if held.placed_on < clock.add_months(report.month, 1):
            activities += draw_activities(
                held.debts, agency.strength, drawn, placed_on=held.placed_on, month=report.month, seed=seed
            )
    return (
        sorted(payments, key=lambda one: (one.paid_on, one.account)),
        sorted(activities, key=lambda one: (one.happened_at, one.account)),
    )


def _send_part(
    world: World, report: PlannedReport, owed: ReportRow, kind: UploadKind, word: str, data: bytes, now: datetime
) -> None:
    letter = Letter(
        sender=report.manager,
        kind=kind,
        filename=f"{word}_{report.creditor.key}_{report.month:%Y%m}.csv",
        data=data,
        style=report.terms.agency.form.style,
        creditor_id=owed.creditor_id,
        report_id=owed.id,
    )
    send(world, letter, to=WayPoint.APPLIED, now=now)


def _declare_nothing(world: World, report: PlannedReport, owed: ReportRow, kind: UploadKind, now: datetime) -> None:
    with world.acting(report.manager) as (session, actor):
        declare_nothing(session, actor, owed.id, kind=kind, now=now)


def _owed(world: World, report: PlannedReport, now: datetime) -> ReportRow:
    """What the agency owes the creditor for the month, as the product knows it."""
    known = _find_report(world, report, now)
    if known is None:
        _open_periods(world, report.creditor, now)
        known = _find_report(world, report, now)
    if known is None:
        raise NotFound
    return known


def _find_report(world: World, report: PlannedReport, now: datetime) -> ReportRow | None:
    creditor_id = world.actor(report.creditor.members[0]).tenant
    with world.acting(report.manager) as (session, actor):
        rows = list_reports(session, actor, limit=200, now=now).rows
    return next((row for row in rows if (row.creditor_id, row.period_start) == (creditor_id, report.month)), None)


def _strays(world: World, report: PlannedReport) -> list[DrawnPayment]:
    """Every third month one agency reports payments on accounts it was never given, which the product refuses."""
    if report.terms.agency is not OCARIMBA or report.month.month % 3:
        return []
    held = {debt.account for one in world.held.get((report.creditor.key, OCARIMBA.key), []) for debt in one.debts}
    others = sorted(account for account in world.accounts_of("bank-1") if account not in held)
    return [
        DrawnPayment(account, report.month + timedelta(days=11 + turn), 150_000_00, "agency", "Oficina", settles=False)
        for turn, account in enumerate(others[:2])
    ]


def _open_periods(world: World, creditor: CreditorProfile, now: datetime) -> None:
    """What the calendar does every night: a creditor's agencies owe a report for each month that is over."""
    with world.acting(creditor.members[0]) as (session, actor):
        open_periods(session, actor, now=now)
