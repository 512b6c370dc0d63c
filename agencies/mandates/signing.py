"""Both sides of a contract: one proposes a version by signing it, the other accepts by signing it too, or declines.

A version is never edited, and neither is its answer: the answer's key is what makes one of two answers at the same
moment the only one. A proposal made while another waits takes its place.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel.errors import Conflict, Invalid, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates.models import Answer, Mandate, MandateVersion, Party, Service
from agencies.mandates.signatures import MandateAnswer, MandateSignature
from agencies.mandates.terms import TermSheet, digest_of
from agencies.organisations.permissions import Permission

MAX_WORDS = 120
MAX_REASON = 2_000
#: Stands for the reason of whoever answered a proposal with another one.
COUNTERED = "countered"


class SignerMissing(Invalid):
    """A signature is somebody's, in an office."""

    text = msg("Type the full name and the position of whoever signs.")


class ReasonMissing(Invalid):
    """Whoever proposed the terms should know what to propose instead."""

    text = msg("Say why you decline these terms.")


class NotYourAnswer(Conflict):
    """The other side answers; one's own proposal is withdrawn."""

    text = msg("These terms are your own proposal. The other side accepts or declines them; you can withdraw them.")


class NotYourProposal(Conflict):
    """Only whoever proposed can withdraw."""

    text = msg("These terms were proposed by the other side. You can accept or decline them.")


class AlreadyAnswered(Conflict):
    """A proposal has one answer."""

    text = msg("These terms do not wait for an answer any more. Look at the mandate again.")


class OtherTerms(Conflict):
    """Nobody signs what it has not read."""

    text = msg("The terms are not those you read. Look at them again before you sign.")


@dataclass(frozen=True)
class Signer:
    """Who signs for a side, as typed at the signature."""

    name: str
    position: str


@dataclass(frozen=True)
class Parties:
    """Whom a mandate binds, to what service, under what name."""

    creditor_id: int
    agency_id: int
    name: str
    service: Service


def party_of(actor: Actor) -> Party:
    """The side of the contract an actor acts for."""
    return Party.CREDITOR if actor.side is Side.CREDITOR else Party.AGENCY


def digest_of_version(parties: Parties, version: MandateVersion, terms: TermSheet) -> bytes:
    """What a signature of the version signs: its terms, number and first day, and whom it binds."""
    return digest_of(
        terms, {**asdict(parties), "version": version.version, "valid_from": version.valid_from.isoformat()}
    )


def check_signer(signer: Signer) -> Signer:
    """The signer without blanks around; raises `SignerMissing`."""
    name, position = signer.name.strip(), signer.position.strip()
    if not name or not position or max(len(name), len(position)) > MAX_WORDS:
        raise SignerMissing
    return Signer(name, position)


def sign(
    session: Session,
    version: MandateVersion,
    side: Party,
    signer: Signer,
    digest: bytes,
    *,
    user_id: int | None,
    lot_id: int | None = None,
    now: datetime,
) -> None:
    """Keep a side's signature of exactly these terms; once."""
    session.add(
        MandateSignature(
            creditor_id=version.creditor_id,
            agency_id=version.agency_id,
            mandate_version_id=version.id,
            side=side,
            signer_name=signer.name,
            signer_position=signer.position,
            digest=digest,
            signed_at=now,
            signed_by=user_id,
            lot_id=lot_id,
        )
    )
    session.flush()


def keep_answer(
    session: Session,
    version: MandateVersion,
    side: Party,
    answer: Answer,
    *,
    user_id: int | None,
    reason: str = "",
    lot_id: int | None = None,
    now: datetime,
) -> None:
    """Keep what became of a proposal; raises `AlreadyAnswered` when something has."""
    kept = session.scalar(
        insert(MandateAnswer)
        .values(
            creditor_id=version.creditor_id,
            agency_id=version.agency_id,
            mandate_version_id=version.id,
            proposed_by=version.proposed_by,
            side=side,
            answer=answer,
            reason=reason,
            answered_at=now,
            answered_by=user_id,
            lot_id=lot_id,
        )
        # Of two answers at the same moment the second waits here for the first and is told.
        .on_conflict_do_nothing(index_elements=["creditor_id", "agency_id", "mandate_version_id"])
        .returning(MandateAnswer.mandate_version_id)
    )
    if kept is None:
        raise AlreadyAnswered


def open_version(session: Session, mandate: Mandate) -> MandateVersion | None:
    """The version of a mandate that waits for an answer, if any; there is never more than one."""
    return session.scalar(
        select(MandateVersion)
        .outerjoin(
            MandateAnswer,
            (MandateAnswer.creditor_id == MandateVersion.creditor_id)
            & (MandateAnswer.agency_id == MandateVersion.agency_id)
            & (MandateAnswer.mandate_version_id == MandateVersion.id),
        )
        .where(
            MandateVersion.creditor_id == mandate.creditor_id,
            MandateVersion.mandate_id == mandate.id,
            MandateAnswer.answer.is_(None),
        )
        .order_by(MandateVersion.version.desc())
        .limit(1)
    )


def last_accepted(session: Session, mandate: Mandate) -> MandateVersion | None:
    """The newest version both sides agreed to."""
    return session.scalar(
        select(MandateVersion)
        .join(
            MandateAnswer,
            (MandateAnswer.creditor_id == MandateVersion.creditor_id)
            & (MandateAnswer.agency_id == MandateVersion.agency_id)
            & (MandateAnswer.mandate_version_id == MandateVersion.id),
        )
        .where(
            MandateVersion.creditor_id == mandate.creditor_id,
            MandateVersion.mandate_id == mandate.id,
            MandateAnswer.answer == Answer.ACCEPTED,
        )
        .order_by(MandateVersion.version.desc())
        .limit(1)
    )


def next_number(session: Session, mandate: Mandate) -> int:
    """The number of the next version of a mandate."""
    numbers = select(func.max(MandateVersion.version)).where(
        MandateVersion.creditor_id == mandate.creditor_id, MandateVersion.mandate_id == mandate.id
    )
    return (session.scalar(numbers) or 0) + 1


def tell_other_side(
    session: Session, actor: Actor, mandate: Mandate, version: MandateVersion, kind: str, now: datetime
) -> None:
    """Leave a notice with the other side about a version."""
    mine = party_of(actor)
    told = mandate.agency_id if mine is Party.CREDITOR else mandate.creditor_id
    notify(
        session,
        told,
        kind,
        key=f"{kind}:{version.id}",
        permission=Permission.MANDATE_SIGN,
        now=now,
        about=actor.tenant,
        mandate_id=mandate.id,
        name=mandate.name,
        version=version.version,
    )
