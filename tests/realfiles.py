"""Where the real files lie that some tests read: beside the project, and not everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "real"


def real_folder(name: str) -> Path:
    """A folder of real files; skips the test, saying so, where it is not."""
    folder = REAL / name
    if not folder.is_dir():
        pytest.skip(f"the real files are not on this machine: ../shared/data/real/{name}")
    return folder
