"""The store of files beside every row that names one, organisation by organisation, each under its own role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from portal.invariants import organisations
from portal.ports import Ports
from uploads import keeping
from uploads.keeping import Comparison, Named
from uploads.storage import StoredObject

#: One transaction of a sweep.
Step = Callable[[Session, Actor], "Swept"]

#: A file nobody names is an orphan after this; until then it may be on its way in.
GRACE = timedelta(hours=24)

#: Table and column -> the sides whose rows it holds, and the statement that gives each key and its size.
NAMED: dict[tuple[str, str], tuple[set[Side], str]] = {
    ("uploads", "storage_key"): (
        {Side.CREDITOR, Side.AGENCY},
        "select storage_key as key, size_bytes as size from uploads where purged_at is null",
    ),
    ("uploads", "text_key"): (
        {Side.CREDITOR, Side.AGENCY},
        "select text_key as key, null as size from uploads where text_key is not null and purged_at is null",
    ),
    ("attestation_files", "storage_key"): (
        {Side.AGENCY},
        "select storage_key as key, size_bytes as size from attestation_files",
    ),
    ("findings", "file_key"): (
        {Side.AGENCY},
        "select file_key as key, file_size as size from findings where file_key is not null",
    ),
}
_TRANSFERS = """
    select organisation_id || '/transfers/' || id as beginning from transfers
    where upload_id is null and expires_at > :now
    """


@dataclass(frozen=True)
class Swept:
    """What a sweep removed."""

    orphans: int = 0
    purged: int = 0
    #: Begun and never kept.
    abandoned: int = 0

    def __add__(self, other: Swept) -> Swept:
        """Both together."""
        return Swept(self.orphans + other.orphans, self.purged + other.purged, self.abandoned + other.abandoned)


def verify(ports: Ports, *, now: datetime, older_than: timedelta = GRACE) -> Comparison:
    """Every file that is missing, changed or orphaned, of all organisations."""
    named: list[Named] = []
    transfers: set[str] = set()
    for actor in owners(ports):
        with ports.session(actor) as session:
            named += _named_by(session, actor)
            transfers |= _transfers(session, now)
    # Rows first, the store after them: what came in between is young, and what was named was there.
    return keeping.compare(ports.storage.keys(""), named, transfers, before=now - older_than)


def sweep(ports: Ports, *, older_than: timedelta = GRACE, now: datetime) -> Swept:
    """Remove what nobody needs any more, of all organisations and of none."""
    own = {actor.tenant: actor for actor in owners(ports)}
    swept = Swept(abandoned=ports.storage.forget_abandoned(now - older_than))
    for actor in own.values():
        swept += _in_transactions(ports, actor, purges(ports, now))
    for orphan in verify(ports, now=now, older_than=older_than).orphans:
        owner = orphan.key.partition("/")[0]
        if owner.isdigit() and int(owner) in own:
            swept += _in_transactions(ports, own[int(owner)], removals(ports, [orphan]))
        else:
            # What stands under no organisation has a key that is never made again.
            ports.storage.delete(orphan.key)
            swept += Swept(orphans=1)
    return swept


def sweep_steps(ports: Ports, *, now: datetime) -> Iterator[Step]:
    """One organisation's daily sweep, a transaction's worth at a time."""
    yield from purges(ports, now)

    def listed(session: Session, actor: Actor) -> Swept:
        ports.storage.forget_abandoned(now - GRACE)
        found = ports.storage.keys(f"{actor.tenant}/")
        orphans.extend(
            keeping.compare(found, _named_by(session, actor), _transfers(session, now), before=now - GRACE).orphans
        )
        return Swept()

    orphans: list[StoredObject] = []
    yield listed
    yield from removals(ports, orphans)


def purges(ports: Ports, now: datetime) -> Iterator[Step]:
    """Steps that remove the bytes of files rejected long ago, until none is left."""
    before = now - timedelta(days=ports.settings.rejected_file_days)
    last = keeping.PURGE_BATCH

    def purge(session: Session, actor: Actor) -> Swept:
        nonlocal last
        last = keeping.purge_rejected(session, actor, ports.storage, before=before, now=now)
        return Swept(purged=last)

    while last == keeping.PURGE_BATCH:
        yield purge


def removals(ports: Ports, orphans: list[StoredObject]) -> Iterator[Step]:
    """Steps that remove one orphan each."""
    for orphan in orphans:

        def remove(session: Session, actor: Actor, orphan: StoredObject = orphan) -> Swept:
            return Swept(orphans=int(keeping.remove_orphan(session, actor, ports.storage, orphan)))

        yield remove


def owners(ports: Ports) -> Iterator[Actor]:
    """Every organisation that has files, as the one who acts for it."""
    for organisation_id, side in organisations(ports):
        if side in {Side.CREDITOR, Side.AGENCY}:
            yield Actor(side=side, organisation_id=organisation_id)


def _in_transactions(ports: Ports, actor: Actor, steps: Iterator[Step]) -> Swept:
    swept = Swept()
    with ports.session(actor) as session:
        for step in steps:
            with transaction(session):
                swept += step(session, actor)
    return swept


def _named_by(session: Session, actor: Actor) -> Iterator[Named]:
    for sides, statement in NAMED.values():
        if actor.side in sides:
            for row in session.execute(text(statement)):
                yield Named(row.key, row.size, actor.tenant)


def _transfers(session: Session, now: datetime) -> set[str]:
    return set(session.scalars(text(_TRANSFERS), {"now": now}))
