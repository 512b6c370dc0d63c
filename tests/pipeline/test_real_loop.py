"""The whole loop on real loans gives the figures that a second computation reads straight from the file.

Where the real files are not on the machine these tests are skipped, and pytest says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest

from bench import real_loop
from bench.lendingclub import FILE
from bench.real_loop import RealLoop
from tests.realfiles import real_folder
from uploads.models import UploadState

pytestmark = [pytest.mark.real, pytest.mark.slow]

CENT = Decimal("0.01")


@pytest.fixture
def frame() -> pd.DataFrame:
    """The charged-off loans by pandas: unpaid and recovered in exact cents."""
    table = pd.read_csv(real_folder("lendingclub") / FILE, dtype=str, keep_default_na=False)
    table = table[table["loan_status"].str.contains("Charged Off")].set_index("id")

    def cents(column: pd.Series) -> pd.Series:
        return column.map(lambda value: int(value.quantize(CENT, ROUND_HALF_UP) * 100))

    unpaid = table["funded_amnt"].map(Decimal) - table["total_rec_prncp"].map(Decimal)
    return pd.DataFrame({"unpaid": cents(unpaid), "recovered": cents(table["recoveries"].map(Decimal))})


@pytest.fixture
def found(ports) -> Iterator[RealLoop]:
    return real_loop.run(ports, real_folder("lendingclub"))


def test_the_loop_on_real_loans(found: RealLoop, frame: pd.DataFrame) -> None:
    """One run and every figure of it, because the run is what takes the time."""
    _portfolio(found, frame)
    _split(found, frame)
    _payments(found, frame)
    _repeats(found)
    _books(found, frame)
    _scorecard(found, frame)


def _portfolio(found: RealLoop, frame: pd.DataFrame) -> None:
    upload = found.portfolio.upload
    assert upload.state is UploadState.APPLIED
    assert (upload.rows_read, upload.rows_applied, upload.rows_rejected) == (6_431, 6_431, 0)
    assert upload.rows_read == upload.rows_applied + upload.rows_unchanged + upload.rows_rejected
    assert upload.value_minor == found.preview.value_minor == 4_874_126_227 == int(frame["unpaid"].sum())


def _split(found: RealLoop, frame: pd.DataFrame) -> None:
    preview = found.preview
    assert (preview.cases, preview.held_back_cases, len(preview.bands)) == (6_431, 0, 5)
    for band in preview.bands:
        counts = [preview.cell(band.band, one.agency_id).cases for one in preview.agencies]
        assert max(counts) - min(counts) <= 1
        assert sum(counts) == band.cases
    totals = [one.cases for one in preview.agencies]
    assert max(totals) - min(totals) <= 1
    assert sum(one.value_minor for one in preview.agencies) == preview.value_minor
    same, again, other = found.digests
    assert same == again != other
    accounts = [one.accounts for one in found.agencies]
    assert frozenset().union(*accounts) == set(frame.index)
    assert sum(map(len, accounts)) == len(frame)
    for one in preview.agencies:
        [held] = [result.accounts for result in found.agencies if result.agency_id == one.agency_id]
        assert int(frame.loc[list(held), "unpaid"].sum()) == one.value_minor


def _payments(found: RealLoop, frame: pd.DataFrame) -> None:
    uploads = [one.report.upload for one in found.agencies]
    assert all(upload.state is UploadState.APPLIED for upload in uploads)
    assert sum(upload.rows_applied for upload in uploads) == 6_357 == int((frame["recovered"] > 0).sum())
    assert sum(upload.rows_rejected for upload in uploads) == 0
    [fault] = found.stranger.faults
    assert (fault.line, fault.field, fault.code) == (2, "account_ref", "not_your_case")
    assert fault.value in found.agencies[1].accounts
    assert (found.stranger.upload.state, found.stranger.upload.rows_good) == (UploadState.CHECKED, 0)


def _repeats(found: RealLoop) -> None:
    for one in found.agencies:
        again = one.repeated.upload
        assert not one.repeated.is_repeat
        assert (again.rows_applied, again.rows_unchanged) == (0, one.report.upload.rows_applied)
        assert one.resent.is_repeat
        assert one.resent.upload.id == one.report.upload.id


def _books(found: RealLoop, frame: pd.DataFrame) -> None:
    assert found.problems == ()
    assert found.differing_cells == 0
    assert sum(one.balance.collected_minor for one in found.agencies) == 434_198_755
    for one in found.agencies:
        paid = frame.loc[list(one.accounts), "recovered"]
        replayed = sum(
            (Decimal(int(cents)) * one.commission_bp / 10_000).quantize(Decimal(1), ROUND_HALF_UP)
            for cents in paid[paid > 0]
        )
        assert one.balance.commission_minor == replayed
        assert one.balance.collected_minor == int(paid.sum())
        assert one.balance.payments == int((paid > 0).sum())
        assert one.balance.held_by_agency_minor == int(paid.sum()) - replayed


def _scorecard(found: RealLoop, frame: pd.DataFrame) -> None:
    for one in found.agencies:
        mine = frame.loc[list(one.accounts)]
        assert one.gross == pytest.approx(mine["recovered"].sum() / mine["unpaid"].sum(), abs=1e-9)
        left = mine["recovered"].sum() - one.balance.commission_minor
        assert one.net == pytest.approx(left / mine["unpaid"].sum(), abs=1e-9)
