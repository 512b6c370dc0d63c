"""The axes beside recovery as figures: promises kept, what an agency attested, how it behaves towards debtors."""

from __future__ import annotations

from collections.abc import Sequence

from agencies.attestations.queries import AgencyStanding
from agencies.attestations.rules import Standing
from agencies.kernel.errors import msg
from agencies.mandates.models import Clause
from agencies.scorecards.intervals import counted
from agencies.scorecards.metrics import NotEnough, share
from assignments.conduct.queries import Conduct
from assignments.sla.queries import Compliance
from portal.filters import basis_points, day, number, percent
from portal.i18n import say
from portal.presenters.attestations import STANDINGS, acts
from portal.presenters.figures import Figure, of_metric
from portal.presenters.scorecards import NOT_ENOUGH_DATA

CLAUSES = {
    Clause.ACKNOWLEDGE: msg("Placements acknowledged"),
    Clause.FIRST_ACTIVITY: msg("First activity"),
    Clause.REPORT_ON_TIME: msg("Report on time"),
    Clause.RECALL_ANSWERED: msg("Recall answered"),
}


def service_levels(found: Sequence[Compliance]) -> Figure:
    """What was kept of what was due, over all clauses, and each clause with its target."""
    due, met = sum(one.due for one in found), sum(one.met for one in found)
    figure = of_metric(share("service_levels", met, due, NotEnough.NO_OBLIGATION), "")
    figure.behind.extend(
        (
            say(CLAUSES[one.clause]),
            say(
                msg("%(met)s of %(due)s due (%(share)s), target %(target)s"),
                {
                    "met": number(one.met),
                    "due": number(one.due),
                    "share": percent(one.share),
                    "target": basis_points(one.target_bp),
                },
            ),
        )
        for one in found
    )
    return figure


def standing(found: AgencyStanding | None) -> Figure:
    """How far the attestations hold, from when the newest evidence is, and what is blocked."""
    if found is None:
        return Figure(None, say(NOT_ENOUGH_DATA), tone="muted")
    holding = [one for one in found.templates if one.is_holding]
    evidence = max((one.evidence_date for one in holding if one.evidence_date), default=None)
    blocked = acts(found.blocked_acts)
    behind = [
        (
            say(msg("In force")),
            say(
                msg("%(held)s of %(all)s attestations"),
                {"held": number(len(holding)), "all": number(len(found.templates))},
            ),
        ),
        (say(msg("Newest evidence")), day(evidence)),
        (say(msg("Blocked")), blocked or say(msg("nothing"))),
        *((one.code, say(STANDINGS[one.state])) for one in found.templates if one.state is not Standing.ACCEPTED),
    ]
    note = say(msg("Blocked: %(acts)s"), {"acts": blocked}) if blocked else say(msg("nothing blocked"))
    score = found.score_bp / 10_000
    return Figure(score, percent(score, 0), note, behind, tone="bad" if blocked else "good")


def conduct(found: Conduct | None) -> Figure:
    """The share of activities within the law, and violations per thousand with their limits."""
    compliant, evaluable = (found.compliant, found.evaluable) if found else (0, 0)
    figure = of_metric(share("conduct", compliant, evaluable, NotEnough.NOTHING_JUDGED), "")
    if found is None or not evaluable:
        return figure
    low, high = counted(found.violations)
    figure.behind.extend(
        [
            (
                say(msg("Violations per 1,000 activities")),
                say(
                    msg("%(rate)s, with a confidence of 95 per cent between %(low)s and %(high)s"),
                    {
                        name: number(1000 * value / evaluable, 1)
                        for name, value in (("rate", found.violations), ("low", low), ("high", high))
                    },
                ),
            ),
            (say(msg("Could not be judged")), number(found.not_evaluable)),
            *((code, number(count)) for code, count in sorted(found.codes.items(), key=lambda one: -one[1])),
        ]
    )
    return figure
