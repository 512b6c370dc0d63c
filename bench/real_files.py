"""Every real file through the product, beside what its README says: rows, totals and the verdict.

    python -m bench.real_files [FOLDER]

Each file is sent, opened, mapped as its owner would confirm it, checked and applied on a server of its own. The totals
beside it are reckoned from the file without any code of the product.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.kernel.errors import DomainError
from agencies.kernel.money import minor
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor, Side
from agencies.mandates import service as mandates
from agencies.mandates.terms import TermSheet
from agencies.organisations import service as organisations
from agencies.organisations.models import OrganisationKind
from agencies.organisations.permissions import Role
from bench import lendingclub, throwaway
from bench.real_loop import make_agency
from bench.real_totals import totals_of
from portal.jobs.tasks import perform_due
from portal.ports import Ports
from uploads import confirming, receiving
from uploads import service as uploads
from uploads.control import Control
from uploads.kinds import SENDERS
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options
from uploads.queries import get_upload
from uploads.staging import STAGED

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "shared/data/real"
US = Options(currency="USD", date_order="mdy", decimal=".", time_zone="America/New_York")
CO = Options(currency="COP", date_order="dmy", decimal=",", time_zone="America/Bogota")
COMPANIES = "co-supersociedades/datos_originales.csv"
METRO2 = "metro2/m2_2k_lines_deidentified.TXT.zip"
METRO2_COLUMNS = {
    "account number": "account_ref",
    "current balance": "balance_total",
    "original charge-off amount": "original_amount",
    "open date": "open_date",
    "date of first delinquency": "delinquency_date",
    "account status": "stage",
    "city": "city",
    "state": "region",
}


@dataclass(frozen=True)
class RealFile:
    """One file, how its owner would have it read, and how it must end."""

    path: str
    kind: UploadKind
    #: `applied`, or the code of the fault, or the name of the refusal.
    verdict: str
    #: Column of the file -> field, where the proposal is not what its owner means.
    columns: Mapping[str, str] = field(default_factory=dict)
    options: Options = US
    #: Whether only these columns are taken.
    is_exact: bool = False
    #: Rows read, and how many of them are turned away.
    rows: int = 0
    rejected: int = 0
    #: Field -> what the loaded rows of it come to.
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    #: Makes what is sent; by default the file itself.
    make: Callable[[Path], bytes] | None = None
    #: What its sender types beside it.
    control: Control | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    file: RealFile
    rows: int
    loaded: int
    rejected: int
    totals: Mapping[str, Decimal]
    verdict: str
    #: How often each fault was found, or what the fault of the whole file says.
    faults: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_as_told(self) -> bool:
        """Whether all of it is what its README says."""
        told = self.file
        return (told.verdict, told.rows, told.rejected, dict(told.totals)) == (
            self.verdict,
            self.rows,
            self.rejected,
            dict(self.totals),
        ) and self.loaded == (self.rows - self.rejected if self.verdict == "applied" else 0)


def in_cents(path: Path) -> bytes:
    """The bank's file with its recoveries rounded to cents, half up: no currency has seven decimals."""
    with path.open(newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["actual_recovery_amount"] = str(
            Decimal(row["actual_recovery_amount"]).quantize(lendingclub.CENT, ROUND_HALF_UP)
        )
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def with_a_balance(path: Path) -> bytes:
    """The companies' file, its liabilities called a balance."""
    return path.read_bytes().replace(b"TOTAL PASIVOS 2018", b"SALDO", 1)


def files(folder: Path) -> list[RealFile]:
    """Every file, with the totals its README prints; where that prints none they are reckoned from the file."""
    known = totals_of(folder)
    return [
        RealFile(
            f"lendingclub/{lendingclub.FILE}",
            UploadKind.PORTFOLIO,
            "applied",
            rows=6_431,
            totals={"balance_total": Decimal("48741262.27")},
            make=lambda path: lendingclub.portfolio_file(lendingclub.charged_off(path.parent)),
        ),
        RealFile(
            f"lendingclub/{lendingclub.FILE}",
            UploadKind.CREDITOR_PAYMENTS,
            "applied",
            rows=6_357,
            totals={"amount": Decimal("4341987.55")},
            make=lambda path: lendingclub.payments_file(lendingclub.charged_off(path.parent)),
        ),
        RealFile(
            "bank-recovery/bank_data.csv",
            UploadKind.PORTFOLIO,
            "applied",
            # 7,529,821.47 as a sum of binary fractions; each recovery in whole cents makes it 47 cents more.
            {
                "id": "account_ref",
                "expected_recovery_amount": "balance_total",
                "actual_recovery_amount": "principal",
                "recovery_strategy": "segment",
            },
            is_exact=True,
            rows=1_882,
            totals={"balance_total": Decimal(5_194_259), "principal": known["bank.actual"]},
            make=in_cents,
        ),
        RealFile(
            "sba/SBAnational.csv.gz",
            UploadKind.PORTFOLIO,
            "applied",
            {
                "LoanNr_ChkDgt": "account_ref",
                "Name": "full_name",
                "City": "city",
                "State": "region",
                "Bank": "original_creditor",
                "ApprovalDate": "open_date",
                "ChgOffDate": "charge_off_date",
                "MIS_Status": "stage",
                "ChgOffPrinGr": "balance_total",
                "GrAppv": "original_amount",
            },
            is_exact=True,
            rows=22_427,
            totals={"balance_total": Decimal(246_730_698), "original_amount": known["sba.GrAppv"]},
        ),
        # Cut from a longer file: its trailer counts 564,618 records, and the file stops at that.
        RealFile(METRO2, UploadKind.PORTFOLIO, "control_mismatch", METRO2_COLUMNS, is_exact=True),
        # Its sender says what it holds now; one line is no record.
        RealFile(
            METRO2,
            UploadKind.PORTFOLIO,
            "applied",
            METRO2_COLUMNS,
            is_exact=True,
            rows=1_998,
            rejected=1,
            totals={"balance_total": Decimal(9_002_379), "original_amount": Decimal(19_498_652)},
            control=Control(rows=1_998, amount_minor=900_237_900, currency="USD"),
        ),
        RealFile(
            "uci-credit-card/UCI_Credit_Card.csv.gz",
            UploadKind.PORTFOLIO,
            "applied",
            {"ID": "account_ref", "BILL_AMT1": "balance_total"},
            Options(currency="USD", date_order="ymd", decimal=".", time_zone="UTC"),
            is_exact=True,
            rows=30_000,
            # 590 owe less than nothing, and two amounts are written 1e+05.
            rejected=int(known["uci.refused"]),
            totals={"balance_total": known["uci.BILL_AMT1"]},
        ),
        RealFile("uci-bank-marketing/bank-additional-full.csv.gz", UploadKind.ACTIVITIES, "columns_missing"),
        RealFile("cfpb-complaints/consumer_complaints.csv", UploadKind.PORTFOLIO, "columns_missing"),
        RealFile("co-superfinanciera/cartera.csv", UploadKind.PORTFOLIO, "aggregate_bands", options=CO),
        # Balance sheets hold no debts; its liabilities called a balance, it is a list of companies that owe.
        RealFile(COMPANIES, UploadKind.PORTFOLIO, "aggregate_statements", options=CO),
        RealFile(
            COMPANIES,
            UploadKind.PORTFOLIO,
            "applied",
            {"No.": "account_ref", "NIT": "national_id", "RAZON SOCIAL": "full_name", "SALDO": "balance_total"},
            CO,
            is_exact=True,
            rows=1_068,
            rejected=int(known["nit.unreadable"]),
            totals={"balance_total": known["nit.TOTAL PASIVOS 2018"]},
            make=with_a_balance,
        ),
    ]


def run(ports: Ports, actor: Actor, file: RealFile, folder: Path, creditor_id: int | None = None) -> Outcome:
    """Send one file and take it as far as it goes."""
    path = folder / file.path
    data = file.make(path) if file.make else path.read_bytes()
    try:
        upload = _taken_in(ports, actor, file, data, path.name, creditor_id)
    except DomainError as refusal:
        name = type(refusal).__name__
        return Outcome(file, 0, 0, 0, {}, "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_"))
    if upload.state is UploadState.REJECTED:
        return Outcome(file, 0, 0, 0, {}, str(upload.fault), upload.fault_params or {})
    with ports.session(actor) as session:
        staged = STAGED[upload.kind]
        sums = session.execute(
            select(*(func.coalesce(func.sum(staged.c[name]), 0) for name in file.totals)).where(
                staged.c.organisation_id == actor.tenant, staged.c.upload_id == upload.id
            )
        ).one()
    unit = Decimal(minor(Decimal(1), file.options.currency or "USD"))
    totals = {name: Decimal(total) / unit for name, total in zip(file.totals, sums, strict=True)}
    counts = (upload.rows_read, upload.rows_applied, upload.rows_rejected)
    return Outcome(file, *counts, totals, upload.state.value, upload.error_counts)


def another_creditor(ports: Ports, name: str, tax_id: str) -> Actor:
    """The analyst of one more creditor."""
    operator = throwaway.operator(ports)
    with ports.session(operator) as session, transaction(session):
        made = organisations.register(
            session,
            operator,
            kind=OrganisationKind.CREDITOR,
            name=name,
            legal_name=f"{name} S.A.",
            tax_id=tax_id,
            country="CO",
            now=ports.now(),
        )
        invited = organisations.invite(
            session,
            operator,
            email=f"analista@{tax_id}.example",
            role=Role.ANALYST,
            organisation_id=made.id,
            now=ports.now(),
        )
    with ports.session(DOOR) as session, transaction(session):
        user = organisations.accept_invitation(
            session, invited.token, name="Analista", password=throwaway.PASSWORD, now=ports.now()
        )
        return organisations.actor_of(user, made)


def everything(ports: Ports, folder: Path) -> list[Outcome]:
    """What becomes of every file on an empty instance."""
    creditor = throwaway.creditor(ports, ports.now())
    # Three of the files number their accounts from 1 on.
    others = {
        "uci": another_creditor(ports, "Banco Segundo", "900987654-7"),
        "co-supersociedades": another_creditor(ports, "Banco Tercero", "901555444-7"),
    }
    agency = make_agency(ports, "Agencia A", "830111222-6", ports.now())
    with ports.session(creditor) as session, transaction(session):
        mandates.make(
            session,
            creditor,
            agency_id=agency.tenant,
            name="Castigada",
            terms=TermSheet(commission_bp=1_500, report_due_days=5),
            valid_from=ports.now().date(),
            now=ports.now(),
        )
    outcomes = []
    for one in files(folder):
        if SENDERS[one.kind].side is Side.AGENCY:
            outcomes.append(run(ports, agency, one, folder, creditor.tenant))
        else:
            sender = next((other for name, other in others.items() if one.path.startswith(name)), creditor)
            outcomes.append(run(ports, sender, one, folder))
    ports.engine.dispose()
    return outcomes


def main() -> int:
    """Print the table; ends with 0 only when every file ends as it must."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER
    with tempfile.TemporaryDirectory() as store, throwaway.server() as running:
        outcomes = everything(throwaway.ports(running, "real_files", Path(store)), folder)
    print(f"{'file':<44} {'kind':<18} {'rows':>7} {'loaded':>7} {'rejected':>8}  verdict, totals")
    for one in outcomes:
        totals = ", ".join(f"{name} {total:,.2f}" for name, total in one.totals.items())
        mark = "" if one.is_as_told else f"   EXPECTED {one.file.verdict} {one.file.rejected} {dict(one.file.totals)}"
        print(
            f"{one.file.path.rpartition('/')[2]:<44} {one.file.kind:<18} {one.rows:>7,} {one.loaded:>7,} "
            f"{one.rejected:>8,}  {one.verdict}{': ' if totals else ''}{totals}{mark}"
        )
        if one.faults:
            print(f"{'':<44} {dict(one.faults)}")
    return 0 if all(one.is_as_told for one in outcomes) else 1


def _taken_in(ports: Ports, actor: Actor, file: RealFile, data: bytes, name: str, creditor_id: int | None) -> Upload:
    incoming = ports.storage.incoming()
    incoming.write(data)
    with ports.session(actor) as session, transaction(session):
        upload = receiving.receive(
            session,
            actor,
            incoming,
            kind=file.kind,
            filename=name,
            creditor_id=creditor_id,
            control=file.control,
            now=ports.now(),
        ).upload
    perform_due(ports)
    with ports.session(actor) as session, transaction(session):
        upload = get_upload(session, actor, upload.id)
        if upload.state is UploadState.REJECTED:
            return upload
        # The same columns were confirmed before: the file is read as then.
        if upload.state is UploadState.RECEIVED:
            _confirm(session, actor, upload.id, file, ports.now())
    perform_due(ports)
    with ports.session(actor) as session, transaction(session):
        upload = get_upload(session, actor, upload.id)
        if upload.state is UploadState.CHECKED:
            uploads.apply(session, actor, upload.id, good_rows_only=True, now=ports.now())
    perform_due(ports)
    with ports.session(actor) as session:
        return get_upload(session, actor, upload.id)


def _confirm(session: Session, actor: Actor, upload_id: int, file: RealFile, now: datetime) -> None:
    proposed = confirming.proposal(session, actor, upload_id)
    columns = {one.position: one.field for one in proposed.columns if one.field and not file.is_exact}
    columns |= {one.position: file.columns[one.header] for one in proposed.columns if one.header in file.columns}
    confirming.confirm(
        session, actor, upload_id, mapping=columns, options=file.options.or_else(proposed.options), now=now
    )


if __name__ == "__main__":
    sys.exit(main())
