"""What is known of every real file: how its owner would have it read, and how it must end."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from bench import lendingclub
from bench.real_totals import totals_of
from uploads.checking.control import Control
from uploads.models import UploadKind
from uploads.options import Options

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
