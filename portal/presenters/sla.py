"""What the pages of service levels show: each clause in words, its figures as a sentence, and a light that speaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates.models import Clause
from assignments.sla.clocks import Light, Outcome, light
from assignments.sla.models import EnquirySubject
from assignments.sla.queries import Compliance, Obligation
from assignments.sla.worklist import Turn
from portal.filters import basis_points, number, percent
from portal.i18n import say

CLAUSES = {
    Clause.ACKNOWLEDGE: msg("Cases taken on in time"),
    Clause.FIRST_ACTIVITY: msg("First activity in time"),
    Clause.REPORT_ON_TIME: msg("Reports on time"),
    Clause.RECALL_ANSWERED: msg("Recalls answered in time"),
}
#: What is counted, from when, and until when.
EXPLAINED = {
    Clause.ACKNOWLEDGE: msg("Consignments and locate orders: from the sending to the agency's acknowledgement."),
    Clause.FIRST_ACTIVITY: msg("Cases: from the acknowledgement to the first activity on each case."),
    Clause.REPORT_ON_TIME: msg("Reports: until the due day of the reporting calendar."),
    Clause.RECALL_ANSWERED: msg("Recalls: from the request to the agency's answer."),
}
OUTCOMES = {
    Outcome.MET: msg("Kept"),
    Outcome.MISSED: msg("Missed"),
    Outcome.NOT_DUE: msg("Not yet due"),
    Outcome.PAUSED: msg("Paused"),
}
TONES = {Outcome.MET: "good", Outcome.MISSED: "bad", Outcome.NOT_DUE: "waiting", Outcome.PAUSED: "neutral"}
LIGHTS = {
    Light.GOOD: msg("On target"),
    Light.DOUBTFUL: msg("Below target, few cases"),
    Light.BAD: msg("Below target"),
    Light.UNKNOWN: msg("Nothing due yet"),
}
LIGHT_TONES = {Light.GOOD: "good", Light.DOUBTFUL: "waiting", Light.BAD: "bad", Light.UNKNOWN: "neutral"}
SUBJECTS = {
    EnquirySubject.DOCUMENT: msg("A document is missing"),
    EnquirySubject.BALANCE: msg("The balance"),
    EnquirySubject.PAYMENT: msg("A payment to the creditor"),
    EnquirySubject.DEBTOR: msg("Who the debtor is"),
    EnquirySubject.OTHER: msg("Something else"),
}
TURNS = {Turn.FRESH: msg("Not worked yet"), Turn.FOLLOW_UP: msg("To follow up")}


@dataclass(frozen=True)
class Line:
    """One clause of one agency with its figures."""

    figures: Compliance
    counterpart: str
    clause: str
    explanation: str
    #: The share kept of what was due, and how it came about; a dash where nothing was due.
    share: str
    sentence: str
    light: str
    tone: str
    #: How it stands -> how many, each leading to what is behind it.
    counts: tuple[tuple[Outcome, int], ...]


def lines(found: Iterable[Compliance], names: Mapping[int, str], actor: Actor) -> list[Line]:
    """The clauses as one side sees them."""
    return [_line(one, names, actor) for one in found]


def counterpart_id(one: Compliance | Obligation, actor: Actor) -> int:
    """The organisation on the other side."""
    return one.agency_id if actor.side is Side.CREDITOR else one.creditor_id


def outcome_of(text: str) -> Outcome | None:
    """The standing an address asks for, if it is one."""
    return Outcome(text) if text in set(Outcome) else None


def clause_of(text: str) -> Clause:
    """The clause an address asks for, of those whose obligations are few; acknowledgements otherwise."""
    known = {Clause.REPORT_ON_TIME.value, Clause.RECALL_ANSWERED.value}
    return Clause(text) if text in known else Clause.ACKNOWLEDGE


def behind(
    found: Iterable[Obligation], actor: Actor, other_id: int, stands: Outcome | None, now: datetime
) -> list[Obligation]:
    """The obligations between the two that stand in a way, or all, the latest due first."""
    kept = [
        one
        for one in found
        if counterpart_id(one, actor) == other_id and (stands is None or one.outcome(now) is stands)
    ]
    return sorted(kept, key=lambda one: one.due_at, reverse=True)


def standing(one: Obligation, now: datetime) -> tuple[str, str]:
    """How an obligation stands, in words and with its tone."""
    stands = one.outcome(now)
    return say(OUTCOMES[stands]), TONES[stands]


def _line(one: Compliance, names: Mapping[int, str], actor: Actor) -> Line:
    shown = light(one.met, one.due, one.high, one.target_bp)
    return Line(
        figures=one,
        counterpart=names.get(counterpart_id(one, actor), "–"),
        clause=say(CLAUSES[one.clause]),
        explanation=say(EXPLAINED[one.clause]),
        share=percent(one.share) if one.share is not None else "–",
        sentence=_sentence(one),
        light=say(LIGHTS[shown]),
        tone=LIGHT_TONES[shown],
        counts=(
            (Outcome.MET, one.met),
            (Outcome.MISSED, one.missed),
            (Outcome.NOT_DUE, one.not_due),
            (Outcome.PAUSED, one.paused),
        ),
    )


def _sentence(one: Compliance) -> str:
    target = basis_points(one.target_bp)
    if not one.due:
        return say(msg("Target %(target)s; nothing was due by now"), {"target": target})
    return say(
        msg("%(met)s of %(due)s; between %(low)s and %(high)s with 95 %% confidence; target %(target)s"),
        {
            "met": number(one.met),
            "due": number(one.due),
            "low": percent(one.low),
            "high": percent(one.high),
            "target": target,
        },
    )
