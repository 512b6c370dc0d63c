"""Where the scanner for malicious software is: on this machine, or nowhere, and then on purpose."""

from __future__ import annotations

import pytest

from config import Settings, SettingsError
from tests.test_config import GOOD
from uploads.scanners import ScannerAddress


@pytest.mark.parametrize(
    ("value", "scanner"),
    [
        ("unix:///run/clamav/clamd.ctl", ScannerAddress(path="/run/clamav/clamd.ctl")),
        ("tcp://127.0.0.1", ScannerAddress(host="127.0.0.1", port=3310)),
        ("tcp://localhost:4410", ScannerAddress(host="localhost", port=4410)),
        ("none", None),
    ],
)
def test_the_scanner_is_a_socket_of_this_machine_or_said_to_be_none(value, scanner):
    assert Settings.from_env({**GOOD, "SCANNER_URL": value}).scanner == scanner


def test_only_on_this_machine_may_the_scanner_be_left_out():
    without = {name: value for name, value in GOOD.items() if name != "SCANNER_URL"}

    assert Settings.from_env({**without, "PUBLIC_URL": "http://localhost:8080"}).scanner is None
    with pytest.raises(SettingsError, match="SCANNER_URL is not set"):
        Settings.from_env(without)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "off",
        "clamd",
        "unix://run/clamd.ctl",
        "unix:clamd.ctl",
        "http://127.0.0.1:3310",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:99999",
        "tcp://127.0.0.1:3310/clamd",
        "tcp://somebody@127.0.0.1",
        "tcp://127.0.0.1?x=1",
        # People's documents would go over the net for all to read.
        "tcp://scanner.example:3310",
    ],
)
def test_an_address_of_a_scanner_that_will_not_do_is_named_and_not_repeated(value):
    with pytest.raises(SettingsError, match="SCANNER_URL") as refused:
        Settings.from_env({**GOOD, "SCANNER_URL": value})

    assert not value or value not in str(refused.value).split()
