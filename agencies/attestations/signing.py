"""A named person signs for the agency exactly the text that was on the screen, or takes it back before it is judged."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.attestations import answers as filling
from agencies.attestations.disclosed import newest_list
from agencies.attestations.drafts import files_of, find_draft, find_own, last_signature, record, template_of
from agencies.attestations.lifecycle import AttestationMovedOn, move
from agencies.attestations.models import Attestation, AttestationSignature, AttestationState, SignerRole
from agencies.attestations.rules import valid_until
from agencies.attestations.subprocessors import SubprocessorList
from agencies.attestations.templates import Template
from agencies.attestations.wording import Party, SignedText, text_of
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, msg
from agencies.kernel.notices import notify
from agencies.kernel.references import References
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import Organisation, User
from agencies.organisations.permissions import Permission


class NothingSigned(Invalid):
    """A signature names who gives it."""

    text = msg("Write the full name and the identity number of whoever signs.")


class AnswersMissing(Invalid):
    """Gaps are for drafts."""

    text = msg("Fill in everything that is asked for before you sign.")


class EvidenceMissing(Invalid):
    """Most templates ask for proof."""

    text = msg("Attach the evidence and give its date before you sign.")


class WouldBeExpired(Invalid):
    """Such as the contract of last year."""

    text = msg("What you filled in has ended already, so the attestation would hold for no day.")


class ListMissing(Invalid):
    """A declaration on a list needs one, were it empty."""

    text = msg("Publish your list of sub-processors for this creditor first; it may be empty.")


class NotTheSigner(Invalid):
    """Nobody signs in another's name."""

    text = msg("Write your own name as it stands on your account: whoever is signed in is who signs.")


class TextMoved(Conflict):
    """What would be signed is not what was shown."""

    text = msg("What you would sign has changed since you read it. Read it again and sign then.")


@dataclass(frozen=True)
class Signer:
    """Who signs, as they type it."""

    name: str
    id_number: str
    role: SignerRole
    #: The network address they sign from.
    address: str


def text_to_sign(
    session: Session, actor: Actor, attestation_id: int, *, language: str, references: References, now: datetime
) -> SignedText:
    """What a draft would say if it were signed today; raises what is missing."""
    return _text(session, find_draft(session, actor, attestation_id), language, references, now)[0]


def sign(
    session: Session,
    actor: Actor,
    attestation_id: int,
    *,
    signer: Signer,
    language: str,
    text_sha256: bytes,
    references: References,
    now: datetime,
) -> Attestation:
    """Sign exactly the text that was shown and hand it to the creditor; a second press changes nothing.

    Raises `TextMoved` when the text is another one by now, and what is missing.
    """
    row = find_own(session, actor, attestation_id)
    if row.state is AttestationState.SUBMITTED and last_signature(session, row).text_sha256 == text_sha256:
        return row
    if row.state is not AttestationState.DRAFT:
        raise AttestationMovedOn
    if not signer.name.strip() or not signer.id_number.strip():
        raise NothingSigned
    _check_name(session, actor, signer.name)
    signed, until, template = _text(session, row, language, references, now)
    if signed.sha256 != text_sha256:
        raise TextMoved
    listed = _list_of(session, row, template)
    move(row, AttestationState.SUBMITTED, Side.AGENCY)
    row.valid_until, row.submitted_at, row.template_version = until, now, template.version
    row.list_version = listed.version if listed else None
    session.add(
        AttestationSignature(
            creditor_id=row.creditor_id,
            agency_id=row.agency_id,
            attestation_id=row.id,
            text=signed.text,
            language=signed.language,
            text_sha256=signed.sha256,
            signer_name=signer.name.strip(),
            signer_id=signer.id_number.strip(),
            signer_role=signer.role,
            signed_at=now,
            signed_by=actor.user_id,
            address=signer.address,
        )
    )
    session.flush()
    record(session, actor, "attestation.signed", row, now, sha256=signed.sha256.hex())
    notify(
        session,
        row.creditor_id,
        "attestation.signed",
        key=f"attestation.signed:{row.id}:{now.timestamp()}",
        permission=Permission.ATTESTATION_REVIEW,
        now=now,
        attestation_id=row.id,
        code=row.code,
        about=row.agency_id,
    )
    return row


def withdraw(session: Session, actor: Actor, attestation_id: int, *, now: datetime) -> Attestation:
    """Take back what was not judged yet, to be changed and signed anew; raises `AttestationMovedOn`."""
    row = find_own(session, actor, attestation_id)
    if row.state is AttestationState.DRAFT:
        return row
    move(row, AttestationState.DRAFT, Side.AGENCY)
    row.submitted_at = row.valid_until = row.outdated_at = None
    record(session, actor, "attestation.withdrawn", row, now)
    return row


def _check_name(session: Session, actor: Actor, typed: str) -> None:
    """The name that was typed is the one of whoever is signed in, however it is spaced, accented or capitalised."""
    name = session.scalar(select(User.name).where(User.id == actor.user_id))
    if name is None or _plain(name) != _plain(typed):
        raise NotTheSigner


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name)
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).casefold().split())


def _text(
    session: Session, row: Attestation, language: str, references: References, now: datetime
) -> tuple[SignedText, date, Template]:
    template, home = template_of(session, row, now)
    today, files = local_date(now, home.time_zone), files_of(session, row)
    if filling.missing(template, row.answers):
        raise AnswersMissing
    if template.needs_evidence and (not files or row.evidence_on is None):
        raise EvidenceMissing
    until = valid_until(template.validity, today, row.answers)
    if until < today:
        raise WouldBeExpired
    agency = session.scalars(select(Organisation).where(Organisation.id == row.agency_id)).one()
    listed = _list_of(session, row, template)
    signed = text_of(
        template,
        language,
        agency=Party(agency.legal_name, agency.tax_id),
        creditor=Party(home.legal_name, home.tax_id),
        answers=row.answers,
        evidence_on=row.evidence_on,
        files=files,
        until=until,
        recall=None if row.recall_id is None else references.encode("recall", row.recall_id),
        listed=(listed.version, listed.sha256) if listed and listed.sha256 else None,
    )
    return signed, until, template


def _list_of(session: Session, row: Attestation, template: Template) -> SubprocessorList | None:
    """The list a template speaks of, as it was published last; raises `ListMissing`."""
    if not template.has_list:
        return None
    listed = newest_list(session, row.creditor_id, row.agency_id)
    if listed is None:
        raise ListMissing
    return listed
