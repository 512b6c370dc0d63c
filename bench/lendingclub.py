"""The charged-off loans of the LendingClub file as the two kinds of files the product takes.

Amounts go from the text of the file through exact decimals to cents, rounded half up; a binary fraction never touches
them.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

FILE = "LendingClubData_2007-2011.csv.gz"
CURRENCY = "USD"
CENT = Decimal("0.01")
PORTFOLIO_COLUMNS = (
    "id",
    "product",
    "balance",
    "grade",
    "addr_state",
    "loan_status",
    "issue_d",
    "last_pymnt_d",
)
PAYMENT_COLUMNS = ("id", "payment_date", "amount")


@dataclass(frozen=True)
class Loan:
    """One charged-off loan, with what was recovered on it afterwards."""

    id: str
    product: str
    grade: str
    addr_state: str
    loan_status: str
    issue_d: str
    last_pymnt_d: str
    #: Unpaid principal.
    balance: Decimal
    recovered: Decimal
    #: The day of the last payment, else of the last credit report; empty where nothing was recovered.
    paid_on: date | None


def charged_off(folder: Path) -> list[Loan]:
    """Every charged-off loan of the file."""
    with gzip.open(folder / FILE, "rt", newline="", encoding="ascii") as file:
        return [_loan(row) for row in csv.DictReader(file) if "Charged Off" in row["loan_status"]]


def portfolio_file(loans: Iterable[Loan]) -> bytes:
    """The portfolio a creditor would send."""
    return _csv(PORTFOLIO_COLUMNS, ([getattr(loan, name) for name in PORTFOLIO_COLUMNS] for loan in loans))


def payments_file(loans: Iterable[Loan], *, line_end: str = "\n") -> bytes:
    """The payments an agency would report: what was recovered on its loans."""
    rows = ([loan.id, loan.paid_on, loan.recovered] for loan in loans if loan.recovered)
    return _csv(PAYMENT_COLUMNS, rows, line_end=line_end)


def _loan(row: dict[str, str]) -> Loan:
    recovered = Decimal(row["recoveries"]).quantize(CENT, ROUND_HALF_UP)
    paid_on = row["last_pymnt_d"] or row["last_credit_pull_d"]
    return Loan(
        id=row["id"],
        product=row["purpose"],
        grade=row["grade"],
        addr_state=row["addr_state"],
        loan_status=row["loan_status"],
        issue_d=row["issue_d"],
        last_pymnt_d=row["last_pymnt_d"],
        balance=(Decimal(row["funded_amnt"]) - Decimal(row["total_rec_prncp"])).quantize(CENT, ROUND_HALF_UP),
        recovered=recovered,
        paid_on=date.fromisoformat(paid_on) if recovered else None,
    )


def _csv(header: tuple[str, ...], rows: Iterable[list[object]], *, line_end: str = "\n") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=line_end)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()
