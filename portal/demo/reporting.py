"""What the agencies report, month by month: when they do it, and what their files say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from agencies.kernel import clock
from agencies.kernel.errors import NotFound
from agencies.mandates.models import Service
from assignments.reports.calendar import Period, periods
from assignments.reports.queries import ReportRow, list_reports
from assignments.reports.reminders import remind
from assignments.reports.service import declare_nothing, open_periods
from portal.demo.activities import DrawnActivity, draw_activities
from portal.demo.agencies import OCARIMBA, PIRANDELA, TINTALUZ, AgencyProfile
from portal.demo.cast import BANK, CREDITORS, CreditorProfile, Member, agency_members
from portal.demo.chronology import COUNTRY, Chronology, at_local
from portal.demo.filing import Letter, WayPoint, send
from portal.demo.founding import mandate_name
from portal.demo.handovers import SEED
from portal.demo.openings import draw_openings, opened_on
from portal.demo.outcomes import DrawnPayment, draw_payments
from portal.demo.reportfiles import activities_file, payments_file
from portal.demo.slips import keep_silent, slip
from portal.demo.steps import Step
from portal.demo.world import Held, World
from uploads.models import UploadKind

#: The first month in which agencies hold cases, and therefore report.
FIRST = 8
#: One agency put right what it had reported to the bank for a period of this month.
CORRECTED = (BANK.key, TINTALUZ.key, 2)
#: One agency never reported this month to the bank.
MISSED = (BANK.key, PIRANDELA.key, 3)


@dataclass(frozen=True)
class PlannedReport:
    """One agency's report to one creditor for one period of one mandate."""

    creditor: CreditorProfile
    agency: AgencyProfile
    mandate: str
    period: Period
    at: datetime
    #: Tells the files of one mandate from those of another.
    mark: str = ""

    @property
    def month(self) -> date:
        """The month its period lies in."""
        return clock.first_of_month(self.period.start)

    @property
    def manager(self) -> Member:
        """Who sends it."""
        return agency_members(self.agency)[0]

    @property
    def series(self) -> str:
        """Begins every reference in it, so that those of different reports stay apart."""
        return f"{self.agency.key[:2].upper()}{self.creditor.key[:1].upper()}{self.mark}-{self.label}"

    @property
    def label(self) -> str:
        """How its period is called in names of files: the month, and which half of it."""
        is_whole = self.period.start.day == 1 and self.period.end == _last_day(self.month)
        return f"{self.month:%Y%m}" if is_whole else f"{self.month:%Y%m}q{1 if self.period.start.day == 1 else 2}"


def planned_reports(chronology: Chronology) -> Iterator[PlannedReport]:
    """Every report that is made before the story ends: as punctual as the agency is, and one never."""
    for creditor in CREDITORS:
        for terms in creditor.mandates:
            agency = terms.agency
            if terms.service is not Service.COLLECT or not isinstance(agency, AgencyProfile):
                continue
            for period in periods(chronology.month(FIRST), chronology.today, terms.sheet.report_frequency):
                back = clock.months_between(period.start, chronology.today)
                if (creditor.key, agency.key, back) == MISSED:
                    continue
                at = sent_at(agency, period, terms.sheet.report_due_days)
                if at < chronology.end:
                    yield PlannedReport(creditor, agency, mandate_name(creditor, terms), period, at)


def sent_at(agency: AgencyProfile, period: Period, due_days: int) -> datetime:
    """When an agency sends the report of a period."""
    lateness = agency.strength.lateness
    return at_local(clock.add_business_days(period.end, due_days + lateness, COUNTRY), 10, 5 * lateness % 60)


def steps(world: World) -> Iterator[Step]:
    """Each report that is made, and at the end what has become due by then."""
    for report in planned_reports(world.chronology):
        yield Step(report.at, partial(submit, world, report))
        if is_corrected(world.chronology, report):
            yield Step(world.chronology.business_day(1, 7, 11), partial(correct, world, report))
    for creditor in CREDITORS:
        yield Step(world.chronology.end, partial(_open_periods, world, creditor))


def submit(world: World, report: PlannedReport, now: datetime) -> None:
    """The agency's manager sends the two files of a month, or says that there was nothing to tell."""
    agency = report.agency
    owed = _owed(world, report, now)
    payments, activities = month_of(world, report)
    if payments:
        payments += _strays(world, report)
        data = payments_file(agency, payments, report.series)
        _send_part(world, report, owed, UploadKind.PAYMENTS, "pagos", data, now)
    elif owed.payments_at is None:
        _declare_nothing(world, report, owed, UploadKind.PAYMENTS, now)
    if activities:
        data = activities_file(agency, activities, report.series)
        _send_part(world, report, owed, UploadKind.ACTIVITIES, "gestiones", data, now)
    elif owed.activities_at is None:
        _declare_nothing(world, report, owed, UploadKind.ACTIVITIES, now)


def is_corrected(chronology: Chronology, report: PlannedReport) -> bool:
    """Whether the agency will find a mistake in this report."""
    back = clock.months_between(report.month, chronology.today)
    is_last = report.period.end == _last_day(report.month)
    return is_last and not report.mark and (report.creditor.key, report.agency.key, back) == CORRECTED


def correct(world: World, report: PlannedReport, now: datetime) -> None:
    """The agency sends the payments of a period once more: two of them had been half of what it said."""
    payments, _activities = month_of(world, report)
    right = [replace(one, amount=one.amount // 2, settles=False) for one in payments[:2]] + payments[2:]
    if right:
        owed = _owed(world, report, now)
        data = payments_file(report.agency, right, report.series)
        _send_part(world, report, owed, UploadKind.PAYMENTS, "pagos_corregido", data, now)


def month_of(world: World, report: PlannedReport) -> tuple[list[DrawnPayment], list[DrawnActivity]]:
    """What an agency did and collected in the period, over all it holds of the creditor under the mandate."""
    payments: list[DrawnPayment] = []
    activities: list[DrawnActivity] = []
    for held in world.held.get((report.creditor.key, report.agency.key), []):
        if held.mandate == report.mandate:
            payments += _paid(world, report, held)
            activities += _done(world, report, held)
    kept = keep_silent(activities, world.silent)
    return (
        sorted(payments, key=lambda one: (one.paid_on, one.account)),
        sorted(slip(kept, report.agency.strength.slips), key=lambda one: (one.happened_at, one.account)),
    )


def payments_of(world: World, creditor: CreditorProfile, agency: AgencyProfile, held: Held) -> list[DrawnPayment]:
    """Every payment that will come of what an agency took on, drawn once."""
    key = _key(creditor, agency, held)
    if key not in world.drawn:
        world.drawn[key] = draw_payments(
            held.debts,
            agency.strength,
            placed_on=held.placed_on,
            until=world.chronology.today,
            seed=[SEED, *key.encode()],
        )
    return world.drawn[key]


def _paid(world: World, report: PlannedReport, held: Held) -> Iterator[DrawnPayment]:
    for one in payments_of(world, report.creditor, report.agency, held):
        if report.period.start <= one.paid_on <= report.period.end and not _is_over(held, one.account, one.paid_on):
            yield one


def _done(world: World, report: PlannedReport, held: Held) -> Iterator[DrawnActivity]:
    if held.taken_on > report.period.end:
        return
    seed = [SEED, *_key(report.creditor, report.agency, held).encode()]
    strength, opened = report.agency.strength, opened_on(held.taken_on)
    drawn = [*held.extra]
    if report.period.start <= opened:
        drawn += draw_openings(held.debts, strength, taken_on=held.taken_on, seed=seed, spoken_to=held.spoken_to)
    if opened < _last_day(report.month):
        paid = payments_of(world, report.creditor, report.agency, held)
        drawn += draw_activities(held.debts, strength, paid, placed_on=opened, month=report.month, seed=seed)
    for one in drawn:
        day = one.happened_at.date()
        if report.period.start <= day <= report.period.end and not _is_over(held, one.account, day):
            yield one


def _is_over(held: Held, account: str, day: date) -> bool:
    ended = held.ended.get(account)
    return ended is not None and day >= ended


def _key(creditor: CreditorProfile, agency: AgencyProfile, held: Held) -> str:
    return f"{creditor.key}/{agency.key}/{held.key}"


def _last_day(month: date) -> date:
    return clock.add_months(month, 1) - timedelta(days=1)


def _send_part(
    world: World, report: PlannedReport, owed: ReportRow, kind: UploadKind, word: str, data: bytes, now: datetime
) -> None:
    letter = Letter(
        sender=report.manager,
        kind=kind,
        filename=f"{word}_{report.creditor.key}{report.mark.lower()}_{report.label}.csv",
        data=data,
        style=report.agency.form.style,
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
    wanted = (creditor_id, report.mandate, report.period.start)
    with world.acting(report.manager) as (session, actor):
        rows = list_reports(session, actor, limit=1_000, now=now).rows
    return next((row for row in rows if (row.creditor_id, row.mandate_name, row.period_start) == wanted), None)


def _strays(world: World, report: PlannedReport) -> list[DrawnPayment]:
    """Every third month one agency reports payments on accounts it was never given, which the product refuses."""
    if report.agency is not OCARIMBA or report.mark or report.month.month % 3:
        return []
    held = {debt.account for one in world.held.get((report.creditor.key, OCARIMBA.key), []) for debt in one.debts}
    others = sorted(account for account in world.accounts_of("bank-1") if account not in held)
    return [
        DrawnPayment(account, report.month + timedelta(days=11 + turn), 150_000_00, "agency", "Oficina", settles=False)
        for turn, account in enumerate(others[:2])
    ]


def _open_periods(world: World, creditor: CreditorProfile, now: datetime) -> None:
    """What the calendar does every night: agencies owe a report for each period that is over, and are reminded."""
    with world.acting(creditor.members[0]) as (session, actor):
        open_periods(session, actor, now=now)
        remind(session, actor, now=now)
