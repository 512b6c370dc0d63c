"""What the rows of attestations said at an instant that has passed: read from their dates, not from their states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from agencies.attestations.models import Attestation, AttestationState

_S = AttestationState
ONCE_ACCEPTED = frozenset({_S.ACCEPTED, _S.REVOKED, _S.SUPERSEDED})


class Declared(Protocol):
    """What the rules ask of an attestation, as it is or as it was."""

    @property
    def id(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def state(self) -> AttestationState: ...
    @property
    def recall_id(self) -> int | None: ...
    @property
    def template_version(self) -> int: ...
    @property
    def evidence_on(self) -> date | None: ...
    @property
    def valid_until(self) -> date | None: ...
    @property
    def outdated_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Past:
    """An attestation as it was."""

    id: int
    code: str
    state: AttestationState
    recall_id: int | None
    template_version: int
    evidence_on: date | None
    valid_until: date | None
    outdated_at: datetime | None


def as_of(rows: Iterable[Attestation], instant: datetime) -> list[Past]:
    """Those that were signed by then, in the state they were in; what was taken back since was never handed over."""
    known = list(rows)
    return [
        Past(
            row.id,
            row.code,
            state,
            row.recall_id,
            row.template_version,
            row.evidence_on,
            row.valid_until,
            row.outdated_at if row.outdated_at is not None and row.outdated_at <= instant else None,
        )
        for row in known
        if (state := _state(row, known, instant)) is not None
    ]


def _state(row: Attestation, rows: list[Attestation], instant: datetime) -> AttestationState | None:
    if row.state is _S.DRAFT or row.submitted_at is None or row.submitted_at > instant:
        return None
    if row.reviewed_at is None or row.reviewed_at > instant:
        return _S.SUBMITTED
    if row.state not in ONCE_ACCEPTED:
        return row.state
    if row.revoked_at is not None and row.revoked_at <= instant:
        return _S.REVOKED
    replaced = _replaced_at(row, rows) if row.state is _S.SUPERSEDED else None
    return _S.SUPERSEDED if replaced is not None and replaced <= instant else _S.ACCEPTED


def _replaced_at(row: Attestation, rows: list[Attestation]) -> datetime | None:
    """When the next one for the same template was accepted."""
    own = _accepted(row)
    later = [
        _accepted(one)
        for one in rows
        if (one.code, one.recall_id) == (row.code, row.recall_id) and one.state in ONCE_ACCEPTED
    ]
    return min((at for at in later if at > own), default=own)[0]


def _accepted(row: Attestation) -> tuple[datetime, int]:
    if row.reviewed_at is None:
        raise ValueError(f"attestation {row.id} was accepted by nobody")
    return row.reviewed_at, row.id
