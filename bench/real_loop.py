"""The whole loop on real loans, through the services that the web and the jobs use.

    python -m bench.real_loop [folder of the LendingClub file]

A creditor uploads 6,431 charged-off loans, splits them at random between three agencies, each agency acknowledges,
downloads its manifest and reports what was recovered on its loans; the report comes twice, and once with a loan of
another agency. It runs on a server of its own, which is gone afterwards.
"""

from __future__ import annotations

import csv
import io
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from agencies.kernel.money import major
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor
from agencies.mandates import service as mandates
from agencies.mandates.terms import TermSheet
from agencies.organisations import service as organisations
from agencies.organisations.models import OrganisationKind
from agencies.organisations.permissions import Role
from agencies.scorecards.metrics import gross_recovery, net_back
from assignments import performance
from assignments.cases.queries import Selection
from assignments.ledger.statements import Balance, Problem, balances, verify
from assignments.manifests.handing import TRAILER, manifest
from assignments.placements import service as placements
from assignments.placements.models import Wave
from assignments.placements.preview import Preview, preview_of
from assignments.placements.queries import list_consignments
from assignments.sla import service as sla
from bench import lendingclub, throwaway
from portal.demo.attesting import attest
from portal.jobs.tasks import perform_due
from portal.ports import Ports
from uploads import confirming, receiving
from uploads import service as uploads
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options
from uploads.queries import RowFault, get_upload, list_errors

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "shared/data/real/lendingclub"
#: Name, valid tax number that belongs to nobody we know, commission in basis points.
AGENCIES = (("Agencia A", "830111222-6", 1390), ("Agencia B", "830333444-7", 1875), ("Agencia C", "830555666-8", 2205))
SEED = 20260711
OPTIONS = Options(currency=lendingclub.CURRENCY, date_order="ymd", decimal=".", time_zone="America/New_York")
#: When the agencies report; every payment of the file lies before it.
REPORTED_AT = datetime(2026, 3, 11, 17, tzinfo=UTC)


@dataclass(frozen=True)
class Sent:
    """What became of one file."""

    upload: Upload
    is_repeat: bool
    faults: tuple[RowFault, ...]


@dataclass(frozen=True)
class AgencyResult:
    """One agency's part of the loop."""

    agency_id: int
    name: str
    commission_bp: int
    #: Accounts in the manifest it downloaded.
    accounts: frozenset[str]
    report: Sent
    #: The same payments in other bytes, and the same bytes again.
    repeated: Sent
    resent: Sent
    balance: Balance
    gross: float | None
    net: float | None


@dataclass(frozen=True)
class RealLoop:
    """The figures of one run."""

    portfolio: Sent
    preview: Preview
    #: Digests of two drafts with one seed, and of one with another.
    digests: tuple[str, str, str]
    agencies: tuple[AgencyResult, ...]
    #: A report of the first agency on a loan of the second.
    stranger: Sent
    problems: tuple[Problem, ...]
    differing_cells: int


def run(ports: Ports, folder: Path) -> RealLoop:
    """Run the loop on an empty instance and return its figures."""
    loans = lendingclub.charged_off(folder)
    first = min(loan.paid_on for loan in loans if loan.paid_on)
    placed_at = datetime.combine(first - timedelta(days=30), time(17), UTC)
    then, now = at(ports, placed_at), at(ports, REPORTED_AT)
    creditor = throwaway.creditor(ports, placed_at)
    agencies = [make_agency(ports, name, tax_id, placed_at) for name, tax_id, _ in AGENCIES]
    portfolio = send(then, creditor, UploadKind.PORTFOLIO, "castigada.csv", lendingclub.portfolio_file(loans))
    waves = _draft(then, creditor, agencies, placed_at.date())
    for agency in agencies:
        attest(then, creditor, agency, now=placed_at)
    wave = _place(then, creditor, waves[0])
    results = []
    taken = [_take_on(then, agency) for agency in agencies]
    for agency, accounts in zip(agencies, taken, strict=True):
        mine = [loan for loan in loans if loan.id in accounts]
        reports = [
            _report(now, agency, creditor, "pagos.csv", lendingclub.payments_file(mine)),
            _report(now, agency, creditor, "otra.csv", lendingclub.payments_file(reversed(mine), line_end="\r\n")),
            _report(now, agency, creditor, "pagos.csv", lendingclub.payments_file(mine)),
        ]
        results.append((agency, accounts, reports))
    other = next(loan for loan in loans if loan.id in taken[1] and loan.recovered)
    stranger = _report(now, agencies[0], creditor, "ajeno.csv", lendingclub.payments_file([other]))
    with ports.session(creditor) as session:
        facts = {row.agency_id: row for row in performance.facts(session, creditor, now=REPORTED_AT)}
        books = {row.agency_id: row for row in balances(session, creditor)}
        return RealLoop(
            portfolio=portfolio,
            preview=preview_of(wave),
            digests=(str(waves[0].digest), str(waves[1].digest), str(waves[2].digest)),
            agencies=tuple(
                AgencyResult(
                    agency.tenant,
                    name,
                    rate,
                    accounts,
                    *reports,
                    books[agency.tenant],
                    gross_recovery(facts[agency.tenant]).value,
                    net_back(facts[agency.tenant]).value,
                )
                for (name, _, rate), (agency, accounts, reports) in zip(AGENCIES, results, strict=True)
            ),
            stranger=stranger,
            problems=tuple(verify(session)),
            differing_cells=performance.differing(session, creditor),
        )


def at(ports: Ports, now: datetime) -> Ports:
    """The instance at another time."""
    return replace(ports, now=lambda: now)


@contextmanager
def acting(ports: Ports, actor: Actor) -> Iterator[Session]:
    """One use case of somebody, committed at its end."""
    with ports.session(actor) as session, transaction(session):
        yield session


def send(
    ports: Ports,
    actor: Actor,
    kind: UploadKind,
    filename: str,
    data: bytes,
    creditor_id: int | None = None,
    report_id: int | None = None,
) -> Sent:
    """Send a file, take the proposed columns, and apply its good rows if it has any."""
    now = ports.now()
    incoming = ports.storage.incoming()
    incoming.write(data)
    with acting(ports, actor) as session:
        received = receiving.receive(
            session,
            actor,
            incoming,
            kind=kind,
            filename=filename,
            creditor_id=creditor_id,
            report_id=report_id,
            now=now,
        )
        upload_id = received.upload.id
    if not received.is_repeat:
        with acting(ports, actor) as session:
            proposed = confirming.proposal(session, actor, upload_id)
            columns = {guess.position: guess.field for guess in proposed.columns if guess.field}
            confirming.confirm(
                session, actor, upload_id, mapping=columns, options=OPTIONS.or_else(proposed.options), now=now
            )
        perform_due(ports)
        with acting(ports, actor) as session:
            checked = get_upload(session, actor, upload_id)
            if checked.state is UploadState.CHECKED and checked.rows_good:
                uploads.apply(session, actor, upload_id, good_rows_only=True, now=now)
        perform_due(ports)
    with ports.session(actor) as session:
        faults = list_errors(session, actor, upload_id).rows
        return Sent(get_upload(session, actor, upload_id), received.is_repeat, faults)


def _report(ports: Ports, agency: Actor, creditor: Actor, filename: str, data: bytes) -> Sent:
    return send(ports, agency, UploadKind.PAYMENTS, filename, data, creditor.tenant)


def make_agency(ports: Ports, name: str, tax_id: str, now: datetime) -> Actor:
    """Register an agency with its manager."""
    operator = throwaway.operator(ports)
    with acting(ports, operator) as session:
        made = organisations.register(
            session,
            operator,
            kind=OrganisationKind.AGENCY,
            name=name,
            legal_name=f"{name} S.A.S.",
            tax_id=tax_id,
            country="CO",
            now=now,
        )
        invited = organisations.invite(
            session,
            operator,
            email=f"gerente@{name.lower().replace(' ', '-')}.example",
            role=Role.MANAGER,
            organisation_id=made.id,
            now=now,
        )
    with acting(ports, DOOR) as session:
        user = organisations.accept_invitation(
            session, invited.token, name="Gerente", password=throwaway.PASSWORD, now=now
        )
    return throwaway.actor_of(ports, user.id)


def _draft(ports: Ports, creditor: Actor, agencies: list[Actor], valid_from: date) -> list[Wave]:
    with acting(ports, creditor) as session:
        ids = [
            mandates.make(
                session,
                creditor,
                agency_id=agency.tenant,
                name=f"Castigada {name}",
                terms=TermSheet(commission_bp=rate, report_due_days=5),
                valid_from=valid_from,
                signer=throwaway.SIGNER,
                now=ports.now(),
            ).id
            for agency, (name, _, rate) in zip(agencies, AGENCIES, strict=True)
        ]
    for agency, mandate_id in zip(agencies, ids, strict=True):
        throwaway.agree(ports, agency, mandate_id)
    with acting(ports, creditor) as session:
        return [
            placements.draft(
                session,
                creditor,
                name=f"Entrega {number}",
                selection=Selection(),
                mandate_ids=ids,
                seed=seed,
                now=ports.now(),
            )
            for number, seed in enumerate((SEED, SEED, SEED + 1), start=1)
        ]


def _place(ports: Ports, creditor: Actor, wave: Wave) -> Wave:
    with acting(ports, creditor) as session:
        return placements.place(session, creditor, wave.id, digest=str(wave.digest), now=ports.now())


def _take_on(ports: Ports, agency: Actor) -> frozenset[str]:
    with acting(ports, agency) as session:
        [consignment] = list_consignments(session, agency).rows
        sla.acknowledge(session, agency, consignment.id, now=ports.now())
        pieces = manifest(session, agency, consignment.id, ports.references, now=ports.now())
        rows = list(csv.DictReader(io.StringIO(b"".join(pieces).decode("utf-8-sig"), newline="")))
    return frozenset(row["account_ref"] for row in rows if row["reference"] != TRAILER)


def show(found: RealLoop) -> None:
    """Print the figures of a run."""

    def money(minor: int) -> Decimal:
        return major(minor, lendingclub.CURRENCY)

    portfolio = found.portfolio.upload
    print(
        f"portfolio: {portfolio.rows_read:,} read = {portfolio.rows_applied:,} loaded "
        f"+ {portfolio.rows_rejected:,} rejected; placed value {money(found.preview.value_minor):,}"
    )
    for band in found.preview.bands:
        shares = [found.preview.cell(band.band, one.agency_id) for one in found.preview.agencies]
        counts = " / ".join(f"{cell.cases:,} cases {money(cell.value_minor):,}" for cell in shares)
        print(f"  band {band.stratum} {money(band.from_minor):>10,} to {money(band.to_minor):>10,}: {counts}")
    print(f"same seed, same split: {found.digests[0] == found.digests[1] != found.digests[2]}")
    for one in found.agencies:
        upload, again = one.report.upload, one.repeated.upload
        print(
            f"{one.name}: {len(one.accounts):,} cases, {upload.rows_applied:,} payments, "
            f"collected {money(one.balance.collected_minor):,}, "
            f"commission {money(one.balance.commission_minor):,} at {one.commission_bp / 100} %, "
            f"gross {one.gross:.9f}, net-back {one.net:.9f}"
        )
        print(
            f"  the same report in other bytes: {again.rows_applied} applied, {again.rows_unchanged:,} unchanged; "
            f"the same bytes are the first upload: {one.resent.is_repeat}"
        )
    payments = sum(one.report.upload.rows_applied for one in found.agencies)
    collected = sum(one.balance.collected_minor for one in found.agencies)
    commission = sum(one.balance.commission_minor for one in found.agencies)
    print(f"in all {payments:,} payments {money(collected):,}, commission {money(commission):,}")
    for fault in found.stranger.faults:
        print(f"a loan of another agency: line {fault.line}, {fault.field}, {fault.code}, {fault.value}")
    print(f"books: {len(found.problems)} problems; cells that differ from the records: {found.differing_cells}")


def main() -> int:
    """Run on a server of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER
    if not (folder / lendingclub.FILE).is_file():
        print(f"{folder / lendingclub.FILE} is not there; name the folder that holds it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="encargo-real-loop-") as files, throwaway.server() as running:
        show(run(throwaway.ports(running, "encargo_real_loop", Path(files)), folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
