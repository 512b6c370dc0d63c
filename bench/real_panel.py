"""A panel of four agencies on real charged-off loans: one placed with directly, three chosen by bids on a split lot.

    python -m bench.real_panel [folder of the LendingClub file]

The creditor places one product directly and offers the rest as a lot; three agencies attest, bid and win a share each.
They acknowledge, work and report month by month over the dates of the file, some of them late. At the end stands the
comparison. It runs on a server of its own, which is gone afterwards.
"""

from __future__ import annotations

import csv
import io
import logging
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import structlog

from agencies.approvals import service as approvals
from agencies.attestations.queries import AgencyStanding, standings
from agencies.kernel.clock import add_months, first_of_month
from agencies.kernel.tenancy import Actor
from agencies.mandates import service as mandates
from agencies.mandates.models import Clause
from agencies.mandates.terms import Promise, TermSheet
from agencies.organisations.permissions import Role
from agencies.scorecards.metrics import gross_recovery, net_back
from agencies.standing import panel
from assignments import performance
from assignments.cases.models import CaseState
from assignments.cases.queries import Selection
from assignments.ledger.statements import Problem, verify
from assignments.manifests.handing import TRAILER, manifest
from assignments.marketplace import award, bids, second_person
from assignments.marketplace import service as marketplace
from assignments.placements import service as placements
from assignments.placements.queries import list_consignments
from assignments.reports import service as reports
from assignments.reports.queries import ReportRow, list_reports
from assignments.sla import service as sla
from bench import lendingclub, throwaway
from bench.lendingclub import Loan
from bench.real_loop import DEFAULT_FOLDER, acting, at, make_agency, send
from portal.carriers import CARRIERS
from portal.demo.attesting import attest
from portal.ports import Ports
from uploads.models import UploadKind

#: The product that is placed directly; everything else goes to the lot.
DIRECT_PRODUCT = "small_business"
TERMS = TermSheet(
    report_due_days=5,
    promises=(Promise(Clause.ACKNOWLEDGE, 48), Promise(Clause.FIRST_ACTIVITY, 72), Promise(Clause.REPORT_ON_TIME, 0)),
)
DUE_DAYS_LATE = 40
#: A share of an account is worked before this many days after the acknowledgement.
SOON, TOO_LATE = timedelta(hours=20), timedelta(days=9)


@dataclass(frozen=True)
class Plan:
    """How one agency behaves; the figures of its service level follow from this by counting."""

    name: str
    tax_id: str
    commission_bp: int
    #: Its part of the lot in ten-thousandths; none for the agency placed with directly.
    share_bp: int | None
    acknowledges_after: timedelta
    #: Every so many reports comes too late; never when 0.
    late_every: int
    #: Accounts whose last digit is below this are worked in time, the others too late.
    worked_below: int


PLANS = (
    Plan("Agencia A", "830111222-6", 1390, 5_000, timedelta(hours=2), 0, 10),
    Plan("Agencia B", "830333444-7", 1875, 3_000, timedelta(days=6), 4, 5),
    Plan("Agencia C", "830555666-8", 2205, 2_000, timedelta(hours=20), 10, 0),
    Plan("Agencia D", "830777888-9", 1600, None, timedelta(hours=4), 3, 8),
)


@dataclass(frozen=True)
class Compared:
    """One agency at the end."""

    plan: Plan
    agency_id: int
    accounts: frozenset[str]
    reports: Sequence[ReportRow]
    gross: float | None
    net: float | None
    commission_minor: int
    standing: AgencyStanding


@dataclass(frozen=True)
class RealPanel:
    """What one run leaves behind."""

    ports: Ports
    creditor: Actor
    now: datetime
    compared: tuple[Compared, ...]
    problems: tuple[Problem, ...]
    differing_cells: int


def run(ports: Ports, folder: Path, *, until: date | None = None) -> RealPanel:
    """Tell the whole story on an empty instance, with payments up to the month of `until`."""
    loans = lendingclub.charged_off(folder)
    days = [loan.paid_on for loan in loans if loan.paid_on and (until is None or loan.paid_on <= until)]
    begun = _noon(first_of_month(min(days)) - timedelta(days=60))
    now = _noon(add_months(max(days), 2) + timedelta(days=14))
    creditor = throwaway.creditor(ports, begun)
    agencies = {plan: make_agency(ports, plan.name, plan.tax_id, begun) for plan in PLANS}
    for agency in agencies.values():
        with acting(ports, creditor) as session:
            panel.bring_in(session, creditor, agency.tenant, now=begun)
        attest(at(ports, begun), creditor, agency, now=begun)
    send(at(ports, begun), creditor, UploadKind.PORTFOLIO, "castigada.csv", lendingclub.portfolio_file(loans))
    _place_directly(at(ports, begun), creditor, agencies)
    placed_at = _award(ports, creditor, agencies, begun)
    with acting(ports, creditor) as session:
        reports.open_periods(session, creditor, now=now)
    held = {plan: _work(ports, plan, agency, creditor, placed_at) for plan, agency in agencies.items()}
    for plan, agency in agencies.items():
        mine = [loan for loan in loans if loan.id in held[plan] and loan.paid_on in set(days)]
        _report(ports, plan, agency, creditor, mine, now)
    # Two of the four attest again before the comparison; what the others signed has run out.
    for plan in PLANS[:2]:
        attest(at(ports, now), creditor, agencies[plan], now=now)
    return _compare(ports, creditor, agencies, held, now)


def _place_directly(ports: Ports, creditor: Actor, agencies: Mapping[Plan, Actor]) -> None:
    for plan, agency in agencies.items():
        if plan.share_bp is None:
            with acting(ports, creditor) as session:
                made = mandates.make(
                    session,
                    creditor,
                    agency_id=agency.tenant,
                    name=f"Directa {plan.name}",
                    terms=_terms(plan),
                    valid_from=ports.now().date(),
                    signer=throwaway.SIGNER,
                    now=ports.now(),
                )
            throwaway.agree(ports, agency, made.id)
            with acting(ports, creditor) as session:
                wave = placements.draft(
                    session,
                    creditor,
                    name="Asignación directa",
                    selection=Selection(product=DIRECT_PRODUCT),
                    mandate_ids=[made.id],
                    seed=7,
                    now=ports.now(),
                )
                placements.place(session, creditor, wave.id, digest=str(wave.digest), now=ports.now())


def _award(ports: Ports, creditor: Actor, agencies: Mapping[Plan, Actor], begun: datetime) -> datetime:
    bidders = {plan: agency for plan, agency in agencies.items() if plan.share_bp}
    closes, decides = begun + timedelta(days=5), begun + timedelta(days=10)
    with acting(ports, creditor) as session:
        lot = marketplace.propose(
            session,
            creditor,
            name="Castigada en lote",
            selection=Selection(state=CaseState.OPEN),
            timetable=marketplace.Timetable(closes, decides),
            terms=TERMS,
            invited=[agency.tenant for agency in bidders.values()],
            is_split=True,
            now=begun,
        )
        marketplace.list_lot(session, creditor, lot.id, now=begun)
    for plan, agency in bidders.items():
        with acting(ports, agency) as session:
            bids.look(session, agency, lot.id, now=begun)
            offered = bids.Proposal(
                commission_bp=plan.commission_bp,
                starts_on=closes.date(),
                valid_until=decides.date() + timedelta(days=30),
                bands={},
            )
            bids.submit(session, agency, lot.id, offered, now=begun)
    decided = closes + timedelta(hours=3)
    with acting(ports, creditor) as session:
        marketplace.advance(session, creditor, lot.id, now=closes)
    with acting(ports, creditor) as session:
        shares = {agency.tenant: plan.share_bp or 0 for plan, agency in bidders.items()}
        seen = award.preview_award(session, creditor, lot.id, shares=shares, now=decided)
        asked = second_person.award_or_ask(
            session, creditor, lot.id, shares=shares, reasons={}, digest=seen.digest, now=decided
        )
    # So much is not one person's to award.
    if asked is not None:
        second = throwaway.colleague(ports, creditor, Role.FINANCE, "financiera@banco.example", decided)
        with acting(ports, second) as session:
            approvals.approve(session, second, asked.id, seen=asked.subject_sha256, carriers=CARRIERS, now=decided)
    return decided


def _work(ports: Ports, plan: Plan, agency: Actor, creditor: Actor, placed_at: datetime) -> frozenset[str]:
    """Acknowledge, take the accounts along, and report a first call on each."""
    taken_at = placed_at + plan.acknowledges_after
    with acting(ports, agency) as session:
        [consignment] = list_consignments(session, agency).rows
        sla.acknowledge(session, agency, consignment.id, now=taken_at)
        pieces = manifest(session, agency, consignment.id, ports.references, now=taken_at)
        rows = list(csv.DictReader(io.StringIO(b"".join(pieces).decode("utf-8-sig"), newline="")))
    accounts = frozenset(row["account_ref"] for row in rows if row["reference"] != TRAILER)
    calls = [(one, taken_at + (SOON if is_worked_in_time(plan, one) else TOO_LATE)) for one in sorted(accounts)]
    at_month_end = at(ports, taken_at + timedelta(days=20))
    send(at_month_end, agency, UploadKind.ACTIVITIES, "gestiones.csv", _calls_file(calls), creditor.tenant)
    return accounts


def is_worked_in_time(plan: Plan, account: str) -> bool:
    """Whether the agency works an account soon; by its last digit, so that anybody can count."""
    return int(account[-1]) < plan.worked_below


def is_late(plan: Plan, number: int) -> bool:
    """Whether the agency hands in its `number`th report, from 1, after the due date."""
    return bool(plan.late_every) and number % plan.late_every == 0


def _report(ports: Ports, plan: Plan, agency: Actor, creditor: Actor, loans: Iterable[Loan], now: datetime) -> None:
    paid: dict[date, list[Loan]] = defaultdict(list)
    for loan in loans:
        if loan.paid_on:
            paid[first_of_month(loan.paid_on)].append(loan)
    for number, owed in enumerate(reversed(_owed(ports, agency, now)), start=1):
        is_behind = is_late(plan, number)
        when = owed.due_at + timedelta(days=9) if is_behind else owed.due_at - timedelta(hours=2)
        mine = paid.get(owed.period_start, [])
        if mine:
            name = f"pagos-{owed.period_start:%Y-%m}.csv"
            data = lendingclub.payments_file(mine)
            send(at(ports, when), agency, UploadKind.PAYMENTS, name, data, creditor.tenant, owed.id)
        with acting(ports, agency) as session:
            empty = (UploadKind.ACTIVITIES,) if mine else (UploadKind.PAYMENTS, UploadKind.ACTIVITIES)
            for kind in empty:
                reports.declare_nothing(session, agency, owed.id, kind=kind, now=when)


def _owed(ports: Ports, actor: Actor, now: datetime) -> list[ReportRow]:
    """Every report, the latest period first."""
    with ports.session(actor) as session:
        return list(list_reports(session, actor, limit=1_000, now=now).rows)


def _compare(
    ports: Ports, creditor: Actor, agencies: Mapping[Plan, Actor], held: Mapping[Plan, frozenset[str]], now: datetime
) -> RealPanel:
    told = _owed(ports, creditor, now)
    with ports.session(creditor) as session:
        facts = {row.agency_id: row for row in performance.facts(session, creditor, now=now)}
        attested = {row.agency_id: row for row in standings(session, creditor, now=now)}
        return RealPanel(
            ports=ports,
            creditor=creditor,
            now=now,
            compared=tuple(
                Compared(
                    plan,
                    agency.tenant,
                    held[plan],
                    [row for row in told if row.agency_id == agency.tenant],
                    gross_recovery(facts[agency.tenant]).value,
                    net_back(facts[agency.tenant]).value,
                    facts[agency.tenant].commission_minor,
                    attested[agency.tenant],
                )
                for plan, agency in agencies.items()
            ),
            problems=tuple(verify(session)),
            differing_cells=performance.differing(session, creditor),
        )


def _terms(plan: Plan) -> TermSheet:
    return TermSheet(commission_bp=plan.commission_bp, report_due_days=TERMS.report_due_days, promises=TERMS.promises)


def _calls_file(calls: Iterable[tuple[str, datetime]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("account", "happened_at", "channel", "result"))
    writer.writerows((account, f"{when:%Y-%m-%d %H:%M:%S}", "call", "no_answer") for account, when in calls)
    return out.getvalue().encode()


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(17), UTC)


def main() -> int:
    """Run on a server of its own and print the comparison."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER
    if not (folder / lendingclub.FILE).is_file():
        print(f"{folder / lendingclub.FILE} is not there; name the folder that holds it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="encargo-real-panel-") as files, throwaway.server() as running:
        found = run(throwaway.ports(running, "encargo_real_panel", Path(files)), folder)
    for one in found.compared:
        on_time = sum(row.standing == "on_time" for row in one.reports)
        print(
            f"{one.plan.name}: {len(one.accounts):,} cases, gross {one.gross or 0:.9f}, net-back {one.net or 0:.9f}, "
            f"reports on time {on_time} of {len(one.reports)}, attestations {one.standing.score_bp / 100} %"
        )
    print(f"books: {len(found.problems)} problems; cells that differ from the records: {found.differing_cells}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
