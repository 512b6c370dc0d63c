"""Lists of sub-processors as the two sides read them; a draft is nobody's business but the agency's."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.attestations.models import Attestation
from agencies.attestations.subprocessors import (
    Subprocessor,
    SubprocessorDecision,
    SubprocessorList,
    SubprocessorVerdict,
    fingerprint_of,
)
from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.permissions import Permission
from agencies.standing.models import PanelMember


@dataclass(frozen=True)
class Entry:
    """One sub-processor, and the creditor's newest word on what its entry says."""

    row: Subprocessor
    decision: SubprocessorDecision | None

    @property
    def is_approved(self) -> bool:
        """Whether the agency may use it."""
        return self.decision is not None and self.decision.verdict is SubprocessorVerdict.APPROVED


@dataclass(frozen=True)
class Disclosure:
    """Everything about the lists of one relation."""

    creditor_id: int
    agency_id: int
    #: Published versions, the newest first.
    versions: tuple[SubprocessorList, ...]
    #: The version that is shown: the newest one, an older one that was asked for, or the draft.
    shown: SubprocessorList | None
    entries: tuple[Entry, ...]
    #: For the agency alone.
    draft: SubprocessorList | None

    @property
    def newest(self) -> SubprocessorList | None:
        """What is in force."""
        return self.versions[0] if self.versions else None


def newest_list(session: Session, creditor_id: int, agency_id: int) -> SubprocessorList | None:
    """The list that was published last, if any was."""
    return session.scalar(
        select(SubprocessorList)
        .where(
            SubprocessorList.creditor_id == creditor_id,
            SubprocessorList.agency_id == agency_id,
            SubprocessorList.published_at.is_not(None),
        )
        .order_by(SubprocessorList.version.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def entries_of(session: Session, listed: SubprocessorList) -> list[Entry]:
    """The entries of one version by name, each with the creditor's newest word on it."""
    rows = session.scalars(
        select(Subprocessor)
        .where(
            Subprocessor.creditor_id == listed.creditor_id,
            Subprocessor.agency_id == listed.agency_id,
            Subprocessor.version == listed.version,
        )
        .order_by(Subprocessor.name, Subprocessor.id)
    ).all()
    decided = {
        one.fingerprint: one
        for one in session.scalars(
            select(SubprocessorDecision)
            .where(
                SubprocessorDecision.creditor_id == listed.creditor_id,
                SubprocessorDecision.agency_id == listed.agency_id,
            )
            .order_by(SubprocessorDecision.id)
        )
    }
    return [Entry(row, decided.get(fingerprint_of(row))) for row in rows]


def is_current(session: Session, row: Attestation) -> bool:
    """Whether an attestation speaks of the newest list, where it speaks of one."""
    if row.list_version is None:
        return True
    newest = newest_list(session, row.creditor_id, row.agency_id)
    return newest is not None and newest.version == row.list_version


def is_approved(session: Session, row: Attestation) -> bool:
    """Whether the creditor has approved every entry of the list an attestation speaks of."""
    if row.list_version is None:
        return True
    listed = session.get_one(SubprocessorList, (row.creditor_id, row.agency_id, row.list_version))
    return all(one.is_approved for one in entries_of(session, listed))


def get_disclosure(
    session: Session, actor: Actor, other_id: int, *, version: int | None = None, is_draft: bool = False
) -> Disclosure:
    """The lists between the actor's organisation and a counterpart; raises `NotFound`, as for another's draft."""
    require(actor, Permission.ATTESTATION_VIEW)
    creditor_id, agency_id = relation_with(session, actor, other_id)
    rows = session.scalars(
        select(SubprocessorList)
        .where(SubprocessorList.creditor_id == creditor_id, SubprocessorList.agency_id == agency_id)
        .order_by(SubprocessorList.version.desc())
    ).all()
    published = tuple(row for row in rows if row.published_at is not None)
    draft = next((row for row in rows if row.published_at is None), None) if actor.side is Side.AGENCY else None
    wanted = next((row for row in published if version in (None, row.version)), None)
    shown = draft if is_draft else wanted
    if shown is None and (is_draft or version is not None):
        raise NotFound
    entries = tuple(entries_of(session, shown)) if shown else ()
    return Disclosure(creditor_id, agency_id, published, shown, entries, draft)


def relation_with(session: Session, actor: Actor, other_id: int) -> tuple[int, int]:
    """The creditor and the agency of the actor's relation with a counterpart; raises `NotFound`."""
    other = PanelMember.agency_id if actor.side is Side.CREDITOR else PanelMember.creditor_id
    row = session.execute(
        select(PanelMember.creditor_id, PanelMember.agency_id).where(
            owned_by(actor, PanelMember.creditor_id, PanelMember.agency_id), other == other_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return row.creditor_id, row.agency_id
