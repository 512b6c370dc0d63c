"""The heads of all audit chains, kept once a day where whoever can write in the database need not be able to write.

A cut tail of a chain leaves a chain that holds; only a head written down elsewhere tells. Each day's file carries the
hash of the former one, so that neither can a day be taken out nor written anew without the next one telling. The store
of files holds one copy; a folder that the portal may only add to (`ANCHOR_FOLDER`) holds the one that is believed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agencies.kernel.audit import Anchor
from portal.ports import Ports

_PREFIX = "anchors/"


@dataclass(frozen=True)
class DayOfAnchors:
    """One day's file as it was kept."""

    day: date
    #: Hash of the former day's file; empty for the first.
    former: str | None
    #: Organisation -> the end of its chain that day.
    heads: dict[int, Anchor]
    #: Hash of this file.
    digest: str


def keep(ports: Ports, heads: Iterable[Anchor], day: date) -> bool:
    """Write a day's file in both places; what is there already stays as it is. Says whether this call wrote one."""
    days = _days(ports)
    if day in days:
        return False
    former = max((one for one in days if one < day), default=None)
    content = json.dumps(
        {
            "day": day.isoformat(),
            "former": None if former is None else _digest(_read(ports, former)),
            "heads": [[one.organisation_id, one.seq, one.hash.hex()] for one in heads],
        },
        separators=(",", ":"),
    ).encode()
    folder = ports.settings.anchor_folder
    if folder is not None:
        # Only the first one counts: somebody who comes later cannot put his own in its place.
        with suppress(FileExistsError), _path(folder, day).open("xb") as file:
            file.write(content)
    incoming = ports.storage.incoming()
    try:
        incoming.write(content)
        incoming.keep(_key(day))
    except BaseException:
        incoming.discard()
        raise
    return True


def newest(ports: Ports, *, before: date | None = None) -> DayOfAnchors | None:
    """The last day's file, or the last one before a day; from the folder where there is one."""
    days = [one for one in _days(ports) if before is None or one < before]
    return _opened(_read(ports, max(days))) if days else None


def faults(ports: Ports) -> list[tuple[date, str]]:
    """Days whose files do not agree: `copies_differ`, `missing` from one place, or `unlinked` from the former day."""
    found, former = [], None
    for day in sorted(_days(ports)):
        copies = _copies(ports, day)
        if None in copies:
            found.append((day, "missing"))
        elif len(set(copies)) > 1:
            found.append((day, "copies_differ"))
        content = next(one for one in copies if one is not None)
        if _opened(content).former != (None if former is None else _digest(former)):
            found.append((day, "unlinked"))
        former = content
    return found


def _days(ports: Ports) -> set[date]:
    days = {_day_of(one.key.removeprefix(_PREFIX)) for one in ports.storage.keys(_PREFIX)}
    folder = ports.settings.anchor_folder
    if folder is not None:
        days |= {_day_of(one.stem.removeprefix("anchors-")) for one in folder.glob("anchors-*.json")}
    return {one for one in days if one is not None}


def _day_of(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _copies(ports: Ports, day: date) -> list[bytes | None]:
    """The day's file as each place has it, the believed one first."""
    copies: list[bytes | None] = []
    folder = ports.settings.anchor_folder
    if folder is not None:
        path = _path(folder, day)
        copies.append(path.read_bytes() if path.exists() else None)
    try:
        with ports.storage.open(_key(day)) as file:
            copies.append(file.read())
    except FileNotFoundError:
        copies.append(None)
    return copies


def _read(ports: Ports, day: date) -> bytes:
    return next(one for one in _copies(ports, day) if one is not None)


def _opened(content: bytes) -> DayOfAnchors:
    told = json.loads(content)
    heads = {number: Anchor(number, seq, bytes.fromhex(end)) for number, seq, end in told["heads"]}
    return DayOfAnchors(date.fromisoformat(told["day"]), told["former"], heads, _digest(content))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _key(day: date) -> str:
    return f"{_PREFIX}{day.isoformat()}"


def _path(folder: Path, day: date) -> Path:
    return folder / f"anchors-{day.isoformat()}.json"
