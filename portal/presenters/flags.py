"""What the pages of flags show: words for what is known, how each stands, and what may still be done."""

from __future__ import annotations

from collections.abc import Sequence

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.flags.models import FlagEnd, FlagKind
from assignments.flags.queries import Fact, FlagRow
from assignments.flags.rules import ALWAYS_STOPS, OF_PERSON
from portal.filters import day
from portal.i18n import say

KINDS = {
    FlagKind.DECEASED: msg("The person has died"),
    FlagKind.INSOLVENT: msg("Insolvency proceedings"),
    FlagKind.DISPUTE: msg("The debt is in dispute"),
    FlagKind.COMPLAINT: msg("Open complaint"),
    FlagKind.STOP_CONTACT: msg("Asked not to be contacted"),
    FlagKind.VULNERABLE: msg("Vulnerable person"),
    FlagKind.IDENTITY_FRAUD: msg("Possible identity fraud"),
    FlagKind.LEGAL: msg("Before a court or an authority"),
}
ENDS = {FlagEnd.LIFTED: msg("Lifted"), FlagEnd.DISMISSED: msg("Dismissed: it was not so")}
#: What the list can be narrowed to.
STATES = {
    "to_confirm": msg("To confirm"),
    "standing": msg("Standing"),
    "ended": msg("Over"),
}
FILTERED: dict[str, dict[str, bool]] = {
    "to_confirm": {"is_standing": True, "is_confirmed": False},
    "standing": {"is_standing": True},
    "ended": {"is_standing": False},
}


def kind_choices() -> list[tuple[str, str]]:
    """What can be said, each with whom it concerns."""
    return [(kind.value, f"{say(text)}: {say(scope(kind))}") for kind, text in KINDS.items()]


def scope(kind: FlagKind) -> str:
    """Whom a flag concerns."""
    return msg("stops every debt of the person") if kind in OF_PERSON else msg("stops this debt")


def told(facts: Sequence[Fact]) -> str:
    """What stands on a case, in one sentence; empty when nothing does."""
    if not facts:
        return ""
    named = "; ".join(
        say(msg("%(what)s, since %(day)s"), {"what": say(KINDS[one.kind]), "day": day(one.since)}) for one in facts
    )
    if any(one.stops_work for one in facts):
        return say(msg("Do not work this case: %(named)s."), {"named": named})
    return say(msg("Work this case with care: %(named)s."), {"named": named})


def state(row: FlagRow) -> str:
    """How a flag stands."""
    flag = row.flag
    if flag.ended_how is not None:
        return ENDS[flag.ended_how]
    if flag.confirmed_at is None:
        return msg("To be confirmed by the creditor")
    return msg("In force") if flag.stops_work else msg("In force, worked with care")


def tone(row: FlagRow) -> str:
    """The colour of that."""
    flag = row.flag
    if flag.ended_at is not None:
        return "neutral"
    if flag.confirmed_at is None:
        return "waiting"
    return "bad" if flag.stops_work else "working"


def who(row: FlagRow) -> str:
    """Whose word it was."""
    return row.agency_name or row.creditor_name


def may_raise(case: Case, actor: Actor) -> bool:
    """Whether the person may flag the case."""
    holds = actor.tenant in {case.creditor_id, case.agency_id}
    return holds and actor.may(Permission.FLAG_RAISE)


def may_confirm(row: FlagRow, actor: Actor) -> bool:
    """Whether the person may say that it is so."""
    return row.flag.confirmed_at is None and may_lift(row, actor)


def may_allow_care(row: FlagRow, actor: Actor) -> bool:
    """Whether the person may let the work go on with care."""
    return row.flag.stops_work and row.flag.kind not in ALWAYS_STOPS and may_lift(row, actor)


def may_lift(row: FlagRow, actor: Actor) -> bool:
    """Whether the person may take the flag down."""
    is_decider = actor.side is Side.CREDITOR and actor.may(Permission.FLAG_DECIDE)
    return row.flag.ended_at is None and is_decider
