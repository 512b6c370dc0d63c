"""Files from before there was a scanner: each is put into quarantine and looked through."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from agencies.kernel.tenancy import Actor, Side
from portal import keeping
from portal.ports import Ports
from uploads.stores import keys
from uploads.verdicts import FileVerdict, Verdict

_PIECE = 1 << 20


def ask_for_all(ports: Ports) -> tuple[int, int]:
    """Have every named file scanned that has no verdict of a scanner; says how many, and how many are not there."""
    asked = gone = 0
    for actor in keeping.everybody(ports):
        judged = _judged(ports, actor)
        for key in keeping.keys_named_by(ports, actor) - judged:
            try:
                digest, size = _measured(ports, key)
            except FileNotFoundError:
                gone += 1
                continue
            ports.quarantine.note(key, digest, size)
            asked += 1
    return asked, gone


def _measured(ports: Ports, key: str) -> tuple[bytes, int]:
    """The hash of a file's bytes, and how many there are."""
    digest, size = hashlib.sha256(), 0
    with ports.quarantine.beneath.open(key) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return digest.digest(), size


def _judged(ports: Ports, actor: Actor) -> set[str]:
    """What has a verdict, or awaits one."""
    statement = select(FileVerdict.key).where(
        FileVerdict.organisation_id == actor.tenant, FileVerdict.verdict != Verdict.NOT_SCANNED
    )
    with ports.session(Actor(side=Side.WORKER, organisation_id=actor.tenant)) as session:
        return {keys.base_key(key) for key in session.scalars(statement)}
