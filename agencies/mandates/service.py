"""A creditor makes and ends its mandates; either side proposes terms and the other accepts; no version is edited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.mandates import signing
from agencies.mandates.lifecycle import VersionTooEarly, check_open
from agencies.mandates.models import Answer, Mandate, MandateState, MandateVersion, Party, Service
from agencies.mandates.queries import sheet_of
from agencies.mandates.signing import Signer
from agencies.mandates.terms import TermSheet, check_terms
from agencies.mandates.writing import add_version, with_currency
from agencies.organisations.permissions import Permission
from agencies.standing import panel


class MandateNameTaken(Conflict):
    """A creditor's mandates go by different names."""

    text = msg("You already have a mandate called %(name)s. Choose another name.")


class MandateNameMissing(Invalid):
    """A mandate is known by its name."""

    text = msg("Give the mandate a name.")


@dataclass(frozen=True)
class Awarded:
    """A lot whose award makes a mandate: the bid is the agency's signature, the award the creditor's."""

    lot_id: int
    #: Who signed: the award's person, and who bid, as far as the creditor may know.
    creditor: Signer
    agency: Signer
    bid_at: datetime
    bid_by: int | None


def make(
    session: Session,
    actor: Actor,
    *,
    agency_id: int,
    name: str,
    terms: TermSheet,
    valid_from: date,
    service: Service = Service.COLLECT,
    signer: Signer | None = None,
    awarded: Awarded | None = None,
    now: datetime,
) -> Mandate:
    """Make a mandate and propose its first version by signing it; nothing can be placed until the agency accepts.

    `awarded` instead of a signer, both sides have signed. Raises `MandateNameTaken`, `SignerMissing`, and what panel
    and terms refuse.
    """
    require(actor, Permission.MANDATE_MAKE)
    creditor_id = require_side(actor, Side.CREDITOR)
    signed = signing.check_signer(awarded.creditor if awarded else signer or Signer("", ""))
    terms = with_currency(session, creditor_id, terms)
    check_terms(terms)
    name = name.strip()
    if not name:
        raise MandateNameMissing
    panel.bring_in(session, actor, agency_id, now=now)
    mandate: Mandate | None = session.scalar(
        insert(Mandate)
        .values(
            creditor_id=creditor_id,
            agency_id=agency_id,
            name=name,
            service=service,
            state=MandateState.IN_FORCE,
            created_at=now,
            created_by=actor.user_id,
        )
        # Of two requests with one name at the same time, the second waits here for the first and is told.
        .on_conflict_do_nothing(index_elements=["creditor_id", "name"])
        .returning(Mandate)
    )
    if mandate is None:
        raise MandateNameTaken(name=name)
    side = Party.AGENCY if awarded else Party.CREDITOR
    version = add_version(session, actor, mandate, 1, terms, valid_from, side, now)
    digest = _digest(session, mandate, version)
    lot_id = awarded.lot_id if awarded else None
    signing.sign(session, version, Party.CREDITOR, signed, digest, user_id=actor.user_id, lot_id=lot_id, now=now)
    _record(session, actor, "mandate.made", mandate, now, version)
    if awarded:
        _award(session, actor, mandate, version, awarded, digest, now)
    else:
        signing.tell_other_side(session, actor, mandate, version, "mandate.proposed", now)
    return mandate


def amend(
    session: Session,
    actor: Actor,
    mandate_id: int,
    *,
    terms: TermSheet,
    valid_from: date,
    signer: Signer,
    now: datetime,
) -> MandateVersion:
    """Propose the terms that apply from a date on by signing them; they hold once the other side accepts.

    A proposal of the other side that waits is declined by this one, an own one withdrawn. Raises `SignerMissing`,
    `VersionTooEarly`, `MandateEnded`, `AlreadyAnswered`, and what the terms are refused for.
    """
    mandate = _ours(session, actor, mandate_id)
    check_open(mandate)
    signed = signing.check_signer(signer)
    terms = with_currency(session, mandate.creditor_id, terms)
    check_terms(terms)
    agreed = signing.last_accepted(session, mandate)
    if agreed and valid_from < agreed.valid_from:
        raise VersionTooEarly(earliest=agreed.valid_from)
    _give_way(session, actor, mandate, now)
    side, number = signing.party_of(actor), signing.next_number(session, mandate)
    version = add_version(session, actor, mandate, number, terms, valid_from, side, now)
    digest = _digest(session, mandate, version)
    signing.sign(session, version, side, signed, digest, user_id=actor.user_id, now=now)
    _record(session, actor, "mandate.amended", mandate, now, version)
    signing.tell_other_side(session, actor, mandate, version, "mandate.proposed", now)
    return version


def accept(
    session: Session, actor: Actor, mandate_id: int, *, digest: bytes, signer: Signer, now: datetime
) -> MandateVersion:
    """Sign what the other side proposed: from its first day on it holds for what is placed.

    `digest` is that of the terms that were read. Raises `OtherTerms`, `AlreadyAnswered`, `NotYourAnswer`,
    `SignerMissing` and `MandateEnded`.
    """
    mandate, version = _waiting(session, actor, mandate_id, digest, is_own=False)
    signed, side = signing.check_signer(signer), signing.party_of(actor)
    signing.keep_answer(session, version, side, Answer.ACCEPTED, user_id=actor.user_id, now=now)
    signing.sign(session, version, side, signed, digest, user_id=actor.user_id, now=now)
    _record(session, actor, "mandate.accepted", mandate, now, version)
    signing.tell_other_side(session, actor, mandate, version, "mandate.accepted", now)
    return version


def decline(
    session: Session, actor: Actor, mandate_id: int, *, digest: bytes, reason: str, now: datetime
) -> MandateVersion:
    """Refuse what the other side proposed, with a reason; raises what `accept` does, and `ReasonMissing`."""
    mandate, version = _waiting(session, actor, mandate_id, digest, is_own=False)
    reason = reason.strip()[: signing.MAX_REASON]
    if not reason:
        raise signing.ReasonMissing
    side = signing.party_of(actor)
    signing.keep_answer(session, version, side, Answer.DECLINED, user_id=actor.user_id, reason=reason, now=now)
    _record(session, actor, "mandate.declined", mandate, now, version)
    signing.tell_other_side(session, actor, mandate, version, "mandate.declined", now)
    return version


def withdraw(session: Session, actor: Actor, mandate_id: int, *, digest: bytes, now: datetime) -> MandateVersion:
    """Take back an own proposal before it is answered; raises `NotYourProposal`, `AlreadyAnswered`, `OtherTerms`."""
    mandate, version = _waiting(session, actor, mandate_id, digest, is_own=True)
    side = signing.party_of(actor)
    signing.keep_answer(session, version, side, Answer.WITHDRAWN, user_id=actor.user_id, now=now)
    _record(session, actor, "mandate.withdrawn", mandate, now, version)
    signing.tell_other_side(session, actor, mandate, version, "mandate.withdrawn", now)
    return version


def end(session: Session, actor: Actor, mandate_id: int, *, now: datetime) -> Mandate:
    """End a mandate: nothing more is placed under it, what is placed goes on."""
    mandate = _mine(session, actor, mandate_id)
    check_open(mandate)
    mandate.state, mandate.ended_at = MandateState.ENDED, now
    _record(session, actor, "mandate.ended", mandate, now)
    return mandate


def _mine(session: Session, actor: Actor, mandate_id: int) -> Mandate:
    require(actor, Permission.MANDATE_MAKE)
    creditor_id = require_side(actor, Side.CREDITOR)
    mandate = session.scalar(
        select(Mandate)
        .where(Mandate.creditor_id == creditor_id, Mandate.id == mandate_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if mandate is None:
        raise NotFound
    return mandate


def _ours(session: Session, actor: Actor, mandate_id: int) -> Mandate:
    require(actor, Permission.MANDATE_SIGN)
    mandate = session.scalar(
        select(Mandate)
        .where(owned_by(actor, Mandate.creditor_id, Mandate.agency_id), Mandate.id == mandate_id)
        .execution_options(populate_existing=True)
    )
    if mandate is None:
        raise NotFound
    return mandate


def _waiting(
    session: Session, actor: Actor, mandate_id: int, digest: bytes, *, is_own: bool
) -> tuple[Mandate, MandateVersion]:
    """The proposal that waits, if it is the one that was read and the actor's to answer or to withdraw."""
    mandate = _ours(session, actor, mandate_id)
    check_open(mandate)
    version = signing.open_version(session, mandate)
    if version is None:
        raise signing.AlreadyAnswered
    if (version.proposed_by is signing.party_of(actor)) is not is_own:
        raise signing.NotYourProposal if is_own else signing.NotYourAnswer
    if digest != _digest(session, mandate, version):
        raise signing.OtherTerms
    return mandate, version


def _digest(session: Session, mandate: Mandate, version: MandateVersion) -> bytes:
    parties = signing.Parties(mandate.creditor_id, mandate.agency_id, mandate.name, mandate.service)
    return signing.digest_of_version(parties, version, sheet_of(session, version))


def _give_way(session: Session, actor: Actor, mandate: Mandate, now: datetime) -> None:
    """What waits for an answer has one when new terms are proposed instead."""
    waiting = signing.open_version(session, mandate)
    if waiting is None:
        return
    side = signing.party_of(actor)
    is_own = waiting.proposed_by is side
    signing.keep_answer(
        session,
        waiting,
        side,
        Answer.WITHDRAWN if is_own else Answer.DECLINED,
        user_id=actor.user_id,
        reason="" if is_own else signing.COUNTERED,
        now=now,
    )


def _award(
    session: Session,
    actor: Actor,
    mandate: Mandate,
    version: MandateVersion,
    awarded: Awarded,
    digest: bytes,
    now: datetime,
) -> None:
    signing.sign(
        session,
        version,
        Party.AGENCY,
        awarded.agency,
        digest,
        user_id=awarded.bid_by,
        lot_id=awarded.lot_id,
        now=awarded.bid_at,
    )
    signing.keep_answer(
        session,
        version,
        Party.CREDITOR,
        Answer.ACCEPTED,
        user_id=actor.user_id,
        lot_id=awarded.lot_id,
        now=now,
    )
    _record(session, actor, "mandate.accepted", mandate, now, version)


def _record(
    session: Session,
    actor: Actor,
    action: str,
    mandate: Mandate,
    now: datetime,
    version: MandateVersion | None = None,
) -> None:
    terms = (
        {
            "version": version.version,
            "commission_bp": version.commission_bp,
            "report_due_days": version.report_due_days,
            "valid_from": version.valid_from.isoformat(),
        }
        if version
        else {}
    )
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[mandate.creditor_id, mandate.agency_id],
        mandate_id=mandate.id,
        **terms,
    )
