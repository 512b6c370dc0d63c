"""What a flag stops, whom it concerns, and which return codes raise one; pure.

The kinds are those of the market reference (1.4, 2.3) and of the stop flags of the contact rules; that a person's
death, insolvency or wish to be left alone ends the work on every debt is the contact law of every country at hand.
"""

from __future__ import annotations

from agencies.kernel.errors import Conflict, Invalid, msg
from assignments.cases.models import ReturnCode
from assignments.flags.models import Flag, FlagEnd, FlagKind

#: These concern every debt of the person; the others the one debt they are about.
OF_PERSON = frozenset({FlagKind.DECEASED, FlagKind.INSOLVENT, FlagKind.STOP_CONTACT, FlagKind.VULNERABLE})
#: Work never goes on under these, with whatever care.
ALWAYS_STOPS = frozenset({FlagKind.DECEASED, FlagKind.INSOLVENT, FlagKind.STOP_CONTACT, FlagKind.IDENTITY_FRAUD})

#: What an agency says by giving a case back.
OF_RETURN: dict[ReturnCode, FlagKind] = {
    ReturnCode.DECEASED: FlagKind.DECEASED,
    ReturnCode.INSOLVENT: FlagKind.INSOLVENT,
    ReturnCode.DISPUTED: FlagKind.DISPUTE,
    ReturnCode.HARDSHIP: FlagKind.VULNERABLE,
    ReturnCode.VULNERABLE: FlagKind.VULNERABLE,
    ReturnCode.SELF_HARM_RISK: FlagKind.VULNERABLE,
    ReturnCode.FRAUD: FlagKind.IDENTITY_FRAUD,
}


class FlagOver(Conflict):
    """Somebody was quicker."""

    text = msg("This flag has come down already. Reload the page and look again.")


class AlwaysStops(Invalid):
    """Some facts bear no work at all."""

    text = msg("Under this flag nobody may work the case. Confirm it as it is, or lift it.")


class EndReasonMissing(Invalid):
    """Whoever takes a protection away says why."""

    text = msg("Say why the flag comes down: it stays written beside it.")


class FactInFuture(Invalid):
    """A fact has happened."""

    text = msg("The day since which it is so lies in the future.")


def check_stands(flag: Flag) -> None:
    """Raise `FlagOver` unless the flag is up."""
    if flag.ended_at is not None:
        raise FlagOver


def check_care(kind: FlagKind, *, stops_work: bool) -> None:
    """Raise `AlwaysStops` where work may not go on with care."""
    if not stops_work and kind in ALWAYS_STOPS:
        raise AlwaysStops


def how_it_ends(flag: Flag) -> FlagEnd:
    """A flag that the creditor had confirmed is lifted; one that it never believed is dismissed."""
    return FlagEnd.DISMISSED if flag.confirmed_at is None else FlagEnd.LIFTED
