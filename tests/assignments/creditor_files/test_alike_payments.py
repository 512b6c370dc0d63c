"""Payments to the creditor that resemble another: none makes a different one vanish, none counts twice in silence."""

from __future__ import annotations

from datetime import date

import pytest

from tests import files
from tests.creditor_files import OPTIONS, owing, pay, told, update
from tests.loop import paid, report_payments
from uploads.models import UploadKind

OURS = "A1,1,2026-02-03,900.00,COP"
THEIRS = "obligacion,recibo,fecha pago,valor,moneda\nA1,1,2026-02-10,50.00,COP\nA2,2,2026-02-10,50.00,COP\n"


def reported(ports, tenants):
    """The agency's file with a payment of the reference 1, as it stands once it is applied."""
    upload = files.send(
        ports,
        tenants.agency,
        THEIRS.encode(),
        kind=UploadKind.PAYMENTS,
        filename="pagos.csv",
        creditor_id=tenants.creditor.tenant,
    ).upload
    files.confirm(ports, tenants.agency, upload.id, options=OPTIONS)
    checked = files.check(ports, tenants.agency, upload.id)
    files.apply(ports, tenants.agency, upload.id)
    return checked


def test_a_small_payment_of_the_same_reference_does_not_swallow_a_large_one_told_before(ports, tenants):
    pay(ports, tenants.creditor, OURS)
    upload = reported(ports, tenants)
    assert owing(ports, tenants.creditor, "A1", "A2") == [5_000, 95_000]
    assert told(ports, tenants.agency, upload, warnings=True) == {2: ("payment_ref", "creditor_differs")}


def test_a_large_payment_of_the_same_reference_is_not_swallowed_by_a_small_one_told_before(ports, tenants):
    reported(ports, tenants)
    upload, _ = pay(ports, tenants.creditor, OURS)
    assert owing(ports, tenants.creditor, "A1", "A2") == [5_000, 95_000]
    assert told(ports, tenants.creditor, upload, warnings=True) == {2: ("payment_ref", "reference_differs")}


def test_an_agency_reads_nothing_of_references_on_cases_it_did_not_hold(ports, tenants):
    pay(ports, tenants.creditor, "A1,1,2026-01-11,900.00,COP")
    assert told(ports, tenants.agency, reported(ports, tenants), warnings=True) == {}


@pytest.mark.parametrize("rows", [["A1,R1", "A1,"], ["A1,", "A1,R1"], ["A1,R1", "A1,R2"], ["A1,", "A1,"]])
@pytest.mark.parametrize("together", [True, False], ids=["in one file", "in two files"])
def test_a_payment_that_the_creditor_seems_to_tell_twice_is_remarked_on(ports, tenants, rows, together):
    first, second = (f"{one},2026-02-03,250.00,COP" for one in rows)
    if together:
        upload, _ = pay(ports, tenants.creditor, first, second)
    else:
        pay(ports, tenants.creditor, first)
        # Of a file without references, as many as before are the ones of before.
        upload, _ = pay(ports, tenants.creditor, *([first] if rows == ["A1,", "A1,"] else []), second)
    line = upload.rows_read + 1
    assert told(ports, tenants.creditor, upload, warnings=True) == {line: ("row", "perhaps_twice")}
    assert owing(ports, tenants.creditor, "A1") == [50_000]


def test_what_is_known_or_differs_or_was_taken_to_the_agency_is_not_called_twice(ports, tenants):
    row = "A1,R1,2026-02-03,250.00,COP"
    pay(ports, tenants.creditor, row)
    others = ["A1,R2,2026-02-04,250.00,COP", "A1,R3,2026-02-03,250.01,COP", "A2,R4,2026-02-03,250.00,COP"]
    upload, loaded = pay(ports, tenants.creditor, row, *others)
    assert told(ports, tenants.creditor, upload, warnings=True) == {}
    assert (loaded.applied, loaded.unchanged) == (3, 1)


def test_one_receipt_twice_in_a_file_counts_once_and_is_not_said_to_count_twice(ports, tenants):
    row = "A1,R1,2026-02-03,250.00,COP"
    upload, loaded = pay(ports, tenants.creditor, row, row)
    assert told(ports, tenants.creditor, upload, warnings=True) == {}
    assert (loaded.applied, loaded.unchanged) == (1, 1)
    assert owing(ports, tenants.creditor, "A1") == [75_000]


def test_a_second_telling_is_not_hidden_by_the_agency_s_word_on_the_first(ports, tenants):
    agency = [paid("A1", 25_000, date(2026, 2, 3), received_by="creditor")]
    report_payments(ports, tenants.agency, tenants.creditor, agency)
    pay(ports, tenants.creditor, "A1,R1,2026-02-03,250.00,COP")
    upload, _ = pay(ports, tenants.creditor, "A1,,2026-02-03,250.00,COP")
    assert told(ports, tenants.creditor, upload, warnings=True) == {2: ("row", "perhaps_twice")}
    assert owing(ports, tenants.creditor, "A1") == [50_000]


def test_a_payment_that_the_creditor_s_own_balance_holds_is_kept_and_remarked_on(ports, tenants):
    update(ports, tenants.creditor, "A1,700.00,COP,2026-02-05")
    rows = ["A1,R1,2026-02-05,900.00,COP", "A1,R2,2026-02-06,50.00,COP"]
    upload, loaded = pay(ports, tenants.creditor, *rows)
    assert told(ports, tenants.creditor, upload, warnings=True) == {2: ("paid_on", "within_balance")}
    assert loaded.applied == 2
    assert owing(ports, tenants.creditor, "A1") == [65_000]
