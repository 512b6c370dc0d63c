"""Both sides are told before what was attested runs out: in the product, and its signer and reviewers by letter.

Days are those where the creditor is. Each telling has a key, so that a day on which this runs twice tells once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from agencies.attestations.catalogue import asked, own_templates
from agencies.attestations.models import Attestation, AttestationSignature, AttestationState
from agencies.attestations.rules import ends
from agencies.attestations.templates import Template
from agencies.kernel.clock import local_date
from agencies.kernel.letters import post
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation, User, UserState
from agencies.organisations.permissions import Permission, Role

#: Days before the end on which both sides are told, and once more when it is over.
WARNING_DAYS = (7, 30, 60)


@dataclass(frozen=True)
class Due:
    """One attestation that runs out soon or has run out."""

    row: Attestation
    #: How it is told, and what makes it told once.
    kind: str
    key: str
    #: Its last day, and how many are left.
    end: date
    left: int


def warn_expiries(session: Session, actor: Actor, *, now: datetime) -> int:
    """Tell both sides what runs out within 60, 30 or 7 days or has run out, once each; returns how many are meant."""
    require(actor, Permission.ATTESTATION_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    meant = 0
    for one in _due(session, Attestation.creditor_id == creditor_id, now):
        meant += 1
        for organisation_id, other, permission in _sides(one.row):
            notify(
                session,
                organisation_id,
                one.kind,
                key=f"{one.kind}:{one.row.id}:{one.key}",
                permission=permission,
                now=now,
                attestation_id=one.row.id,
                code=one.row.code,
                about=other,
                valid_until=one.end,
                from_on=one.end + timedelta(days=1),
                days=one.left,
            )
    return meant


def write_reviewers(session: Session, actor: Actor, *, now: datetime) -> int:
    """Write to the creditor's compliance officers about what runs out, once each; returns how many letters."""
    require(actor, Permission.ATTESTATION_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    officers = session.scalars(
        select(User.id)
        .where(User.organisation_id == creditor_id, User.role == Role.COMPLIANCE, User.state == UserState.ACTIVE)
        .order_by(User.id)
    ).all()
    due = list(_due(session, Attestation.creditor_id == creditor_id, now))
    for one in due:
        for user_id in officers:
            _post(session, one, user_id, now)
    return len(due) * len(officers)


def write_signers(session: Session, actor: Actor, *, now: datetime) -> int:
    """Write to whoever signed what runs out, if they are still the agency's; returns how many letters."""
    require(actor, Permission.ATTESTATION_VIEW)
    agency_id = require_side(actor, Side.AGENCY)
    due = list(_due(session, Attestation.agency_id == agency_id, now))
    newest = (
        select(func.max(AttestationSignature.id))
        .where(
            AttestationSignature.agency_id == agency_id,
            AttestationSignature.attestation_id.in_([one.row.id for one in due]),
        )
        .group_by(AttestationSignature.creditor_id, AttestationSignature.attestation_id)
    )
    signers = dict(
        session.execute(
            select(AttestationSignature.attestation_id, User.id)
            .join(User, and_(User.id == AttestationSignature.signed_by, User.state == UserState.ACTIVE))
            .where(AttestationSignature.agency_id == agency_id, AttestationSignature.id.in_(newest))
        ).all()
    )
    written = [one for one in due if one.row.id in signers]
    for one in written:
        _post(session, one, signers[one.row.id], now)
    return len(written)


def _due(session: Session, mine: ColumnElement[bool], now: datetime) -> Iterator[Due]:
    """What of one organisation's relations is to be told of today, each judged by its template as it reads today."""
    rows = session.scalars(
        select(Attestation)
        .where(
            mine,
            Attestation.state == AttestationState.ACCEPTED,
            Attestation.recall_id.is_(None),
            # What has to be renewed already was told of when it came to that.
            Attestation.outdated_at.is_(None),
        )
        .order_by(Attestation.id)
    ).all()
    creditors = {row.creditor_id for row in rows}
    own = own_templates(session, creditors)
    homes = {one.id: one for one in session.scalars(select(Organisation).where(Organisation.id.in_(creditors)))}
    days = {one.id: local_date(now, one.time_zone) for one in homes.values()}
    known = {
        one.id: {template.code: template for template in asked(own, one.id, one.country, days[one.id])}
        for one in homes.values()
    }
    for row in rows:
        # A template that is asked for no more is not renewed.
        template = known[row.creditor_id].get(row.code)
        if template is not None and (one := _judge(row, template, days[row.creditor_id])) is not None:
            yield one


def _judge(row: Attestation, template: Template, today: date) -> Due | None:
    end = ends(row, template)
    left = (end - today).days
    if left > max(WARNING_DAYS):
        return None
    key = "over" if left < 0 else str(next(days for days in WARNING_DAYS if left <= days))
    if row.valid_until is not None and end < row.valid_until:
        return Due(row, "attestation.replaced", key, end, left)
    return Due(row, "attestation.expired" if left < 0 else "attestation.expiring", key, end, left)


def _post(session: Session, one: Due, user_id: int, now: datetime) -> None:
    post(
        session,
        user_id=user_id,
        kind=one.kind,
        key=f"{one.kind}:{one.row.id}:{one.key}:{user_id}",
        now=now,
        code=one.row.code,
        last_on=one.end.isoformat(),
        from_on=(one.end + timedelta(days=1)).isoformat(),
    )


def _sides(row: Attestation) -> list[tuple[int, int, Permission]]:
    return [
        (row.creditor_id, row.agency_id, Permission.ATTESTATION_REVIEW),
        (row.agency_id, row.creditor_id, Permission.ATTESTATION_SIGN),
    ]
