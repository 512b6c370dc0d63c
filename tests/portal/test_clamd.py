"""The real scanner, with signatures of the test pattern and of nothing else."""

from __future__ import annotations

import io
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agencies.organisations.permissions import Role
from config import Settings
from portal.jobs.tasks import perform_due
from portal.scanner import ClamdScanner
from portal.stack.clamd import find_clamd
from tests.portal.test_quarantine import INFECTED, all_verdicts, look_again, uploads_of
from tests.portal.test_uploads import GOOD, file, send
from tests.scanner import EICAR
from uploads.models import UploadState
from uploads.scanners import ScannerAddress, ScannerAway
from uploads.verdicts import Verdict

CONFIGURATION = """Foreground yes
LocalSocket {folder}/sock
DatabaseDirectory {folder}/signatures
TemporaryDirectory {folder}
StreamMaxLength 1M
"""


@pytest.fixture(scope="module")
def clamd() -> Iterator[ScannerAddress]:
    """A clamd of our own, that takes files of up to a megabyte."""
    program = find_clamd()
    if program is None:
        pytest.skip("there is no clamd here, and none could be unpacked")
    with tempfile.TemporaryDirectory(prefix="clamd") as name:
        folder = Path(name)
        (folder / "signatures").mkdir()
        (folder / "signatures" / "test.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
        (folder / "clamd.conf").write_text(CONFIGURATION.format(folder=folder))
        process = subprocess.Popen([program, "-c", str(folder / "clamd.conf")], stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 60
            while not (folder / "sock").exists() and process.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            yield ScannerAddress(path=str(folder / "sock"))
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def settings(settings: Settings, clamd: ScannerAddress) -> Settings:
    return replace(settings, scanner=clamd)


def test_clamd_itself_finds_the_test_pattern_wherever_it_is_sent(world, sign_in):
    analyst = sign_in(Role.ANALYST)
    send(analyst, INFECTED)
    page = send(analyst, file(GOOD), name="limpia.csv").location
    perform_due(world.ports)
    look_again(world.ports)

    bad, good = all_verdicts(world.ports)
    assert (bad.verdict, good.verdict) == (Verdict.INFECTED, Verdict.CLEAN)
    assert bad.malware.startswith("Eicar-Test-Signature")
    assert good.signatures.startswith("ClamAV ")
    refused, taken = uploads_of(world.ports, analyst.person.actor)
    assert (refused.state, refused.fault) == (UploadState.REJECTED, "malware")
    assert taken.state is UploadState.RECEIVED
    with analyst.get(f"{page}/original") as answer:
        assert answer.get_data() == file(GOOD)


def test_a_file_larger_than_clamd_takes_has_no_verdict(clamd: ScannerAddress):
    scanning = ClamdScanner(clamd).begin(io.BytesIO(bytes(3 << 20)))
    with pytest.raises(ScannerAway):
        scanning.result(30)
    scanning.close()


def test_a_port_where_nobody_listens_is_away():
    with pytest.raises(ScannerAway):
        ClamdScanner(ScannerAddress(port=1)).signatures()
