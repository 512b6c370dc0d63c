"""What an approval is made of: the canonical text and its hash, who may ask, who may approve, for how long."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agencies.approvals.models import ApprovalKind
from agencies.organisations.permissions import Permission

#: How long a second person has.
LIFETIME = timedelta(hours=72)
#: How long an approved file may be taken away, by the person who asked.
GRANT_LIFETIME = timedelta(hours=24)

#: Who may ask for what.
ASKS: dict[ApprovalKind, Permission] = {
    ApprovalKind.AWARD: Permission.LOT_AWARD,
    ApprovalKind.EXPORT: Permission.CASE_EXPORT,
    ApprovalKind.LIMIT: Permission.LIMIT_CHANGE,
    ApprovalKind.BANK_ACCOUNT: Permission.BANK_ACCOUNT_CHANGE,
}
#: Who may approve or decline it, if somebody else asked.
APPROVES: dict[ApprovalKind, Permission] = {
    ApprovalKind.AWARD: Permission.AWARD_APPROVE,
    ApprovalKind.EXPORT: Permission.EXPORT_APPROVE,
    ApprovalKind.LIMIT: Permission.LIMIT_APPROVE,
    ApprovalKind.BANK_ACCOUNT: Permission.BANK_ACCOUNT_APPROVE,
}


class NotCanonical(TypeError):
    """A subject holds what has no one text: only texts, whole numbers, truth values, nothing, lists and objects do."""


def canonical(subject: Mapping[str, Any]) -> str:
    """The one text of a subject: the same for the same values, whatever their order."""
    _check(subject)
    return json.dumps(subject, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(subject: Mapping[str, Any]) -> bytes:
    """The SHA-256 of the canonical text: what an approver's form carries back."""
    return hashlib.sha256(canonical(subject).encode()).digest()


def _check(value: object) -> None:
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise NotCanonical("the names of an object are texts")
        for one in value.values():
            _check(one)
    elif isinstance(value, list):
        for one in value:
            _check(one)
    # No enum and no number with a fraction: what comes back from the database would not be what was hashed.
    elif value is not None and type(value) not in (str, int, bool):
        raise NotCanonical(type(value).__name__)
