"""Every real file ends as its README says, with the totals printed there."""

from __future__ import annotations

import pytest

from bench import real_files
from tests.realfiles import REAL, real_folder

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_every_real_file_ends_as_its_readme_says(ports):
    real_folder("sba")
    outcomes = real_files.everything(ports, REAL)
    assert {one.file.path: one for one in outcomes if not one.is_as_told} == {}
    assert sum(one.verdict == "applied" for one in outcomes) == 7
