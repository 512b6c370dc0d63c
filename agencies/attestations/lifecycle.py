"""The moves of an attestation between its states, and which side makes them."""

from __future__ import annotations

from agencies.attestations.models import Attestation, AttestationState
from agencies.kernel.errors import Conflict, msg
from agencies.kernel.tenancy import Side

_S = AttestationState

#: From where to where, and who may take it there.
MOVES: dict[tuple[AttestationState, AttestationState], frozenset[Side]] = {
    (_S.DRAFT, _S.SUBMITTED): frozenset({Side.AGENCY}),
    (_S.SUBMITTED, _S.DRAFT): frozenset({Side.AGENCY}),
    (_S.SUBMITTED, _S.ACCEPTED): frozenset({Side.CREDITOR}),
    (_S.SUBMITTED, _S.REJECTED): frozenset({Side.CREDITOR}),
    (_S.ACCEPTED, _S.SUPERSEDED): frozenset({Side.CREDITOR}),
    (_S.ACCEPTED, _S.REVOKED): frozenset({Side.CREDITOR, Side.AGENCY}),
}


class AttestationMovedOn(Conflict):
    """It is not in the state this can be done in."""

    text = msg("This attestation has moved on in the meantime. Reload the page and look at it again.")


def move(row: Attestation, state: AttestationState, side: Side) -> None:
    """Take an attestation to a state; raises `AttestationMovedOn`."""
    if side not in MOVES.get((row.state, state), frozenset()):
        raise AttestationMovedOn
    row.state = state
