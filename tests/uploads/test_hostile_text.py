"""A small file does not become a flood of text."""

from __future__ import annotations

import io

import pytest

from tests.uploads.opened import workbook, workbook_of, zipped
from uploads.faults import UnusableFile
from uploads.formats.children import Opener
from uploads.formats.limits import LIMITS


def text_of(data: bytes) -> tuple[str | None, bytes]:
    """The fault, and the text that came of it."""
    taken = io.BytesIO()
    opener = Opener(io.BytesIO(data), {"known": []}, LIMITS, taken.write)
    try:
        while not opener.pump(1):
            pass
        opener.result()
    except UnusableFile as unusable:
        return unusable.fault.code, taken.getvalue()
    finally:
        opener.close()
    return None, taken.getvalue()


def repeating(characters: int, rows: int) -> bytes:
    """A workbook of one long string, kept once, that very many rows share."""
    return workbook_of({"Cartera": [["obligacion", "nota"], *([at, "x" * characters] for at in range(rows))]})


@pytest.mark.parametrize("is_packed", [False, True], ids=["a workbook", "a workbook in an archive"])
def test_one_long_string_in_very_many_rows_makes_no_flood_of_text(is_packed: bool):
    data = repeating(32_000, 20_000)
    data = zipped({"cartera.xlsx": data}) if is_packed else data
    code, written = text_of(data)
    assert code == "too_large_unpacked"
    assert len(written) <= max(LIMITS.free_bytes, len(data) * LIMITS.ratio) < 32_000 * 20_000 / 10


def test_what_a_workbook_repeats_in_all_honesty_is_read():
    code, written = text_of(repeating(60, 20_000))
    assert code is None
    assert written.count(b"\r\n") == 20_001


def test_what_is_nearly_nothing_does_not_become_hundreds_of_zeros():
    rows = [["obligacion", "saldo"], ["A1", 1e-300], ["A2", -4e-17], ["A3", 0.000123], ["A4", -0.00000000012]]
    assert text_of(workbook(rows))[1].decode().splitlines()[1:] == ["A1,0", "A2,0", "A3,0.000123", "A4,-0.00000000012"]
