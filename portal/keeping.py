"""The store of files beside every row that names one, organisation by organisation, each under its own role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations import api_answers
from agencies.webhooks import delivering
from portal.invariants import organisations
from portal.ports import Ports
from uploads import keeping
from uploads.keeping import Comparison, Named
from uploads.storage import StoredObject
from uploads.stores.keys import base_key, owner_of

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
    ("subprocessors", "contract_file_key"): (
        {Side.AGENCY},
        """select distinct contract_file_key as key, contract_size as size from subprocessors
        where contract_file_key is not null""",
    ),
    # A file an agency attached stands under the agency; the creditors it told name it too.
    ("incident_files", "storage_key"): (
        {Side.CREDITOR, Side.AGENCY},
        """select storage_key as key, size_bytes as size from incident_files
           where is_by_agency = (current_setting('role') = 'app_agency')""",
    ),
    ("agency_documents", "storage_key"): (
        {Side.AGENCY},
        "select storage_key as key, size_bytes as size from agency_documents",
    ),
    ("application_files", "storage_key"): (
        {Side.PLATFORM},
        "select storage_key as key, size_bytes as size from application_files",
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
    #: Not ours, and left alone.
    foreign: int = 0

    def __add__(self, other: Swept) -> Swept:
        """Both together."""
        return Swept(
            self.orphans + other.orphans,
            self.purged + other.purged,
            self.abandoned + other.abandoned,
            self.foreign + other.foreign,
        )


def verify(ports: Ports, *, now: datetime, older_than: timedelta = GRACE) -> Comparison:
    """Every file that is missing, changed or orphaned, of all organisations."""
    named: list[Named] = []
    transfers: set[str] = set()
    own: set[int | None] = set()
    for actor in everybody(ports):
        own.add(actor.tenant)
        with ports.session(actor) as session:
            named += _named_by(session, actor)
            if actor.side is not Side.PLATFORM:
                transfers |= _transfers(session, now)
    # Rows first, the store after them: what came in between is young, and what was named was there.
    return keeping.compare(ports.storage.keys(""), named, transfers, own, before=now - older_than)


def sweep(ports: Ports, *, older_than: timedelta = GRACE, now: datetime) -> Swept:
    """Remove what nobody needs any more, of all organisations; what is not ours by its key is counted and stays."""
    own: dict[int | None, Actor] = {actor.tenant: actor for actor in owners(ports)}
    abandoned = ports.storage.forget_abandoned(now - older_than, lambda key: owner_of(key) in own)
    swept = Swept(abandoned=abandoned)
    for actor in own.values():
        swept += _in_transactions(ports, actor, purges(ports, now))
    found = verify(ports, now=now, older_than=older_than)
    for orphan in found.orphans:
        if owner_of(orphan.key) not in own:
            # The platform's: it keeps nothing but what came with applications, and a new file has a new key.
            ports.storage.delete(orphan.key)
            swept += Swept(orphans=1)
            continue
        swept += _in_transactions(ports, own[owner_of(orphan.key)], removals(ports, [orphan]))
    return swept + Swept(foreign=found.foreign)


def sweep_steps(ports: Ports, *, now: datetime) -> Iterator[Step]:
    """One organisation's daily sweep, a transaction's worth at a time; answers to its systems go with it."""
    yield from purges(ports, now)

    def forget_answers(session: Session, actor: Actor) -> Swept:
        api_answers.purge(session, actor, now=now)
        delivering.forget(session, actor, now=now)
        return Swept()

    yield forget_answers

    def listed(session: Session, actor: Actor) -> Swept:
        own, before = actor.tenant, now - GRACE
        ports.storage.forget_abandoned(before, lambda key: owner_of(key) == own)
        found = ports.storage.keys(f"{own}/")
        named, transfers = _named_by(session, actor), _transfers(session, now)
        orphans.extend(keeping.compare(found, named, transfers, {own}, before=before).orphans)
        return Swept()

    orphans: list[StoredObject] = []
    yield listed
    yield from removals(ports, orphans)


def purges(ports: Ports, now: datetime) -> Iterator[Step]:
    """Steps that give up files rejected or undone long ago, each batch before its bytes, until none is left."""
    before = now - timedelta(days=ports.settings.rejected_file_days)
    last: list[list[str]] = []

    def purge(session: Session, actor: Actor) -> Swept:
        last[:] = keeping.purge_ended(session, actor, before=before, now=now)
        return Swept(purged=len(last))

    def remove(session: Session, actor: Actor, key: str) -> Swept:
        keeping.remove_unneeded(session, actor, ports.storage, key)
        return Swept()

    is_done = False
    while not is_done:
        yield purge
        is_done = len(last) < keeping.PURGE_BATCH
        for key in (key for own in tuple(last) for key in own):
            yield partial(remove, key=key)


def removals(ports: Ports, orphans: list[StoredObject]) -> Iterator[Step]:
    """Steps that remove one orphan each."""
    for orphan in orphans:

        def remove(session: Session, actor: Actor, orphan: StoredObject = orphan) -> Swept:
            return Swept(orphans=int(keeping.remove_unneeded(session, actor, ports.storage, orphan.key)))

        yield remove


def everybody(ports: Ports) -> Iterator[Actor]:
    """Every organisation that has files, the platform included, as the one who acts for it."""
    yield from owners(ports)
    yield from _platforms(ports)


def keys_named_by(ports: Ports, actor: Actor) -> set[str]:
    """The files the rows of an organisation name; a text counts as the file it was made of."""
    with ports.session(actor) as session:
        return {base_key(one.key) for one in _named_by(session, actor)}


def owners(ports: Ports) -> Iterator[Actor]:
    """Every organisation that has files, as the one who acts for it."""
    for organisation_id, side in organisations(ports):
        if side in {Side.CREDITOR, Side.AGENCY}:
            yield Actor(side=side, organisation_id=organisation_id)


def _platforms(ports: Ports) -> Iterator[Actor]:
    """The platform itself, which keeps the documents of applications."""
    for organisation_id, side in organisations(ports):
        if side is Side.PLATFORM:
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
