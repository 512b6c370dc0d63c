"""Files that are held back, in words: what is said beside their names, and to the operator of the scanner."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g

from agencies.kernel.errors import msg
from portal.ports import Ports
from uploads.scanners import ScannerAway
from uploads.stores import keys
from uploads.verdicts import Verdict


@dataclass(frozen=True)
class Held:
    """Why a file cannot be opened."""

    label: str
    tone: str
    is_waiting: bool


WORDS = {
    Verdict.PENDING: Held(msg("being checked for malicious software"), "working", is_waiting=True),
    Verdict.INFECTED: Held(msg("refused: contains malicious software"), "bad", is_waiting=False),
}


@dataclass(frozen=True)
class ScannerLine:
    """How the scanner stands, for the operator."""

    is_set: bool
    #: What it calls itself; nothing while it does not answer.
    version: str
    waiting: int
    infected: int


def held(ports: Ports, key: str | None) -> Held | None:
    """What is said of a stored file that is held back; asked once for each organisation's files in a request."""
    owner = keys.sender_of(key) if key else None
    if owner is None:
        return None
    known: dict[int, dict[str, Verdict]] = g.setdefault("held", {})
    if owner not in known:
        known[owner] = ports.quarantine.held_of(owner)
    verdict = known[owner].get(keys.base_key(key or ""))
    return WORDS[verdict] if verdict else None


def scanner_line(ports: Ports) -> ScannerLine:
    """How the scanner stands now."""
    counts = ports.quarantine.count_held()
    version = ""
    if ports.scanner is not None:
        try:
            version = ports.scanner.signatures()
        except ScannerAway:
            version = ""
    return ScannerLine(
        ports.scanner is not None, version, counts.get(Verdict.PENDING, 0), counts.get(Verdict.INFECTED, 0)
    )
