"""What a regulator asks for: who attested what, by which text, since when and until when, on any day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from agencies.attestations.disclosed import Entry, entries_of
from agencies.attestations.models import Attestation, AttestationFile, AttestationSignature, AttestationState
from agencies.attestations.queries import AgencyStanding, score_history, standings
from agencies.attestations.rules import TemplateStanding
from agencies.attestations.subprocessors import SubprocessorList
from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Invalid, msg
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission

#: Evidence beyond this is fetched file by file.
LARGEST_DOSSIER = 500 * 1024 * 1024


class DossierTooLarge(Invalid):
    """A dossier is sent whole."""

    text = msg("The evidence comes to more than 500 MB. Download it file by file from each attestation.")


@dataclass(frozen=True)
class RegisterLine:
    """One template of one relation on the day, with what was signed for it."""

    relation: AgencyStanding
    agency: Organisation
    creditor: Organisation
    standing: TemplateStanding
    row: Attestation | None
    signature: AttestationSignature | None


@dataclass(frozen=True)
class Dossier:
    """Everything one agency attested to one creditor: what held on the day, and all that was ever made."""

    creditor: Organisation
    agency: Organisation
    on: date
    lines: tuple[RegisterLine, ...]
    #: By attestation, of what stands on the day.
    files: dict[int, list[AttestationFile]]
    history: tuple[Attestation, ...]
    #: Published lists of sub-processors, the newest first; and the entries of the one in force on the day.
    lists: tuple[SubprocessorList, ...]
    entries: tuple[Entry, ...]

    @property
    def evidence_bytes(self) -> int:
        """How much the files come to."""
        contracts = sum(one.row.contract_size or 0 for one in self.entries)
        return contracts + sum(file.size_bytes for files in self.files.values() for file in files)


def register(session: Session, actor: Actor, *, on: date | None = None, now: datetime) -> list[RegisterLine]:
    """Every template of every relation of the actor's organisation, today or at the end of a day that has passed."""
    return _lines(session, actor, standings(session, actor, on=on, now=now))


def dossier(session: Session, actor: Actor, other_id: int, *, on: date, now: datetime) -> Dossier:
    """Everything between the actor's organisation and one other; raises `NotFound` and `DossierTooLarge`."""
    stood = score_history(session, actor, other_id, days=[on], now=now)
    ids = (actor.tenant, other_id) if actor.side is Side.CREDITOR else (other_id, actor.tenant)
    creditor, agency = (session.get_one(Organisation, one) for one in ids)
    lines = _lines(session, actor, stood)
    mine = (Attestation.creditor_id == creditor.id, Attestation.agency_id == agency.id)
    history = session.scalars(
        select(Attestation).where(*mine, Attestation.state != AttestationState.DRAFT).order_by(Attestation.id)
    ).all()
    held = [line.row.id for line in lines if line.row is not None]
    files: dict[int, list[AttestationFile]] = {}
    for file in session.scalars(
        select(AttestationFile)
        .where(
            AttestationFile.creditor_id == creditor.id,
            AttestationFile.agency_id == agency.id,
            AttestationFile.attestation_id.in_(held),
        )
        .order_by(AttestationFile.id)
    ):
        files.setdefault(file.attestation_id, []).append(file)
    lists = _lists(session, creditor.id, agency.id)
    in_force = next((one for one in lists if _is_by(one, creditor, on)), None)
    entries = entries_of(session, in_force) if in_force else []
    found = Dossier(creditor, agency, on, tuple(lines), files, tuple(history), lists, tuple(entries))
    if found.evidence_bytes > LARGEST_DOSSIER:
        raise DossierTooLarge
    return found


def record_register(session: Session, actor: Actor, *, lines: int, kind: str, on: date, now: datetime) -> None:
    """Write to the trail that the matrix left the portal."""
    require(actor, Permission.ATTESTATION_VIEW)
    audit.record(session, actor, "attestations.exported", now=now, lines=lines, format=kind, on=on.isoformat())


def record_dossier(session: Session, actor: Actor, found: Dossier, *, sha256: str, now: datetime) -> None:
    """Write to the trails of both sides that a dossier left the portal, and the hash of its manifest."""
    require(actor, Permission.ATTESTATION_VIEW)
    other = found.agency.id if actor.side is Side.CREDITOR else found.creditor.id
    audit.record(
        session,
        actor,
        "dossier.downloaded",
        now=now,
        organisations=[found.creditor.id, found.agency.id],
        organisation_id=other,
        on=found.on.isoformat(),
        sha256=sha256,
    )


def _lines(session: Session, actor: Actor, stood: Iterable[AgencyStanding]) -> list[RegisterLine]:
    relations = list(stood)
    ids = {one.attestation_id for relation in relations for one in relation.templates if one.attestation_id}
    houses = {number for one in relations for number in (one.creditor_id, one.agency_id)}
    names = {one.id: one for one in session.scalars(select(Organisation).where(Organisation.id.in_(houses)))}
    rows = {
        row.id: row
        for row in session.scalars(
            select(Attestation).where(
                owned_by(actor, Attestation.creditor_id, Attestation.agency_id), Attestation.id.in_(ids)
            )
        )
    }
    signatures = _signatures(session, actor, ids)
    return [
        RegisterLine(
            relation,
            names[relation.agency_id],
            names[relation.creditor_id],
            one,
            rows.get(one.attestation_id or 0),
            signatures.get(one.attestation_id or 0),
        )
        for relation in relations
        for one in relation.templates
    ]


def _signatures(session: Session, actor: Actor, ids: set[int]) -> dict[int, AttestationSignature]:
    own = owned_by(actor, AttestationSignature.creditor_id, AttestationSignature.agency_id)
    newest = (
        select(func.max(AttestationSignature.id).label("id"))
        .where(own, AttestationSignature.attestation_id.in_(ids))
        .group_by(AttestationSignature.attestation_id)
        .subquery()
    )
    found = session.scalars(
        select(AttestationSignature).join(newest, and_(newest.c.id == AttestationSignature.id, own))
    )
    return {one.attestation_id: one for one in found}


def _lists(session: Session, creditor_id: int, agency_id: int) -> tuple[SubprocessorList, ...]:
    return tuple(
        session.scalars(
            select(SubprocessorList)
            .where(
                SubprocessorList.creditor_id == creditor_id,
                SubprocessorList.agency_id == agency_id,
                SubprocessorList.published_at.is_not(None),
            )
            .order_by(SubprocessorList.version.desc())
        )
    )


def _is_by(listed: SubprocessorList, creditor: Organisation, on: date) -> bool:
    """Whether a list was published by a day, where the creditor is."""
    return listed.published_at is not None and local_date(listed.published_at, creditor.time_zone) <= on
