"""What may happen to a recall, and when: the table of its moves, and every refusal."""

from __future__ import annotations

from datetime import date, timedelta

from agencies.kernel.errors import Conflict, Invalid, msg
from assignments.placements.models import Recall, RecallAnswer, RecallReason, RecallState

#: Reasons of law and of the debtor's protection: access ends at once and nobody objects.
AT_ONCE = frozenset({RecallReason.COMPLAINT, RecallReason.DATA_PROTECTION, RecallReason.COMPLIANCE})
#: States in which the agency still works the cases.
WAITING = frozenset({RecallState.PENDING, RecallState.OBJECTED})
#: A date further away is a slip of the keyboard.
LATEST_DAYS = 365

MOVES: dict[RecallState, frozenset[RecallState]] = {
    RecallState.PENDING: frozenset({RecallState.OBJECTED, RecallState.WITHDRAWN, RecallState.ENDED}),
    # The creditor keeps its date or moves it; or the date comes before it has decided.
    RecallState.OBJECTED: frozenset({RecallState.PENDING, RecallState.WITHDRAWN, RecallState.ENDED}),
    RecallState.ENDED: frozenset({RecallState.CLOSED}),
    RecallState.WITHDRAWN: frozenset(),
    RecallState.CLOSED: frozenset(),
}


class NothingToRecall(Invalid):
    """Only what an agency holds can be taken back."""

    text = msg("None of the selected cases is with an agency, or all are being recalled already.")


class RecallMoved(Conflict):
    """What would be recalled now is not what was shown."""

    text = msg("The selected cases have changed since the preview. Look at them again.")


class RecallTakesEffectAtOnce(Invalid):
    """Some reasons bear no waiting."""

    text = msg("A recall for this reason takes effect today.")


class RecallDateOutOfRange(Invalid):
    """A recall takes effect within a year."""

    text = msg("The date must lie within the next 365 days.")


class RecallOver(Conflict):
    """It was withdrawn, or its cases are back."""

    text = msg("This recall is over. Reload the page and look again.")


class RecallGoesOn(Conflict):
    """What becomes of the data is told when nobody works with it any more."""

    text = msg("The cases of this recall are not back yet. Attest what became of the data once they are.")


class AlreadyAnswered(Conflict):
    """An agency answers once."""

    text = msg("This recall has been answered already.")


class NoObjection(Invalid):
    """The law or the debtor's protection does not wait."""

    text = msg("There is no objection to a recall for this reason. Stop work on the cases.")


class ProposalTooEarly(Invalid):
    """An objection asks for more time."""

    text = msg("Propose a date after %(effective_on)s, and within a year.")


def check_move(recall: Recall, to: RecallState) -> None:
    """Raise `RecallOver` unless the state may follow."""
    if to not in MOVES[recall.state]:
        raise RecallOver


def check_date(reason: RecallReason, effective_on: date, today: date) -> date:
    """The date on which access ends, never a past one; raises what is wrong with it."""
    if effective_on > today + timedelta(days=LATEST_DAYS):
        raise RecallDateOutOfRange
    if reason in AT_ONCE and effective_on > today:
        raise RecallTakesEffectAtOnce
    return max(effective_on, today)


def check_objection(recall: Recall, proposed_on: date | None, today: date) -> None:
    """Raise unless the agency may object, and to that date."""
    if recall.state is RecallState.OBJECTED or recall.answer is RecallAnswer.OBJECTED:
        raise AlreadyAnswered
    check_move(recall, RecallState.OBJECTED)
    if recall.reason in AT_ONCE:
        raise NoObjection
    if proposed_on is not None and not recall.effective_on < proposed_on <= today + timedelta(days=LATEST_DAYS):
        raise ProposalTooEarly(effective_on=recall.effective_on)
