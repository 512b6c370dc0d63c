"""What waits for a person at their own house: second persons, support, reviews, invitations, applications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select

from agencies.applications.models import Application, ApplicationState
from agencies.approvals.models import Approval
from agencies.approvals.queries import waits_for
from agencies.attestations.models import Attestation, AttestationState
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import User, UserState
from agencies.organisations.permissions import Permission
from agencies.organisations.support_accesses import SupportAccess, SupportState
from agencies.organisations.supporting import ANSWERED_WITHIN
from assignments.things import Counter, thing


def _approvals(actor: Actor, now: datetime) -> Select[Any]:
    return thing(Approval.id, since=Approval.asked_at, about=Approval.kind, due=Approval.expires_at).where(
        waits_for(actor, now)
    )


def _support_asked(actor: Actor, now: datetime) -> Select[Any]:
    due = SupportAccess.asked_at + ANSWERED_WITHIN
    return thing(SupportAccess.id, since=SupportAccess.asked_at, about=SupportAccess.operator_name, due=due).where(
        SupportAccess.organisation_id == actor.tenant,
        SupportAccess.state == SupportState.ASKED,
        SupportAccess.asked_at > now - ANSWERED_WITHIN,
    )


def _to_review(actor: Actor, _now: datetime) -> Select[Any]:
    return thing(
        Attestation.id,
        since=Attestation.submitted_at,
        about=Attestation.code,
        other=Attestation.agency_id,
    ).where(Attestation.creditor_id == actor.tenant, Attestation.state == AttestationState.SUBMITTED)


def _invited(actor: Actor, _now: datetime) -> Select[Any]:
    return thing(User.id, since=User.created_at, about=User.role).where(
        User.organisation_id == actor.tenant, User.state == UserState.INVITED
    )


def _applications(actor: Actor, _now: datetime) -> Select[Any]:
    return thing(Application.id, since=Application.submitted_at, about=Application.legal_name).where(
        Application.organisation_id == actor.tenant,
        Application.state.in_([ApplicationState.SUBMITTED, ApplicationState.UNDER_REVIEW]),
    )


_P = Permission
_EVERYBODY = (Side.CREDITOR, Side.AGENCY, Side.PLATFORM)

URGENT: dict[str, Counter] = {
    "approvals": Counter((_P.APPROVAL_VIEW,), _EVERYBODY, _approvals),
    "support_asked": Counter((_P.SUPPORT_GRANT,), _EVERYBODY, _support_asked),
    "attestations_to_review": Counter((_P.ATTESTATION_REVIEW,), (Side.CREDITOR,), _to_review),
}
PATIENT: dict[str, Counter] = {
    "invited": Counter((_P.USER_INVITE,), _EVERYBODY, _invited),
    "applications": Counter((_P.APPLICATION_REVIEW,), (Side.PLATFORM,), _applications),
}
