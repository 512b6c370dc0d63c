"""The moves of an incident, made by its creditor alone."""

from __future__ import annotations

from agencies.kernel.errors import Conflict, msg
from assignments.incidents.models import Incident, IncidentState

_S = IncidentState

#: From where to where; a judgement may be changed until everybody was told. Whoever says more and thereby draws more
#: people in takes an incident back to being assessed (`determine_incident`).
MOVES: dict[IncidentState, frozenset[IncidentState]] = {
    _S.REPORTED: frozenset({_S.ASSESSED}),
    _S.ASSESSED: frozenset({_S.ASSESSED, _S.NOTIFIED, _S.CLOSED}),
    _S.NOTIFIED: frozenset({_S.NOTIFIED, _S.CLOSED}),
    _S.CLOSED: frozenset(),
}


class IncidentMovedOn(Conflict):
    """It is not in the state this can be done in."""

    text = msg("This incident has moved on in the meantime. Reload the page and look at it again.")


class SomebodyNotTold(Conflict):
    """Closing what is not finished."""

    text = msg(
        "It was decided to tell the authority or the people, and that is not recorded yet for every country: see the "
        "deadlines that still run."
    )


def move(row: Incident, state: IncidentState) -> None:
    """Take an incident to a state; raises `IncidentMovedOn`."""
    if state not in MOVES[row.state]:
        raise IncidentMovedOn
    row.state = state
