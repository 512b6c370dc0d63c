"""An agency says whom it lets work on a creditor's data, version by version; the creditor approves each or objects."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.attestations.disclosed import entries_of, newest_list, relation_with
from agencies.attestations.drafts import signing_agency
from agencies.attestations.entries import Told, checked
from agencies.attestations.models import Attestation, AttestationState
from agencies.attestations.subprocessors import (
    Subprocessor,
    SubprocessorDecision,
    SubprocessorList,
    SubprocessorVerdict,
    fingerprint_of,
    text_of_list,
)
from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.files import StoredFile
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission

MOST_ENTRIES = 200
#: The template that speaks of the list.
SPEAKS_OF_IT = "AT-03"
_COPIED = (
    "name", "country", "tax_id", "is_tax_id_valid", "service", "data_kinds", "hosting", "authorised_on",
    "contract_file_key", "contract_name", "contract_type", "contract_size", "contract_sha256",
)  # fmt: skip


class TooManyEntries(Invalid):
    """A list is read by people."""

    text = msg("A list holds up to 200 sub-processors.")


class NothingChanged(Conflict):
    """A version says something else than the one before."""

    text = msg("The list says the same as the one that is published. There is nothing to publish.")


class ListPublished(Conflict):
    """A published list stays as it is."""

    text = msg("This list was published in the meantime. Begin a new version to change it.")


class ObjectionWithoutReason(Invalid):
    """Whoever objects says why."""

    text = msg("Say why you object: the agency reads it and acts on it.")


class ListReplaced(Conflict):
    """What would be decided on is not what is in force."""

    text = msg("The agency has published another list since you opened the page. Look at it and decide then.")


def begin_list(session: Session, actor: Actor, creditor_id: int, *, now: datetime) -> SubprocessorList:
    """The draft of the next version, begun with the entries of the one before unless there is one already."""
    agency_id = signing_agency(actor)
    relation_with(session, actor, creditor_id)
    before = newest_list(session, creditor_id, agency_id)
    begun: SubprocessorList | None = session.scalar(
        insert(SubprocessorList)
        .values(
            creditor_id=creditor_id,
            agency_id=agency_id,
            version=before.version + 1 if before else 1,
            begun_at=now,
            begun_by=actor.user_id,
        )
        # Of two people who begin at once, the second is shown what the first began.
        .on_conflict_do_nothing(index_elements=["creditor_id", "agency_id"], index_where=text("published_at is null"))
        .returning(SubprocessorList)
    )
    if begun is None:
        return find_draft_list(session, actor, creditor_id)
    for entry in entries_of(session, before) if before else ():
        copied = {name: getattr(entry.row, name) for name in _COPIED}
        session.add(Subprocessor(creditor_id=creditor_id, agency_id=agency_id, version=begun.version, **copied))
    session.flush()
    return begun


def find_draft_list(session: Session, actor: Actor, creditor_id: int) -> SubprocessorList:
    """The agency's open draft, locked; raises `ListPublished` when there is none."""
    found = session.scalar(
        select(SubprocessorList)
        .where(
            SubprocessorList.agency_id == signing_agency(actor),
            SubprocessorList.creditor_id == creditor_id,
            SubprocessorList.published_at.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        relation_with(session, actor, creditor_id)
        raise ListPublished
    return found


def add_entry(
    session: Session, actor: Actor, creditor_id: int, told: Told, contract: StoredFile | None = None, *, now: datetime
) -> Subprocessor:
    """Add a sub-processor to the draft; a tax number that does not check is marked and kept."""
    draft = find_draft_list(session, actor, creditor_id)
    clean, is_valid = _checked(session, draft, told, now)
    count = select(func.count()).where(
        Subprocessor.creditor_id == creditor_id,
        Subprocessor.agency_id == draft.agency_id,
        Subprocessor.version == draft.version,
    )
    if (session.scalar(count) or 0) >= MOST_ENTRIES:
        raise TooManyEntries
    entry = Subprocessor(
        creditor_id=creditor_id,
        agency_id=draft.agency_id,
        version=draft.version,
        is_tax_id_valid=is_valid,
        **asdict(clean),
    )
    _attach(entry, contract)
    session.add(entry)
    session.flush()
    return entry


def change_entry(
    session: Session, actor: Actor, entry_id: int, told: Told, contract: StoredFile | None = None, *, now: datetime
) -> Subprocessor:
    """Change an entry of the draft; without another contract the one it has stays. Raises `ListPublished`."""
    entry, draft = _drafted(session, actor, entry_id)
    clean, entry.is_tax_id_valid = _checked(session, draft, told, now)
    for name, value in asdict(clean).items():
        setattr(entry, name, value)
    _attach(entry, contract)
    session.flush()
    return entry


def remove_entry(session: Session, actor: Actor, entry_id: int) -> int:
    """Take an entry off the draft; returns whose list it was. Its contract is swept away once no version names it."""
    entry, draft = _drafted(session, actor, entry_id)
    session.delete(entry)
    session.flush()
    return draft.creditor_id


def publish_list(session: Session, actor: Actor, creditor_id: int, *, now: datetime) -> SubprocessorList:
    """Make the draft the list that is in force; what was signed on the one before has to be signed anew.

    Raises `NothingChanged`, and `ListPublished` when there is no draft.
    """
    draft = find_draft_list(session, actor, creditor_id)
    told = text_of_list(entry.row for entry in entries_of(session, draft))
    before = newest_list(session, creditor_id, draft.agency_id)
    if before is not None and before.text == told:
        raise NothingChanged
    draft.text, draft.sha256 = told, hashlib.sha256(told.encode()).digest()
    draft.published_at, draft.published_by = now, actor.user_id
    session.flush()
    if before is not None:
        # The first list says in order what was declared in words until then.
        make_outdated(session, creditor_id, draft.agency_id, now=now)
    facts = {"version": draft.version, "sha256": draft.sha256.hex()}
    both = [creditor_id, draft.agency_id]
    audit.record(session, actor, "subprocessors.published", now=now, organisations=both, **facts)
    notify(
        session,
        creditor_id,
        "subprocessors.published",
        key=f"subprocessors.published:{draft.agency_id}:{draft.version}",
        permission=Permission.ATTESTATION_REVIEW,
        now=now,
        about=draft.agency_id,
        counterpart_id=draft.agency_id,
        version=draft.version,
    )
    return draft


def decide(
    session: Session,
    actor: Actor,
    entry_id: int,
    verdict: SubprocessorVerdict,
    *,
    reason: str = "",
    now: datetime,
) -> Subprocessor:
    """The creditor's word on an entry of the list in force; said twice it is said once.

    An objection ends what was attested on the list. Raises `NotFound`, `ListReplaced`, `ObjectionWithoutReason`.
    """
    require(actor, Permission.ATTESTATION_REVIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    entry = get_entry(session, actor, entry_id)
    newest = newest_list(session, creditor_id, entry.agency_id)
    if newest is None or newest.version != entry.version:
        raise ListReplaced
    told = reason.strip()
    if verdict is SubprocessorVerdict.OBJECTED and not told:
        raise ObjectionWithoutReason
    known = next(one.decision for one in entries_of(session, newest) if one.row.id == entry.id)
    if known is not None and (known.verdict, known.reason or "") == (verdict, told):
        return entry
    session.add(
        SubprocessorDecision(
            creditor_id=creditor_id,
            agency_id=entry.agency_id,
            fingerprint=fingerprint_of(entry),
            verdict=verdict,
            reason=told or None,
            decided_at=now,
            decided_by=actor.user_id,
        )
    )
    session.flush()
    if verdict is SubprocessorVerdict.OBJECTED:
        make_outdated(session, creditor_id, entry.agency_id, now=now)
    action = f"subprocessor.{verdict.value}"
    both = [creditor_id, entry.agency_id]
    audit.record(session, actor, action, now=now, organisations=both, subprocessor_id=entry.id, version=entry.version)
    notify(
        session,
        entry.agency_id,
        action,
        key=f"{action}:{entry.id}:{now.timestamp()}",
        permission=Permission.ATTESTATION_SIGN,
        now=now,
        about=creditor_id,
        counterpart_id=creditor_id,
        version=entry.version,
    )
    return entry


def make_outdated(session: Session, creditor_id: int, agency_id: int, *, now: datetime) -> None:
    """Whatever was signed on the list of a relation has to be renewed from now on."""
    session.execute(
        update(Attestation)
        .where(
            Attestation.creditor_id == creditor_id,
            Attestation.agency_id == agency_id,
            Attestation.code == SPEAKS_OF_IT,
            Attestation.state.in_([AttestationState.SUBMITTED, AttestationState.ACCEPTED]),
            Attestation.outdated_at.is_(None),
        )
        .values(outdated_at=now)
    )


def get_entry(session: Session, actor: Actor, entry_id: int) -> Subprocessor:
    """One entry either side may read; raises `NotFound`, as for another's draft."""
    require(actor, Permission.ATTESTATION_VIEW)
    statement = (
        select(Subprocessor)
        .join(
            SubprocessorList,
            (SubprocessorList.creditor_id == Subprocessor.creditor_id)
            & (SubprocessorList.agency_id == Subprocessor.agency_id)
            & (SubprocessorList.version == Subprocessor.version),
        )
        .where(owned_by(actor, Subprocessor.creditor_id, Subprocessor.agency_id), Subprocessor.id == entry_id)
    )
    if actor.side is not Side.AGENCY:
        statement = statement.where(SubprocessorList.published_at.is_not(None))
    found = session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def _drafted(session: Session, actor: Actor, entry_id: int) -> tuple[Subprocessor, SubprocessorList]:
    signing_agency(actor)
    entry = get_entry(session, actor, entry_id)
    draft = find_draft_list(session, actor, entry.creditor_id)
    if entry.version != draft.version:
        raise ListPublished
    return entry, draft


def _checked(session: Session, draft: SubprocessorList, told: Told, now: datetime) -> tuple[Told, bool | None]:
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == draft.creditor_id)).one()
    return checked(told, local_date(now, zone))


def _attach(entry: Subprocessor, contract: StoredFile | None) -> None:
    if contract is None:
        return
    entry.contract_file_key, entry.contract_name = contract.key, contract.name
    entry.contract_type, entry.contract_size = contract.media_type, contract.size
    entry.contract_sha256 = contract.sha256
