"""Above what two persons are needed: what an organisation settled on, or what holds until it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.approvals import service
from agencies.approvals.carrying import SubjectChanged
from agencies.approvals.models import Approval, ApprovalKind, ApprovalLimit
from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, msg
from agencies.kernel.money import EXPONENT
from agencies.kernel.tenancy import Actor, Side, require
from agencies.organisations.permissions import Permission

#: What holds until an organisation settles on something else: 500 million pesos, and 500 people in a file. An award in
#: a currency that is not here needs two persons, whatever it is worth.
DEFAULTS: dict[tuple[ApprovalKind, str], int] = {
    (ApprovalKind.AWARD, "COP"): 50_000_000_000,
    (ApprovalKind.EXPORT, ""): 500,
}
LARGEST = 10**17


class NoSuchLimit(Invalid):
    """A limit is of awards in a currency we know, or of the rows of a file."""

    text = msg("There is no such limit.")


class LimitUnusable(Invalid):
    """A limit is nought or more."""

    text = msg("A limit is a number from 0 on.")


class LimitUnchanged(Invalid):
    """It is so already."""

    text = msg("This limit holds already.")


class SecondPersonNeeded(Conflict):
    """It is above what one person may do alone."""

    text = msg("This is above what one person may do alone. Ask a second person to approve it.")


@dataclass(frozen=True)
class Limit:
    """One limit as it stands."""

    kind: ApprovalKind
    #: Empty for the rows of a file.
    currency: str
    #: Nothing where two persons are always needed.
    value: int | None
    is_default: bool


def limit_of(session: Session, actor: Actor, kind: ApprovalKind, currency: str = "") -> Limit:
    """What one person of the actor's organisation may do alone."""
    settled = session.scalar(
        select(ApprovalLimit.limit_value)
        .where(
            ApprovalLimit.organisation_id == actor.tenant,
            ApprovalLimit.kind == kind,
            ApprovalLimit.currency == currency,
        )
        .order_by(ApprovalLimit.id.desc())
        .limit(1)
    )
    if settled is not None:
        return Limit(kind, currency, settled, is_default=False)
    return Limit(kind, currency, DEFAULTS.get((kind, currency)), is_default=True)


def needs_second(session: Session, actor: Actor, kind: ApprovalKind, value: int, currency: str = "") -> bool:
    """Whether this is above what the actor may do alone; what was approved already is not asked again."""
    if actor.approved_by is not None:
        return False
    limit = limit_of(session, actor, kind, currency).value
    return limit is None or value > limit


def list_limits(session: Session, actor: Actor, *, currency: str) -> list[Limit]:
    """The limits of the actor's organisation: of files, and of awards in its own and every currency it settled on."""
    require(actor, Permission.APPROVAL_VIEW)
    shown = [limit_of(session, actor, ApprovalKind.EXPORT)]
    if actor.side is not Side.CREDITOR:
        return shown
    settled = session.scalars(
        select(ApprovalLimit.currency)
        .where(ApprovalLimit.organisation_id == actor.tenant, ApprovalLimit.kind == ApprovalKind.AWARD)
        .distinct()
    )
    currencies = [currency, *sorted(set(settled) - {currency})]
    return [*(limit_of(session, actor, ApprovalKind.AWARD, one) for one in currencies), *shown]


def settable(actor: Actor) -> list[tuple[ApprovalKind, str]]:
    """Every limit the actor's organisation can settle on."""
    awards = [(ApprovalKind.AWARD, one) for one in EXPONENT] if actor.side is Side.CREDITOR else []
    return [*awards, (ApprovalKind.EXPORT, "")]


def ask_for_limit(
    session: Session, actor: Actor, kind: ApprovalKind, value: int, *, currency: str = "", now: datetime
) -> Approval:
    """Ask a second person for another limit; raises `NoSuchLimit`, `LimitUnusable` or `LimitUnchanged`."""
    require(actor, Permission.LIMIT_CHANGE)
    if (kind, currency) not in settable(actor):
        raise NoSuchLimit
    if not 0 <= value <= LARGEST:
        raise LimitUnusable
    standing = limit_of(session, actor, kind, currency).value
    if value == standing:
        raise LimitUnchanged
    subject = {"kind": kind.value, "currency": currency, "from": standing, "to": value}
    about = f"limit:{kind.value}:{currency}"
    return service.ask(session, actor, ApprovalKind.LIMIT, subject, about=about, now=now)


def set_limit(session: Session, asker: Actor, subject: Mapping[str, Any], *, approval_id: int, now: datetime) -> None:
    """Carry an approved limit out; raises `SubjectChanged` when another one was settled on in the meantime."""
    kind, currency = ApprovalKind(subject["kind"]), subject["currency"]
    if limit_of(session, asker, kind, currency).value != subject["from"]:
        raise SubjectChanged
    session.add(
        ApprovalLimit(
            organisation_id=asker.tenant,
            kind=kind,
            currency=currency,
            limit_value=subject["to"],
            approval_id=approval_id,
            set_at=now,
        )
    )
    session.flush()
    audit.record(
        session,
        asker,
        "limit.changed",
        now=now,
        approval_id=approval_id,
        limit_kind=kind.value,
        currency=currency,
        limit_value=subject["to"],
    )
