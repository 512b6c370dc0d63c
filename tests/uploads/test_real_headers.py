"""The columns of the real files beside the project: whatever they are, a proposal is made, and these are right."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest

from tests.realfiles import REAL, real_folder
from tests.uploads.test_mapping import OWN
from uploads.mapping.proposals import Proposal, propose
from uploads.models import UploadKind
from uploads.schemas.registry import SCHEMAS

#: File -> header -> field, of those whose meaning their README says.
KNOWN = {
    "lendingclub/LendingClubData_2007-2011.csv.gz": {
        "id": "account_ref",
        "funded_amnt": "original_amount",
        "issue_d": "open_date",
        "last_pymnt_d": "last_payment_date",
        "last_pymnt_amnt": "last_payment_amount",
        "loan_status": "stage",
    },
    "bank-recovery/bank_data.csv": {"id": "account_ref"},
    "sba/SBAnational.csv.gz": {
        "LoanNr_ChkDgt": "account_ref",
        "Name": "full_name",
        "City": "city",
        "ChgOffDate": "charge_off_date",
        "GrAppv": "principal",
        "MIS_Status": "stage",
    },
}


def proposed(path: Path) -> Proposal:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    head = data[:400_000].decode("utf-8-sig", errors="replace")
    first = head.splitlines()[0]
    delimiter = max(",;|\t", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(head), delimiter=delimiter) if row][:200]
    width = len(rows[0])
    sample = [(row + [""] * width)[:width] for row in rows[1:-1]]
    return propose(rows[0], sample, SCHEMAS[UploadKind.PORTFOLIO], None, own=OWN)


@pytest.mark.parametrize("name", KNOWN)
def test_the_columns_of_a_real_file_are_what_its_readme_says(name: str) -> None:
    path = real_folder(Path(name).parts[0]) / Path(name).name
    found = {one.header: one.field for one in proposed(path).columns}
    assert {header: found[header] for header in KNOWN[name]} == KNOWN[name]


def test_every_real_file_gets_a_proposal() -> None:
    if not REAL.is_dir():
        pytest.skip("the real files are not on this machine: ../shared/data/real")
    named = (one for one in sorted(REAL.rglob("*.csv*")) if one.suffix in {".csv", ".gz"})
    files = [one for one in named if one.read_bytes()[:2] != b"PK"]
    assert files
    for path in files:
        try:
            found = proposed(path)
        except (IndexError, csv.Error):
            continue
        fields = [one.field for one in found.columns if one.field]
        assert len(fields) == len(set(fields)), path.name
