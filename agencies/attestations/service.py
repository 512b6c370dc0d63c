"""An agency begins an attestation, fills it in and attaches its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import literal, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.attestations import answers as filling
from agencies.attestations.catalogue import to_sign
from agencies.attestations.drafts import files_of, find_creditor, find_draft, record, signing_agency, template_of
from agencies.attestations.models import Attestation, AttestationFile, AttestationState
from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.files import StoredFile
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.permissions import Permission

MOST_FILES = 12
_OPEN = "state in ('draft', 'submitted')"


class EvidenceInTheFuture(Invalid):
    """Evidence exists before it is signed for."""

    text = msg("The date of the evidence lies in the future.")


class TooManyFiles(Invalid):
    """Evidence is read by people."""

    text = msg("There are twelve files already. Take one away or put them together.")


class WrongOccasion(Invalid):
    """One template is due for every recall, the others once for the relation."""

    text = msg("This attestation is made for a recall, from the page of that recall.")


def open_draft(
    session: Session, actor: Actor, *, creditor_id: int, code: str, recall_id: int | None = None, now: datetime
) -> Attestation:
    """The agency's draft for a template, begun now with the last answers unless there is one; raises `NotFound`."""
    agency_id = signing_agency(actor)
    home = find_creditor(session, creditor_id, agency_id)
    template = to_sign(session, creditor_id, code, home.country, local_date(now, home.time_zone))
    if template.is_per_recall != (recall_id is not None):
        raise WrongOccasion
    same = (
        Attestation.agency_id == agency_id,
        Attestation.creditor_id == creditor_id,
        Attestation.code == code,
        Attestation.recall_id.is_not_distinct_from(recall_id),
    )
    last = session.scalar(select(Attestation).where(*same).order_by(Attestation.id.desc()).limit(1))
    known = {field.name for field in template.fields}
    begun: Attestation | None = session.scalar(
        insert(Attestation)
        .values(
            creditor_id=creditor_id,
            agency_id=agency_id,
            code=code,
            template_version=template.version,
            country=home.country,
            recall_id=recall_id,
            state=AttestationState.DRAFT,
            answers={name: value for name, value in (last.answers if last else {}).items() if name in known},
            created_at=now,
            created_by=actor.user_id,
        )
        # Of two people who begin at the same time, the second is shown what the first began.
        .on_conflict_do_nothing(
            index_elements=["creditor_id", "agency_id", "code", "recall_id"], index_where=text(_OPEN)
        )
        .returning(Attestation)
    )
    if begun is not None:
        record(session, actor, "attestation.begun", begun, now)
        return begun
    return session.scalars(
        select(Attestation).where(*same, Attestation.state.in_([AttestationState.DRAFT, AttestationState.SUBMITTED]))
    ).one()


def fill(
    session: Session,
    actor: Actor,
    attestation_id: int,
    *,
    answers: Mapping[str, Any],
    evidence_on: date | None,
    recalled_on: date | None = None,
    now: datetime,
) -> Attestation:
    """Keep what was filled in so far; `recalled_on` is when the recall ended that it is made for.

    Raises `AnswerUnfit`, `EvidenceInTheFuture`, `DoneAnotherDay`, `WrongOccasion`, `AttestationMovedOn`.
    """
    row = find_draft(session, actor, attestation_id)
    template, home = template_of(session, row, now)
    today = local_date(now, home.time_zone)
    if evidence_on is not None and evidence_on > today:
        raise EvidenceInTheFuture
    if template.is_per_recall != (recalled_on is not None):
        raise WrongOccasion
    kept = filling.checked(template, answers)
    if recalled_on is not None:
        filling.check_days(template, kept, recalled_on, today)
    row.answers, row.evidence_on = kept, evidence_on
    row.template_version = template.version
    return row


def attach(session: Session, actor: Actor, attestation_id: int, file: StoredFile, *, now: datetime) -> AttestationFile:
    """Add a file of evidence to a draft; the same bytes twice are one file. Raises `TooManyFiles`."""
    row = find_draft(session, actor, attestation_id)
    files = files_of(session, row)
    for known in files:
        if known.sha256 == file.sha256:
            return known
    if len(files) >= MOST_FILES:
        raise TooManyFiles
    added = AttestationFile(
        creditor_id=row.creditor_id,
        agency_id=row.agency_id,
        attestation_id=row.id,
        storage_key=file.key,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size,
        sha256=file.sha256,
        created_at=now,
        created_by=actor.user_id,
    )
    session.add(added)
    session.flush()
    return added


def detach(session: Session, actor: Actor, attestation_id: int, file_id: int) -> str:
    """Take a file off a draft and return its storage key, to be deleted once that is durable."""
    row = find_draft(session, actor, attestation_id)
    for file in files_of(session, row):
        if file.id == file_id:
            session.delete(file)
            session.flush()
            return file.storage_key
    raise NotFound


def open_evidence(
    session: Session, actor: Actor, attestation_id: int, file_id: int, *, now: datetime
) -> AttestationFile:
    """A file that either side is about to read, and the trace of it; raises `NotFound`."""
    require(actor, Permission.ATTESTATION_VIEW)
    file = session.scalar(
        select(AttestationFile)
        .join(
            Attestation,
            (Attestation.creditor_id == AttestationFile.creditor_id)
            & (Attestation.agency_id == AttestationFile.agency_id)
            & (Attestation.id == AttestationFile.attestation_id),
        )
        .where(
            owned_by(actor, AttestationFile.creditor_id, AttestationFile.agency_id),
            AttestationFile.attestation_id == attestation_id,
            AttestationFile.id == file_id,
        )
        .where(or_(Attestation.state != AttestationState.DRAFT, literal(actor.side is Side.AGENCY)))
    )
    if file is None:
        raise NotFound
    audit.record(session, actor, "evidence.downloaded", now=now, attestation_id=attestation_id, file_id=file_id)
    return file
